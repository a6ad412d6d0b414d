/**
 * An inbox in SQLite, over better-sqlite3 or `node:sqlite`. The handle is the receiver's own, or used by nothing else while a
 * handler runs: a connection has one transaction, and whatever anybody does on the handle meanwhile is in it.
 */
import { systemTimers, type Timers } from "../verify/timers.ts";
import type { TransactionalInbox } from "./inbox.ts";
import { guarded } from "./guard.ts";
import { checkHandle } from "./handle-check.ts";
import { sqlInbox } from "./sql.ts";
import { checkedLockWaitMs, type SqlInboxOptions, type SqlRow, type SqlValue } from "./sql-desk.ts";
import { sqliteTransaction } from "./sqlite-turns.ts";
import { LOCK_WAIT_MS } from "./state.ts";

interface SqliteStatement {
  /** better-sqlite3's word for whether it gives rows; `node:sqlite` lets all be called on any statement. */
  readonly reader?: boolean;
  all(...values: SqlValue[]): unknown[];
  run(...values: SqlValue[]): unknown;
}

/** What better-sqlite3's `Database` and `node:sqlite`'s `DatabaseSync` have in common. */
export interface SqliteHandle {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
}

export interface SqliteInboxOptions extends SqlInboxOptions {
  readonly timers?: Timers;
}

/** `tx` is the handle itself, with its transaction begun (`BEGIN IMMEDIATE`): commit and roll-back are the inbox's. */
export function sqliteInbox<Db extends SqliteHandle>(
  db: Db,
  options: SqliteInboxOptions = {},
): TransactionalInbox<Db> {
  checkHandle("the database to be one of node:sqlite or better-sqlite3", db, "prepare");
  const { lockWaitMs = LOCK_WAIT_MS, timers = systemTimers } = options;
  const waiting = { lockWaitMs: checkedLockWaitMs(lockWaitMs), timers };
  const prepare = statementKeeper(db);
  const file = {
    rows: (sql: string) => db.prepare(sql).all() as SqlRow[],
    exec: (sql: string) => db.exec(sql),
  };
  return sqlInbox<Db>(
    {
      dialect: "sqlite",
      async run(_tx, sql, values) {
        const statement = prepare(sql);
        if (statement.reader !== false) return statement.all(...values) as SqlRow[];
        statement.run(...values);
        return [];
      },
      transaction: (work) => sqliteTransaction(db, file, waiting, () => guarded(db, work)),
    },
    options,
  );
}

const STATEMENTS_MAX = 64;

/** Preparing costs more than running; statements with a list in them come in many lengths, so the number is bounded. */
function statementKeeper(db: SqliteHandle): (sql: string) => SqliteStatement {
  const kept = new Map<string, SqliteStatement>();
  return (sql) => {
    const known = kept.get(sql);
    if (known !== undefined) return known;
    const statement = db.prepare(sql);
    if (kept.size < STATEMENTS_MAX) kept.set(sql, statement);
    return statement;
  };
}
