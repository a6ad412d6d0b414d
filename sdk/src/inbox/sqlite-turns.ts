/**
 * One SQLite connection has one transaction at a time, and every statement on the handle is part of it. So whoever wants one takes
 * turns here, and nobody waits longer than the lock limit.
 */
import type { Timers } from "../verify/timers.ts";
import { isLockError } from "./dialect.ts";
import type { SqlRow } from "./sql-desk.ts";
import { busyError } from "./state.ts";

export interface Waiting {
  readonly lockWaitMs: number;
  readonly timers: Timers;
}

/** The queue of each handle, whichever inboxes were made of it. A true means: it is your turn. */
const queues = new WeakMap<object, ((isMine: boolean) => void)[]>();

/** Runs `work` when nobody else has the handle; rejects with `BUSY` where that takes longer than the lock limit. */
export async function inTurn<T>(
  handle: object,
  waiting: Waiting,
  work: () => Promise<T>,
): Promise<T> {
  if (!(await turn(handle, waiting))) throw busyError();
  try {
    return await work();
  } finally {
    const next = queues.get(handle)?.shift();
    if (next === undefined) queues.delete(handle);
    else next(true);
  }
}

function turn(handle: object, { lockWaitMs, timers }: Waiting): Promise<boolean> {
  const queue = queues.get(handle);
  if (queue === undefined) {
    queues.set(handle, []);
    return Promise.resolve(true);
  }
  return new Promise((resolve) => {
    const waiter = (isMine: boolean): void => {
      cancel();
      resolve(isMine);
    };
    const cancel = timers.after(lockWaitMs, () => {
      queue.splice(queue.indexOf(waiter), 1);
      resolve(false);
    });
    queue.push(waiter);
  });
}

const PAUSE_MS_MIN = 2;
const PAUSE_MS_MAX = 50;

/**
 * Tries until the file is free of other connections' writers; rejects with `BUSY` at the limit. `attempt` must not wait by itself:
 * SQLite's own busy timeout sleeps in the one thread that all requests share.
 */
export async function patiently(
  attempt: () => Promise<unknown>,
  { lockWaitMs, timers }: Waiting,
): Promise<void> {
  let pauseMs = PAUSE_MS_MIN;
  for (let waitedMs = 0; ; waitedMs += pauseMs) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (!isLockError("sqlite", error)) throw error;
      if (waitedMs >= lockWaitMs) throw busyError(error);
    }
    pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX, lockWaitMs);
    await new Promise<void>((resolve) => timers.after(pauseMs, resolve));
  }
}

/** The two ways in which a synchronous handle runs a statement. */
export interface SqliteFile {
  rows(sql: string): readonly SqlRow[];
  exec(sql: string): unknown;
}

/** One transaction on a synchronous handle, of which the whole file is locked from the start. */
export function sqliteTransaction<T>(
  handle: object,
  file: SqliteFile,
  waiting: Waiting,
  work: () => Promise<T>,
): Promise<T> {
  return inTurn(handle, waiting, async () => {
    await patiently(async () => begin(file), waiting);
    try {
      const result = await work();
      file.exec("COMMIT");
      return result;
    } catch (error) {
      try {
        file.exec("ROLLBACK");
      } catch {
        // SQLite rolls back by itself after some errors; then there is nothing left to undo.
      }
      throw error;
    }
  });
}

/** In one go, without giving others a turn: the application's busy timeout is off only for this statement. */
function begin({ rows, exec }: SqliteFile): void {
  const [row] = rows("PRAGMA busy_timeout");
  rows("PRAGMA busy_timeout = 0");
  try {
    exec("BEGIN IMMEDIATE");
  } catch (error) {
    throw foreignTransaction(error) ?? error;
  } finally {
    rows(`PRAGMA busy_timeout = ${Number(row?.["timeout"] ?? 0)}`);
  }
}

/** Somebody else's transaction is open on the handle: joining it would let them undo what the sender was told is done. */
function foreignTransaction(cause: unknown): Error | null {
  if (!String(cause).includes("within a transaction")) return null;
  const message =
    "expected the SQLite handle to be the inbox's own, got one with a transaction of somebody else's open";
  return new Error(message, { cause });
}
