import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { TOKEN_OPTIONS, tokenScheme } from "../verify/token-place.ts";
import type { TokenOptions } from "../verify/token-place.ts";

export interface SonarrEvent {
  /** `Test` when the connection is saved. */
  readonly eventType: string;
  readonly instanceName?: string;
}

/**
 * Sonarr, Radarr, Lidarr, Prowlarr and their kin (NzbDrone.Core/Notifications/Webhook): user and password, or `in` a header of
 * one's own. They never try again.
 */
export function sonarr(options: TokenOptions): Provider<SonarrEvent> {
  assertOptions("sonarr", options, TOKEN_OPTIONS);
  return makeProvider({
    name: "sonarr",
    methods: ["POST", "PUT"],
    schemes: [tokenScheme(options, "basic")],
    type: { body: "eventType" },
  });
}
