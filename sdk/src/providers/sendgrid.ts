import { BASE64 } from "../verify/codec.ts";
import { ECDSA_P256 } from "../verify/asymmetric.ts";
import { batchOf, field } from "../verify/batch.ts";
import type { Batch } from "../verify/batch.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { timed } from "../verify/timed.ts";
import type { SecretSource } from "../verify/spec.ts";

export interface SendgridItem {
  readonly event: string;
  readonly email: string;
  readonly timestamp: number;
  readonly sg_event_id: string;
  readonly sg_message_id?: string;
}

export interface SendgridOptions {
  /** The verification key of the Event Webhook's settings: base64, as shown. */
  readonly publicKey: SecretSource;
  /** Default 300. SendGrid's own library looks at no time. */
  readonly toleranceS?: number | undefined;
}

/**
 * SendGrid's Event Webhook: ECDSA over timestamp and body, the body to its last byte (it ends with CR LF, and a parser that
 * trims breaks the signature). A request holds a batch: its id is the event's where there is one, else a digest of all their
 * ids, and its type is the one that all have, or "". Handlers should drop items by `sg_event_id`, too: batches may overlap.
 */
export function sendgrid(options: SendgridOptions): Provider<readonly SendgridItem[]> {
  assertOptions("sendgrid", options, ["publicKey", "toleranceS"]);
  const { publicKey, toleranceS } = options;
  return makeProvider({
    name: "sendgrid",
    schemes: [
      {
        kind: "signature",
        secret: publicKey,
        secretForm: BASE64,
        signature: { header: "x-twilio-email-event-webhook-signature" },
        encoding: BASE64,
        algorithm: ECDSA_P256,
        signed: "{timestamp}{body}",
        timestamp: timed({ header: "x-twilio-email-event-webhook-timestamp" }, "s", toleranceS),
      },
    ],
    id: { read: (_, event) => batch(event).onlyId, from: "body" },
    digestOf: ({ body }, event) => [batch(event).ids ?? body],
    type: { read: (_, event) => batch(event).sharedType, from: "body" },
  });
}

function batch(event: unknown): Batch {
  return batchOf(event, (item) => field(item, "sg_event_id"), "event");
}
