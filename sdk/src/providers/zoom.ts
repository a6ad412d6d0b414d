import { HMAC_SHA256 } from "../verify/algorithms.ts";
import { HEX, hexOf } from "../verify/codec.ts";
import { makeProvider } from "../verify/make-provider.ts";
import type { Answer } from "../verify/error.ts";
import { assertOptions } from "../verify/options.ts";
import type { TimedOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { timed } from "../verify/timed.ts";
import { at, textOf } from "../verify/sources.ts";
import type { HandshakeInput } from "../verify/spec.ts";

export interface ZoomEvent {
  readonly event: string;
  readonly event_ts?: number;
  readonly payload: {
    readonly account_id?: string;
    readonly object?: unknown;
    readonly plainToken?: string;
  };
}

/**
 * Zoom: `x-zm-signature: v0=…` over `v0:<time>:<body>` (zoom/webhook-sample, which signs the re-serialised body; here it is the
 * bytes). `endpoint.url_validation` is answered with the MAC of its token.
 */
export function zoom(options: TimedOptions): Provider<ZoomEvent> {
  assertOptions("zoom", options, ["secret", "toleranceS"]);
  return makeProvider({
    name: "zoom",
    schemes: [
      {
        kind: "signature",
        secret: options.secret,
        signature: { header: "x-zm-signature" },
        prefix: "v0=",
        encoding: HEX,
        algorithm: HMAC_SHA256,
        signed: "v0:{timestamp}:{body}",
        timestamp: timed({ header: "x-zm-request-timestamp" }, "s", options.toleranceS),
      },
    ],
    id: [{ header: "x-zm-trackingid" }, { read: (_, event) => eventId(event), from: "body" }],
    type: { body: "event" },
    occurredAt: { from: { body: "event_ts" }, unit: "ms" },
    handshake: validation,
  });
}

function eventId(event: unknown): string | null {
  const object = at(event, ["payload", "object"]);
  const parts = [
    textOf(at(event, ["event"])),
    textOf(at(event, ["event_ts"])),
    textOf(at(object, ["uuid"])) ?? textOf(at(object, ["id"])),
  ];
  return parts.includes(null) ? null : parts.join(":");
}

async function validation({ event, accepted }: HandshakeInput<ZoomEvent>): Promise<Answer | null> {
  const plainToken = textOf(at(event, ["payload", "plainToken"]));
  const { secret } = accepted;
  if (at(event, ["event"]) !== "endpoint.url_validation" || plainToken === null || !secret)
    return null;
  const encryptedToken = hexOf(await HMAC_SHA256.sign(secret)([plainToken]));
  const headers = { "content-type": "application/json" };
  return { status: 200, headers, body: JSON.stringify({ plainToken, encryptedToken }) };
}
