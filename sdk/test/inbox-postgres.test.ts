import { after } from "node:test";

import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { CamelCasePlugin, Kysely, PostgresDialect } from "kysely";
import pg from "pg";

import { drizzleInbox } from "../src/inbox/drizzle.ts";
import type { SqlInboxOptions } from "../src/inbox/sql-desk.ts";
import { kyselyInbox } from "../src/inbox/kysely.ts";
import { pgInbox } from "../src/inbox/pg.ts";
import { testInbox } from "./support/inbox-conformance.ts";
import { postgresConfig, postgresServer, type Server } from "./support/servers.ts";

let server: Promise<Server> | null = null;
after(async () => (await server)?.stop());

/** One server for the file; a table of its own for each store. */
async function openPool(): Promise<pg.Pool> {
  server ??= postgresServer.start();
  const { port } = await server;
  const pool = new pg.Pool({ ...postgresConfig(port), max: 12 });
  await pool.query("CREATE TABLE IF NOT EXISTS effects (event TEXT NOT NULL)");
  await pool.query("TRUNCATE effects");
  return pool;
}

async function countIn(pool: pg.Pool, event: string): Promise<number> {
  const { rows } = await pool.query("SELECT count(*) AS n FROM effects WHERE event = $1", [event]);
  return Number((rows[0] as { n: string }).n);
}

function optionsOf(table: string, lockWaitMs: number | undefined): SqlInboxOptions {
  return { table, ...(lockWaitMs !== undefined && { lockWaitMs }) };
}

testInbox("PostgreSQL over pg", postgresServer.missing, async () => {
  const pool = await openPool();
  return {
    open: (lockWaitMs) => pgInbox(pool, optionsOf("inbox_pg", lockWaitMs)),
    lockWaitMsMin: 60,
    effects: {
      async write(tx, event) {
        await tx.query("INSERT INTO effects (event) VALUES ($1)", [event]);
      },
      count: (event) => countIn(pool, event),
    },
    close: () => pool.end(),
  };
});

testInbox("PostgreSQL over Kysely", postgresServer.missing, async () => {
  const pool = await openPool();
  const db = new Kysely<{ effects: { event: string } }>({
    dialect: new PostgresDialect({ pool }),
    plugins: [new CamelCasePlugin()],
  });
  return {
    open: (lockWaitMs) =>
      kyselyInbox(db, { dialect: "postgres", ...optionsOf("inbox_kysely", lockWaitMs) }),
    lockWaitMsMin: 60,
    effects: {
      write: async (tx, event) => void (await tx.insertInto("effects").values({ event }).execute()),
      count: (event) => countIn(pool, event),
    },
    close: () => db.destroy(),
  };
});

testInbox("PostgreSQL over Drizzle", postgresServer.missing, async () => {
  const pool = await openPool();
  const db = drizzle({ client: pool });
  return {
    open: (lockWaitMs) =>
      drizzleInbox(db, { dialect: "postgres", sql, ...optionsOf("inbox_drizzle", lockWaitMs) }),
    lockWaitMsMin: 60,
    effects: {
      async write(tx, event) {
        await tx.execute(sql`INSERT INTO effects (event) VALUES (${event})`);
      },
      count: (event) => countIn(pool, event),
    },
    close: () => pool.end(),
  };
});
