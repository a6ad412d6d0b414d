import { HEX } from "../verify/codec.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { SecretOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { bodySignature } from "../verify/body-signature.ts";

export interface CoinbaseCommerceEvent {
  readonly id: number | string;
  readonly attempt_number: number;
  readonly event: {
    readonly id: string;
    readonly type: string;
    readonly created_at: string;
    readonly data: unknown;
  };
}

/** Coinbase Commerce: `X-CC-Webhook-Signature`, hex over the body (coinbase-commerce-node). The event stands in `event`. */
export function coinbaseCommerce(options: SecretOptions): Provider<CoinbaseCommerceEvent> {
  assertOptions("coinbaseCommerce", options, ["secret"]);
  return makeProvider({
    name: "coinbase-commerce",
    schemes: [bodySignature(options.secret, "x-cc-webhook-signature", HEX)],
    id: { body: "event.id" },
    type: { body: "event.type" },
    occurredAt: { from: { body: "event.created_at" }, unit: "iso" },
    attempt: { body: "attempt_number" },
    isBodyStable: false, // the number of the attempt stands in it
  });
}
