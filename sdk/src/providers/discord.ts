import { withStatus } from "../verify/with-status.ts";
import { HEX } from "../verify/codec.ts";
import { ED25519 } from "../verify/asymmetric.ts";
import { makeProvider } from "../verify/make-provider.ts";
import type { Answer } from "../verify/error.ts";
import { assertOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { timed } from "../verify/timed.ts";
import type { SecretSource } from "../verify/spec.ts";

/** An interaction (`id`, `type` from 1 on) or a webhook event (`event`, `type` 0 or 1). */
export interface DiscordEvent {
  readonly type: number;
  readonly application_id?: string;
  readonly id?: string;
  readonly token?: string;
  readonly data?: unknown;
  readonly event?: { readonly type: string; readonly timestamp: string; readonly data?: unknown };
}

export interface DiscordOptions {
  /** The application's public key in hex, from its General Information page. */
  readonly publicKey: SecretSource;
  /** Default 300. Discord's own libraries look at no time. */
  readonly toleranceS?: number | undefined;
}

const PONG: Answer = {
  status: 200,
  headers: { "content-type": "application/json" },
  body: '{"type":1}',
};
const NO_CONTENT: Answer = { status: 204, headers: {}, body: "" };

/**
 * Discord, both its interactions and its webhook events: Ed25519 over timestamp and body. The PING of either is answered as
 * it wants. Whatever is not genuine gets 401: Discord sends such requests by itself, and removes an address that does not
 * refuse them so.
 */
export function discord(options: DiscordOptions): Provider<DiscordEvent> {
  assertOptions("discord", options, ["publicKey", "toleranceS"]);
  const { publicKey, toleranceS } = options;
  return makeProvider<DiscordEvent>({
    name: "discord",
    schemes: [
      {
        kind: "signature",
        secret: publicKey,
        secretForm: HEX,
        signature: { header: "x-signature-ed25519" },
        encoding: HEX,
        algorithm: ED25519,
        signed: "{timestamp}{body}",
        timestamp: timed({ header: "x-signature-timestamp" }, "s", toleranceS),
      },
    ],
    refusal: withStatus(401),
    id: { body: "id" },
    type: [{ body: "event.type" }, { body: "type" }],
    handshake: ({ event }) => pong(event),
  });
}

/** 1 is the PING of interactions, and of webhook events an event, which then has one in it. */
function pong(event: DiscordEvent | null): Answer | null {
  if (event?.type === 0) return NO_CONTENT;
  return event?.type === 1 && event.event === undefined ? PONG : null;
}
