/** An inbox in PostgreSQL, over a pool of `pg`. */
import type { TransactionalInbox } from "./inbox.ts";
import { guarded } from "./guard.ts";
import { checkHandle } from "./handle-check.ts";
import { sqlInbox } from "./sql.ts";
import type { SqlInboxOptions, SqlRow } from "./sql-desk.ts";

/** A client as `pg` lends it. */
export interface PgClient {
  query(
    sql: string,
    values?: unknown[],
  ): Promise<{ readonly rows: unknown[]; readonly command: string }>;
  /** True closes the connection instead of giving it back. */
  release(isBroken?: boolean): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
}

/** `Pool` of `pg`, by its shape. */
export interface PgPool {
  connect(): Promise<PgClient>;
}

/** `PoolClient` for `Pool`. Its `connect` has a second form, with a callback, which the compiler would look at alone. */
export type PgClientOf<Pool extends PgPool> = Pool extends {
  connect: { (): Promise<infer Client extends PgClient>; (callback: never): void };
}
  ? Client
  : Awaited<ReturnType<Pool["connect"]>>;

/** `tx` is a client of the pool with its transaction begun: commit, roll-back and release are the inbox's. */
export function pgInbox<Pool extends PgPool>(
  pool: Pool,
  options: SqlInboxOptions = {},
): TransactionalInbox<PgClientOf<Pool>> {
  checkHandle("the pool to be one of pg", pool, "connect");
  return sqlInbox<PgClientOf<Pool>>(
    {
      dialect: "postgres",
      async run(client, sql, values) {
        const { rows } = await client.query(sql, [...values]);
        return rows as SqlRow[];
      },
      transaction: (work) => transaction(pool, work),
    },
    options,
  );
}

async function transaction<Pool extends PgPool, T>(
  pool: Pool,
  work: (tx: PgClientOf<Pool>) => Promise<T>,
): Promise<T> {
  const client = (await pool.connect()) as PgClientOf<Pool>;
  // A connection that breaks while the handler does something else says so by this event, which ends the process if unheard.
  // The next query, or the commit, tells the transaction.
  const ignore = (): void => {};
  client.on("error", ignore);
  let isBroken = true;
  try {
    await client.query("BEGIN");
    const result = await guarded(client, work);
    const { command } = await client.query("COMMIT");
    // A handler that swallows an error of the database has lost its transaction, and PostgreSQL's answer is not an error.
    if (command === "ROLLBACK")
      throw new Error(
        "expected the transaction to be committed, got it undone by an earlier error",
      );
    isBroken = false;
    return result;
  } catch (error) {
    isBroken = await client.query("ROLLBACK").then(
      () => false,
      () => true,
    );
    throw error;
  } finally {
    client.removeListener("error", ignore);
    client.release(isBroken);
  }
}
