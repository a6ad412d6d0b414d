/** One bad endpoint never slows the others: slots and memory are shared out. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Endpoint } from "../daemon/domain/endpoint.ts";
import { answered } from "./support/fake-sender.ts";
import { openWorkshop } from "./support/workshop.ts";

test("ten endpoints that hang on big queues leave slots free: an eleventh is served at once", async () => {
  using workshop = await openWorkshop({ concurrencyMax: 40 });
  const hanging: Endpoint[] = [];
  for (let i = 0; i < 10; i++) hanging.push(await workshop.endpoint({ eventTypes: ["slow"] }));
  const quick = await workshop.endpoint({ eventTypes: ["quick"] });
  workshop.sender.script(({ url }) => (url === quick.settings.url ? answered(200) : "hang"));
  workshop.send(60, { type: "slow" });
  await workshop.tick(2);
  assert.equal(workshop.engine.load(null).inFlight, 30, "three quarters of the slots");
  for (const { seq } of hanging) assert.equal(workshop.engine.load(seq).inFlight, 3);
  workshop.send(30, { type: "quick" });
  await workshop.turn();
  assert.equal(workshop.sender.to(quick).length, 30);
});

test("while slots are scarce an endpoint may have two of them, however many it asks for", async () => {
  using workshop = await openWorkshop({ concurrencyMax: 8 });
  const [first, second] = [
    await workshop.endpoint({ eventTypes: ["a"] }),
    await workshop.endpoint({ eventTypes: ["b"] }),
  ];
  workshop.sender.script(() => "hang");
  workshop.send(20, { type: "a" });
  await workshop.tick(2);
  assert.equal(workshop.engine.load(first.seq).inFlight, 6);
  workshop.send(20, { type: "b" });
  await workshop.tick(2);
  assert.equal(workshop.engine.load(second.seq).inFlight, 2);
});

test("slots go round: each endpoint has one before any has a second", async () => {
  using workshop = await openWorkshop({ concurrencyMax: 8 });
  const endpoints: Endpoint[] = [];
  for (let i = 0; i < 4; i++) endpoints.push(await workshop.endpoint());
  workshop.sender.script(() => "hang");
  workshop.send(1);
  workshop.send(30);
  await workshop.turn();
  const loads = endpoints.map(({ seq }) => workshop.engine.load(seq).inFlight);
  assert.deepEqual(loads, [2, 2, 2, 2]);
});

test("a window full of what can't be sent now gives way, and nothing of it is lost or sent twice", async () => {
  using workshop = await openWorkshop({ windowBytesMax: 5_000 });
  const stuck = await workshop.endpoint({ eventTypes: ["a"], concurrencyMax: 1 });
  const free = await workshop.endpoint({ eventTypes: ["b"] });
  const isStuck = { now: true };
  workshop.sender.script(({ url }) =>
    url === stuck.settings.url && isStuck.now ? "hang" : answered(200),
  );
  const value = { text: "x".repeat(1_000) };
  workshop.send(20, { type: "a", value });
  await workshop.turn();
  workshop.send(10, { type: "b", value });
  await workshop.turn();
  assert.equal(workshop.sender.to(free).length, 0, "the window is full");
  await workshop.tick(6);
  assert.equal(workshop.sender.to(free).length, 10);
  isStuck.now = false;
  workshop.sender.to(stuck)[0]?.answer(answered(200));
  await workshop.tick(20);
  const ids = workshop.sender.to(stuck).map(({ webhookId }) => webhookId);
  assert.equal(ids.length, 20);
  assert.equal(new Set(ids).size, 20);
});

test("memory holds what the window allows; the rest waits in the file and is read when there is room", async () => {
  using workshop = await openWorkshop({ windowBytesMax: 10_000 });
  const endpoint = await workshop.endpoint({ concurrencyMax: 2 });
  workshop.sender.script(() => "hang");
  workshop.send(100, { value: { text: "x".repeat(900) } });
  await workshop.turn();
  const { ready } = workshop.engine.load(endpoint.seq);
  assert.ok(ready > 5 && ready <= 12, `${ready}`);
  workshop.sender.script(() => answered(200));
  for (const post of workshop.sender.posts.slice(0, 2)) post.answer(answered(200));
  await workshop.tick(3);
  assert.equal(workshop.sender.posts.length, 100);
  const ids = workshop.sender.posts.map(({ webhookId }) => webhookId);
  assert.deepEqual(ids, ids.toSorted(), "and in its order");
});

test("what comes while older deliveries wait in the file does not overtake them", async () => {
  using workshop = await openWorkshop({ windowBytesMax: 3_000 });
  await workshop.endpoint({ concurrencyMax: 1 });
  workshop.sender.script(() => ({ afterMs: 10 }));
  const value = { text: "x".repeat(900) };
  for (let round = 0; round < 10; round++) {
    workshop.send(4, { value });
    await workshop.time.advance(20);
  }
  await workshop.tick(3);
  const ids = workshop.sender.posts.map(({ webhookId }) => webhookId);
  assert.equal(ids.length, 40);
  assert.deepEqual(ids, ids.toSorted());
});
