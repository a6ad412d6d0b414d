import type { SecretOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { giteaFamily } from "../verify/gitea-family.ts";
import type { GiteaEvent } from "../verify/gitea-family.ts";

/**
 * Forgejo: `X-Forgejo-Signature`, hex, over the JSON as Gitea does (forgejo.org/docs, "Webhooks"). It sends Gitea's headers as
 * well, for old receivers; its own is the one that counts.
 */
export function forgejo(options: SecretOptions): Provider<GiteaEvent> {
  return giteaFamily("forgejo", options);
}
