import { HEX } from "../verify/codec.ts";
import { HMAC_SHA1 } from "../verify/algorithms.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { SecretOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { bodySignature } from "../verify/body-signature.ts";

export interface IntercomEvent {
  readonly type: string;
  readonly topic: string;
  readonly id: string;
  readonly app_id: string;
  readonly created_at?: number;
  readonly delivery_attempts?: number;
  readonly data?: unknown;
}

/**
 * Intercom: `X-Hub-Signature: sha1=…` over the body, under the app's client secret (developers.intercom.com, "Setting up
 * webhooks"): SHA-1 is all it offers. The HEAD by which it tries the address is answered with 200.
 */
export function intercom(options: SecretOptions): Provider<IntercomEvent> {
  assertOptions("intercom", options, ["secret"]);
  const signature = bodySignature(options.secret, "x-hub-signature", HEX, "sha1=");
  return makeProvider({
    name: "intercom",
    methods: ["POST", "HEAD"],
    schemes: [{ ...signature, algorithm: HMAC_SHA1 }],
    id: { body: "id" },
    type: { body: "topic" },
    occurredAt: { from: { body: "created_at" }, unit: "s" },
    attempt: { body: "delivery_attempts" },
    isBodyStable: false, // the number of the attempt stands in it
    preflight: ({ method }) => (method === "HEAD" ? { status: 200, headers: {}, body: "" } : null),
  });
}
