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

export interface SvixEvent {
  readonly type?: string;
  readonly eventType?: string;
  readonly timestamp?: string;
  readonly data?: unknown;
}

/** Svix, under `svix-*` headers or else `webhook-*`, as its own library prefers them. */
export function svix(options: StandardOptions): Provider<SvixEvent> {
  assertOptions("svix", options, ["secret", "publicKey", "toleranceS"]);
  return makeProvider({
    name: "svix",
    schemes: standardSchemes(options, [SVIX_HEADERS, WEBHOOK_HEADERS], [V1, V1A]),
    body: JSON_OR_TEXT_BODY,
    type: [{ body: "type" }, { body: "eventType" }],
    occurredAt: { from: { body: "timestamp" }, unit: "iso" },
  });
}
