/** A receiver with its handler and the application's own table, on a real database, with a step at each point where it waits. */
import Database from "better-sqlite3";
import mysql from "mysql2/promise";
import pg from "pg";

import type { TransactionalInbox } from "../../src/inbox/inbox.ts";
import { mysql2Inbox } from "../../src/inbox/mysql2.ts";
import { pgInbox } from "../../src/inbox/pg.ts";
import { type SqliteHandle, sqliteInbox } from "../../src/inbox/sqlite.ts";
import { createReceiver } from "../../src/receiver/create-receiver.ts";
import type { Handled } from "../../src/receiver/receiver.ts";
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
  /** Effects in the application's table. */
  count(id: string): Promise<number>;
  close(): Promise<void>;
}

const ENDPOINT = "torture";
const INSERT = "INSERT INTO effects (event) VALUES";
const COUNT = "SELECT count(*) AS n FROM effects WHERE event =";
const CREATE = "CREATE TABLE IF NOT EXISTS effects (event VARCHAR(100) NOT NULL)";

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
  close(): Promise<void>;
}

function storeOf<Tx>({ inbox, step, createEffects, write, count, close }: Parts<Tx>): TortureStore {
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
      await createEffects();
    },
    deliver: (id, behave = () => {}) => receiverOf(behave).handle(order(id)),
    async hold(id) {
      // What the receiver notes of this very request, so that a later delivery is a duplicate and no conflict.
      const held = hold(inbox, entryOf(ENDPOINT, id, { bodySha256: null }));
      await held.claimed;
      return held.finish;
    },
    count,
    close,
  };
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
    createEffects: async () => db.exec(CREATE),
    write: async (tx, event) => tx.prepare(`${INSERT} (?)`).run(event),
    count: async (event) => (db.prepare(`${COUNT} ?`).get(event) as { n: number }).n,
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
    createEffects: () => pool.query(CREATE),
    write: (tx, event) => tx.query(`${INSERT} ($1)`, [event]),
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
    createEffects: () => pool.query(CREATE),
    write: (tx, event) => tx.query(`${INSERT} (?)`, [event]),
    async count(event) {
      const [rows] = await pool.query(`${COUNT} ?`, [event]);
      return Number((rows as { n: number }[])[0]?.n);
    },
    close: () => pool.end(),
  });
}
