/** An inbox over Drizzle: node-postgres and mysql2, and better-sqlite3 with a function of its own. */
import { systemTimers, type Timers } from "../verify/timers.ts";
import type { TransactionalInbox } from "./inbox.ts";
import { guarded } from "./guard.ts";
import { checkHandle } from "./handle-check.ts";
import { sqlInbox } from "./sql.ts";
import { checkedLockWaitMs, type SqlInboxOptions, type SqlRow, type SqlValue } from "./sql-desk.ts";
import { sqliteTransaction } from "./sqlite-turns.ts";
import { LOCK_WAIT_MS } from "./state.ts";

/** Drizzle's `sql`, by what is used of it. */
export interface DrizzleSql {
  raw(text: string): unknown;
  param(value: unknown): unknown;
  join(chunks: unknown[]): unknown;
}

export interface DrizzleExecutor {
  execute(query: unknown): PromiseLike<unknown>;
}

/** A Drizzle database over `pg` or `mysql2`, by its shape. */
export interface DrizzleDb<Tx extends DrizzleExecutor> {
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

export interface DrizzleInboxOptions extends SqlInboxOptions {
  /** MariaDB is `mysql`. */
  readonly dialect: "postgres" | "mysql";
  /** The `sql` of drizzle-orm: the SDK imports no package, so it has to be given. */
  readonly sql: DrizzleSql;
}

/** `tx` is Drizzle's own transaction. */
export function drizzleInbox<Tx extends DrizzleExecutor>(
  db: DrizzleDb<Tx>,
  options: DrizzleInboxOptions,
): TransactionalInbox<Tx> {
  checkHandle("the database to be one of Drizzle", db, "transaction");
  const { dialect, sql } = options;
  return sqlInbox<Tx>(
    {
      dialect,
      async run(tx, text, values) {
        return rowsOf(await tx.execute(queryOf(sql, text, values)));
      },
      transaction: (work) => db.transaction((tx) => guarded(tx, work)),
    },
    options,
  );
}

/** A Drizzle database over better-sqlite3, by its shape. */
export interface DrizzleSqliteDb {
  all(query: unknown): unknown;
  run(query: unknown): unknown;
}

export interface DrizzleSqliteInboxOptions extends SqlInboxOptions {
  readonly sql: DrizzleSql;
  readonly timers?: Timers;
}

/**
 * `tx` is the Drizzle database itself with its transaction begun: Drizzle's own transactions over better-sqlite3 end before the
 * first `await`. What `inbox/sqlite` says of the handle holds for this one.
 */
export function drizzleSqliteInbox<Db extends DrizzleSqliteDb>(
  db: Db,
  options: DrizzleSqliteInboxOptions,
): TransactionalInbox<Db> {
  checkHandle("the database to be one of Drizzle", db, "run");
  const { sql, lockWaitMs = LOCK_WAIT_MS, timers = systemTimers } = options;
  const waiting = { lockWaitMs: checkedLockWaitMs(lockWaitMs), timers };
  const file = {
    rows: (text: string) => db.all(sql.raw(text)) as SqlRow[],
    exec: (text: string) => db.run(sql.raw(text)),
  };
  return sqlInbox<Db>(
    {
      dialect: "sqlite",
      async run(_tx, text, values) {
        const query = queryOf(sql, text, values);
        if (/^\s*SELECT/.test(text)) return db.all(query) as SqlRow[];
        db.run(query);
        return [];
      },
      transaction: (work) => sqliteTransaction(db, file, waiting, () => guarded(db, work)),
    },
    options,
  );
}

/** The text in pieces with a value between each two: Drizzle numbers the places by itself. */
function queryOf(sql: DrizzleSql, text: string, values: readonly SqlValue[]): unknown {
  const chunks: unknown[] = [];
  let last = 0;
  let place = 0;
  for (const match of text.matchAll(/\$(\d+)|\?/g)) {
    const index = match[1] === undefined ? place : Number(match[1]) - 1;
    chunks.push(sql.raw(text.slice(last, match.index)), sql.param(values[index]));
    last = match.index + match[0].length;
    place += 1;
  }
  chunks.push(sql.raw(text.slice(last)));
  return sql.join(chunks);
}

/** `pg` answers with `{ rows }`, mysql2 with `[rows, fields]`. */
function rowsOf(result: unknown): readonly SqlRow[] {
  const rows: unknown = Array.isArray(result) ? result[0] : (result as { rows?: unknown }).rows;
  return Array.isArray(rows) ? (rows as SqlRow[]) : [];
}
