/** Waiting, as it is passed to whoever has to wait. */
export interface Timers {
  /** Once, not before `delayMs`. Returns how to call it off. */
  after(delayMs: number, run: () => void): () => void;
}

// Beyond this, timers fire at once instead of late.
const DELAY_MS_MAX = 2 ** 31 - 1;

/** The runtime's own; where it can, a timer that waits does not keep the process alive. */
export const systemTimers: Timers = {
  after(delayMs, run) {
    const timer: unknown = setTimeout(run, Math.min(Math.max(delayMs, 0), DELAY_MS_MAX));
    if (isUnrefable(timer)) timer.unref();
    return () => clearTimeout(timer as ReturnType<typeof setTimeout>);
  },
};

/** Node and Bun give an object, Deno and workerd a number. */
function isUnrefable(timer: unknown): timer is { unref(): void } {
  return typeof timer === "object" && timer !== null && "unref" in timer;
}
