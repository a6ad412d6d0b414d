import { withStatus } from "../verify/with-status.ts";
import { BASE64 } from "../verify/codec.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { SecretOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import type { ReadRequest } from "../verify/read-request.ts";
import { bodySignature } from "../verify/body-signature.ts";

/** The resource itself: what it is the topic says. Numbers over 2^53 have lost digits here; `raw` has them all. */
export type ShopifyEvent = Readonly<Record<string, unknown>>;

/**
 * Shopify: `X-Shopify-Hmac-Sha256`, or `Shopify-Hmac-Sha256` of the newer family, base64 over the body, under the app's client
 * secret (shopify-api-js). One event may come under several topics, so the id is topic and event id. A wrong signature is
 * answered with 401, which the review of apps insists on.
 */
export function shopify(options: SecretOptions): Provider<ShopifyEvent> {
  assertOptions("shopify", options, ["secret"]);
  const signature = bodySignature(options.secret, "", BASE64);
  return makeProvider({
    name: "shopify",
    schemes: [{ ...signature, signature: family("hmac-sha256") }],
    id: [{ read: eventId, from: "header" }, ...family("webhook-id")],
    type: family("topic"),
    occurredAt: { from: family("triggered-at"), unit: "iso" },
    refusal: withStatus(401),
  });
}

function family(name: string): { readonly header: string }[] {
  return [{ header: `x-shopify-${name}` }, { header: `shopify-${name}` }];
}

function eventId(request: ReadRequest): string | null {
  const value = (name: string): string | null =>
    request.header(`x-shopify-${name}`) ?? request.header(`shopify-${name}`);
  const id = value("event-id");
  return id === null ? null : `${value("topic") ?? ""}:${id}`;
}
