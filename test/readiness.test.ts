import assert from "node:assert/strict";
import { test } from "node:test";

import type { StoreTrouble } from "../daemon/domain/stores.ts";
import type { Readiness } from "../daemon/upkeep/readiness.ts";
import { createReadiness } from "../daemon/upkeep/readiness.ts";

/** A machine whose store, disk and clock a test moves; the database answers when it is let go. */
function openMachine() {
  const machine = {
    nowMs: 0,
    trouble: null as StoreTrouble | null,
    fault: null as Error | null,
    freeBytes: 100,
    isBlocked: false,
    probes: 0,
    gate: Promise.resolve(),
  };
  const readiness = createReadiness({
    store: {
      async probe() {
        machine.probes += 1;
        await machine.gate;
        if (machine.fault !== null) throw machine.fault;
        return machine.trouble;
      },
    },
    diskFreeBytes: async () => machine.freeBytes,
    diskFreeBytesMin: 50,
    isBlocked: () => machine.isBlocked,
    nowMs: () => machine.nowMs,
  });
  return { machine, readiness };
}

/** What is not well, in the words of its check. */
async function complaints(readiness: Readiness): Promise<string[]> {
  const checks = await readiness.checks();
  assert.deepEqual(
    checks.map(({ name }) => name),
    ["database", "disk", "engine"],
  );
  return checks.filter(({ ok }) => !ok).map(({ detail }) => detail);
}

test("readiness says of each thing that is not well what it is", async () => {
  const { machine, readiness } = openMachine();
  assert.deepEqual(await complaints(readiness), []);
  assert.equal(readiness.hasDiskSpace, true);
  machine.trouble = "disk_full";
  machine.freeBytes = 49;
  machine.isBlocked = true;
  machine.nowMs = 1_000;
  assert.deepEqual(await complaints(readiness), [
    "takes no writes: the disk is full",
    "49 B free, 50 B needed",
    "can't record attempts",
  ]);
  assert.equal(readiness.hasDiskSpace, false);
});

test("however often it is asked, the database is written to once a second", async () => {
  const { machine, readiness } = openMachine();
  for (machine.nowMs = 0; machine.nowMs < 1_000; machine.nowMs += 100) await readiness.checks();
  assert.equal(machine.probes, 1);
  await readiness.checks();
  assert.equal(machine.probes, 2);
});

test("trouble is told within a second, and so is its end", async () => {
  const { machine, readiness } = openMachine();
  await readiness.checks();
  machine.trouble = "io_error";
  machine.nowMs = 999;
  assert.deepEqual(await complaints(readiness), []);
  machine.nowMs = 1_000;
  assert.deepEqual(await complaints(readiness), ["takes no writes: the disk gives errors"]);
  machine.trouble = null;
  machine.nowMs = 2_000;
  assert.deepEqual(await complaints(readiness), []);
});

test("who asks while the database is slow waits for the one look under way, however long it takes", async () => {
  const { machine, readiness } = openMachine();
  const { promise, resolve } = Promise.withResolvers<void>();
  machine.gate = promise;
  const first = complaints(readiness);
  machine.nowMs = 5_000;
  const second = complaints(readiness);
  machine.trouble = "read_only";
  resolve();
  const answer = ["takes no writes: the database is read-only"];
  assert.deepEqual(await Promise.all([first, second]), [answer, answer]);
  assert.equal(machine.probes, 1);
  await readiness.checks();
  assert.equal(machine.probes, 1, "its second begins when the look ends");
});

test("a look that fails is not remembered", async () => {
  const { machine, readiness } = openMachine();
  machine.fault = new Error("ours");
  await assert.rejects(readiness.checks(), machine.fault);
  machine.fault = null;
  assert.deepEqual(await complaints(readiness), []);
});

test("each trouble has its words, and all that is well has some, too", async () => {
  const { machine, readiness } = openMachine();
  assert.deepEqual(await readiness.checks(), [
    { name: "database", ok: true, detail: "takes writes" },
    { name: "disk", ok: true, detail: "100 B free, 50 B needed" },
    { name: "engine", ok: true, detail: "runs" },
  ]);
  for (const [trouble, words] of [
    ["disk_full", "the disk is full"],
    ["read_only", "the database is read-only"],
    ["io_error", "the disk gives errors"],
  ] as const) {
    machine.trouble = trouble;
    machine.nowMs += 1_000;
    assert.deepEqual(await complaints(readiness), [`takes no writes: ${words}`]);
  }
});

test("a disk below its floor is seen by the look of each second, and told at once", async () => {
  const { machine, readiness } = openMachine();
  assert.equal(readiness.hasDiskSpace, true, "before the first look nothing is refused");
  assert.deepEqual(await complaints(readiness), []);
  machine.freeBytes = 49;
  assert.equal(readiness.hasDiskSpace, true);
  await readiness.look();
  assert.equal(readiness.hasDiskSpace, false);
  assert.deepEqual(await complaints(readiness), ["49 B free, 50 B needed"]);
  machine.freeBytes = 50;
  await readiness.look();
  assert.equal(readiness.hasDiskSpace, true);
  assert.deepEqual(await complaints(readiness), []);
});
