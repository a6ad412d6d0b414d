/** Waiting, as it is passed to whoever has to wait. */
export interface Timers {
  /** Once, not before `delayMs`. Returns how to call it off. */
  after(delayMs: number, run: () => void): () => void;
}

// Beyond this, timers fire at once instead of late.
const DELAY_MS_MAX = 2 ** 31 - 1;

/**
 * The runtime's own. What waits keeps the process alive: a script that reconciles, or a worker between two looks, would otherwise
 * end in the middle of its work without a word. So whoever no longer needs a timer calls it off.
 */
export const systemTimers: Timers = {
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(delayMs, 0), DELAY_MS_MAX));
    return () => clearTimeout(timer);
  },
};
