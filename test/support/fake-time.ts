import type { Clock, Timers } from "../../daemon/domain/ports.ts";

/**
 * Time that stands still until it is moved. Everything that waits stands in one list, in the order of its time and then of
 * its coming, so that a run is the same each time. Wall and monotonic time move together, but for `jumpWall`.
 */
export interface FakeTime {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Milliseconds since the start, which no jump changes. */
  readonly elapsedMs: number;
  /** Runs the next thing that waits, moving time to it; false when there is none before `untilMs` (of elapsed time). */
  step(untilMs: number): Promise<boolean>;
  /** Runs everything that is due in the next `ms`, and leaves time there. */
  advance(ms: number): Promise<void>;
  jumpWall(ms: number): void;
  /** Nothing that waits now will ever run: what a killed process leaves behind. */
  forgetAll(): void;
}

interface Waiting {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export const EPOCH_MS = Date.UTC(2026, 0, 1);

export function createFakeTime(): FakeTime {
  let elapsedMs = 0;
  let wallOffsetMs = EPOCH_MS;
  let steadyMs = EPOCH_MS;
  let order = 0;
  let waiting: Waiting[] = [];

  function add(atMs: number, run: () => void): () => void {
    const entry = { atMs, order: order++, run };
    // Kept sorted: few things wait at a time, and most are added near the end.
    let i = waiting.length;
    while (i > 0 && (waiting[i - 1]?.atMs ?? 0) > atMs) i -= 1;
    waiting.splice(i, 0, entry);
    return () => {
      waiting = waiting.filter((other) => other !== entry);
    };
  }

  async function step(untilMs: number): Promise<boolean> {
    const next = waiting[0];
    if (next === undefined || next.atMs > untilMs) return false;
    waiting.shift();
    moveTo(next.atMs);
    next.run();
    await settled();
    return true;
  }

  function moveTo(atMs: number): void {
    steadyMs = Math.max(steadyMs + (atMs - elapsedMs), wallOffsetMs + atMs);
    elapsedMs = Math.max(elapsedMs, atMs);
  }

  return {
    clock: {
      nowMs: () => Math.floor(steadyMs),
      wallMs: () => Math.floor(wallOffsetMs + elapsedMs),
    },
    timers: {
      soon: (run) => void add(elapsedMs, run),
      after: (delayMs, run) => add(elapsedMs + Math.max(delayMs, 0), run),
    },
    get elapsedMs() {
      return elapsedMs;
    },
    step,
    async advance(ms) {
      const untilMs = elapsedMs + ms;
      while (await step(untilMs));
      moveTo(untilMs);
    },
    jumpWall(ms) {
      wallOffsetMs += ms;
      steadyMs = Math.max(steadyMs, wallOffsetMs + elapsedMs);
    },
    forgetAll() {
      waiting = [];
      // A new process starts from the calendar as it is, right or wrong.
      steadyMs = wallOffsetMs + elapsedMs;
    },
  };
}

/** Lets every promise that can settle now do so: what hangs on timers waits for the fake ones. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
