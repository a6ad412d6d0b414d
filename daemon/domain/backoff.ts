/**
 * The backoff table: how long to wait after each failed attempt. A table is data; its end is `null`, never its last
 * step again, so that a caller must face "used up".
 */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Ten retries after the first attempt, 9 h 51 min 45 s in all: made for a server that somebody reboots. */
const APPLIANCE_TABLE_MS: readonly number[] = [
  5 * SECOND,
  10 * SECOND,
  30 * SECOND,
  1 * MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  1 * HOUR,
  2 * HOUR,
  6 * HOUR,
];

/** The example schedule of Standard Webhooks 1.0, "Deliverability and reliability". */
const STANDARD_WEBHOOKS_TABLE_MS: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

export const BACKOFF_PRESETS_MS = {
  appliance: APPLIANCE_TABLE_MS,
  "standard-webhooks": STANDARD_WEBHOOKS_TABLE_MS,
} as const;

export type BackoffPreset = keyof typeof BACKOFF_PRESETS_MS;

export const BACKOFF_STEPS_MAX = 20;
export const BACKOFF_STEP_MS_MAX = 7 * 24 * HOUR;
export const BACKOFF_STEP_MS_MIN = 1 * SECOND;

/** Half-width of the jitter: a step of 100 s becomes 80 to 120 s. */
const JITTER_FRACTION = 0.2;

/**
 * The delay after the `failedCount`-th failed attempt (1 for the first), spread by `jitter` in [0, 1); null when the
 * table is used up. Chance is drawn by the caller, so the same arguments give the same delay.
 */
export function retryDelayMs(
  table: readonly number[],
  failedCount: number,
  jitter: number,
): number | null {
  const stepMs = table[failedCount - 1];
  if (stepMs === undefined) return null;
  return Math.round(stepMs * (1 - JITTER_FRACTION + 2 * JITTER_FRACTION * jitter));
}

/** The table's longest step, the upper limit for what a receiver may ask with Retry-After; 0 for an empty table. */
export function longestStepMs(table: readonly number[]): number {
  return table.reduce((longest, step) => Math.max(longest, step), 0);
}

/** The longest that a retry may have to wait by the table, jitter included; five minutes for an endpoint that was slowed. */
export function longestDelayMs(table: readonly number[]): number {
  return Math.max(Math.ceil(longestStepMs(table) * (1 + JITTER_FRACTION)), 5 * MINUTE);
}
