import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { TOKEN_OPTIONS, tokenScheme } from "../verify/token-place.ts";
import type { TokenOptions } from "../verify/token-place.ts";

export interface NextcloudEvent {
  readonly event: { readonly class: string };
  readonly user?: { readonly uid: string } | null;
  readonly time: number;
}

/**
 * Nextcloud's webhook_listeners sign nothing, but send the headers stored with `authMethod: header`; by default the whole
 * `Authorization` header is the secret. They never try again.
 */
export function nextcloud(options: TokenOptions): Provider<NextcloudEvent> {
  assertOptions("nextcloud", options, TOKEN_OPTIONS);
  return makeProvider({
    name: "nextcloud",
    methods: ["POST", "PUT", "PATCH", "GET", "DELETE"],
    schemes: [tokenScheme(options, { header: "authorization" })],
    type: { body: "event.class" },
    occurredAt: { from: { body: "time" }, unit: "s" },
  });
}
