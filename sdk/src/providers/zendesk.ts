import { BASE64 } from "../verify/codec.ts";
import { HMAC_SHA256 } from "../verify/algorithms.ts";
import { ANY_BODY } from "../verify/body.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { TimedOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { timed } from "../verify/timed.ts";

/** An event of a subscription; what a trigger or an automation sends has the shape that its author gave it. */
export interface ZendeskEvent {
  readonly type?: string;
  readonly id?: string;
  readonly time?: string;
  readonly detail?: unknown;
  readonly event?: unknown;
}

/**
 * Zendesk: `X-Zendesk-Webhook-Signature`, base64 over time and body with nothing between (developer.zendesk.com, "Verifying
 * webhook authenticity"). The secret is used as text, though it looks like base64.
 */
export function zendesk(options: TimedOptions): Provider<ZendeskEvent> {
  assertOptions("zendesk", options, ["secret", "toleranceS"]);
  return makeProvider({
    name: "zendesk",
    methods: ["POST", "PUT", "PATCH", "GET", "DELETE"],
    schemes: [
      {
        kind: "signature",
        secret: options.secret,
        signature: { header: "x-zendesk-webhook-signature" },
        encoding: BASE64,
        algorithm: HMAC_SHA256,
        signed: "{timestamp}{body}",
        timestamp: timed(
          { header: "x-zendesk-webhook-signature-timestamp" },
          "iso",
          options.toleranceS,
        ),
      },
    ],
    body: ANY_BODY,
    id: { header: "x-zendesk-webhook-invocation-id" },
    type: { body: "type" },
    occurredAt: { from: { body: "time" }, unit: "iso" },
  });
}
