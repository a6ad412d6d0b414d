import { HEX } from "../verify/codec.ts";
import { HMAC_SHA256 } from "../verify/algorithms.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { TimedOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { timedList } from "../verify/listed.ts";

export interface PaddleEvent {
  readonly event_id: string;
  readonly event_type: string;
  readonly occurred_at: string;
  readonly notification_id?: string;
  readonly data: unknown;
}

/**
 * Paddle Billing: `Paddle-Signature: ts=…;h1=…[;h1=…]` over `<ts>:<body>` (paddle-node-sdk, which allows 5 s; the default here
 * is 300). The id is `event_id`: `notification_id` differs for each destination.
 */
export function paddle(options: TimedOptions): Provider<PaddleEvent> {
  assertOptions("paddle", options, ["secret", "toleranceS"]);
  return makeProvider({
    name: "paddle",
    schemes: [
      {
        kind: "signature",
        secret: options.secret,
        signature: { header: "paddle-signature" },
        ...timedList(";", "ts=", "s", options.toleranceS),
        prefix: "h1=",
        encoding: HEX,
        algorithm: HMAC_SHA256,
        signed: "{timestamp}:{body}",
      },
    ],
    id: { body: "event_id" },
    type: { body: "event_type" },
    occurredAt: { from: { body: "occurred_at" }, unit: "iso" },
  });
}
