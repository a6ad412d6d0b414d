import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { drizzleInbox, drizzleSqliteInbox } from "../src/inbox/drizzle.ts";
import { kyselyInbox } from "../src/inbox/kysely.ts";
import { memoryInbox } from "../src/inbox/memory.ts";
import { mysql2Inbox } from "../src/inbox/mysql2.ts";
import { pgInbox } from "../src/inbox/pg.ts";
import { prismaInbox } from "../src/inbox/prisma.ts";
import { redisInbox } from "../src/inbox/redis.ts";
import { sqliteInbox } from "../src/inbox/sqlite.ts";
import { type SqlHandle, type SqlInboxOptions } from "../src/inbox/sql-desk.ts";
import { sqlInbox } from "../src/inbox/sql.ts";
import { WebhookError } from "../src/verify/webhook-error.ts";

const handle: SqlHandle<object> = {
  dialect: "mysql",
  run: async () => [],
  transaction: (work) => work({}),
};

function problemOf(options: SqlInboxOptions): string {
  try {
    sqlInbox(handle, options);
    return "none";
  } catch (error) {
    assert.ok(error instanceof WebhookError && error.code === "CONFIG_INVALID");
    return error.message;
  }
}

test("a table's name that is none is refused when the inbox is made", () => {
  for (const table of ["", "a b", "a;b", 'a"b', "a`b", "a.b.c", "1a", "ä", ".a", "x".repeat(49)]) {
    assert.match(problemOf({ table }), /^expected table to be a name .*, got "/);
  }
  for (const table of ["inbox", "app.inbox", "_Inbox_2"])
    assert.equal(problemOf({ table }), "none");
});

test("a lock limit that is none is refused when the inbox is made", () => {
  for (const lockWaitMs of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 600_001]) {
    const problem = `expected lockWaitMs to be a whole number from 1 to 600000, got ${lockWaitMs}`;
    assert.equal(problemOf({ lockWaitMs }), problem);
  }
});

test("the DDL is the application's to read, to change and to run in its own migrations", () => {
  const { ddl } = sqlInbox(handle, { table: "app.inbox" });
  assert.match(ddl.join(";\n"), /^CREATE TABLE IF NOT EXISTS `app`\.`inbox` \(/);
});

test("the README shows the table as PostgreSQL gets it", () => {
  const { ddl } = sqlInbox({ ...handle, dialect: "postgres" });
  const text = readFileSync(new URL("../src/inbox/README.md", import.meta.url), "utf8");
  const shown = text.split("```sql\n")[1]?.split("```")[0];
  assert.equal(shown, ddl.map((sql) => `${sql};\n`).join(""));
});

/** As JavaScript would, without the compiler's help. */
function refused(make: (handle: never, options: never) => unknown, given: readonly unknown[]) {
  const loose = make as unknown as (...given: readonly unknown[]) => unknown;
  assert.throws(
    () => loose(...given),
    (error: unknown) => {
      assert.ok(error instanceof WebhookError && error.code === "CONFIG_INVALID", String(error));
      assert.match(error.message, /^expected .+, got .+/);
      return true;
    },
    make.name,
  );
}

test("a handle of another kind is refused when the inbox is made", () => {
  for (const none of [undefined, null, "postgres://", {}]) {
    for (const make of [pgInbox, mysql2Inbox, sqliteInbox, redisInbox]) refused(make, [none, {}]);
    for (const make of [kyselyInbox, prismaInbox, drizzleInbox, drizzleSqliteInbox]) {
      refused(make, [none, { dialect: "postgres", sql: {} }]);
    }
    refused(sqlInbox, [none, {}]);
  }
  refused(sqlInbox, [{ ...handle, dialect: "oracle" }, {}]);
});

test("a misspelt option is refused when the inbox is made", () => {
  refused(sqlInbox, [handle, { tabel: "a" }]);
  refused(pgInbox, [{ connect: () => {} }, { tabel: "a" }]);
  refused(mysql2Inbox, [{ getConnection: () => {} }, { lockWaitSeconds: 1 }]);
  refused(sqliteInbox, [{ prepare: () => {} }, { lockWait: 1 }]);
  refused(kyselyInbox, [{ transaction: () => {} }, { dialect: "postgres", tabel: "a" }]);
  refused(kyselyInbox, [{ transaction: () => {} }, { dialect: "mssql" }]);
  refused(prismaInbox, [{ $transaction: () => {} }, { dialect: "postgres", timeout: 1 }]);
  refused(memoryInbox, [{ lockWait: 1 }]);
  refused(redisInbox, [async () => null, { ttlMs: 1 }]);
});
