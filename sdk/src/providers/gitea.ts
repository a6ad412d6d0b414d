import type { SecretOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { giteaFamily } from "../verify/gitea-family.ts";
import type { GiteaEvent } from "../verify/gitea-family.ts";

/** Gitea: `X-Gitea-Signature`, hex, over the JSON: as a form, over the decoded `payload` (services/webhook/deliver.go). */
export function gitea(options: SecretOptions): Provider<GiteaEvent> {
  return giteaFamily("gitea", options);
}
