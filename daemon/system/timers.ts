import type { Timers } from "../domain/ports.ts";

// Beyond this Node fires at once instead of late.
const DELAY_MS_MAX = 2 ** 31 - 1;

/**
 * Node's own. A timer that waits does not keep the process alive: the listener does, and stopping
 * is orderly.
 */
export function openTimers(): Timers {
  return {
    soon(run) {
      setImmediate(run);
    },
    after(delayMs, run) {
      const timer = setTimeout(run, Math.min(Math.max(delayMs, 0), DELAY_MS_MAX));
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
}

/**
 * Resolves after `delayMs`. Keeps the process alive meanwhile: for whoever has nothing else to do,
 * such as a polling verb.
 */
export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}
