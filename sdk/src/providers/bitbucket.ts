import { HEX } from "../verify/codec.ts";
import { ANY_BODY } from "../verify/body.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { SecretOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { bodySignature } from "../verify/body-signature.ts";

export interface BitbucketEvent {
  readonly actor?: unknown;
  readonly repository?: unknown;
}

/**
 * Bitbucket Cloud and Data Center: `X-Hub-Signature: sha256=…` (support.atlassian.com, "Manage webhooks"), under the name that
 * is GitHub's for SHA-1.
 */
export function bitbucket(options: SecretOptions): Provider<BitbucketEvent> {
  assertOptions("bitbucket", options, ["secret"]);
  return makeProvider({
    name: "bitbucket",
    schemes: [bodySignature(options.secret, "x-hub-signature", HEX, "sha256=")],
    body: ANY_BODY,
    id: [{ header: "x-request-uuid" }, { header: "x-request-id" }],
    type: { header: "x-event-key" },
    attempt: { header: "x-attempt-number" },
  });
}
