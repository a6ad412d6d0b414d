import { withStatus } from "../verify/with-status.ts";
import { BASE64 } from "../verify/codec.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { SecretOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { at, textOf } from "../verify/sources.ts";
import { bodySignature } from "../verify/body-signature.ts";

export interface XeroEvent {
  readonly events: readonly {
    readonly resourceId: string;
    readonly resourceUrl: string;
    readonly eventDateUtc: string;
    readonly eventType: string;
    readonly eventCategory: string;
    readonly tenantId: string;
  }[];
  readonly firstEventSequence: number;
  readonly lastEventSequence: number;
  readonly entropy?: string;
}

/**
 * Xero: `x-xero-signature`, base64 over the body, under the webhook key's text (developer.xero.com, "Configuring your server").
 * The probes of its "intent to receive" hold no events and are answered with an empty 200; what is not genuine, with an empty
 * 401 in every case.
 */
export function xero(options: SecretOptions): Provider<XeroEvent> {
  assertOptions("xero", options, ["secret"]);
  return makeProvider({
    name: "xero",
    schemes: [bodySignature(options.secret, "x-xero-signature", BASE64)],
    type: { read: (_, event) => eventType(event), from: "body" },
    refusal: withStatus(401),
    handshake: ({ event }) =>
      Array.isArray(event.events) && event.events.length === 0
        ? { status: 200, headers: {}, body: "" }
        : null,
  });
}

/** `CONTACT.UPDATE`; none where a batch has several. */
function eventType(event: unknown): string | null {
  const events = at(event, ["events"]);
  if (!Array.isArray(events)) return null;
  const types = new Set(
    events.map((one) => `${textOf(at(one, ["eventCategory"]))}.${textOf(at(one, ["eventType"]))}`),
  );
  const [type] = types;
  return types.size === 1 && type !== undefined ? type : null;
}
