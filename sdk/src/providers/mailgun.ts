import { HEX } from "../verify/codec.ts";
import { HMAC_SHA256 } from "../verify/algorithms.ts";
import { field } from "../verify/batch.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { memoryNonces } from "../verify/nonces.ts";
import type { NonceStore } from "../verify/nonces.ts";
import { assertOptions } from "../verify/options.ts";
import type { TimedOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { timed } from "../verify/timed.ts";
import { TOLERANCE_S } from "../verify/times.ts";
import { expected, kindOf } from "../verify/webhook-error.ts";
import type { WebhookError } from "../verify/webhook-error.ts";

export interface MailgunEvent {
  readonly signature: {
    readonly timestamp: string;
    readonly token: string;
    readonly signature: string;
    readonly "parent-signature"?: string;
  };
  readonly "event-data": {
    readonly event: string;
    readonly id: string;
    readonly timestamp?: number;
  };
}

export interface MailgunOptions extends TimedOptions {
  /** Where used tokens are remembered. Default: this process' memory, which knows nothing of other processes. */
  readonly nonces?: NonceStore | undefined;
}

/**
 * Mailgun: the body holds a signature over time and token, and **nothing signs the event**: who sees one request could send
 * another event with its signature. So each token is taken once, and then `REPLAYED` (documentation.mailgun.com, "Securing
 * Webhooks"); verify a request once only. Mailgun's retries come with a token of their own. The secret is the HTTP webhook
 * signing key, as text; that of the primary account fits subaccounts' events by their `parent-signature`.
 */
export function mailgun(options: MailgunOptions): Provider<MailgunEvent> {
  assertOptions("mailgun", options, ["secret", "toleranceS", "nonces"]);
  const { secret, toleranceS = TOLERANCE_S, nonces = memoryNonces() } = options;
  if (typeof nonces?.claim !== "function") {
    throw expected("CONFIG_INVALID", "nonces to be a store with claim", kindOf(nonces));
  }
  return makeProvider({
    name: "mailgun",
    schemes: [
      {
        kind: "signature",
        secret,
        signature: [{ body: "signature.signature" }, { body: "signature.parent-signature" }],
        encoding: HEX,
        algorithm: HMAC_SHA256,
        signed: "{timestamp}{token}",
        values: { token: { body: "signature.token" } },
        timestamp: timed({ body: "signature.timestamp" }, "s", toleranceS),
        // Twice the tolerance: from the most in the future that is taken to the most in the past.
        also: (_, event) => replayError(nonces, field(event, "signature", "token"), 2 * toleranceS),
      },
    ],
    id: [{ body: "event-data.id" }, { body: "signature.token" }],
    type: { body: "event-data.event" },
    occurredAt: { from: { read: (_, event) => occurredAtMs(event), from: "body" }, unit: "ms" },
    // Each attempt has a token and a signature of its own.
    isBodyStable: false,
  });
}

async function replayError(
  nonces: NonceStore,
  token: string | null,
  keepS: number,
): Promise<WebhookError | null> {
  try {
    if (await nonces.claim(`mailgun:${token}`, Math.ceil(keepS))) return null;
  } catch (cause) {
    return expected("INBOX_UNAVAILABLE", "the store of used tokens to answer", "an error", {
      cause,
    });
  }
  return expected("REPLAYED", "a token that was not used before", "a used one", {
    hint: "Verify each request once: a guard in front of the receiver uses the token up.",
  });
}

/** Seconds with a fraction. */
function occurredAtMs(event: unknown): number {
  const seconds = (event as MailgunEvent)["event-data"]?.timestamp;
  return typeof seconds === "number" ? Math.round(seconds * 1_000) : NaN;
}
