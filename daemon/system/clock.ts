import type { Clock } from "../domain/ports.ts";

export interface ClockSources {
  /** What the calendar says; may jump either way. */
  wallMs(): number;
  /** Runs on from any start; never backwards. */
  monotonicMs(): number;
}

/**
 * A clock of which `nowMs` never goes backwards. It runs on the monotonic source and follows the
 * calendar forwards, so that after a suspend, or a start without a network time, what is due
 * becomes due. A calendar that is set back is not followed: for that hour nothing would become due,
 * and new ids would sort before old ones. Whole milliseconds.
 */
export function createClock(sources: ClockSources): Clock {
  let aheadMs = sources.wallMs() - sources.monotonicMs();
  return {
    nowMs() {
      const runMs = sources.monotonicMs();
      const wallAheadMs = sources.wallMs() - runMs;
      if (wallAheadMs > aheadMs) aheadMs = wallAheadMs;
      return Math.floor(runMs + aheadMs);
    },
    wallMs: () => Math.floor(sources.wallMs()),
  };
}

/** The machine's own. */
export function openClock(): Clock {
  return createClock({ wallMs: () => Date.now(), monotonicMs });
}

/** Milliseconds from an arbitrary start, in fractions: for measuring how long something took. */
export function monotonicMs(): number {
  return performance.now();
}
