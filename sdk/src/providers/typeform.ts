import { BASE64 } from "../verify/codec.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { SecretOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { bodySignature } from "../verify/body-signature.ts";

export interface TypeformEvent {
  readonly event_id: string;
  readonly event_type: string;
  readonly form_response?: {
    readonly form_id: string;
    readonly token: string;
    readonly submitted_at?: string;
  };
}

/**
 * Typeform: `Typeform-Signature: sha256=` and base64 over the body, its last newline included (typeform.com/developers, "Secure
 * your webhooks").
 */
export function typeform(options: SecretOptions): Provider<TypeformEvent> {
  assertOptions("typeform", options, ["secret"]);
  return makeProvider({
    name: "typeform",
    schemes: [bodySignature(options.secret, "typeform-signature", BASE64, "sha256=")],
    id: { body: "event_id" },
    type: { body: "event_type" },
    occurredAt: { from: { body: "form_response.submitted_at" }, unit: "iso" },
  });
}
