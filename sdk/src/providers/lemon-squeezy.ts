import { HEX } from "../verify/codec.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { SecretOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { bodySignature } from "../verify/body-signature.ts";

export interface LemonSqueezyEvent {
  readonly meta: { readonly event_name: string; readonly custom_data?: unknown };
  readonly data: { readonly type: string; readonly id: string };
}

/** Lemon Squeezy: `X-Signature`, hex over the body (docs.lemonsqueezy.com, "Signing requests"). It sends no id. */
export function lemonSqueezy(options: SecretOptions): Provider<LemonSqueezyEvent> {
  assertOptions("lemonSqueezy", options, ["secret"]);
  return makeProvider({
    name: "lemon-squeezy",
    schemes: [bodySignature(options.secret, "x-signature", HEX)],
    type: [{ body: "meta.event_name" }, { header: "x-event-name" }],
  });
}
