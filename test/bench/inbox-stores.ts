import { join } from "node:path";

import Database from "better-sqlite3";
import { Redis } from "ioredis";
import mysql from "mysql2/promise";
import pg from "pg";

import type { SuppressionInbox, TransactionalInbox } from "../../sdk/src/inbox/inbox.ts";
import { mysql2Inbox } from "../../sdk/src/inbox/mysql2.ts";
import { pgInbox } from "../../sdk/src/inbox/pg.ts";
import { ioredisEval, redisInbox } from "../../sdk/src/inbox/redis.ts";
import { sqliteInbox } from "../../sdk/src/inbox/sqlite.ts";
import {
  mariadbConfig,
  mariadbServer,
  postgresConfig,
  postgresServer,
} from "../../sdk/test/support/servers.ts";
import { makeFolder } from "./children.ts";
import { hasRedis, startRedis } from "./redis.ts";

/** A database as an application has it: a commit is on the disk before it is answered. */
export interface BenchStore<Tx> {
  readonly name: string;
  readonly inbox: TransactionalInbox<Tx> | SuppressionInbox;
  /** What the application does with an event in its transaction: one INSERT and one UPDATE of the same row. */
  apply(tx: Tx, id: string): Promise<unknown>;
  /** The same with its own BEGIN and COMMIT. */
  bare(id: string): Promise<unknown>;
  close(): Promise<unknown>;
}

export interface StoreKind {
  /** Why it can't be had here. */
  readonly missing: string | null;
  with<R>(use: <Tx>(store: BenchStore<Tx>) => Promise<R>): Promise<R>;
}

const CREATE = "CREATE TABLE effects (id VARCHAR(100) PRIMARY KEY, state INTEGER NOT NULL)";
const CONNECTIONS = 16;

const sqlite: StoreKind = {
  missing: null,
  async with(use) {
    const folder = makeFolder("inbox");
    const db = new Database(join(folder.path, "app.db"));
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.exec(CREATE);
    const insert = db.prepare("INSERT INTO effects VALUES (?, 0)");
    const update = db.prepare("UPDATE effects SET state = 1 WHERE id = ?");
    const write = (id: string): void => {
      insert.run(id);
      update.run(id);
    };
    const bare = db.transaction(write).immediate;
    const inbox = sqliteInbox(db);
    await inbox.migrate();
    try {
      return await use({
        name: "SQLite",
        inbox,
        apply: async (_, id) => write(id),
        bare: async (id) => bare(id),
        close: async () => db.close(),
      });
    } finally {
      folder.remove();
    }
  },
};

const postgres: StoreKind = {
  missing: postgresServer.missing,
  async with(use) {
    const server = await postgresServer.start({ isDurable: true });
    const pool = new pg.Pool({ ...postgresConfig(server.port), max: CONNECTIONS });
    const inbox = pgInbox(pool);
    const apply = async (client: Pick<pg.PoolClient, "query">, id: string): Promise<void> => {
      await client.query("INSERT INTO effects VALUES ($1, 0)", [id]);
      await client.query("UPDATE effects SET state = 1 WHERE id = $1", [id]);
    };
    const bare = async (id: string): Promise<void> => {
      const client = await pool.connect();
      await client.query("BEGIN");
      await apply(client, id);
      await client.query("COMMIT");
      client.release();
    };
    await pool.query(CREATE);
    await inbox.migrate();
    try {
      return await use({ name: "PostgreSQL", inbox, apply, bare, close: () => pool.end() });
    } finally {
      await server.stop();
    }
  },
};

const mariadb: StoreKind = {
  missing: mariadbServer.missing,
  async with(use) {
    const server = await mariadbServer.start({ isDurable: true });
    const pool = mysql.createPool({ ...mariadbConfig(server.port), connectionLimit: CONNECTIONS });
    const inbox = mysql2Inbox(pool);
    const apply = async (tx: Pick<mysql.PoolConnection, "query">, id: string): Promise<void> => {
      await tx.query("INSERT INTO effects VALUES (?, 0)", [id]);
      await tx.query("UPDATE effects SET state = 1 WHERE id = ?", [id]);
    };
    const bare = async (id: string): Promise<void> => {
      const connection = await pool.getConnection();
      await connection.beginTransaction();
      await apply(connection, id);
      await connection.commit();
      connection.release();
    };
    await pool.query(CREATE);
    await inbox.migrate();
    try {
      return await use({ name: "MariaDB", inbox, apply, bare, close: () => pool.end() });
    } finally {
      await server.stop();
    }
  },
};

/** No transaction: the handler's effect are two writes of its own, each flushed to the log before it is answered. */
const redis: StoreKind = {
  missing: hasRedis ? null : "Redis is not installed here, so this was not run against it",
  async with(use) {
    const server = await startRedis();
    const client = new Redis({ host: "127.0.0.1", port: server.port });
    const bare = async (id: string): Promise<void> => {
      await client.set(`effect:${id}`, 0, "NX");
      await client.set(`effect:${id}`, 1);
    };
    const inbox = redisInbox(ioredisEval(client));
    try {
      const apply = (_: unknown, id: string): Promise<void> => bare(id);
      return await use({ name: "Redis", inbox, apply, bare, close: () => client.quit() });
    } finally {
      await server.stop();
    }
  },
};

export const STORES: readonly StoreKind[] = [sqlite, postgres, mariadb, redis];
