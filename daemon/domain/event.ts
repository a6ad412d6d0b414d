/** An event as it was accepted; its body is kept apart (see `EventBody`). */
export interface Event {
  readonly seq: number;
  /** The webhook id that receivers see: the same on each attempt, resend and replay. Unique in its application. */
  readonly id: string;
  readonly applicationSeq: number;
  readonly type: string;
  readonly tenant: string | null;
  readonly orderingKey: string | null;
  readonly occurredAtMs: number;
  readonly acceptedAtMs: number;
  /** Null for JSON events; the producer's own Content-Type for raw ones. */
  readonly contentType: string | null;
  readonly bodyBytes: number;
}

/**
 * The bytes that were made when the event was accepted. For a JSON event: the `standard` envelope, in which the
 * producer's `data` stands unchanged from `dataStart` to the byte before the last. For a raw event: the bytes as they came.
 * Other profiles' envelopes are kept beside it as variants, made at most once each.
 */
export interface EventBody {
  readonly bytes: Uint8Array;
  readonly dataStart: number;
}

/** Limits of an event. `data` and raw bodies share `Limits.eventBytesMax` of the configuration. */
export const EVENT_BATCH_MAX = 1_000;
export const TENANT_LENGTH_MAX = 256;
export const ORDERING_KEY_LENGTH_MAX = 256;
export const IDEMPOTENCY_KEY_LENGTH_MAX = 256;

/** A producer's own event id: no dot, since the signed content of Standard Webhooks is `id.timestamp.body`. */
export const EVENT_ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/** Whether an event was sent by the daemon for an endpoint's `test`; such events are not retried. */
export const TEST_EVENT_TYPE = "posthorn.test";

/** An endpoint was disabled without anybody asking for it. Goes to endpoints that subscribe to it, or to `posthorn.*`. */
export const DISABLED_EVENT_TYPE = "posthorn.endpoint.disabled";

/** No header can hold a line break, so that no producer's `Idempotency-Key` is ever taken for another's event id. */
const OWN_ID_MARK = "\n";

/** The idempotency key that a producer's own event id stands for, where the request has none. */
export function keyOfOwnId(id: string): string {
  return `${OWN_ID_MARK}${id}`;
}

/** What an idempotency key is called in a message to the producer. */
export function keyInWords(key: string): string {
  return key.startsWith(OWN_ID_MARK) ? `id ${key.slice(1)}` : `idempotency key ${key}`;
}
