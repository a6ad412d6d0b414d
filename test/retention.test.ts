/** What is old is forgotten, what still waits is not; in small pieces. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { UpkeepStore } from "../daemon/domain/stores.ts";
import { createRetention } from "../daemon/upkeep/retention.ts";
import { createFakeTime, settled } from "./support/fake-time.ts";
import { answered } from "./support/fake-sender.ts";
import { openWorkshop } from "./support/workshop.ts";
import type { Workshop } from "./support/workshop.ts";

const DAY = 24 * 3_600_000;

/** Runs retention over the workshop's store as it would run there. */
async function forget({ store, time }: Workshop, retentionDays: number): Promise<string[]> {
  const log: string[] = [];
  const say = (message: string, fields?: object) =>
    void log.push(`${message} ${JSON.stringify(fields)}`);
  const retention = createRetention({
    store: store.upkeep,
    timers: time.timers,
    nowMs: time.clock.nowMs,
    log: { info: say, warn: say, error: say },
    retentionDays: () => retentionDays,
  });
  const run = retention.run();
  await settled();
  await time.advance(60_000);
  await run;
  return log;
}

const hasEvent = async ({ store, applicationSeq }: Workshop, id: string) =>
  (await store.reads.event(applicationSeq, id)) !== null;

test("events older than the retention go with all that hangs on them; younger ones stay", async () => {
  using workshop = await openWorkshop();
  await workshop.endpoint();
  workshop.send(1, { id: "old" });
  await workshop.tick(1);
  await workshop.time.advance(29 * DAY);
  workshop.send(1, { id: "young" });
  await workshop.tick(1);
  await forget(workshop, 30);
  assert.equal(await hasEvent(workshop, "old"), true, "29 days old");
  await workshop.time.advance(DAY);
  const log = await forget(workshop, 30);
  assert.deepEqual(
    [await hasEvent(workshop, "old"), await hasEvent(workshop, "young")],
    [false, true],
  );
  assert.equal((await workshop.deliveries()).length, 1);
  assert.deepEqual(log, ['old events forgotten {"events":1}']);
});

test("an event of which one delivery still waits is never forgotten, however old", async () => {
  using workshop = await openWorkshop();
  await workshop.endpoint();
  const paused = await workshop.endpoint();
  await workshop.change(paused, { state: "paused" });
  workshop.send(1, { id: "waits" });
  await workshop.tick(1);
  await workshop.time.advance(400 * DAY);
  await forget(workshop, 30);
  assert.equal(await hasEvent(workshop, "waits"), true);
  await workshop.change(paused, { state: "active", transition: "release_all" });
  await workshop.tick(2);
  await forget(workshop, 30);
  assert.equal(await hasEvent(workshop, "waits"), false);
});

test("an idempotency key is good for a day, whatever the retention, and not much longer", async () => {
  using workshop = await openWorkshop();
  const ask = async () => {
    const answer = workshop.ingest.accept([workshop.event({ idempotencyKey: "k" })]);
    await workshop.turn();
    return (await answer)[0]?.kind;
  };
  assert.equal(await ask(), "accepted");
  await workshop.time.advance(DAY - 120_000);
  await forget(workshop, 1);
  assert.equal(await ask(), "repeated");
  await workshop.time.advance(120_000);
  await forget(workshop, 1);
  assert.equal(await ask(), "accepted");
});

test("a thousand events go in pieces, with a pause after each in which other work has its turn", async () => {
  using workshop = await openWorkshop();
  workshop.sender.script(() => answered(200));
  const batch = Array.from({ length: 1_000 }, () => workshop.event());
  void workshop.ingest.accept(batch);
  await workshop.turn();
  await workshop.time.advance(31 * DAY);
  const { upkeep } = workshop.store;
  const atMs: number[] = [];
  const watched: UpkeepStore = {
    ...upkeep,
    forgetEvents(query) {
      atMs.push(workshop.time.elapsedMs);
      assert.ok(query.limit <= 200);
      return upkeep.forgetEvents(query);
    },
  };
  await forget({ ...workshop, store: { ...workshop.store, upkeep: watched } }, 30);
  assert.ok(atMs.length >= 5);
  for (let i = 1; i < atMs.length; i++) assert.ok((atMs[i] ?? 0) - (atMs[i - 1] ?? 0) >= 20);
  assert.equal((await workshop.store.reads.totals()).events, 0);
});

/** A store with endlessly much to forget, that writes down what it is asked for. */
function createEndless(asked: string[], ends: { events: boolean; keys: boolean }): UpkeepStore {
  return {
    forgetEvents: async ({ afterSeq }) => {
      asked.push(`events after ${afterSeq}`);
      return { forgotten: 1, next: ends.events ? null : afterSeq + 1 };
    },
    forgetIdempotencyKeys: async () => {
      asked.push("keys");
      return ends.keys ? 0 : 1;
    },
    vacuum: async () => {
      asked.push("pages");
      return 1;
    },
    backup: async () => undefined,
    probe: async () => null,
  };
}

for (const [where, ends] of [
  ["events", { events: false, keys: false }],
  ["keys", { events: true, keys: false }],
  ["pages", { events: true, keys: true }],
] as const) {
  test(`a stop in the midst of the ${where} ends it after the piece under way`, async () => {
    const time = createFakeTime();
    const asked: string[] = [];
    const retention = createRetention({
      store: createEndless(asked, ends),
      timers: time.timers,
      nowMs: time.clock.nowMs,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      retentionDays: () => 30,
    });
    const run = retention.run();
    await settled();
    await time.advance(200);
    assert.ok(asked.length > 5);
    assert.ok(asked.at(-1)?.startsWith(where), asked.at(-1));
    const before = asked.length;
    retention.stop();
    await time.advance(200);
    await run;
    assert.equal(asked.length, before);
  });
}
