import { HEX } from "../verify/codec.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { TimedOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { timed } from "../verify/timed.ts";
import { at, textOf } from "../verify/sources.ts";
import { bodySignature } from "../verify/body-signature.ts";

export interface LinearEvent {
  readonly type: string;
  readonly action: string;
  readonly webhookId: string;
  readonly webhookTimestamp: number;
  readonly createdAt?: string;
  readonly organizationId?: string;
  readonly data?: unknown;
}

const TOLERANCE_S = 60;

/**
 * Linear: `Linear-Signature`, hex over the body, which holds the time in milliseconds; 60 s by default, as @linear/sdk has it.
 * The `Linear-Timestamp` header is not signed and not looked at. The type is `Issue.create`.
 */
export function linear(options: TimedOptions): Provider<LinearEvent> {
  assertOptions("linear", options, ["secret", "toleranceS"]);
  const { secret, toleranceS = TOLERANCE_S } = options;
  const timestamp = timed({ body: "webhookTimestamp" }, "ms", toleranceS);
  return makeProvider({
    name: "linear",
    schemes: [{ ...bodySignature(secret, "linear-signature", HEX), timestamp }],
    id: { header: "linear-delivery" },
    type: [{ read: (_, event) => eventType(event), from: "body" }, { header: "linear-event" }],
    occurredAt: { from: { body: "createdAt" }, unit: "iso" },
  });
}

function eventType(event: unknown): string | null {
  const type = textOf(at(event, ["type"]));
  const action = textOf(at(event, ["action"]));
  return type === null || action === null ? type : `${type}.${action}`;
}
