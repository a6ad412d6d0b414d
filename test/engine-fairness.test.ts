/** One bad endpoint never slows the others: slots and memory are shared out. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Endpoint } from "../daemon/domain/endpoint.ts";
import { answered } from "./support/fake-sender.ts";
import { openWorkshop } from "./support/workshop.ts";

test("fifty endpoints that hang on big queues leave slots free: another one is served at once", async () => {
  using workshop = await openWorkshop({ concurrencyMax: 128 });
  const hanging: Endpoint[] = [];
  for (let i = 0; i < 50; i++) hanging.push(await workshop.endpoint({ eventTypes: ["slow"] }));
  const quick = await workshop.endpoint({ eventTypes: ["quick"] });
  workshop.sender.script(({ url }) => (url === quick.settings.url ? answered(200) : "hang"));
  workshop.send(60, { type: "slow" });
  await workshop.turn();
  assert.equal(workshop.engine.load(null).inFlight, 50, "one for each, of half of the slots");
  for (let second = 0; second < 10; second++) {
    workshop.send(30, { type: "quick" });
    await workshop.time.advance(100);
    assert.equal(workshop.sender.to(quick).length, 30 * (second + 1));
    await workshop.tick(1);
  }
  const held = workshop.engine.load(null).inFlight;
  assert.ok(held >= 100 && held <= 200, `${held} attempts are waited for, four at each at most`);
  for (const { seq } of hanging) assert.ok(workshop.engine.load(seq).inFlight <= 4);
});

test("endpoints that answered and then all hang hold the slots for a second, not for their time limits", async () => {
  using workshop = await openWorkshop({ concurrencyMax: 8 });
  const turned = [await workshop.endpoint({ eventTypes: ["a"] })];
  turned.push(await workshop.endpoint({ eventTypes: ["a"] }));
  const well = await workshop.endpoint({ eventTypes: ["b"] });
  workshop.send(1, { type: "a" });
  await workshop.turn();
  workshop.sender.script(({ url }) => (url === well.settings.url ? answered(200) : "hang"));
  workshop.send(20, { type: "a" });
  await workshop.turn();
  assert.equal(workshop.engine.load(null).inFlight, 8, "they had all slots");
  workshop.send(20, { type: "b" });
  await workshop.time.advance(1_500);
  assert.equal(workshop.sender.to(well).length, 20);
});

test("slots go round: each endpoint has one before any has a second", async () => {
  using workshop = await openWorkshop({ concurrencyMax: 8 });
  const endpoints: Endpoint[] = [];
  for (let i = 0; i < 4; i++) endpoints.push(await workshop.endpoint());
  workshop.sender.script(() => "hang");
  workshop.send(1);
  workshop.send(30);
  await workshop.turn();
  const loads = () => endpoints.map(({ seq }) => workshop.engine.load(seq).inFlight);
  assert.deepEqual(loads(), [1, 1, 1, 1]);
  await workshop.time.advance(2_100);
  assert.deepEqual(loads(), [2, 2, 2, 2]);
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
  await workshop.tick(2);
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
