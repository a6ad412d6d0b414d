/** `deferred` mode: what is stored, who gets it, and in which order. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { InboxKey, LeaseRequest } from "../../src/inbox/inbox.ts";
import {
  claimAlone,
  entryOf,
  failureOf,
  type Ground,
  NOW_MS,
  statusOf,
  storedOf,
  Undo,
} from "./inbox-rig.ts";

const LEASE_MS = 1_000;

function leaseOf(endpoint: string, more: Partial<LeaseRequest> = {}): LeaseRequest {
  return { endpoint, limit: 10, nowMs: NOW_MS + 10, leaseMs: LEASE_MS, token: "turn-1", ...more };
}

export function testDeferred<Tx>(at: () => Ground<Tx>): void {
  testStored(at);
  testOrder(at);
  testLeases(at);
}

async function idsOf<Tx>({ inbox }: Ground<Tx>, request: LeaseRequest): Promise<string[]> {
  return (await inbox.lease(request)).map(({ id }) => id);
}

async function finish<Tx>({ inbox }: Ground<Tx>, key: InboxKey, token: string): Promise<boolean> {
  return inbox.transaction(async (tx) => {
    if (!(await inbox.take(tx, key, token))) return false;
    await inbox.finish(tx, key, { status: "done", answer: null, nowMs: NOW_MS + 20 });
    return true;
  });
}

function testStored<Tx>(at: () => Ground<Tx>): void {
  test("what is stored comes back byte for byte, once", async () => {
    const { inbox } = at();
    const sequence = { stream: "ep_1", number: 2 ** 53 - 1 };
    const entry = storedOf("stored", "evt_1", { orderingKey: "order 'ü'", sequence });
    assert.deepEqual(await inbox.store(entry), { kind: "claimed", attempt: 1 });
    assert.deepEqual(await inbox.store(entry), { kind: "pending" });
    assert.deepEqual(await claimAlone(inbox, entry), { kind: "pending" });
    const other = { ...entry, bodySha256: "b".repeat(64) };
    assert.deepEqual(await inbox.store(other), { kind: "conflict" });
    const leased = await inbox.lease(leaseOf("stored"));
    assert.deepEqual(leased, [{ ...entry, attempt: 1, token: "turn-1" }]);
    assert.deepEqual(await inbox.lease(leaseOf("stored", { token: "turn-2" })), []);
    assert.equal(await finish(at(), { endpoint: "stored", id: "evt_1" }, "turn-1"), true);
    assert.deepEqual(await inbox.store(entry), { kind: "done", answer: null });
  });

  test("what an inline receiver failed at can be stored for a worker", async () => {
    const { inbox } = at();
    await inbox.fail(entryOf("switched", "evt_1"), failureOf());
    const entry = storedOf("switched", "evt_1");
    assert.deepEqual(await inbox.store(entry), { kind: "claimed", attempt: 2 });
    assert.deepEqual(await inbox.lease(leaseOf("switched")), [
      { ...entry, attempt: 2, token: "turn-1" },
    ]);
  });

  test("what is stored can be parked before anybody handles it", async () => {
    const { inbox } = at();
    const entry = storedOf("parked", "evt_1");
    await inbox.store(entry);
    await inbox.fail(entry, failureOf());
    assert.equal(await statusOf(inbox, entry), "pending", "the worker has it");
    await inbox.fail(entry, failureOf({ isDead: true }));
    assert.deepEqual(await inbox.store(entry), { kind: "dead" });
    assert.deepEqual(await idsOf(at(), leaseOf("parked")), []);
  });
}

function testOrder<Tx>(at: () => Ground<Tx>): void {
  test("the oldest come first, not more than asked for, and none of another endpoint", async () => {
    const { inbox } = at();
    for (const id of ["c", "a", "b"]) await inbox.store(storedOf("oldest", id));
    await inbox.store(storedOf("oldest of another", "x"));
    assert.deepEqual(await idsOf(at(), leaseOf("oldest", { limit: 2 })), ["c", "a"]);
    assert.deepEqual(await idsOf(at(), leaseOf("oldest")), ["b"]);
    assert.deepEqual(await idsOf(at(), leaseOf("oldest", { limit: 0 })), []);
  });

  test("of one ordering key there is one at a time, the earliest, until it is done or dead", async () => {
    const { inbox } = at();
    const key = (orderingKey: string | null) => ({ orderingKey });
    await inbox.store(storedOf("order", "a1", key("a")));
    await inbox.store(storedOf("order", "a2", key("a")));
    await inbox.store(storedOf("order", "b1", key("b")));
    await inbox.store(storedOf("order", "free", key(null)));
    await inbox.store(storedOf("order", "a3", key("a")));
    assert.deepEqual(await idsOf(at(), leaseOf("order")), ["a1", "b1", "free"]);
    assert.deepEqual(await idsOf(at(), leaseOf("order")), []);

    const later = failureOf({ dueAtMs: NOW_MS + 50 });
    await inbox.release({ endpoint: "order", id: "a1" }, "turn-1", later);
    assert.deepEqual(await idsOf(at(), leaseOf("order", { nowMs: NOW_MS + 49 })), []);
    assert.deepEqual(await idsOf(at(), leaseOf("order", { nowMs: NOW_MS + 50 })), ["a1"]);
    assert.equal(await finish(at(), { endpoint: "order", id: "a1" }, "turn-1"), true);

    assert.deepEqual(await idsOf(at(), leaseOf("order")), ["a2"]);
    await inbox.release({ endpoint: "order", id: "a2" }, "turn-1", failureOf({ isDead: true }));
    assert.deepEqual(await idsOf(at(), leaseOf("order")), ["a3"]);
  });

  test("a later one that was leased, but not begun, goes back behind an earlier one of its key", async () => {
    const { inbox } = at();
    const [first, second] = await deadAndLeased("given back");
    await inbox.redrive(first, NOW_MS + 9);
    assert.deepEqual(await idsOf(at(), leaseOf("given back")), [], "one of a key at a time");
    assert.equal(await finish(at(), second, "turn-1"), false);
    assert.deepEqual(await idsOf(at(), leaseOf("given back")), ["a1"]);
    assert.equal(await finish(at(), first, "turn-1"), true);
    const [again] = await inbox.lease(leaseOf("given back"));
    assert.deepEqual([again?.id, again?.attempt], ["a2", 1]);
  });

  /** Two of one key: the first is dead, the second leased. */
  async function deadAndLeased(endpoint: string) {
    const { inbox } = at();
    const pair = ["a1", "a2"].map((id) => storedOf(endpoint, id, { orderingKey: "a" }));
    const [first, second] = pair;
    assert.ok(first !== undefined && second !== undefined);
    for (const entry of pair) await inbox.store(entry);
    await inbox.lease(leaseOf(endpoint));
    await inbox.release(first, "turn-1", failureOf({ isDead: true }));
    assert.deepEqual(await idsOf(at(), leaseOf(endpoint)), ["a2"]);
    return [first, second] as const;
  }

  test("workers at once share the events, each to one", async () => {
    const { inbox } = at();
    const ids = Array.from({ length: 24 }, (_, i) => `evt_${i}`);
    for (const id of ids) await inbox.store(storedOf("share", id));
    const turns = Array.from({ length: 6 }, (_, i) => leaseOf("share", { token: `turn-${i}` }));
    const got: string[] = [];
    for (let round = 0; round < 20 && got.length < ids.length; round += 1) {
      got.push(...(await Promise.all(turns.map((turn) => idsOf(at(), turn)))).flat());
    }
    assert.deepEqual(got.toSorted(), ids.toSorted());
  });
}

