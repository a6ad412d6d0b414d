import { HEX } from "../verify/codec.ts";
import { HMAC_SHA256 } from "../verify/algorithms.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { TimedOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { timedList } from "../verify/listed.ts";

export interface WorkosEvent {
  readonly id: string;
  readonly event: string;
  readonly created_at?: string;
  readonly data: unknown;
}

const TOLERANCE_S = 180;

/** WorkOS: `WorkOS-Signature: t=…, v1=…`, hex over `<t>.<body>`, the time in milliseconds; 180 s by default (@workos-inc/node). */
export function workos(options: TimedOptions): Provider<WorkosEvent> {
  assertOptions("workos", options, ["secret", "toleranceS"]);
  const { secret, toleranceS = TOLERANCE_S } = options;
  return makeProvider({
    name: "workos",
    schemes: [
      {
        kind: "signature",
        secret,
        signature: { header: "workos-signature" },
        ...timedList(",", "t=", "ms", toleranceS),
        prefix: "v1=",
        encoding: HEX,
        algorithm: HMAC_SHA256,
        signed: "{timestamp}.{body}",
      },
    ],
    id: { body: "id" },
    type: { body: "event" },
    occurredAt: { from: { body: "created_at" }, unit: "iso" },
  });
}
