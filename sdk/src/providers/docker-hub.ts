import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { TOKEN_OPTIONS, tokenScheme } from "../verify/token-place.ts";
import type { TokenOptions } from "../verify/token-place.ts";

export interface DockerHubEvent {
  readonly callback_url: string;
  readonly push_data: { readonly tag: string; readonly pusher: string; readonly pushed_at: number };
  readonly repository: { readonly repo_name: string };
}

/**
 * Docker Hub signs nothing and can send no header: the secret is in the address, by default `?token=…`. Take the event as a
 * hint and ask the registry; never call the `callback_url` without looking where it leads.
 */
export function dockerHub(options: TokenOptions): Provider<DockerHubEvent> {
  assertOptions("dockerHub", options, TOKEN_OPTIONS);
  return makeProvider({
    name: "docker-hub",
    schemes: [tokenScheme(options, { query: "token" })],
    type: { read: () => "push", from: "body" },
    occurredAt: { from: { body: "push_data.pushed_at" }, unit: "s" },
  });
}
