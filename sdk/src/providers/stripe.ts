import { HEX } from "../verify/codec.ts";
import { HMAC_SHA256 } from "../verify/algorithms.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { TimedOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { timedList } from "../verify/listed.ts";

/** A snapshot event, or a thin one (`object` is then `v2.core.event`). */
export interface StripeEvent {
  readonly id: string;
  readonly object: string;
  readonly type: string;
  readonly created: number | string;
  readonly livemode?: boolean;
  readonly account?: string;
  readonly data?: { readonly object: unknown; readonly previous_attributes?: unknown };
}

/**
 * Stripe: `Stripe-Signature: t=…,v1=…`, as stripe-node's `Webhooks.js` has it. The secret is used as text, `whsec_` included.
 * `v0` is ignored. Unlike the library, times of the future are refused, too.
 */
export function stripe(options: TimedOptions): Provider<StripeEvent> {
  assertOptions("stripe", options, ["secret", "toleranceS"]);
  const { secret, toleranceS } = options;
  return makeProvider({
    name: "stripe",
    schemes: [
      {
        kind: "signature",
        secret,
        signature: { header: "stripe-signature" },
        ...timedList(",", "t=", "s", toleranceS),
        prefix: "v1=",
        encoding: HEX,
        algorithm: HMAC_SHA256,
        signed: "{timestamp}.{body}",
      },
    ],
    id: { body: "id" },
    type: { body: "type" },
    occurredAt: { from: { read: createdMs, from: "body" }, unit: "ms" },
  });
}

/** Seconds in snapshot events, ISO 8601 in thin ones. */
function createdMs(_: unknown, event: unknown): number | null {
  const { created } = event as StripeEvent;
  return typeof created === "number" ? created * 1_000 : Date.parse(created);
}
