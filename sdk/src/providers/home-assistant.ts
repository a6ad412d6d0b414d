import { ANY_BODY } from "../verify/body.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { TOKEN_OPTIONS, tokenScheme } from "../verify/token-place.ts";
import type { TokenOptions } from "../verify/token-place.ts";

/**
 * Receives as Home Assistant does, `POST` or `PUT /api/webhook/<id>`: the id is the secret, and all there is. Unlike Home
 * Assistant it refuses an id that it does not know.
 */
export function homeAssistant(options: TokenOptions): Provider {
  assertOptions("homeAssistant", options, TOKEN_OPTIONS);
  return makeProvider({
    name: "home-assistant",
    methods: ["POST", "PUT"],
    schemes: [tokenScheme(options, "path")],
    body: ANY_BODY,
  });
}
