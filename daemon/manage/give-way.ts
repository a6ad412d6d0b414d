import type { Timers } from "../domain/ports.ts";

/** Lets everything else have a turn: between two chunks of work that may be long. */
export function giveWay(timers: Pick<Timers, "soon">): Promise<void> {
  return new Promise((resolve) => {
    timers.soon(resolve);
  });
}
