import type { Answer } from "./error.ts";
import type { WebhookError } from "./webhook-error.ts";

/**
 * One verified delivery of one event. What the event and the headers say is read when it is first asked for: hand the delivery
 * on as it is, as a spread copies only what is there already.
 */
export interface Delivery<E = unknown> {
  readonly provider: string;
  /**
   * What duplicates are recognised by: the same on every attempt of the same event. Where the provider has nothing of the
   * kind it is a digest of the body, and `idSource` says so.
   */
  readonly id: string;
  readonly idSource: "header" | "body" | "digest";
  /** The event's type, or "" where the provider names none. */
  readonly type: string;
  /** The parsed body. Checked for being JSON (or a form), not for its shape: give the receiver a schema for that. */
  readonly event: E;
  /** When the event happened, by the provider's word, in milliseconds since 1970. */
  readonly occurredAtMs: number | null;
  /** When this attempt was signed; null where the scheme signs no time. */
  readonly signedAtMs: number | null;
  /** The number of this attempt, from 1; null where the provider does not say. */
  readonly attempt: number | null;
  /** Events of one key are handled one after the other in `deferred` mode; null for no order. */
  readonly orderingKey: string | null;
  /** Position in the sender's stream to this endpoint, for gap detection; null where the sender numbers nothing. */
  readonly sequence: { readonly stream: string; readonly number: number } | null;
  /** False where a retry of the same event may have another body (BTCPay): equal ids with other bytes are no conflict. */
  readonly isBodyStable: boolean;
  /** Made when first asked for: a `Headers` costs more than the signature's check. */
  readonly headers: Headers;
  /** The bytes as they came. */
  readonly raw: Uint8Array;
  /** `raw` as UTF-8 text. */
  text(): string;
}

export type VerifyResult<E = unknown> =
  | { readonly ok: true; readonly kind: "delivery"; readonly delivery: Delivery<E> }
  /** Genuine, and to be answered with exactly this instead of being handled (Slack's challenge, Discord's PING). */
  | { readonly ok: true; readonly kind: "handshake"; readonly answer: Answer }
  | { readonly ok: false; readonly kind: "refused"; readonly error: WebhookError };
