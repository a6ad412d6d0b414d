import assert from "node:assert/strict";
import { test } from "node:test";

import type { StoreTrouble } from "../daemon/domain/stores.ts";
import { createReadiness } from "../daemon/upkeep/readiness.ts";

function createBench() {
  const world = { trouble: null as StoreTrouble | null, freeBytes: 100, isBlocked: false };
  const readiness = createReadiness({
    store: { probe: async () => world.trouble },
    diskFreeBytes: async () => world.freeBytes,
    diskFreeBytesMin: 100,
    isBlocked: () => world.isBlocked,
  });
  const wrong = async () => (await readiness.checks()).filter(({ ok }) => !ok);
  return { world, readiness, wrong };
}

test("all is well: three checks, each with a word", async () => {
  const { readiness } = createBench();
  assert.deepEqual(await readiness.checks(), [
    { name: "database", ok: true, detail: "takes writes" },
    { name: "disk", ok: true, detail: "100 bytes free, 100 needed" },
    { name: "engine", ok: true, detail: "runs" },
  ]);
});

test("what is wrong is named, and is well again by itself", async () => {
  const { world, wrong } = createBench();
  for (const [trouble, words] of [
    ["disk_full", "the disk is full"],
    ["read_only", "the database is read-only"],
    ["io_error", "the disk gives errors"],
  ] as const) {
    world.trouble = trouble;
    const detail = `takes no writes: ${words}`;
    assert.deepEqual(await wrong(), [{ name: "database", ok: false, detail }]);
  }
  world.trouble = null;
  world.isBlocked = true;
  const detail = "can't record attempts";
  assert.deepEqual(await wrong(), [{ name: "engine", ok: false, detail }]);
  world.isBlocked = false;
  assert.deepEqual(await wrong(), []);
});

test("a disk below its floor is seen by the look of each second, and by each question", async () => {
  const { world, readiness, wrong } = createBench();
  assert.equal(readiness.hasDiskSpace, true, "before the first look nothing is refused");
  world.freeBytes = 99;
  assert.equal(readiness.hasDiskSpace, true);
  await readiness.look();
  assert.equal(readiness.hasDiskSpace, false);
  const detail = "99 bytes free, 100 needed";
  assert.deepEqual(await wrong(), [{ name: "disk", ok: false, detail }]);
  world.freeBytes = 100;
  assert.deepEqual(await wrong(), []);
  assert.equal(readiness.hasDiskSpace, true);
});
