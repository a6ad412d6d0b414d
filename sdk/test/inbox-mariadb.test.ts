import { after } from "node:test";

import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/mysql2";
import { CamelCasePlugin, Kysely, MysqlDialect } from "kysely";
import mysqlCallbacks from "mysql2";
import mysql from "mysql2/promise";

import { drizzleInbox } from "../src/inbox/drizzle.ts";
import { kyselyInbox } from "../src/inbox/kysely.ts";
import { mysql2Inbox } from "../src/inbox/mysql2.ts";
import type { SqlInboxOptions } from "../src/inbox/sql-desk.ts";
import { testInbox } from "./support/inbox-conformance.ts";
import { mariadbConfig, mariadbServer, type Server } from "./support/servers.ts";

let server: Promise<Server> | null = null;
after(async () => (await server)?.stop());

/** One server for the file; a table of its own for each store. */
async function openPool(): Promise<mysql.Pool> {
  server ??= mariadbServer.start();
  const { port } = await server;
  const pool = mysql.createPool({ ...mariadbConfig(port), connectionLimit: 12 });
  await pool.query("CREATE TABLE IF NOT EXISTS effects (event VARCHAR(100) NOT NULL)");
  await pool.query("DELETE FROM effects");
  return pool;
}

async function countIn(pool: mysql.Pool, event: string): Promise<number> {
  const [rows] = await pool.query("SELECT count(*) AS n FROM effects WHERE event = ?", [event]);
  return Number((rows as { n: number }[])[0]?.n);
}

function optionsOf(table: string, lockWaitMs: number | undefined): SqlInboxOptions {
  return { table, ...(lockWaitMs !== undefined && { lockWaitMs }) };
}

testInbox("MariaDB over mysql2", mariadbServer.missing, async () => {
  const pool = await openPool();
  return {
    open: (lockWaitMs) => mysql2Inbox(pool, optionsOf("inbox_mysql2", lockWaitMs)),
    lockWaitMsMin: 1_000,
    effects: {
      async write(tx, event) {
        await tx.query("INSERT INTO effects (event) VALUES (?)", [event]);
      },
      count: (event) => countIn(pool, event),
    },
    close: () => pool.end(),
  };
});

testInbox("MariaDB over Kysely", mariadbServer.missing, async () => {
  const pool = await openPool();
  const { port } = await (server ?? mariadbServer.start());
  const db = new Kysely<{ effects: { event: string } }>({
    dialect: new MysqlDialect({
      pool: mysqlCallbacks.createPool({ ...mariadbConfig(port), connectionLimit: 12 }),
    }),
    plugins: [new CamelCasePlugin()],
  });
  return {
    open: (lockWaitMs) =>
      kyselyInbox(db, { dialect: "mysql", ...optionsOf("inbox_kysely", lockWaitMs) }),
    lockWaitMsMin: 1_000,
    effects: {
      write: async (tx, event) => void (await tx.insertInto("effects").values({ event }).execute()),
      count: (event) => countIn(pool, event),
    },
    async close() {
      await db.destroy();
      await pool.end();
    },
  };
});

testInbox("MariaDB over Drizzle", mariadbServer.missing, async () => {
  const pool = await openPool();
  const db = drizzle({ client: pool });
  return {
    open: (lockWaitMs) =>
      drizzleInbox(db, { dialect: "mysql", sql, ...optionsOf("inbox_drizzle", lockWaitMs) }),
    lockWaitMsMin: 1_000,
    effects: {
      async write(tx, event) {
        await tx.execute(sql`INSERT INTO effects (event) VALUES (${event})`);
      },
      count: (event) => countIn(pool, event),
    },
    close: () => pool.end(),
  };
});
