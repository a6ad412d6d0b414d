import { ANY_BODY } from "../verify/body.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { TOKEN_OPTIONS, tokenScheme } from "../verify/token-place.ts";
import type { TokenOptions } from "../verify/token-place.ts";

/**
 * Paperless-ngx workflows sign nothing, but send the headers that one adds to them; by default `Authorization: Bearer …`. An
 * attached document comes as multipart, which is not taken apart: read `raw`.
 */
export function paperless(options: TokenOptions): Provider {
  assertOptions("paperless", options, TOKEN_OPTIONS);
  return makeProvider({
    name: "paperless",
    schemes: [tokenScheme(options, "bearer")],
    body: ANY_BODY,
  });
}
