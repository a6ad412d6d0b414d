/** An inbox over Kysely, on any of its dialects for PostgreSQL, MySQL, MariaDB and SQLite. */
import { systemTimers, type Timers } from "../verify/timers.ts";
import type { TransactionalInbox } from "./inbox.ts";
import type { Dialect } from "./dialect.ts";
import { guarded } from "./guard.ts";
import { checkHandle } from "./handle-check.ts";
import { sqlInbox } from "./sql.ts";
import { checkedLockWaitMs, type SqlInboxOptions, type SqlRow, type SqlValue } from "./sql-desk.ts";
import { inTurn, patiently, type Waiting } from "./sqlite-turns.ts";
import { LOCK_WAIT_MS } from "./state.ts";

/** What `CompiledQuery.raw` of Kysely makes. */
interface RawQuery {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly query: {
    readonly kind: "RawNode";
    readonly sqlFragments: readonly string[];
    readonly parameters: readonly never[];
  };
  readonly queryId: { readonly queryId: string };
}

/** `Transaction<DB>` of Kysely, by the one method that is called. */
export interface KyselyExecutor {
  executeQuery(query: RawQuery): Promise<{ readonly rows: unknown[] }>;
}

/** `Kysely<DB>`, by its shape. */
export interface KyselyDb<Tx extends KyselyExecutor> {
  transaction(): { execute<T>(work: (tx: Tx) => Promise<T>): Promise<T> };
}

export interface KyselyInboxOptions extends SqlInboxOptions {
  /** Which SQL the database speaks; Kysely does not say. MariaDB is `mysql`. */
  readonly dialect: Dialect;
  readonly timers?: Timers;
}

/** `tx` is Kysely's `Transaction<DB>`. Plug-ins that rename columns do no harm. */
export function kyselyInbox<Tx extends KyselyExecutor>(
  db: KyselyDb<Tx>,
  options: KyselyInboxOptions,
): TransactionalInbox<Tx> {
  checkHandle("the database to be one of Kysely", db, "transaction");
  const { dialect, lockWaitMs = LOCK_WAIT_MS, timers = systemTimers } = options;
  const waiting = { lockWaitMs: checkedLockWaitMs(lockWaitMs), timers };

  function transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return db.transaction().execute((tx) => guarded(tx, work));
  }

  function inSqlite<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return inTurn(db, waiting, () =>
      transaction(async (tx) => {
        await takeFile(tx, waiting);
        return work(tx);
      }),
    );
  }

  const begin = dialect === "sqlite" ? inSqlite : transaction;
  return sqlInbox<Tx>({ dialect, run, transaction: begin }, options);
}

async function run(
  tx: KyselyExecutor,
  sql: string,
  parameters: readonly SqlValue[] = [],
): Promise<readonly SqlRow[]> {
  const query = { kind: "RawNode", sqlFragments: [sql], parameters: [] } as const;
  const { rows } = await tx.executeQuery({
    sql,
    parameters,
    query,
    queryId: { queryId: "posthorn" },
  });
  return rows as SqlRow[];
}

/**
 * Kysely begins without a lock, and a transaction that reads before it writes can then find its snapshot to be old. So what it
 * began is begun again, with the file's lock. The application's busy timeout is off meanwhile: it sleeps in the one thread.
 */
async function takeFile(tx: KyselyExecutor, waiting: Waiting): Promise<void> {
  const [row] = await run(tx, "PRAGMA busy_timeout");
  await run(tx, "PRAGMA busy_timeout = 0");
  await run(tx, "ROLLBACK");
  try {
    await patiently(() => run(tx, "BEGIN IMMEDIATE"), waiting);
  } catch (error) {
    // Kysely is about to roll back, and needs something to roll back.
    await run(tx, "BEGIN");
    throw error;
  } finally {
    await run(tx, `PRAGMA busy_timeout = ${Number(row?.["timeout"] ?? 0)}`);
  }
}