function testLeases<Tx>(at: () => Ground<Tx>): void {
  test("a lease that ran out is given anew, and whoever had it has lost it", async () => {
    const { inbox } = at();
    const key = { endpoint: "lost", id: "evt_1" };
    await inbox.store(storedOf("lost", "evt_1"));
    await inbox.lease(leaseOf("lost"));
    const second = leaseOf("lost", { nowMs: NOW_MS + 10 + LEASE_MS, token: "turn-2" });
    const [leased] = await inbox.lease(second);
    assert.equal(leased?.attempt, 2);
    assert.equal(await finish(at(), { endpoint: "lost", id: "evt_1" }, "turn-1"), false);
    await inbox.release(key, "turn-1", failureOf({ isDead: true }));
    assert.equal(await statusOf(inbox, key), "pending");
    assert.equal(await finish(at(), { endpoint: "lost", id: "evt_1" }, "turn-2"), true);
    assert.equal(await finish(at(), { endpoint: "lost", id: "evt_1" }, "turn-2"), false);
  });

  test("a handler that fails is undone, and its event keeps its lease until it is released", async () => {
    const { inbox } = at();
    const key = { endpoint: "undone", id: "evt_1" };
    await inbox.store(storedOf("undone", "evt_1"));
    await inbox.lease(leaseOf("undone"));
    const undone = inbox.transaction(async (tx) => {
      assert.equal(await inbox.take(tx, key, "turn-1"), true);
      await inbox.finish(tx, key, { status: "done", answer: null, nowMs: NOW_MS });
      throw new Undo();
    });
    await assert.rejects(undone, Undo);
    assert.deepEqual(await idsOf(at(), leaseOf("undone")), []);
    await inbox.release(key, "turn-1", failureOf({ dueAtMs: NOW_MS + 10 }));
    assert.equal(await statusOf(inbox, key), "failed");
    assert.deepEqual(await inbox.store(storedOf("undone", "evt_1")), { kind: "pending" });
    const [again] = await inbox.lease(leaseOf("undone"));
    assert.equal(again?.attempt, 2);
  });
}
