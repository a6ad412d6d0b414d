import assert from "node:assert/strict";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { after, test } from "node:test";

import SqliteDatabase from "better-sqlite3";

import type { StoreTrouble } from "../daemon/domain/stores.ts";
import { StoreUnavailable } from "../daemon/domain/stores.ts";
import { DatabaseRefused, openDatabase } from "../daemon/storage/open.ts";
import { openDesk, START_MS } from "./support/store-desk.ts";
import type { OpenTable } from "./support/store-sqlite.ts";
import { createFolder, openTable, openTestStore } from "./support/store-sqlite.ts";

const folder = createFolder();
after(() => folder.remove());

/** A desk on a table with its legs in sight. */
async function harmedDesk(t: { after(done: () => void): void }, path = ":memory:") {
  const table: OpenTable = openTable(path);
  t.after(() => table.store.close());
  return { ...table, desk: await openDesk(async () => table.store) };
}

const unavailable = (trouble: StoreTrouble) => (error: unknown) =>
  error instanceof StoreUnavailable && error.trouble === trouble;

test("a full disk refuses the whole batch, and takes it once there is room", async (t) => {
  const { connection, desk } = await harmedDesk(t, folder.path("full.db"));
  const endpoint = await desk.endpoint();
  const pages = Number(connection.file.pragma("page_count", { simple: true }));
  connection.file.pragma(`max_page_count = ${pages + 4}`);
  const body = "x".repeat(60_000);
  const batch = [desk.event([endpoint], { body: "fits" }), desk.event([endpoint], { body })];
  await assert.rejects(desk.store.events.acceptEvents(batch), unavailable("disk_full"));
  assert.deepEqual(
    [(await desk.store.reads.totals()).events, (await desk.store.reads.totals()).pending],
    [0, 0],
  );
  connection.file.pragma("max_page_count = 100000");
  const answers = await desk.store.events.acceptEvents(batch);
  assert.deepEqual(
    answers.map((answer) => answer.kind),
    ["accepted", "accepted"],
  );
});

test("a database that takes no writes says so, reads on, and recovers", async (t) => {
  const { connection, desk } = await harmedDesk(t);
  const endpoint = await desk.endpoint();
  const delivery = await desk.post(endpoint);
  connection.file.pragma("query_only = ON");
  assert.equal(await desk.store.upkeep.probe(), "read_only");
  await assert.rejects(desk.post(endpoint), unavailable("read_only"));
  await assert.rejects(desk.record(delivery, "ok"), unavailable("read_only"));
  await assert.rejects(desk.store.office.cancel(delivery.seq, START_MS), unavailable("read_only"));
  assert.equal((await desk.store.reads.counts(endpoint.seq)).pending, 1);
  connection.file.pragma("query_only = OFF");
  assert.equal(await desk.store.upkeep.probe(), null);
  await desk.record(delivery, "ok");
});

test("a file that another program has locked is unavailable, not an error of ours", async (t) => {
  const path = folder.path("locked.db");
  const { connection, desk } = await harmedDesk(t, path);
  connection.file.pragma("busy_timeout = 0");
  const other = new SqliteDatabase(path);
  other.exec("begin immediate");
  assert.equal(await desk.store.upkeep.probe(), "io_error");
  await assert.rejects(desk.send([]), unavailable("io_error"));
  other.exec("rollback");
  other.close();
  await desk.send([]);
});

test("an error of ours in the middle of a commit leaves nothing of it, and the next one works", async (t) => {
  const { connection, desk } = await harmedDesk(t);
  assert.throws(() =>
    connection.commit(() => {
      connection.file.exec("update counter set value = 77 where name = 'events'");
      throw new Error("ours");
    }),
  );
  assert.equal((await desk.store.reads.totals()).events, 0);
  await desk.send([]);
});

test("the probe really writes", async (t) => {
  const { desk } = await harmedDesk(t, folder.path("probe.db"));
  const walBytes = async () => (await desk.store.reads.size()).walBytes;
  const before = await walBytes();
  assert.equal(await desk.store.upkeep.probe(), null);
  const once = await walBytes();
  assert.equal(await desk.store.upkeep.probe(), null);
  assert.ok(before < once && once < (await walBytes()));
});

const REFUSALS: readonly (readonly [string, (path: string) => void, RegExp])[] = [
  ["a text file", (path) => writeFileSync(path, "hello\n".repeat(500)), /no SQLite database/],
  [
    "another program's database, whatever version it says it has",
    (path) => {
      const file = new SqliteDatabase(path);
      file.exec("create table t (a); pragma user_version = 1; pragma application_id = 7");
      file.close();
    },
    /another program's \(application_id 7\)/,
  ],
  [
    "a newer Posthorn's database",
    (path) => {
      openTestStore(path).close();
      const file = new SqliteDatabase(path);
      file.pragma("user_version = 999");
      file.close();
    },
    /schema version \d+ at most, got 999: a newer Posthorn/,
  ],
  [
    "a damaged database",
    (path) => {
      openTestStore(path).close();
      const file = new SqliteDatabase(path);
      file.unsafeMode();
      file.pragma("writable_schema = ON");
      file.exec("update sqlite_schema set sql = 'nonsense' where name = 'event'");
      file.close();
    },
    /a damaged one; restore a backup/,
  ],
];

for (const [what, make, sentence] of REFUSALS) {
  test(`${what} is refused with a sentence, and left as it was`, () => {
    const path = folder.path(`${what.length}.db`);
    make(path);
    const before = statSync(path);
    assert.throws(
      () => openDatabase({ path, beforeMigration: () => undefined }),
      (error) => error instanceof DatabaseRefused && sentence.test(error.message),
    );
    assert.deepEqual([statSync(path).size, statSync(path).mtimeMs], [before.size, before.mtimeMs]);
    assert.equal(existsSync(`${path}-wal`), false);
  });
}

test("a place where no file can be made is refused with a sentence", () => {
  const path = folder.path("no/such/folder.db");
  assert.throws(
    () => openDatabase({ path, beforeMigration: () => undefined }),
    /expected .* to be|Cannot open database/,
  );
});

test("opened again, the database has what it had, and default only once", async () => {
  const path = folder.path("again.db");
  const desk = await openDesk(async () => openTestStore(path));
  const delivery = await desk.post(await desk.endpoint());
  desk.store.close();
  const store = openTestStore(path);
  assert.deepEqual(
    (await store.office.applications()).map(({ name }) => name),
    ["default"],
  );
  assert.equal((await store.reads.delivery(1, delivery.id))?.state, "pending");
  store.close();
});

test("a setting that an older daemon did not write has its default", async (t) => {
  const { connection, desk } = await harmedDesk(t);
  const made = await desk.endpoint();
  const stored = { url: made.settings.url, eventTypes: ["*"], profile: { kind: "topic" } };
  connection.file
    .prepare("update endpoint set settings_json = ?, health_json = '{}'")
    .run(JSON.stringify(stored));
  const [read] = await desk.store.office.endpoints();
  const profile = { ...made.settings.profile, kind: "topic" };
  assert.deepEqual(read, { ...made, settings: { ...made.settings, profile } });
});
