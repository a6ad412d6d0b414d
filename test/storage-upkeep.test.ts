import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import SqliteDatabase from "better-sqlite3";

import { checkDatabase } from "../daemon/storage/check.ts";
import { copyDatabase } from "../daemon/storage/copy.ts";
import { MIGRATIONS } from "../daemon/storage/migrations.ts";
import type { OpenOptions } from "../daemon/storage/open.ts";
import { openDatabase } from "../daemon/storage/open.ts";
import { databaseSize } from "../daemon/storage/sizes.ts";
import { openDesk, START_MS } from "./support/store-desk.ts";
import { createFolder, openTable, openTestStore } from "./support/store-sqlite.ts";

const folder = createFolder();
after(() => folder.remove());

test("a backup made while events come in is whole, and holds what was committed before it", async () => {
  const desk = await openDesk(async () => openTestStore(folder.path("busy.db")));
  const endpoint = await desk.endpoint();
  const body = "x".repeat(100_000);
  for (let i = 0; i < 40; i++) await desk.send([endpoint], { body });
  const path = folder.path("backup.db");
  writeFileSync(`${path}.partial`, "what a crash left");
  const backup = desk.store.upkeep.backup(path);
  let during = 0;
  let isDone = false;
  const done = backup.then(() => (isDone = true));
  while (!isDone) {
    await desk.send([endpoint]);
    during += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await done;
  assert.ok(during > 1);
  assert.equal(checkDatabase(path).kind, "good");
  assert.equal(existsSync(`${path}.partial`), false);
  const copy = openTestStore(path);
  const totals = await copy.reads.totals();
  assert.ok(totals.events >= 40 && totals.events <= 40 + during);
  assert.equal(totals.pending, totals.events);
  copy.close();
  desk.store.close();
});

test("the file's size is told with each table's, indexes included, while it is being written", async () => {
  const { store, connection } = openTable(folder.path("sized.db"));
  const desk = await openDesk(async () => store);
  const endpoint = await desk.endpoint();
  for (let i = 0; i < 50; i++) await desk.send([endpoint], { body: "x".repeat(10_000) });
  const size = await databaseSize(connection);
  assert.equal(size.note, null);
  assert.ok(size.walBytes > 0);
  // Rows that long lie in pages of their own, so that the largest table is that of the bodies.
  assert.match(size.tables[0]?.name ?? "", /body|content/);
  const sum = size.tables.reduce((total, { bytes }) => total + bytes, 0);
  assert.ok(sum <= size.bytes && sum > 500_000, `${sum} of ${size.bytes}`);
  assert.equal(
    size.tables.find(({ name }) => name.startsWith("sqlite_autoindex")),
    undefined,
  );
  store.close();
});

test("a file that is too large to add up says so and nothing more", async () => {
  const { store, connection } = openTable(folder.path("large.db"));
  const { tables, note, bytes } = await databaseSize(connection, 1_000);
  assert.deepEqual([tables, note], [[], "not added up for a file of more than 1000 bytes"]);
  assert.ok(bytes > 1_000);
  store.close();
});

test("a backup that fails leaves nothing behind under its name", async () => {
  const store = openTestStore(folder.path("source.db"));
  const path = folder.path("no-such-folder/backup.db");
  await assert.rejects(store.upkeep.backup(path));
  assert.equal(existsSync(path), false);
  store.close();
});

test("a copy takes the place of what a killed one left, and of an earlier one", async () => {
  const { store, connection } = openTable(folder.path("copied.db"));
  const path = folder.path("copy.db");
  writeFileSync(`${path}.partial`, "what a crash left");
  copyDatabase(connection.file, path);
  await store.office.createApplication({ id: "app_2", name: "two", createdAtMs: 1 });
  copyDatabase(connection.file, path);
  store.close();
  assert.equal(checkDatabase(path).kind, "good");
  assert.equal(existsSync(`${path}.partial`), false);
  const copy = openTestStore(path);
  const names = (await copy.office.applications()).map(({ name }) => name);
  assert.deepEqual(names, ["default", "two"]);
  copy.close();
});

test("a copy that fails leaves the earlier one as it was, and nothing half done", () => {
  const { store, connection } = openTable(folder.path("failing.db"));
  const path = folder.path("earlier.db");
  copyDatabase(connection.file, path);
  const before = readFileSync(path);
  connection.file.exec("begin");
  assert.throws(() => copyDatabase(connection.file, path), /VACUUM/);
  connection.file.exec("rollback");
  store.close();
  assert.deepEqual(readFileSync(path), before);
  assert.equal(existsSync(`${path}.partial`), false);
});

test("a file of each older version is copied before it is brought up to date, with what it holds", async () => {
  for (let version = 1; version < MIGRATIONS.length; version += 1) {
    const path = folder.path(`version-${version}.db`);
    const old = new SqliteDatabase(path);
    for (const { statements } of MIGRATIONS.slice(0, version)) old.exec(statements.join(";"));
    old.exec(`pragma application_id = 0x50535448; pragma user_version = ${version}`);
    old.exec("insert into application (id, name, created_at_ms) values ('app_9', 'old', 1)");
    old.close();
    const copies: number[] = [];
    const copied = folder.path(`before-${version}.db`);
    const beforeMigration: OpenOptions["beforeMigration"] = (file, from) => {
      copies.push(from);
      copyDatabase(file, copied);
    };
    const { file } = openDatabase({ path, beforeMigration });
    assert.deepEqual(copies, [version]);
    assert.equal(file.pragma("user_version", { simple: true }), MIGRATIONS.length);
    assert.equal(file.prepare("select name from application").pluck().get(), "old");
    file.close();
    const copy = new SqliteDatabase(copied, { readonly: true });
    assert.equal(copy.pragma("user_version", { simple: true }), version);
    assert.equal(copy.prepare("select name from application").pluck().get(), "old");
    copy.close();
    openDatabase({ path, beforeMigration }).file.close();
    assert.deepEqual(copies, [version], "nothing is left to do at the next start");
  }
  assert.ok(MIGRATIONS.length > 1);
});

test("pages of what was forgotten go back to the file system, no more at once than asked for", async () => {
  const desk = await openDesk(async () => openTestStore(folder.path("shrink.db")));
  for (let i = 0; i < 20; i++) await desk.send([], { body: "x".repeat(50_000) });
  const before = await desk.store.reads.size();
  await desk.store.upkeep.forgetEvents({ beforeMs: START_MS + 1, afterSeq: 0, limit: 100 });
  const forgotten = await desk.store.reads.size();
  assert.equal(forgotten.databaseBytes, before.databaseBytes);
  assert.ok(forgotten.freeBytes > 900_000);
  assert.equal(await desk.store.upkeep.vacuum(0), 0);
  assert.equal(await desk.store.upkeep.vacuum(10), 10);
  assert.ok((await desk.store.upkeep.vacuum(100_000)) > 200);
  const shrunk = await desk.store.reads.size();
  assert.equal(shrunk.freeBytes, 0);
  assert.ok(shrunk.databaseBytes < before.databaseBytes - 900_000);
  assert.ok(shrunk.walBytes > 0);
  desk.store.close();
});

test("what was acknowledged before a kill -9 is there after it, and counted", async () => {
  const path = folder.path("killed.db");
  const script = fileURLToPath(new URL("support/store-crash.ts", import.meta.url));
  const child = spawn(process.execPath, [script, path], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8");
  for await (const text of child.stdout) {
    said += text;
    if (said.split("\n").length > 40) child.kill("SIGKILL");
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  assert.equal(child.signalCode, "SIGKILL");
  const acknowledged = said.split("\n").slice(0, -1);
  assert.ok(acknowledged.length >= 40);
  const store = openTestStore(path);
  for (const id of acknowledged) assert.notEqual(await store.reads.event(1, id), null, id);
  const totals = await store.reads.totals();
  const query = { applicationSeq: 1, limit: 100_000, after: null };
  assert.equal((await store.reads.events(query)).rows.length, totals.events);
  assert.equal((await store.reads.deliveries(query)).rows.length, totals.events);
  assert.equal(totals.pending + totals.delivered, totals.events);
  const lanes = await store.deliveries.pendingLanes();
  assert.equal(
    lanes.reduce((sum, lane) => sum + lane.count, 0),
    totals.pending,
  );
  store.close();
});
