import { BASE64 } from "../verify/codec.ts";
import { makeProvider } from "../verify/make-provider.ts";
import type { Answer } from "../verify/error.ts";
import { assertOptions } from "../verify/options.ts";
import type { SecretOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import type { ReadRequest } from "../verify/read-request.ts";
import { isForm } from "../verify/form.ts";
import { bodySignature } from "../verify/body-signature.ts";

/** The resource itself: what it is the topic says. */
export interface WoocommerceEvent {
  readonly id?: number;
  readonly status?: string;
}

/**
 * WooCommerce: `X-WC-Webhook-Signature`, base64 over the body (class-wc-webhook.php). The unsigned form `webhook_id=…` that is
 * sent when a webhook is saved is acknowledged, and reaches no handler.
 */
export function woocommerce(options: SecretOptions): Provider<WoocommerceEvent> {
  assertOptions("woocommerce", options, ["secret"]);
  return makeProvider({
    name: "woocommerce",
    schemes: [bodySignature(options.secret, "x-wc-webhook-signature", BASE64)],
    id: { header: "x-wc-webhook-delivery-id" },
    type: { header: "x-wc-webhook-topic" },
    preflight: ping,
  });
}

function ping(request: ReadRequest): Answer | null {
  const isPing =
    request.body.length < 64 && isForm(request) && /^webhook_id=\d+$/.test(request.text());
  return isPing ? { status: 200, headers: {}, body: "" } : null;
}
