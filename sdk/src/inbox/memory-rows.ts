/** Rows in memory with what a database gives: a lock each, and changes that are seen when they are committed. */
import type { Answer } from "../verify/error.ts";
import type { Timers } from "../verify/timers.ts";
import type { InboxEntry, InboxKey, InboxStatus, StoredEntry } from "./inbox.ts";

export interface MemoryRow {
  /** The order of coming. */
  readonly position: number;
  readonly entry: InboxEntry;
  readonly stored: StoredEntry | null;
  readonly status: InboxStatus;
  readonly attempts: number;
  readonly bodySha256: string | null;
  readonly dueAtMs: number | null;
  readonly token: string | null;
  readonly error: string | null;
  readonly endedAtMs: number | null;
  readonly answer: Answer | null;
}

export function isOpen(row: MemoryRow): boolean {
  return row.status === "pending" || row.status === "failed";
}

export interface RowsSession {
  /** False where the holder did not end within the limit. */
  lock(key: InboxKey): Promise<boolean>;
  read(key: InboxKey): MemoryRow | null;
  /** Seen by others when the session is committed. Needs the lock. */
  write(key: InboxKey, row: Omit<MemoryRow, "position">): void;
}

export interface MemoryRows {
  transaction<T>(work: (session: RowsSession) => Promise<T>): Promise<T>;
  find(key: InboxKey): MemoryRow | null;
  /** What is committed, in the order of coming. */
  all(): MemoryRow[];
  /** At once and without waiting; false for a row that is locked. */
  replace(row: MemoryRow): boolean;
  forget(rows: readonly MemoryRow[]): number;
}

type Waiter = (isMine: boolean) => void;

export function createMemoryRows(lockWaitMs: number, timers: Timers): MemoryRows {
  const committed = new Map<string, MemoryRow>();
  const locks = new Map<string, Waiter[]>();
  let positions = 0;

  function acquire(name: string): Promise<boolean> {
    const waiters = locks.get(name);
    if (waiters === undefined) {
      locks.set(name, []);
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const waiter: Waiter = (isMine) => {
        cancel();
        resolve(isMine);
      };
      const cancel = timers.after(lockWaitMs, () => {
        waiters.splice(waiters.indexOf(waiter), 1);
        resolve(false);
      });
      waiters.push(waiter);
    });
  }

  function releaseLock(name: string): void {
    const next = locks.get(name)?.shift();
    if (next === undefined) locks.delete(name);
    else next(true);
  }

  async function transaction<T>(work: (session: RowsSession) => Promise<T>): Promise<T> {
    const held = new Set<string>();
    const written = new Map<string, MemoryRow>();
    let isEnded = false;
    let isLost = false;
    function named(key: InboxKey): string {
      if (isEnded) throw new Error("expected the transaction to be open, got one that has ended");
      return nameOf(key);
    }
    const session: RowsSession = {
      async lock(key) {
        const name = named(key);
        if (held.has(name)) return true;
        if (!(await acquire(name))) {
          isLost = true;
          return false;
        }
        // Too late for whoever stopped waiting: nobody would ever free it.
        if (isEnded) releaseLock(name);
        else held.add(name);
        return !isEnded;
      },
      read(key) {
        const name = named(key);
        return written.get(name) ?? committed.get(name) ?? null;
      },
      write(key, row) {
        const name = named(key);
        const position = session.read(key)?.position ?? ++positions;
        written.set(name, { ...row, position });
      },
    };
    try {
      const result = await work(session);
      // As in a database: who did not get a lock has lost the transaction.
      if (!isLost) for (const [name, row] of written) committed.set(name, row);
      return result;
    } finally {
      isEnded = true;
      for (const name of held) releaseLock(name);
    }
  }

  return {
    transaction,
    find: (key) => committed.get(nameOf(key)) ?? null,
    all: () => [...committed.values()].toSorted((a, b) => a.position - b.position),
    replace(row) {
      const name = nameOf(row.entry);
      if (locks.has(name)) return false;
      committed.set(name, row);
      return true;
    },
    forget(rows) {
      const free = rows.map((row) => nameOf(row.entry)).filter((name) => !locks.has(name));
      for (const name of free) committed.delete(name);
      return free.length;
    },
  };
}

function nameOf({ endpoint, id }: InboxKey): string {
  return JSON.stringify([endpoint, id]);
}
