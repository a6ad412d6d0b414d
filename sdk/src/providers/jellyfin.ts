import { ANY_BODY } from "../verify/body.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { TOKEN_OPTIONS, tokenScheme } from "../verify/token-place.ts";
import type { TokenOptions } from "../verify/token-place.ts";

/** As the plugin's template has it; the variable `NotificationType` is taken for the type where it is there. */
export interface JellyfinEvent {
  readonly NotificationType?: string;
  readonly ServerId?: string;
}

/**
 * Jellyfin's webhook plugin signs nothing, but sends the headers that one adds to it; by default `Authorization: Bearer …`. A
 * template may make a body that is no JSON: the event is then its text.
 */
export function jellyfin(options: TokenOptions): Provider<JellyfinEvent> {
  assertOptions("jellyfin", options, TOKEN_OPTIONS);
  return makeProvider({
    name: "jellyfin",
    schemes: [tokenScheme(options, "bearer")],
    body: ANY_BODY,
    type: { body: "NotificationType" },
  });
}
