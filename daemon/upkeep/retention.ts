import type { Log, Timers } from "../domain/ports.ts";
import type { UpkeepStore } from "../domain/stores.ts";

const DAY_MS = 24 * 3_600_000;
/** Idempotency keys are kept for at least a day, whatever the retention. */
const KEY_AGE_MS = DAY_MS;
const EVENTS_PER_CHUNK = 200;
const KEYS_PER_CHUNK = 1_000;
const PAGES_PER_CHUNK = 500;
/** Between two chunks the loop is free for at least this long: upkeep takes a few percent of the time, no more. */
const PAUSE_MS = 20;

export interface RetentionNeeds {
  readonly store: UpkeepStore;
  readonly timers: Timers;
  readonly nowMs: () => number;
  readonly log: Log;
  /** Asked at each run. */
  readonly retentionDays: () => number;
}

export interface Retention {
  /** Forgets what is old enough and gives the space back. Resolves when it is done, or when `stop` was called. */
  run(): Promise<void>;
  stop(): void;
}

/** Events go when they are older than the retention and all their deliveries are final; what still waits is never forgotten. */
export function createRetention(needs: RetentionNeeds): Retention {
  const { store, timers, nowMs } = needs;
  let isStopped = false;

  async function pause(): Promise<void> {
    await new Promise<void>((resolve) => void timers.after(PAUSE_MS, resolve));
  }

  async function forgetEvents(): Promise<number> {
    const beforeMs = nowMs() - needs.retentionDays() * DAY_MS;
    let total = 0;
    for (let afterSeq: number | null = 0; afterSeq !== null && !isStopped;) {
      const query = { beforeMs, afterSeq, limit: EVENTS_PER_CHUNK };
      const { forgotten, next } = await store.forgetEvents(query);
      total += forgotten;
      afterSeq = next;
      await pause();
    }
    return total;
  }

  async function forgetKeys(): Promise<void> {
    const beforeMs = nowMs() - KEY_AGE_MS;
    while (!isStopped && (await store.forgetIdempotencyKeys(beforeMs, KEYS_PER_CHUNK)) > 0) {
      await pause();
    }
  }

  async function giveBack(): Promise<void> {
    while (!isStopped && (await store.vacuum(PAGES_PER_CHUNK)) > 0) await pause();
  }

  return {
    async run() {
      const events = await forgetEvents();
      await forgetKeys();
      await giveBack();
      if (events > 0) needs.log.info("old events forgotten", { events });
    },
    stop() {
      isStopped = true;
    },
  };
}
