import { JSON_OR_TEXT_BODY } from "../verify/body.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import {
  SVIX_HEADERS,
  V1,
  V1A,
  WEBHOOK_HEADERS,
  standardSchemes,
} from "../verify/standard-schemes.ts";
import type { StandardOptions } from "../verify/standard-schemes.ts";

/** The envelope that the specification recommends. */
export interface StandardEvent {
  readonly type: string;
  readonly timestamp?: string;
  readonly data?: unknown;
}

/**
 * Any sender of Standard Webhooks 1.0 (standardwebhooks.com), under `webhook-*` or `svix-*` headers: OpenAI, Resend,
 * Replicate, Clerk, Supabase, Dodo Payments and others. With a body that is no JSON the event is its text.
 */
export function standardWebhooks(options: StandardOptions): Provider<StandardEvent> {
  assertOptions("standardWebhooks", options, ["secret", "publicKey", "toleranceS"]);
  return makeProvider({
    name: "standard-webhooks",
    schemes: standardSchemes(options, [WEBHOOK_HEADERS, SVIX_HEADERS], [V1, V1A]),
    body: JSON_OR_TEXT_BODY,
    type: { body: "type" },
    occurredAt: { from: { body: "timestamp" }, unit: "iso" },
  });
}
