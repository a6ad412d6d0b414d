import { mkdtempSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import path from "node:path";

import Database from "better-sqlite3";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { CamelCasePlugin, Kysely, sql as kyselySql, SqliteDialect } from "kysely";

import { drizzleSqliteInbox } from "../src/inbox/drizzle.ts";
import { kyselyInbox } from "../src/inbox/kysely.ts";
import { sqliteInbox } from "../src/inbox/sqlite.ts";
import { testInbox } from "./support/inbox-conformance.ts";

const CREATE = "CREATE TABLE effects (event TEXT NOT NULL)";
const INSERT = "INSERT INTO effects (event) VALUES (?)";
const COUNT = "SELECT count(*) AS n FROM effects WHERE event = ?";

function fileIn(): { file: string; remove: () => void } {
  const dir = mkdtempSync(path.join(tmpdir(), "posthorn-inbox-"));
  const remove = (): void => rmSync(dir, { recursive: true, force: true });
  return { file: path.join(dir, "app.db"), remove };
}

function counted(row: unknown): number {
  return (row as { n: number }).n;
}

function openBetter(file: string): Database.Database {
  const db = new Database(file);
  db.pragma("journal_mode = WAL");
  db.exec(CREATE);
  return db;
}

testInbox("SQLite over better-sqlite3", null, async () => {
  const { file, remove } = fileIn();
  const db = openBetter(file);
  return {
    open: (lockWaitMs) => sqliteInbox(db, { ...(lockWaitMs !== undefined && { lockWaitMs }) }),
    lockWaitMsMin: 40,
    effects: {
      write: async (tx, event) => void tx.prepare(INSERT).run(event),
      count: async (event) => counted(db.prepare(COUNT).get(event)),
    },
    async close() {
      db.close();
      remove();
    },
  };
});

testInbox("SQLite over node:sqlite", null, async () => {
  const { file, remove } = fileIn();
  const db = new DatabaseSync(file);
  db.exec(CREATE);
  return {
    open: (lockWaitMs) => sqliteInbox(db, { ...(lockWaitMs !== undefined && { lockWaitMs }) }),
    lockWaitMsMin: 40,
    effects: {
      write: async (tx, event) => void tx.prepare(INSERT).run(event),
      count: async (event) => counted(db.prepare(COUNT).get(event)),
    },
    async close() {
      db.close();
      remove();
    },
  };
});

testInbox("SQLite over Kysely", null, async () => {
  const { file, remove } = fileIn();
  const db = new Kysely<{ effects: { event: string } }>({
    dialect: new SqliteDialect({ database: openBetter(file) }),
    // What renames columns must not reach the inbox's.
    plugins: [new CamelCasePlugin()],
  });
  return {
    open: (lockWaitMs) =>
      kyselyInbox(db, { dialect: "sqlite", ...(lockWaitMs !== undefined && { lockWaitMs }) }),
    lockWaitMsMin: 40,
    effects: {
      write: async (tx, event) => void (await tx.insertInto("effects").values({ event }).execute()),
      async count(event) {
        const query = kyselySql<{
          n: number;
        }>`SELECT count(*) AS n FROM effects WHERE event = ${event}`;
        return counted((await query.execute(db)).rows[0]);
      },
    },
    async close() {
      await db.destroy();
      remove();
    },
  };
});

testInbox("SQLite over Drizzle", null, async () => {
  const { file, remove } = fileIn();
  const client = openBetter(file);
  const db = drizzle({ client });
  return {
    open: (lockWaitMs) =>
      drizzleSqliteInbox(db, { sql, ...(lockWaitMs !== undefined && { lockWaitMs }) }),
    lockWaitMsMin: 40,
    effects: {
      write: async (tx, event) => void tx.run(sql`INSERT INTO effects (event) VALUES (${event})`),
      count: async (event) => counted(client.prepare(COUNT).get(event)),
    },
    async close() {
      client.close();
      remove();
    },
  };
});
