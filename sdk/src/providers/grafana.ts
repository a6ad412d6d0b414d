import { HEX } from "../verify/codec.ts";
import { ANY_BODY } from "../verify/body.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { TimedOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { timed } from "../verify/timed.ts";
import { expected } from "../verify/webhook-error.ts";
import { bodySignature } from "../verify/body-signature.ts";

export interface GrafanaEvent {
  readonly status: string;
  readonly groupKey?: string;
  readonly receiver?: string;
  readonly alerts?: readonly { readonly status: string; readonly fingerprint?: string }[];
}

export interface GrafanaOptions extends TimedOptions {
  /** As configured at the contact point; default `X-Grafana-Alert-Signature`. */
  readonly header?: string | undefined;
  /** As configured at the contact point. Without it no time is signed, and any old request can be sent again. */
  readonly timestampHeader?: string | undefined;
}

/**
 * Grafana alerting: hex over the body, or over `<time>:<body>` where the contact point names a header for the time
 * (grafana/alerting, http/hmac_roundtripper.go). The type is `firing` or `resolved`.
 */
export function grafana(options: GrafanaOptions): Provider<GrafanaEvent> {
  assertOptions("grafana", options, ["secret", "toleranceS", "header", "timestampHeader"]);
  const { secret, header = "x-grafana-alert-signature", timestampHeader, toleranceS } = options;
  if (!/./.test(header) || timestampHeader === "") {
    throw expected("CONFIG_INVALID", "header and timestampHeader to be names", "none");
  }
  const signature = bodySignature(secret, header, HEX);
  return makeProvider({
    name: "grafana",
    methods: ["POST", "PUT"],
    schemes: [
      timestampHeader === undefined
        ? signature
        : {
            ...signature,
            signed: "{timestamp}:{body}",
            timestamp: timed({ header: timestampHeader }, "s", toleranceS),
          },
    ],
    body: ANY_BODY,
    type: { body: "status" },
  });
}
