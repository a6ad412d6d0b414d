import type { Clock, Log, Timers } from "../domain/ports.ts";
import type { StatisticStore, Subject, Tally } from "../domain/statistics.ts";
import { createTally, MINUTE_MS } from "../domain/statistics.ts";

/** Each is two rows, each of which is read first: with ten thousand endpoints none of them may be at hand. */
const SUBJECTS_PER_COMMIT = 100;
/** Minutes that could not be written yet; beyond these the oldest is let go. */
const MINUTES_WAITING_MAX = 10;

export interface MinutesNeeds {
  readonly store: Pick<StatisticStore, "addStatistics">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly timers: Pick<Timers, "soon">;
  readonly log: Log;
}

interface Minute {
  readonly atMs: number;
  readonly tallies: Map<Subject, Tally>;
}

/** The minutes that are not in the store yet: the present one, and those before it until they are written. */
export interface Minutes {
  /** Whether another minute has begun since the last call: tallies from before are none of its. */
  turnTo(nowMs: number): boolean;
  /** The present minute's. */
  tallyOf(subject: Subject): Tally;
  unwrittenOf(subject: Subject): { readonly atMs: number; readonly tally: Tally }[];
  unwritten(): Iterable<readonly [Subject, Tally]>;
  /** Writes the minutes that are over. Rejects with `StoreUnavailable`; then nothing that was not written is forgotten. */
  flush(): Promise<void>;
  /** The present one is over now. */
  close(): void;
}

export function createMinutes({ store, clock, timers, log }: MinutesNeeds): Minutes {
  const closed: Minute[] = [];
  let minute = minuteAt(clock.nowMs());
  let writing: Promise<void> | null = null;

  function close(atMs: number): void {
    if (minute.tallies.size > 0) closed.push(minute);
    if (closed.length > MINUTES_WAITING_MAX) {
      closed.shift();
      log.error("the statistics of a minute are lost: they could not be written for too long");
    }
    minute = minuteAt(atMs);
  }

  async function write({ atMs, tallies }: Minute): Promise<void> {
    while (tallies.size > 0) {
      const some = firstOf(tallies, SUBJECTS_PER_COMMIT);
      await store.addStatistics(atMs, some);
      for (const subject of some.keys()) tallies.delete(subject);
      await new Promise<void>((resolve) => timers.soon(resolve));
    }
  }

  async function writeClosed(): Promise<void> {
    for (let oldest = closed[0]; oldest !== undefined; oldest = closed[0]) {
      await write(oldest);
      if (closed[0] === oldest) closed.shift();
    }
  }

  return {
    turnTo(nowMs) {
      const isOver = nowMs >= minute.atMs + MINUTE_MS;
      if (isOver) close(nowMs);
      return isOver;
    },
    tallyOf(subject) {
      let tally = minute.tallies.get(subject);
      if (tally === undefined) {
        tally = createTally();
        minute.tallies.set(subject, tally);
      }
      return tally;
    },
    unwrittenOf: (subject) =>
      [...closed, minute].flatMap(({ atMs, tallies }) => {
        const tally = tallies.get(subject);
        return tally === undefined ? [] : [{ atMs, tally }];
      }),
    *unwritten() {
      for (const { tallies } of [...closed, minute]) yield* tallies;
    },
    flush() {
      writing ??= writeClosed().finally(() => (writing = null));
      return writing;
    },
    close: () => close(minute.atMs),
  };
}

function firstOf(tallies: ReadonlyMap<Subject, Tally>, count: number): Map<Subject, Tally> {
  const some = new Map<Subject, Tally>();
  for (const [subject, tally] of tallies) {
    if (some.size === count) break;
    some.set(subject, tally);
  }
  return some;
}

function minuteAt(nowMs: number): Minute {
  return { atMs: Math.floor(nowMs / MINUTE_MS) * MINUTE_MS, tallies: new Map() };
}
