/** What the engine reads from the store: how much, in which order, and what it does not trust. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Endpoint } from "../daemon/domain/endpoint.ts";
import type { DueDelivery, DueQuery, SideStore } from "../daemon/domain/stores.ts";
import { answered } from "./support/fake-sender.ts";
import type { Workshop } from "./support/workshop.ts";
import { openWorkshop } from "./support/workshop.ts";

test("what comes while older deliveries wait in the file does not overtake them", async () => {
  using workshop = await openWorkshop();
  await workshop.endpoint({ concurrencyMax: 1 });
  workshop.sender.script(() => ({ afterMs: 1 }));
  workshop.send(1_100);
  await workshop.time.advance(100);
  workshop.send(1, { id: "last" });
  await workshop.tick(5);
  const ids = workshop.sender.posts.map(({ webhookId }) => webhookId);
  assert.equal(ids.length, 1_101);
  assert.equal(ids.at(-1), "last");
  assert.deepEqual(ids.slice(0, -1), ids.slice(0, -1).toSorted());
});

test("a start with much waiting at many endpoints reads no more than the window holds", async () => {
  using workshop = await openWorkshop({ windowBytesMax: 20_000, concurrencyMax: 2 });
  for (let i = 0; i < 12; i++) await workshop.endpoint();
  workshop.sender.script(() => "hang");
  workshop.send(20, { value: { text: "x".repeat(900) } });
  await workshop.turn();
  await workshop.restart();
  let readyMax = 0;
  for (let i = 0; i < 20; i++) {
    await workshop.tick(1);
    readyMax = Math.max(readyMax, workshop.engine.load(null).ready);
  }
  assert.ok(readyMax > 10 && readyMax <= 24, `${readyMax} of 240`);
});

/** An endpoint whose deliveries are on their way from the file, until reads are released. */
async function beingRead(workshop: Workshop, deliveries: number): Promise<Endpoint> {
  const endpoint = await workshop.endpoint();
  await workshop.change(endpoint, { state: "paused" });
  workshop.send(deliveries);
  await workshop.turn();
  workshop.gate.holdReads();
  await workshop.change(endpoint, { state: "active", transition: "release_all" });
  await workshop.tick(1);
  return endpoint;
}

test("a delivery that is cancelled while it is being read is not sent", async () => {
  using workshop = await openWorkshop();
  const endpoint = await beingRead(workshop, 2);
  const [first] = await workshop.deliveries();
  await workshop.store.office.cancel(first?.seq ?? 0, 1);
  workshop.engine.endpointChanged(endpoint.seq);
  workshop.gate.releaseReads();
  await workshop.tick(3);
  const states = (await workshop.deliveries()).map(({ state }) => state);
  assert.deepEqual(states, ["cancelled", "delivered"]);
  assert.equal(workshop.sender.posts.length, 1);
});

test("what comes while a lane is being read does not overtake what is read", async () => {
  using workshop = await openWorkshop({ concurrencyMax: 1 });
  await workshop.endpoint();
  workshop.sender.script(() => "hang");
  workshop.send(3);
  await workshop.turn();
  workshop.gate.holdReads();
  await workshop.restart();
  workshop.sender.script(() => answered(200));
  await workshop.turn();
  workshop.send(1, { id: "last" });
  await workshop.turn();
  workshop.gate.releaseReads();
  await workshop.tick(3);
  const ids = workshop.sender.posts.map(({ webhookId }) => webhookId);
  assert.equal(ids.length, 1 + 4, "the first was under way when it was killed");
  assert.equal(ids.at(-1), "last");
});

test("an endpoint that is removed while it is being read gets nothing and keeps no room", async () => {
  using workshop = await openWorkshop();
  const endpoint = await beingRead(workshop, 3);
  workshop.directory.removeEndpoint(endpoint.seq);
  workshop.engine.endpointChanged(endpoint.seq);
  workshop.gate.releaseReads();
  await workshop.tick(3);
  assert.equal(workshop.sender.posts.length, 0);
  assert.equal(workshop.engine.load(null).ready, 0);
});

test("a test that is sent and recorded while its lane is being read is not sent again", async () => {
  const asked: DueQuery[] = [];
  const answers: ((found: DueDelivery[]) => void)[] = [];
  const side: SideStore = {
    batchMin: 1,
    takes: () => false,
    recordSuccesses: () => Promise.reject(new Error("expected no record, got one")),
    dueDeliveries(query) {
      asked.push({ ...query, except: new Set(query.except) });
      return new Promise((resolve) => answers.push(resolve));
    },
    stop: () => Promise.resolve(),
  };
  using workshop = await openWorkshop({ engine: { side } });
  const endpoint = await workshop.endpoint();
  await workshop.change(endpoint, { state: "paused" });
  workshop.send(40);
  await workshop.turn();
  await workshop.change(endpoint, { state: "active", transition: "release_all" });
  await workshop.turn();
  assert.equal(asked.length, 1, "the first 32 are read in the loop, the others beside it");
  const accepting = workshop.ingest.acceptTest(endpoint.seq);
  await workshop.turn();
  const { eventId } = await accepting;
  const found = await workshop.store.deliveries.dueDeliveries(asked[0] as DueQuery);
  assert.equal(found.length, 9, "with the test, whose record waits for company");
  await workshop.time.advance(100);
  for (const answer of answers) answer(found);
  await workshop.turn();
  for (const answer of answers) answer(found.filter(({ isTest }) => !isTest));
  await workshop.turn();
  const tests = workshop.sender.posts.filter(({ webhookId }) => webhookId === eventId);
  assert.deepEqual([tests.length, workshop.sender.posts.length], [1, 41]);
});

