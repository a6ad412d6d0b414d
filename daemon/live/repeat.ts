import type { Timers } from "../domain/ports.ts";

/** Runs again and again while it is wanted; `start` begins it, and does nothing where it runs already. */
export interface Repeat {
  start(): void;
  stop(): void;
}

export function createRepeat(
  { after }: Pick<Timers, "after">,
  delayMs: number,
  isWanted: () => boolean,
  run: () => void,
): Repeat {
  let cancel: (() => void) | null = null;

  function start(): void {
    cancel ??= after(delayMs, () => {
      cancel = null;
      if (!isWanted()) return;
      run();
      start();
    });
  }

  return {
    start,
    stop() {
      cancel?.();
      cancel = null;
    },
  };
}
