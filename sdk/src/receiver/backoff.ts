/** How a worker tries again. */
export interface RetryPolicy {
  /** The delay after each failed attempt; when the table is used up, the event goes to the dead letters. Default: ten steps up to 6 h. */
  readonly delaysMs?: readonly number[];
  /** Each delay is stretched or shortened by up to this share of it, so that what failed together does not come back together. Default 0.2. */
  readonly jitter?: number;
}

const S = 1_000;
const MIN = 60 * S;
const H = 60 * MIN;

/** The same ten steps as Posthorn's own default. */
export const DELAYS_MS: readonly number[] = [
  5 * S,
  10 * S,
  30 * S,
  MIN,
  5 * MIN,
  15 * MIN,
  30 * MIN,
  H,
  2 * H,
  6 * H,
];
export const JITTER = 0.2;

/** A failed attempt of a worker. */
export interface FailedAttempt {
  /** From 1. */
  readonly attempt: number;
  readonly nowMs: number;
  /** What the handler asked for; it wins over the table's delay, and uses up a step all the same. */
  readonly retryAfterMs: number | null;
  /** From 0 to below 1. */
  readonly chance: number;
}

/** When the event is due again; null where its table is used up. */
export function nextDueAtMs(policy: Required<RetryPolicy>, failed: FailedAttempt): number | null {
  const delayMs = policy.delaysMs[failed.attempt - 1];
  if (delayMs === undefined) return null;
  if (failed.retryAfterMs !== null) return failed.nowMs + failed.retryAfterMs;
  const stretch = 1 + policy.jitter * (2 * failed.chance - 1);
  return failed.nowMs + Math.round(delayMs * stretch);
}