test("a read that fails is said and tried again by a tick; nothing is lost", async () => {
  using workshop = await openWorkshop();
  const endpoint = await workshop.endpoint();
  await workshop.change(endpoint, { state: "paused" });
  workshop.send(3);
  await workshop.turn();
  workshop.gate.readTrouble = new Error("the disk gives errors");
  await workshop.change(endpoint, { state: "active", transition: "release_all" });
  await workshop.tick(3);
  assert.match(workshop.log[0] ?? "", /can't be read/);
  assert.ok(workshop.log.length <= 5, "about once a second");
  workshop.gate.readTrouble = null;
  await workshop.tick(3);
  assert.equal(workshop.sender.posts.length, 3);
});

test("once the engine is stopped it reads nothing more, though endpoints wait to be read", async () => {
  using workshop = await openWorkshop();
  for (let i = 0; i < 30; i++) await workshop.endpoint();
  workshop.sender.script(() => "hang");
  workshop.send(10);
  await workshop.turn();
  await workshop.restart();
  // The pump, by which all are found to have nothing in memory; a turn reads only some of them.
  await workshop.time.step(0);
  workshop.gate.readTrouble = new Error("expected no read after the stop, got one");
  await workshop.engine.stop(0);
  await workshop.tick(3);
  assert.deepEqual(workshop.log, []);
});

test("a wake-up that was lost costs seconds: each endpoint is asked for what is due, in turns", async () => {
  using workshop = await openWorkshop();
  const endpoint = await workshop.endpoint();
  await workshop.change(endpoint, { state: "paused" });
  workshop.send(1);
  await workshop.tick(1);
  await workshop.change(endpoint, { state: "active" });
  await workshop.tick(3);
  const [held] = await workshop.deliveries();
  // Behind the engine's back: nobody wakes it.
  await workshop.store.office.resend(held?.seq ?? 0, null, workshop.time.clock.nowMs());
  await workshop.tick(3);
  assert.equal(workshop.sender.posts.length, 1);
});

test("while attempts can't be recorded, a slot that becomes free is not given away", async () => {
  using workshop = await openWorkshop();
  await workshop.endpoint({ concurrencyMax: 3 });
  workshop.sender.script(() => "hang");
  workshop.send(10);
  await workshop.turn();
  workshop.gate.trouble = "disk_full";
  workshop.sender.posts[0]?.answer(answered(200));
  await workshop.tick(1);
  const before = workshop.sender.posts.length;
  assert.ok(before <= 4, "one started before the write was refused");
  for (const post of workshop.sender.posts.slice(1)) post.answer(answered(200));
  await workshop.tick(5);
  assert.equal(workshop.sender.posts.length, before);
  workshop.gate.trouble = null;
  await workshop.tick(2);
  assert.ok(workshop.sender.posts.length > before);
});

test("an attempt goes out under the limits and grants that the endpoint has then", async () => {
  using workshop = await openWorkshop();
  const endpoint = await workshop.endpoint({ concurrencyMax: 1, timeoutMs: 7_000 });
  workshop.sender.script(() => "hang");
  workshop.send(2);
  await workshop.turn();
  const settings = { ...endpoint.settings, timeoutMs: 9_000, egressAllow: ["10.0.0.0/8"] };
  await workshop.change(endpoint, { settings });
  workshop.sender.posts[0]?.answer(answered(200));
  await workshop.tick(1);
  assert.deepEqual(
    workshop.sender.posts.map(({ policy }) => [policy.timeoutMs, policy.grants]),
    [
      [7_000, []],
      [9_000, ["10.0.0.0/8"]],
    ],
  );
});

test("what the thread can't read, the loop reads", async () => {
  let refused = 0;
  const side: SideStore = {
    batchMin: 1,
    takes: () => false,
    recordSuccesses: () => Promise.reject(new Error("expected no record, got one")),
    dueDeliveries() {
      refused += 1;
      return Promise.reject(new Error("the thread gives errors"));
    },
    stop: () => Promise.resolve(),
  };
  using workshop = await openWorkshop({ engine: { side } });
  const endpoint = await workshop.endpoint();
  await workshop.change(endpoint, { state: "paused" });
  workshop.send(40);
  await workshop.turn();
  await workshop.change(endpoint, { state: "active", transition: "release_all" });
  await workshop.tick(3);
  assert.equal(workshop.sender.posts.length, 40);
  assert.ok(refused >= 1);
});

test("changes that come faster than the thread reads don't keep an endpoint from its deliveries", async () => {
  const answers: (() => void)[] = [];
  const side: SideStore = {
    batchMin: 1,
    takes: () => false,
    recordSuccesses: () => Promise.reject(new Error("expected no record, got one")),
    async dueDeliveries(query) {
      const found = await workshop.store.deliveries.dueDeliveries(query);
      await new Promise<void>((resolve) => answers.push(resolve));
      return found;
    },
    stop: () => Promise.resolve(),
  };
  using workshop = await openWorkshop({ engine: { side } });
  const endpoint = await workshop.endpoint();
  await workshop.change(endpoint, { state: "paused" });
  workshop.send(40);
  await workshop.turn();
  await workshop.change(endpoint, { state: "active", transition: "release_all" });
  await workshop.turn();
  for (let chunk = 0; chunk < 3; chunk++) {
    workshop.engine.endpointChanged(endpoint.seq);
    for (const answer of answers.splice(0)) answer();
    await workshop.turn();
  }
  assert.equal(workshop.sender.posts.length, 40);
});
