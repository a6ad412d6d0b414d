/** Dead letters, reconciliation and what is forgotten. */
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  claimAlone,
  entryOf,
  failureOf,
  type Ground,
  handle,
  NOW_MS,
  statusOf,
  storedOf,
} from "./inbox-rig.ts";

export function testUpkeep<Tx>(at: () => Ground<Tx>): void {
  testDeadLetters(at);
  testMemory(at);
}

function testDeadLetters<Tx>(at: () => Ground<Tx>): void {
  test("dead letters are listed a page at a time, in the order in which they came", async () => {
    const { inbox } = at();
    const dead = failureOf({ isDead: true });
    for (const id of ["c", "a", "b"]) await inbox.fail(entryOf("dead", id), dead);
    await inbox.fail(entryOf("dead", "alive"), failureOf());
    await inbox.fail(entryOf("dead of another", "x"), dead);
    const page = await inbox.deadLetters({ endpoint: "dead", limit: 2, after: null });
    assert.deepEqual(
      page.map(({ id }) => id),
      ["c", "a"],
    );
    const rest = await inbox.deadLetters({ endpoint: "dead", limit: 2, after: "a" });
    assert.deepEqual(rest, [
      {
        endpoint: "dead",
        id: "b",
        type: "invoice.paid",
        attempts: 1,
        error: "Error: no",
        receivedAtMs: NOW_MS,
        diedAtMs: NOW_MS + 5,
        body: null,
      },
    ]);
    assert.deepEqual(await inbox.deadLetters({ endpoint: "dead", limit: 2, after: "none" }), []);
  });

  test("an inline dead letter is for nobody but a person; redriven, the sender's retry handles it", async () => {
    const { inbox } = at();
    const entry = entryOf("redrive inline", "evt_1");
    await inbox.fail(entry, failureOf({ isDead: true }));
    assert.deepEqual(await claimAlone(inbox, entry), { kind: "dead" });
    assert.equal(await statusOf(inbox, entry), "dead");
    assert.equal(await inbox.redrive(entry, NOW_MS + 9), true);
    assert.equal(await inbox.redrive(entry, NOW_MS + 9), false);
    assert.deepEqual(await handle(inbox, entry), { kind: "claimed", attempt: 1 });
    assert.equal(await inbox.redrive(entryOf("redrive inline", "none"), NOW_MS), false);
  });

  test("a deferred dead letter keeps its body; redriven, a worker gets it with fresh attempts", async () => {
    const { inbox } = at();
    const entry = storedOf("redrive", "evt_1", { orderingKey: "k" });
    const request = { endpoint: "redrive", limit: 1, leaseMs: 1_000 };
    await inbox.store(entry);
    await inbox.lease({ ...request, nowMs: NOW_MS, token: "1" });
    await inbox.release(entry, "1", failureOf({ isDead: true }));
    const [letter] = await inbox.deadLetters({ endpoint: "redrive", limit: 1, after: null });
    assert.deepEqual([letter?.body, letter?.attempts], [entry.body, 1]);
    assert.equal(await inbox.redrive(entry, NOW_MS + 9), true);
    assert.deepEqual(await inbox.lease({ ...request, nowMs: NOW_MS + 8, token: "2" }), []);
    const leased = await inbox.lease({ ...request, nowMs: NOW_MS + 9, token: "2" });
    assert.deepEqual(leased, [{ ...entry, attempt: 1, token: "2" }]);
  });

  test("a discarded dead letter counts as handled", async () => {
    const { inbox } = at();
    const entry = entryOf("discard", "evt_1");
    await inbox.fail(entry, failureOf({ isDead: true }));
    assert.equal(await inbox.discard(entry, "a test order", NOW_MS + 9), true);
    assert.equal(await inbox.discard(entry, "again", NOW_MS + 9), false);
    assert.deepEqual(await claimAlone(inbox, entry), { kind: "done", answer: null });
    assert.deepEqual(await inbox.deadLetters({ endpoint: "discard", limit: 9, after: null }), []);
  });
}

function testMemory<Tx>(at: () => Ground<Tx>): void {
  test("reconciliation may ask for thousands of ids at once, the same one twice among them", async () => {
    const { inbox } = at();
    await handle(inbox, entryOf("ask", "done"));
    await inbox.fail(entryOf("ask", "failed"), failureOf());
    await inbox.store(storedOf("ask", "pending"));
    const unknown = Array.from({ length: 2_100 }, (_, i) => `unknown_${i}`);
    const known = await inbox.statusOf("ask", ["done", "done", ...unknown, "failed", "pending"]);
    assert.deepEqual(Object.fromEntries(known), {
      done: "done",
      failed: "failed",
      pending: "pending",
    });
    assert.equal((await inbox.statusOf("ask", [])).size, 0);
  });

  test("what ended before a time is forgotten; dead, failed and waiting ones stay", async () => {
    const { inbox } = at();
    // Before everything else that the suite wrote.
    const then = NOW_MS - 1_000_000;
    const old = { nowMs: then };
    for (let i = 0; i < 30; i += 1) await handle(inbox, entryOf("prune", `old_${i}`, old));
    await handle(inbox, entryOf("prune", "young"));
    await inbox.fail(entryOf("prune", "failed", old), failureOf({ nowMs: then }));
    await inbox.fail(entryOf("prune", "dead", old), failureOf({ isDead: true, nowMs: then }));
    await inbox.store(storedOf("prune", "pending", old));
    assert.equal(await inbox.prune(then + 1), 0, "the time itself is not before it");
    assert.equal(await inbox.prune(then + 2), 30);
    assert.equal(await inbox.prune(then + 2), 0);
    const ids = ["old_0", "young", "failed", "dead", "pending"];
    assert.deepEqual([...(await inbox.statusOf("prune", ids)).keys()].toSorted(), [
      "dead",
      "failed",
      "pending",
      "young",
    ]);
    const again = await claimAlone(inbox, entryOf("prune", "old_0"));
    assert.deepEqual(again, { kind: "claimed", attempt: 1 });
  });
}
