/** That a handler's `tx` is the application's own kind of transaction, for each store. Does not compile where it is another. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";

import Database from "better-sqlite3";
import { sql } from "drizzle-orm";
import { drizzle as drizzleMysql } from "drizzle-orm/mysql2";
import { drizzle as drizzlePg } from "drizzle-orm/node-postgres";
import type { Kysely, Transaction } from "kysely";
import mysql from "mysql2/promise";
import pg from "pg";

import { drizzleInbox } from "../src/inbox/drizzle.ts";
import { kyselyInbox } from "../src/inbox/kysely.ts";
import { mysql2Inbox } from "../src/inbox/mysql2.ts";
import { pgInbox } from "../src/inbox/pg.ts";
import { redisInbox } from "../src/inbox/redis.ts";
import { sqliteInbox } from "../src/inbox/sqlite.ts";
import { createReceiver } from "../src/receiver/create-receiver.ts";
import { plainProvider } from "./receiver-kit.ts";

interface Probe<A> {
  <T>(value: T): T extends A ? 1 : 2;
}

/** True exactly if the types are the same, `any` included. */
type Same<A, B> = [Probe<A>, Probe<B>] extends [Probe<B>, Probe<A>] ? true : false;

interface Tables {
  readonly orders: { readonly id: string };
}

declare const kysely: Kysely<Tables>;

const common = { endpoint: "orders", provider: plainProvider };

test("a handler's tx is what the application's own code works with", async () => {
  const pool = new pg.Pool();
  const pgReceiver = createReceiver({ ...common, inbox: pgInbox(pool) });
  pgReceiver.on("*", (_, { tx }) => void (true satisfies Same<typeof tx, pg.PoolClient>));

  const mysqlPool = mysql.createPool({});
  const mysqlReceiver = createReceiver({ ...common, inbox: mysql2Inbox(mysqlPool) });
  mysqlReceiver.on("*", (_, { tx }) => void (true satisfies Same<typeof tx, mysql.PoolConnection>));

  const better = new Database(":memory:");
  const betterReceiver = createReceiver({ ...common, inbox: sqliteInbox(better) });
  betterReceiver.on("*", (_, { tx }) => void (true satisfies Same<typeof tx, Database.Database>));

  const builtIn = new DatabaseSync(":memory:");
  const builtInReceiver = createReceiver({ ...common, inbox: sqliteInbox(builtIn) });
  builtInReceiver.on("*", (_, { tx }) => void (true satisfies Same<typeof tx, DatabaseSync>));

  const dialect = "postgres";
  const drizzleDb = drizzlePg({ client: pool });
  const inDrizzle = drizzleInbox(drizzleDb, { dialect, sql });
  const drizzleReceiver = createReceiver({ ...common, inbox: inDrizzle });
  type DrizzleTx = Parameters<Parameters<typeof drizzleDb.transaction>[0]>[0];
  drizzleReceiver.on("*", (_, { tx }) => void (true satisfies Same<typeof tx, DrizzleTx>));
  const inMysql = drizzleInbox(drizzleMysql({ client: mysqlPool }), { dialect: "mysql", sql });
  createReceiver({ ...common, inbox: inMysql }).on("*", (_, { tx }) => void tx.insert);

  function kyselyReceiver(): void {
    createReceiver({ ...common, inbox: kyselyInbox(kysely, { dialect }) }).on(
      "*",
      (_, { tx }) => void (true satisfies Same<typeof tx, Transaction<Tables>>),
    );
  }

  const redisReceiver = createReceiver({ ...common, inbox: redisInbox(async () => null) });
  redisReceiver.on("*", (_, context) => {
    const hasTx: "tx" extends keyof typeof context ? true : false = false;
    assert.equal(hasTx, false);
  });

  assert.equal(typeof kyselyReceiver, "function");
  for (const db of [better, builtIn]) db.close();
  await Promise.all([pool.end(), mysqlPool.end()]);
});
