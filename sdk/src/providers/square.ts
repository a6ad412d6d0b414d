import { BASE64 } from "../verify/codec.ts";
import { HMAC_SHA256 } from "../verify/algorithms.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { SecretOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { ADDRESS_HINT, assertAddress } from "../verify/public-url.ts";

export interface SquareEvent {
  readonly event_id: string;
  readonly type: string;
  readonly merchant_id?: string;
  readonly created_at?: string;
  readonly data?: { readonly type: string; readonly id: string; readonly object?: unknown };
}

export interface SquareOptions extends SecretOptions {
  /** The notification URL as it stands in the developer console, byte for byte. Default: the request's own. */
  readonly notificationUrl?: string | undefined;
}

/**
 * Square: `x-square-hmacsha256-signature` over the notification URL and the body. The secret is the subscription's signature
 * key, as text.
 */
export function square(options: SquareOptions): Provider<SquareEvent> {
  assertOptions("square", options, ["secret", "notificationUrl"]);
  const { secret, notificationUrl } = options;
  if (notificationUrl !== undefined) assertAddress("notificationUrl", notificationUrl);
  return makeProvider({
    name: "square",
    schemes: [
      {
        kind: "signature",
        secret,
        signature: { header: "x-square-hmacsha256-signature" },
        encoding: BASE64,
        algorithm: HMAC_SHA256,
        signed: ({ url, body }) => [[notificationUrl ?? url, body]],
        hint: ADDRESS_HINT,
      },
    ],
    id: { body: "event_id" },
    type: { body: "type" },
    occurredAt: { from: { body: "created_at" }, unit: "iso" },
  });
}
