/** A receiver with its handler and the application's own table, on a real database, with a step at each point where it waits. */
import Database from "better-sqlite3";
import mysql from "mysql2/promise";
import pg from "pg";

import type { TransactionalInbox } from "../../src/inbox/inbox.ts";
import { mysql2Inbox } from "../../src/inbox/mysql2.ts";
import { pgInbox } from "../../src/inbox/pg.ts";
import { type SqliteHandle, sqliteInbox } from "../../src/inbox/sqlite.ts";
import { createReceiver } from "../../src/receiver/create-receiver.ts";
import type { Handled, Receiver } from "../../src/receiver/receiver.ts";
import { order, plainProvider } from "../receiver-kit.ts";
import { entryOf, hold } from "./inbox-rig.ts";
import { mariadbConfig, postgresConfig } from "./servers.ts";

export type StoreName = "sqlite" | "postgres" | "mariadb";

export interface StoreOptions {
  readonly name: StoreName;
  /** A file, or a port of this machine. */
  readonly at: string;
  readonly lockWaitMs?: number;
  /** Called before each statement, and after each that was sent. */
  readonly step?: () => void;
}

export interface TortureStore {
  migrate(): Promise<void>;
  /** One delivery of the event, answered. `behave` is what the handler does before its effect. */
  deliver(id: string, behave?: (attempt: number) => void): Promise<Handled>;
  /** Keeps the event claimed until the returned function is called, which ends it well. */
  hold(id: string): Promise<() => Promise<void>>;
  /** A receiver in `deferred` mode: its door, its worker and its dead letters. */
  deferred(conduct: Conduct): DeferredReceiver;
  /** Of a deferred receiver's events: what the inbox says, all of them or none. */
  statuses(endpoint: string, ids: readonly string[]): Promise<readonly (string | undefined)[]>;
  /** Effects in the application's table. */
  count(id: string): Promise<number>;
  /** The events of the effects whose event begins so, in the order in which they were written. */
  effects(prefix: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface Conduct {
  readonly endpoint: string;
  /** How far the receiver's clock goes ahead: what was leased or put off before is then due. */
  readonly aheadMs?: number;
  /** What the handler does before its effect. */
  readonly before?: (id: string) => void;
  /** And after it, in the same transaction. */
  readonly after?: (id: string) => void;
}

export type DeferredReceiver = Pick<
  Receiver<object, unknown, never>,
  "handle" | "worker" | "deadLetters"
>;

const ENDPOINT = "torture";
/** Long: each lease that ends with its process counts as an attempt. */
const RETRY = { delaysMs: Array.from({ length: 20 }, () => 1_000), jitter: 0 };
const INSERT = "INSERT INTO effects (event) VALUES";
const COUNT = "SELECT count(*) AS n FROM effects WHERE event =";
const LIST = "SELECT event FROM effects WHERE event LIKE";

function createEffects(position: string): string {
  return `CREATE TABLE IF NOT EXISTS effects (position ${position}, event VARCHAR(100) NOT NULL)`;
}

export function openStore(options: StoreOptions): TortureStore {
  switch (options.name) {
    case "sqlite":
      return openSqlite(options);
    case "postgres":
      return openPostgres(options);
    case "mariadb":
      return openMariadb(options);
  }
}

interface Parts<Tx> {
  readonly inbox: TransactionalInbox<Tx>;
  readonly step: () => void;
  createEffects(): Promise<unknown>;
  write(tx: Tx, event: string): Promise<unknown>;
  count(event: string): Promise<number>;
  list(pattern: string): Promise<readonly { readonly event: string }[]>;
  close(): Promise<void>;
}

function storeOf<Tx>(parts: Parts<Tx>): TortureStore {
  const { inbox, step, write, count, close } = parts;
  function receiverOf(behave: (attempt: number) => void) {
    return createReceiver({ endpoint: ENDPOINT, provider: plainProvider, inbox }).on(
      "*",
      async (delivery, context) => {
        step();
        behave(context.attempt);
        await write((context as { tx: Tx }).tx, delivery.id);
        step();
      },
    );
  }
  return {
    async migrate() {
      await inbox.migrate();
      await parts.createEffects();
    },
    deliver: (id, behave = () => {}) => receiverOf(behave).handle(order(id)),
    async hold(id) {
      // What the receiver notes of this very request, so that a later delivery is a duplicate and no conflict.
      const held = hold(inbox, entryOf(ENDPOINT, id, { bodySha256: null }));
      await held.claimed;
      return held.finish;
    },
    deferred: (conduct) => deferredOf(parts, conduct),
    async statuses(endpoint, ids) {
      const known = await inbox.statusOf(endpoint, ids);
      return ids.map((id) => known.get(id));
    },
    count,
    effects: async (prefix) => (await parts.list(`${prefix}%`)).map(({ event }) => event),
    close,
  };
}

function deferredOf<Tx>(
  { inbox, step, write }: Parts<Tx>,
  { endpoint, aheadMs = 0, before = () => {}, after = () => {} }: Conduct,
): DeferredReceiver {
  const clock = () => Date.now() + aheadMs;
  const provider = plainProvider;
  const options = { endpoint, provider, inbox, mode: "deferred", clock, retry: RETRY } as const;
  return createReceiver(options).on("*", async (delivery, context) => {
    step();
    before(delivery.id);
    await write((context as { tx: Tx }).tx, delivery.id);
    after(delivery.id);
    step();
  });
}

function openSqlite({ at, step = () => {}, lockWaitMs = 3_000 }: StoreOptions): TortureStore {
  const db = new Database(at);
  db.pragma("journal_mode = WAL");
  const handle: SqliteHandle = {
    // What comes after a statement is what comes before the next: nothing is on its way here.
    exec(sql) {
      if (!sql.startsWith("PRAGMA")) step();
      db.exec(sql);
    },
    prepare(sql) {
      const statement = db.prepare(sql);
      const begin = (): void => (sql.startsWith("PRAGMA") ? undefined : step());
      return {
        reader: statement.reader,
        all(...values) {
          begin();
          return statement.all(...values);
        },
        run(...values) {
          begin();
          return statement.run(...values);
        },
      };
    },
  };
  return storeOf({
    inbox: sqliteInbox(handle, { lockWaitMs }),
    step,
    createEffects: async () => db.exec(createEffects("INTEGER PRIMARY KEY")),
    write: async (tx, event) => tx.prepare(`${INSERT} (?)`).run(event),
    count: async (event) => (db.prepare(`${COUNT} ?`).get(event) as { n: number }).n,
    list: async (pattern) =>
      db.prepare(`${LIST} ? ORDER BY position`).all(pattern) as { event: string }[],
    close: async () => void db.close(),
  });
}

/** Before it, and after it was sent but not answered. */
function stepped<T>(step: () => void, send: () => T): T {
  step();
  const sent = send();
  step();
  return sent;
}

function openPostgres({ at, step = () => {}, lockWaitMs = 3_000 }: StoreOptions): TortureStore {
  const pool = new pg.Pool({ ...postgresConfig(Number(at)), max: 5 });
  const stepping = {
    async connect() {
      const client = await pool.connect();
      return {
        query: (sql: string, values?: unknown[]) => stepped(step, () => client.query(sql, values)),
        release: (isBroken?: boolean) => client.release(isBroken),
        on: (event: "error", listener: (error: Error) => void) => client.on(event, listener),
        removeListener: (event: "error", listener: (error: Error) => void) =>
          client.removeListener(event, listener),
      };
    },
  };
  return storeOf({
    inbox: pgInbox(stepping, { lockWaitMs }),
    step,
    createEffects: () => pool.query(createEffects("BIGSERIAL PRIMARY KEY")),
    write: (tx, event) => tx.query(`${INSERT} ($1)`, [event]),
    async list(pattern) {
      const sql = `${LIST} $1 ORDER BY position`;
      return (await pool.query<{ event: string }>(sql, [pattern])).rows;
    },
    async count(event) {
      const { rows } = await pool.query<{ n: string }>(`${COUNT} $1`, [event]);
      return Number(rows[0]?.n);
    },
    close: () => pool.end(),
  });
}

function openMariadb({ at, step = () => {}, lockWaitMs = 3_000 }: StoreOptions): TortureStore {
  const pool = mysql.createPool({ ...mariadbConfig(Number(at)), connectionLimit: 5 });
  const stepping = {
    async getConnection() {
      const connection = await pool.getConnection();
      return {
        query: (sql: string, values?: unknown[]): Promise<[unknown, unknown]> =>
          stepped(step, () => connection.query(sql, values)),
        beginTransaction: () => stepped(step, () => connection.beginTransaction()),
        commit: () => stepped(step, () => connection.commit()),
        rollback: () => stepped(step, () => connection.rollback()),
        release: () => connection.release(),
        destroy: () => connection.destroy(),
      };
    },
  };
  return storeOf({
    inbox: mysql2Inbox(stepping, { lockWaitMs }),
    step,
    createEffects: () => pool.query(createEffects("BIGINT AUTO_INCREMENT PRIMARY KEY")),
    write: (tx, event) => tx.query(`${INSERT} (?)`, [event]),
    async list(pattern) {
      const [rows] = await pool.query(`${LIST} ? ORDER BY position`, [pattern]);
      return rows as { event: string }[];
    },
    async count(event) {
      const [rows] = await pool.query(`${COUNT} ?`, [event]);
      return Number((rows as { n: number }[])[0]?.n);
    },
    close: () => pool.end(),
  });
}
