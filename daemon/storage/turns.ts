/**
 * Which of two connections of one process may write now. SQLite's own lock would do, but whoever finds it taken sleeps for
 * whole milliseconds and looks again; here it is woken the moment that the other is done.
 */
export interface Turns {
  /** Where the turn is kept; for whoever takes turns with this one, in another thread. */
  readonly memory: SharedArrayBuffer;
  /** Waits, with the whole thread, until nobody else has the turn. */
  take(): void;
  give(): void;
}

const FREE = 0;
const TAKEN = 1;
/** Taken, and somebody waits: whoever gives it must wake them. */
const WANTED = 2;
/** Somebody who ended in the middle of a turn never gives it. SQLite's own lock still stands between the two. */
const WAIT_MS_MAX = 2_000;

/** Without a memory nobody else has a part in it yet. */
export function createTurns(
  memory: SharedArrayBuffer = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT),
): Turns {
  const cell = new Int32Array(memory);
  return {
    memory,
    take() {
      if (Atomics.compareExchange(cell, 0, FREE, TAKEN) === FREE) return;
      while (Atomics.exchange(cell, 0, WANTED) !== FREE) {
        if (Atomics.wait(cell, 0, WANTED, WAIT_MS_MAX) === "timed-out") return;
      }
    },
    give() {
      if (Atomics.exchange(cell, 0, FREE) === WANTED) Atomics.notify(cell, 0, 1);
    },
  };
}
