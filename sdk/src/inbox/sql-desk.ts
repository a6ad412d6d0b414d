/** How the parts of the SQL inbox run statements: values by name, locks that are waited for no longer than allowed. */
import { hexOf } from "../verify/codec.ts";
import { WebhookError } from "../verify/webhook-error.ts";
import { compile, type Statement, type Statements, statementsOf } from "./statements.ts";
import { type Dialect, isLockError, isYielded, TRAITS } from "./dialect.ts";
import { busyError, isBusyError, LOCK_WAIT_MS } from "./state.ts";

export type SqlValue = string | number | Uint8Array | null;
export type SqlRow = Readonly<Record<string, unknown>>;

/** What a store gives: its own kind of transaction, and a way to run one statement in it. */
export interface SqlHandle<Tx> {
  readonly dialect: Dialect;
  /** Rows by column name; none for statements that give none. */
  run(tx: Tx, sql: string, values: readonly SqlValue[]): Promise<readonly SqlRow[]>;
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

export interface SqlInboxOptions {
  /** Default `posthorn_inbox`; `schema.table` where the database has schemas. */
  readonly table?: string;
  /** How long a claim waits for another one of the same event; default 3,000. MySQL counts whole seconds. */
  readonly lockWaitMs?: number;
}

type Values = Readonly<Record<string, SqlValue>>;

export interface SqlDesk<Tx extends object> {
  readonly dialect: Dialect;
  readonly table: TableName;
  readonly statements: Statements;
  exec(tx: Tx, statement: Statement, values?: Values): Promise<readonly SqlRow[]>;
  /** As the handle's, but undone where a lock was not had in it, whatever the work then answers. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Says that a lock was not had in this transaction. */
  lose(tx: Tx): void;
  /** In a transaction of its own, with the lock limit; tried again after a deadlock, then rejects with `BUSY`. */
  own<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** In somebody's transaction, whose own lock limit is put back after. Not within itself: MySQL has one place to remember it. */
  limited<T>(tx: Tx, work: () => Promise<T>): Promise<T>;
  /** PostgreSQL only: puts back what `make` found. */
  putBack(tx: Tx, earlier: SqlValue): Promise<void>;
  readonly wait: string;
}

interface TableName {
  /** Ready for a statement. */
  readonly quoted: string;
  /** Without schema and quotes. */
  readonly name: string;
}

const TRIES = 3;
const LOCK_WAIT_MS_MAX = 600_000;
const TABLE = /^(?:[a-z_][a-z0-9_]{0,47}\.)?[a-z_][a-z0-9_]{0,47}$/i;

export function openDesk<Tx extends object>(
  handle: SqlHandle<Tx>,
  options: SqlInboxOptions,
): SqlDesk<Tx> {
  const { dialect, run, transaction } = handle;
  const lockWaitMs = checkedLockWaitMs(options.lockWaitMs ?? LOCK_WAIT_MS);
  const table = tableName(dialect, options.table ?? "posthorn_inbox");
  const limits = LIMITS[dialect].map((sql) => compile(TRAITS[dialect], sql));
  const [limit, unlimit] = limits;
  const wait = dialect === "mysql" ? Math.ceil(lockWaitMs / 1_000) : `${lockWaitMs}ms`;

  const lost = new WeakSet<Tx>();

  async function undoable<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await transaction(async (tx) => {
        const result = await work(tx);
        if (lost.has(tx)) throw new Lost(result);
        return result;
      });
    } catch (error) {
      if (error instanceof Lost) return error.result as T;
      throw error;
    }
  }

  async function exec(tx: Tx, { sql, names }: Statement, values: Values = {}) {
    return run(
      tx,
      sql,
      names.map((name) => valueOf(values, name)),
    );
  }

  function valueOf(values: Values, name: string): SqlValue {
    const value = values[name];
    if (value === undefined) throw new Error(`expected a value for ${name}, got none`);
    return value instanceof Uint8Array && TRAITS[dialect].areBytesHex ? hexOf(value) : value;
  }

  async function limited<T>(tx: Tx, work: () => Promise<T>): Promise<T> {
    if (limit === undefined || unlimit === undefined) return work();
    const [before] = await exec(tx, limit, { wait });
    const earlier = (before?.["earlier"] ?? null) as SqlValue;
    try {
      const result = await work();
      await exec(tx, unlimit, { earlier });
      return result;
    } catch (error) {
      // PostgreSQL puts it back with the roll-back, and the connection may be what failed.
      if (dialect === "mysql") await exec(tx, unlimit).catch(() => {});
      throw error;
    }
  }

  async function own<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await transaction((tx) => limited(tx, () => work(tx)));
      } catch (error) {
        if (isBusyError(error) || !isLockError(dialect, error)) throw error;
        if (tries === TRIES || !isYielded(dialect, error)) throw busyError(error);
      }
    }
  }

  async function putBack(tx: Tx, earlier: SqlValue) {
    if (dialect === "postgres" && unlimit !== undefined) await exec(tx, unlimit, { earlier });
  }

  const statements = statementsOf(dialect, table.quoted);
  return {
    dialect,
    table,
    statements,
    exec,
    transaction: undoable,
    lose: (tx) => void lost.add(tx),
    own,
    limited,
    putBack,
    wait: `${wait}`,
  };
}

/**
 * Carries the work's answer past the roll-back. After a lock error the database has undone the transaction, all of it or the one
 * statement; a commit would be a lie that some drivers notice and others do not.
 */
class Lost extends Error {
  readonly result: unknown;

  constructor(result: unknown) {
    super("expected a lock in time, got none");
    this.result = result;
  }
}

/**
 * How to set a lock limit and how to put the earlier one back. MySQL's belongs to the session, and the session to the pool: what
 * is not put back would hold for whoever gets the connection next. SQLite waits once, for the whole file, when it begins.
 */
const LIMITS: Readonly<Record<Dialect, readonly string[]>> = {
  postgres: [
    `SELECT value AS earlier, set_config('lock_timeout', CAST(:wait AS TEXT), true) AS value
      FROM (SELECT current_setting('lock_timeout') AS value OFFSET 0) before`,
    "SELECT set_config('lock_timeout', CAST(:earlier AS TEXT), true) AS value",
  ],
  mysql: [
    "SET @posthorn_lock_wait = @@SESSION.innodb_lock_wait_timeout, SESSION innodb_lock_wait_timeout = :wait",
    "SET SESSION innodb_lock_wait_timeout = @posthorn_lock_wait",
  ],
  sqlite: [],
};

function tableName(dialect: Dialect, table: string): TableName {
  if (!TABLE.test(table)) {
    throw new WebhookError(
      "CONFIG_INVALID",
      `expected table to be a name of letters, digits and _ (48 at most), got ${JSON.stringify(table)}`,
    );
  }
  const { quote } = TRAITS[dialect];
  const parts = table.split(".");
  const quoted = parts.map((part) => `${quote}${part}${quote}`).join(".");
  return { quoted, name: parts.at(-1) ?? table };
}

export function checkedLockWaitMs(lockWaitMs: number): number {
  if (Number.isInteger(lockWaitMs) && lockWaitMs >= 1 && lockWaitMs <= LOCK_WAIT_MS_MAX) {
    return lockWaitMs;
  }
  throw new WebhookError(
    "CONFIG_INVALID",
    `expected lockWaitMs to be a whole number from 1 to ${LOCK_WAIT_MS_MAX}, got ${lockWaitMs}`,
  );
}
