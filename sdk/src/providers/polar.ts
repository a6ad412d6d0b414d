import { TEXT, WHSEC } from "../verify/codec.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { TimedOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { V1, WEBHOOK_HEADERS, standardSchemes } from "../verify/standard-schemes.ts";

export interface PolarEvent {
  readonly type: string;
  readonly timestamp?: string;
  readonly data: { readonly id: string };
}

/**
 * Polar: Standard Webhooks, keyed with the text of the whole secret (`validateEvent` of @polar-sh/sdk) and, as Polar is
 * moving to it, with what stands behind `whsec_` (polarsource/polar#13522, #14102). Both are accepted.
 */
export function polar(options: TimedOptions): Provider<PolarEvent> {
  assertOptions("polar", options, ["secret", "toleranceS"]);
  return makeProvider({
    name: "polar",
    schemes: standardSchemes(options, [WEBHOOK_HEADERS], [{ ...V1, secretForm: [TEXT, WHSEC] }]),
    type: { body: "type" },
    occurredAt: { from: { body: "timestamp" }, unit: "iso" },
  });
}
