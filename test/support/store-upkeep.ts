import assert from "node:assert/strict";

import type { Endpoint } from "../../daemon/domain/endpoint.ts";
import { keyOfOwnId } from "../../daemon/domain/event.ts";
import type { Desk, Laws } from "./store-desk.ts";
import { first, START_MS } from "./store-desk.ts";
import { eventPages } from "./store-lists.ts";

async function forget(desk: Desk, beforeMs: number, limit = 2) {
  const chunks: number[] = [];
  let afterSeq: number | null = 0;
  while (afterSeq !== null) {
    const answer: { forgotten: number; next: number | null } = await desk.store.upkeep.forgetEvents(
      { beforeMs, afterSeq, limit },
    );
    chunks.push(answer.forgotten);
    afterSeq = answer.next;
  }
  return chunks;
}

export const upkeepLaws: Laws = {
  "events that are old enough and ended are forgotten with all that hangs on them": async (
    desk,
  ) => {
    const endpoint = await desk.endpoint();
    const old = await desk.post(endpoint, { id: "old" });
    await desk.record(old, "ok");
    await desk.send([], { id: "nobody's" });
    await desk.post(endpoint, { id: "waits" });
    const young = await desk.post(endpoint, { id: "young", atMs: START_MS + 10 });
    await desk.record(young, "ok");
    assert.deepEqual(await forget(desk, START_MS + 10), [2, 0, 0]);
    const kept = (await eventPages(desk)).flat().map(({ id }) => id);
    assert.deepEqual(kept, ["young", "waits"]);
    assert.equal(await desk.store.reads.delivery(desk.applicationSeq, old.id), null);
    assert.deepEqual(await desk.store.reads.attempts(old.seq), []);
    assert.equal((await desk.store.reads.totals()).events, 2);
  },

  "counts tell what happened, not what is still on file: forgetting leaves them": async (desk) => {
    const endpoint = await desk.endpoint();
    await desk.record(await desk.post(endpoint), "ok");
    await forget(desk, START_MS + 1);
    const counts = await desk.store.reads.counts(endpoint.seq);
    assert.deepEqual([counts.delivered, counts.attempts], [1, 1]);
  },

  "one event from a clock that was wrong does not keep the ones behind it": async (desk) => {
    for (const atMs of [START_MS, START_MS * 2, START_MS]) await desk.send([], { atMs });
    assert.deepEqual(await forget(desk, START_MS + 1), [1, 1]);
  },

  "an event with very many deliveries ends its chunk, and the next one goes on": async (desk) => {
    const endpoints: Endpoint[] = [];
    for (let i = 0; i < 60; i++) endpoints.push(await desk.endpoint());
    const batch = Array.from({ length: 90 }, () => desk.event(endpoints));
    const answers = await desk.store.events.acceptEvents(batch);
    assert.equal(answers.length, 90);
    for (const endpoint of endpoints) {
      await desk.store.office.cancelChunk(endpoint.seq, "cancelled", 100, START_MS);
    }
    const chunks = await forget(desk, START_MS + 1, 1_000);
    assert.ok(chunks.length > 1);
    assert.equal(
      chunks.reduce((sum, forgotten) => sum + forgotten),
      90,
    );
  },

  "idempotency keys are forgotten by age, a chunk at a call; then the key is free": async (
    desk,
  ) => {
    const fingerprint = Buffer.alloc(32);
    for (const [i, atMs] of [1, 2, 3].entries()) {
      await desk.send([], { atMs: START_MS + atMs, idempotency: { key: `k${i}`, fingerprint } });
    }
    const { upkeep, events } = desk.store;
    assert.equal(await upkeep.forgetIdempotencyKeys(START_MS + 3, 1), 1);
    assert.equal(await upkeep.forgetIdempotencyKeys(START_MS + 3, 5), 1);
    assert.equal(await upkeep.forgetIdempotencyKeys(START_MS + 3, 5), 0);
    const answers = await events.acceptEvents([
      desk.event([], { idempotency: { key: "k0", fingerprint } }),
      desk.event([], { idempotency: { key: "k2", fingerprint } }),
    ]);
    assert.deepEqual(
      answers.map((answer) => answer.kind),
      ["accepted", "repeated"],
    );
  },

  "a producer's own event id is known as long as its event, and free when that is forgotten":
    async (desk) => {
      const endpoint = await desk.endpoint();
      const fingerprint = Buffer.alloc(32, 1);
      const own = () =>
        desk.event([endpoint], { id: "own", idempotency: { key: keyOfOwnId("own"), fingerprint } });
      const accept = async () => first(await desk.store.events.acceptEvents([own()]));
      const answer = await accept();
      const keyed = { key: "own", fingerprint };
      await desk.send([], { id: "another", atMs: START_MS + 10, idempotency: keyed });
      assert.equal(await desk.store.upkeep.forgetIdempotencyKeys(START_MS + 11, 5), 1);
      const repeated = { kind: "repeated", eventId: "own", deliveryCount: 1 };
      assert.deepEqual(await accept(), repeated);
      assert.deepEqual(await forget(desk, START_MS + 1, 10), [0]);
      assert.deepEqual(await accept(), repeated);
      if (answer.kind === "accepted") await desk.record(first(answer.deliveries), "ok");
      assert.deepEqual(await forget(desk, START_MS + 1, 10), [1]);
      assert.equal((await accept()).kind, "accepted");
    },

  "one application's event that is forgotten leaves another's of the same id known": async (
    desk,
  ) => {
    const { office, events } = desk.store;
    const created = { id: "app_2", name: "two", createdAtMs: START_MS };
    const other = await office.createApplication(created);
    const idempotency = { key: keyOfOwnId("own"), fingerprint: Buffer.alloc(32, 1) };
    const theirs = { id: "own", idempotency, applicationSeq: other.seq, atMs: START_MS + 10 };
    await desk.send([], { id: "own", idempotency });
    await desk.send([], theirs);
    assert.deepEqual(await forget(desk, START_MS + 1), [1, 0]);
    assert.equal(first(await events.acceptEvents([desk.event([], theirs)])).kind, "repeated");
  },

  "a store that works says so, as often as it is asked": async (desk) => {
    assert.equal(await desk.store.upkeep.probe(), null);
    assert.equal(await desk.store.upkeep.probe(), null);
  },
};
