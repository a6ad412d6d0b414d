import type { Clock, Log, Timers } from "../domain/ports.ts";
import type { AttemptRecord, HealthRecord, Released } from "../domain/stores.ts";

const FLUSH_AFTER_MS_MIN = 5;
const FLUSH_AFTER_MS_MAX = 100;
/** Waiting this many times as long as the last write took keeps writing below a fifth of the time, on a slow disk, too. */
const WAIT_PER_WRITE = 4;
const FLUSH_AT = 512;
const RETRY_AFTER_MS = 1_000;

export interface RecorderNeeds {
  readonly timers: Timers;
  readonly clock: Pick<Clock, "nowMs">;
  readonly log: Log;
  readonly write: (
    attempts: readonly AttemptRecord[],
    health: readonly HealthRecord[],
  ) => Promise<Released[]>;
  /** The health of the endpoints that the attempts concern, as it is at the moment of writing. */
  readonly healthOf: (attempts: readonly AttemptRecord[]) => HealthRecord[];
  /** After the commit, never before. */
  readonly onRecorded: (
    attempts: readonly AttemptRecord[],
    health: readonly HealthRecord[],
    released: readonly Released[],
  ) => void;
  /** Writes many successes without the loop that sends; null where there is nobody for it. */
  readonly aside: Aside | null;
}

interface Aside {
  /** Fewer are written in the loop. */
  readonly batchMin: number;
  readonly takes: (record: AttemptRecord) => boolean;
  readonly write: (successes: readonly AttemptRecord[]) => Promise<void>;
}

/**
 * Gathers the records of ended attempts and writes them together: after 5 ms (more where the disk is slow), or when there are
 * 512. A record that is late can cause a repeat after a crash, never a loss; written one by one, each would cost a disk flush.
 */
export interface Recorder {
  add(record: AttemptRecord): void;
  /** True while the store refuses: the engine starts nothing new, since it could not be recorded. */
  readonly isBlocked: boolean;
  readonly size: number;
  /** Writes what is there; resolves when nothing is left or the store refuses. */
  flush(): Promise<void>;
}

export function createRecorder(needs: RecorderNeeds): Recorder {
  let waiting: AttemptRecord[] = [];
  let cancelTimer: (() => void) | null = null;
  let writing: Promise<void> | null = null;
  let isBlocked = false;
  let waitMs = FLUSH_AFTER_MS_MIN;

  function schedule(delayMs: number): void {
    cancelTimer ??= needs.timers.after(delayMs, () => {
      cancelTimer = null;
      void flush();
    });
  }

  function flush(): Promise<void> {
    writing ??= writeAll().finally(() => {
      writing = null;
    });
    return writing;
  }

  async function writeAll(): Promise<void> {
    cancelTimer?.();
    cancelTimer = null;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      const isWritten = await writeBatch(batch);
      if (!isWritten) return;
    }
  }

  async function writeBatch(batch: readonly AttemptRecord[]): Promise<boolean> {
    const health = needs.healthOf(batch);
    // What was refused is tried in the loop: whatever the thread has, the loop may not have.
    const { here, aside } = apart(batch, health, isBlocked ? null : needs.aside);
    const isWritten = await attempt(here, health, () => needs.write(here, health));
    if (!isWritten) waiting = [...aside, ...waiting];
    if (!isWritten || needs.aside === null || aside.length === 0) return isWritten;
    const { write } = needs.aside;
    return attempt(aside, [], async () => {
      await write(aside);
      return [];
    });
  }

  /** Writes and announces some of a batch. False where it could not be written: it waits again then. */
  async function attempt(
    records: readonly AttemptRecord[],
    health: readonly HealthRecord[],
    write: () => Promise<Released[]>,
  ): Promise<boolean> {
    if (records.length === 0) return true;
    const startedAtMs = needs.clock.nowMs();
    let released: Released[];
    try {
      released = await write();
      const tookMs = needs.clock.nowMs() - startedAtMs;
      waitMs = Math.min(Math.max(tookMs * WAIT_PER_WRITE, FLUSH_AFTER_MS_MIN), FLUSH_AFTER_MS_MAX);
      if (isBlocked) needs.log.info("attempts are recorded again");
      isBlocked = false;
    } catch (error) {
      // Whatever the reason, these outcomes are kept and tried again: dropping one would send its delivery a second time.
      waiting = [...records, ...waiting];
      if (!isBlocked) needs.log.error("attempts can't be recorded; no new ones start", { error });
      isBlocked = true;
      schedule(RETRY_AFTER_MS);
      return false;
    }
    // Outside: what is committed is committed, whatever those think who hear of it.
    needs.onRecorded(records, health, released);
    return true;
  }

  return {
    add(record) {
      waiting.push(record);
      if (waiting.length >= FLUSH_AT && !isBlocked) void flush();
      else schedule(waitMs);
    },
    get isBlocked() {
      return isBlocked;
    },
    get size() {
      return waiting.length;
    },
    flush,
  };
}

/**
 * What of a batch is written in the loop, and what aside. An endpoint's health is read and written in one go, or a person's change
 * of the endpoint could come in between and be written over: where it is to be written, nothing of the endpoint goes aside.
 */
function apart(
  batch: readonly AttemptRecord[],
  health: readonly HealthRecord[],
  by: Aside | null,
): { readonly here: readonly AttemptRecord[]; readonly aside: readonly AttemptRecord[] } {
  if (by === null || batch.length < by.batchMin) return { here: batch, aside: [] };
  const withHealth = new Set(health.map(({ endpointSeq }) => endpointSeq));
  const here: AttemptRecord[] = [];
  const aside: AttemptRecord[] = [];
  for (const each of batch) {
    const isAside = !withHealth.has(each.endpointSeq) && by.takes(each);
    (isAside ? aside : here).push(each);
  }
  return aside.length < by.batchMin ? { here: batch, aside: [] } : { here, aside };
}
