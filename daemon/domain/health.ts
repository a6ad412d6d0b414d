import type { DisabledReason, EndpointHealth } from "./endpoint.ts";
import type { Settlement } from "./delivery.ts";

const DAY_MS = 24 * 3_600_000;

/** How long an endpoint is left alone after its n-th throttling answer in a row; the last step repeats. */
const SLOW_DOWN_MS: readonly number[] = [5_000, 10_000, 30_000, 60_000, 300_000];

/** Fewer failures than this never disable an endpoint, however long the quiet between them was. */
const FAILURES_BEFORE_DISABLE = 10;

/** When an attempt began and ended, both by the engine's clock. */
export interface AttemptTimes {
  readonly begunAtMs: number;
  readonly nowMs: number;
}

/** How an endpoint does after one more attempt, and whether that is reason enough to disable it. Pure. */
export function healthAfter(
  health: EndpointHealth,
  settlement: Settlement,
  autoDisableDays: number | null,
  { begunAtMs, nowMs }: AttemptTimes,
): { health: EndpointHealth; disables: DisabledReason | null } {
  if (settlement.endReason === "accepted") {
    return { health: afterSuccess(health, begunAtMs, nowMs), disables: settlement.disables };
  }
  const next = afterFailure(health, settlement.slowsForMs, nowMs);
  const isWornOut =
    autoDisableDays !== null &&
    next.failedInARow >= FAILURES_BEFORE_DISABLE &&
    nowMs - (next.failingSinceMs ?? nowMs) >= autoDisableDays * DAY_MS;
  return { health: next, disables: settlement.disables ?? (isWornOut ? "only_failures" : null) };
}

function afterSuccess(health: EndpointHealth, begunAtMs: number, nowMs: number): EndpointHealth {
  const well = { failingSinceMs: null, failedInARow: 0, lastSuccessAtMs: nowMs } as const;
  // One that was under way when the endpoint asked for less says nothing about what it can take now.
  const isOlder = health.slowedSinceMs !== null && begunAtMs <= health.slowedSinceMs;
  if (isOlder) return { ...health, ...well };
  return { ...health, ...well, slowedSinceMs: null, slowedUntilMs: null, slowCount: 0 };
}

function afterFailure(
  health: EndpointHealth,
  slowsForMs: number | null,
  nowMs: number,
): EndpointHealth {
  const failing = {
    failingSinceMs: health.failingSinceMs ?? nowMs,
    failedInARow: health.failedInARow + 1,
    lastFailureAtMs: nowMs,
    lastSuccessAtMs: health.lastSuccessAtMs,
  };
  if (slowsForMs === null) {
    const { slowedSinceMs, slowedUntilMs, slowCount } = health;
    return { ...failing, slowedSinceMs, slowedUntilMs, slowCount };
  }
  // Answers that were under way together count once: ten 503s of one burst are one wish to be left alone.
  const isSameBurst = health.slowedUntilMs !== null && nowMs < health.slowedUntilMs;
  const slowCount = isSameBurst ? health.slowCount : health.slowCount + 1;
  const stepMs = SLOW_DOWN_MS[Math.min(slowCount, SLOW_DOWN_MS.length) - 1] ?? 0;
  const untilMs = nowMs + Math.max(stepMs, slowsForMs);
  const slowedUntilMs = isSameBurst
    ? Math.max(health.slowedUntilMs ?? 0, nowMs + slowsForMs)
    : untilMs;
  const slowedSinceMs = isSameBurst ? health.slowedSinceMs : nowMs;
  return { ...failing, slowedSinceMs, slowedUntilMs, slowCount };
}
