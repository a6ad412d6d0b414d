import type { AccountStore, AuditEntry, AuditQuery } from "../domain/account.ts";
import type { IdMaker } from "../domain/id.ts";
import type { Clock, Log, Timers } from "../domain/ports.ts";

const DAY_MS = 86_400_000;
const KEPT_DAYS = 400;
const KEPT_MAX = 100_000;
const WAITING_MAX = 10_000;
const RETRY_AFTER_MS = 1_000;

/** What was done, as the api room saw it. */
type Deed = Omit<AuditEntry, "seq" | "id" | "atMs">;

/** The log of who changed what. */
export interface Audit {
  /**
   * Written soon, with others of the same turn. An entry is not worth refusing a change for: while nothing can be stored, entries
   * wait in memory, and beyond 10,000 the oldest of them are dropped with a line in the daemon's log.
   */
  note(deed: Deed): void;
  page(query: AuditQuery): Promise<readonly AuditEntry[]>;
  /** Forgets what is older than 400 days, or beyond the newest 100,000. */
  forget(): Promise<void>;
  /** Writes what waits; for a stop. */
  flush(): Promise<void>;
}

export interface AuditNeeds {
  readonly store: Pick<AccountStore, "appendAudit" | "audit" | "forgetAudit">;
  readonly ids: IdMaker;
  readonly clock: Pick<Clock, "nowMs">;
  readonly timers: Timers;
  readonly log: Log;
}

export function createAudit({ store, ids, clock, timers, log }: AuditNeeds): Audit {
  let waiting: Omit<AuditEntry, "seq">[] = [];
  let isScheduled = false;
  let isBlocked = false;

  async function flush(): Promise<void> {
    isScheduled = false;
    if (waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    try {
      await store.appendAudit(batch);
      isBlocked = false;
    } catch (error) {
      if (!isBlocked) log.error("the audit log can't be written", { error });
      isBlocked = true;
      waiting = [...batch, ...waiting].slice(-WAITING_MAX);
      schedule(RETRY_AFTER_MS);
    }
  }

  function schedule(delayMs: number): void {
    if (isScheduled) return;
    isScheduled = true;
    const write = (): void => void flush();
    if (delayMs === 0) timers.soon(write);
    else timers.after(delayMs, write);
  }

  return {
    note(deed) {
      waiting.push({ ...deed, id: ids.next("aud"), atMs: clock.nowMs() });
      if (waiting.length > WAITING_MAX) waiting = waiting.slice(-WAITING_MAX);
      schedule(0);
    },
    async page(query) {
      await flush();
      return store.audit(query);
    },
    async forget() {
      await store.forgetAudit(clock.nowMs() - KEPT_DAYS * DAY_MS, KEPT_MAX);
    },
    flush,
  };
}
