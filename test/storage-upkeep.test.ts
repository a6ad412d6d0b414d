import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import { checkDatabase } from "../daemon/storage/check.ts";
import { openDesk, START_MS } from "./support/store-desk.ts";
import { createFolder, openTestStore } from "./support/store-sqlite.ts";

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

test("a backup that fails leaves nothing behind under its name", async () => {
  const store = openTestStore(folder.path("source.db"));
  const path = folder.path("no-such-folder/backup.db");
  await assert.rejects(store.upkeep.backup(path));
  assert.equal(existsSync(path), false);
  store.close();
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
