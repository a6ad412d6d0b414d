import type { Clock, Timers } from "../domain/ports.ts";
import type { Rest } from "../domain/stores.ts";

/** Lets everything else have a turn: between two chunks of work that may be long. */
export function giveWay(timers: Pick<Timers, "soon">): Promise<void> {
  return new Promise((resolve) => {
    timers.soon(resolve);
  });
}

/** Some steps from memory, or one that had to wait for the disk. */
const LOOK_TURN_MS = 10;

/**
 * For a long look through the store, whose steps take four milliseconds or forty: gives way after those that took the turn's time.
 * After each step, what takes 150 ms alone takes two seconds beside a thousand attempts a second: each turn is one more wait.
 */
export function createRest({
  clock,
  timers,
}: {
  readonly clock: Pick<Clock, "nowMs">;
  readonly timers: Pick<Timers, "soon">;
}): Rest {
  let sinceMs = clock.nowMs();
  return async () => {
    if (clock.nowMs() - sinceMs < LOOK_TURN_MS) return;
    await giveWay(timers);
    sinceMs = clock.nowMs();
  };
}
