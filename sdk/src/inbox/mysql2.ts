/** An inbox in MariaDB or MySQL, over a promise pool of `mysql2`. */
import type { TransactionalInbox } from "./inbox.ts";
import { guarded } from "./guard.ts";
import { checkHandle } from "./handle-check.ts";
import { sqlInbox } from "./sql.ts";
import type { SqlInboxOptions, SqlRow } from "./sql-desk.ts";

/** A connection as the promise pool lends it. */
export interface Mysql2Connection {
  query(sql: string, values?: unknown[]): Promise<[unknown, unknown]>;
  beginTransaction(): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  release(): void;
  destroy(): void;
}

/** `createPool` of `mysql2/promise`, by its shape. */
export interface Mysql2Pool<Connection extends Mysql2Connection> {
  getConnection(): Promise<Connection>;
}

/** `tx` is a connection of the pool with its transaction begun: commit, roll-back and release are the inbox's. */
export function mysql2Inbox<Connection extends Mysql2Connection>(
  pool: Mysql2Pool<Connection>,
  options: SqlInboxOptions = {},
): TransactionalInbox<Connection> {
  checkHandle("the pool to be one of mysql2/promise", pool, "getConnection");
  return sqlInbox<Connection>(
    {
      dialect: "mysql",
      // Not `execute`: a prepared statement for each length of a list would stay in the server's memory.
      async run(connection, sql, values) {
        const [rows] = await connection.query(sql, [...values]);
        return Array.isArray(rows) ? (rows as SqlRow[]) : [];
      },
      transaction: (work) => transaction(pool, work),
    },
    options,
  );
}

async function transaction<Connection extends Mysql2Connection, T>(
  pool: Mysql2Pool<Connection>,
  work: (tx: Connection) => Promise<T>,
): Promise<T> {
  const connection = await pool.getConnection();
  let isBroken = true;
  try {
    await connection.beginTransaction();
    const result = await guarded(connection, work);
    await connection.commit();
    isBroken = false;
    return result;
  } catch (error) {
    isBroken = await connection.rollback().then(
      () => false,
      () => true,
    );
    throw error;
  } finally {
    if (isBroken) connection.destroy();
    else connection.release();
  }
}
