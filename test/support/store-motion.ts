import assert from "node:assert/strict";

import type { Endpoint } from "../../daemon/domain/endpoint.ts";
import type { RecoverPlace, RecoverQuery } from "../../daemon/domain/motion-store.ts";
import type { NewDelivery } from "../../daemon/domain/stores.ts";
import type { Desk, Laws } from "./store-desk.ts";
import { first, START_MS } from "./store-desk.ts";
import { fates } from "./store-order.ts";

/** Recovers in chunks until there is nothing left. Returns how many were moved by each. */
async function recover(
  desk: Desk,
  endpoint: Endpoint,
  more: Partial<RecoverQuery> = {},
): Promise<number[]> {
  const chunks: number[] = [];
  const nowMs = START_MS + 5_000;
  const query = { endpointSeq: endpoint.seq, sinceMs: 0, limit: 2, hold: null, nowMs, ...more };
  let after: RecoverPlace | null = null;
  do {
    const answer: { moved: number; next: RecoverPlace | null } =
      await desk.store.office.recoverChunk({ ...query, after });
    chunks.push(answer.moved);
    after = answer.next;
  } while (after !== null);
  return chunks;
}

export const motionLaws: Laws = {
  "a delivery that ended is due at once when it is sent again, with its whole table before it":
    async (desk) => {
      const endpoint = await desk.endpoint();
      const delivery = await desk.post(endpoint);
      await desk.record(delivery, "retry", START_MS, 1);
      await desk.record(delivery, "exhausted", START_MS, 2);
      const row = await desk.store.office.resend(delivery.seq, null, START_MS + 9);
      assert.deepEqual(
        [
          row?.state,
          row?.dueAtMs,
          row?.attemptCount,
          row?.tableStart,
          row?.endReason,
          row?.settledAtMs,
        ],
        ["pending", START_MS + 9, 2, 2, null, null],
      );
      const counts = await desk.store.reads.counts(endpoint.seq);
      assert.deepEqual([counts.exhausted, counts.pending], [0, 1]);
    },

  "one that waits for a retry is due at once when it is sent again": async (desk) => {
    const delivery = await desk.post(await desk.endpoint());
    await desk.record(delivery, "retry");
    const row = await desk.store.office.resend(delivery.seq, null, START_MS + 9);
    assert.deepEqual([row?.state, row?.dueAtMs, row?.tableStart], ["pending", START_MS + 9, 1]);
  },

  "one that is sent again to a paused endpoint is held": async (desk) => {
    const delivery = await desk.post(await desk.endpoint());
    await desk.record(delivery, "ok");
    const row = await desk.store.office.resend(delivery.seq, "paused", START_MS);
    assert.deepEqual([row?.state, row?.hold, row?.dueAtMs], ["held", "paused", null]);
  },

  "what is gone, or whose endpoint is gone, can't be sent again": async (desk) => {
    const endpoint = await desk.endpoint();
    const delivery = await desk.post(endpoint);
    await desk.record(delivery, "ok");
    await desk.store.office.deleteEndpoint(endpoint.seq);
    assert.equal(await desk.store.office.resend(delivery.seq, null, START_MS), null);
    assert.equal(await desk.store.office.resend(delivery.seq + 1, null, START_MS), null);
    assert.equal(await desk.store.office.cancel(delivery.seq + 1, START_MS), null);
  },

  "cancelling ends what has not ended, and leaves an ending as it is": async (desk) => {
    const endpoint = await desk.endpoint();
    const [open, done] = [await desk.post(endpoint), await desk.post(endpoint)];
    await desk.record(done, "ok");
    const cancelled = await desk.store.office.cancel(open.seq, START_MS + 4);
    assert.deepEqual(
      [cancelled?.state, cancelled?.endReason, cancelled?.settledAtMs, cancelled?.dueAtMs],
      ["cancelled", "cancelled", START_MS + 4, null],
    );
    assert.equal((await desk.store.office.cancel(done.seq, START_MS))?.state, "delivered");
    const counts = await desk.store.reads.counts(endpoint.seq);
    assert.deepEqual([counts.pending, counts.cancelled, counts.delivered], [0, 1, 1]);
  },

  "an endpoint's deliveries are cancelled in chunks, pending and held, and no other's": async (
    desk,
  ) => {
    const [endpoint, other] = [await desk.endpoint({ isOrdered: true }), await desk.endpoint()];
    const mine = [await desk.post(endpoint), await desk.post(endpoint, { key: "k" })];
    for (let i = 0; i < 3; i++) mine.push(await desk.post(endpoint, { key: "k" }));
    const kept = await desk.post(other);
    const chunks: number[] = [];
    for (;;) {
      const cancel = desk.store.office.cancelChunk;
      const moved = await cancel(endpoint.seq, "endpoint_deleted", 2, START_MS);
      if (moved === 0) break;
      chunks.push(moved);
    }
    assert.deepEqual(chunks, [2, 1, 2]);
    assert.deepEqual(await fates(desk, mine), Array<string>(5).fill("cancelled"));
    assert.deepEqual(await fates(desk, [kept]), ["pending"]);
    assert.equal((await desk.store.reads.counts(endpoint.seq)).cancelled, 5);
  },

  "recovering puts back what was exhausted since a time and what waits for a retry": async (
    desk,
  ) => {
    const endpoint = await desk.endpoint();
    const posts = [];
    for (let i = 0; i < 6; i++) posts.push(await desk.post(endpoint));
    const [early, late, later, retrying, fresh, done] = posts;
    assert.ok(early && late && later && retrying && fresh && done);
    await desk.record(early, "exhausted", START_MS);
    await desk.record(late, "exhausted", START_MS + 100);
    await desk.record(later, "exhausted", START_MS + 200);
    await desk.record(retrying, "retry", START_MS + 300);
    await desk.record(done, "ok");
    const chunks = await recover(desk, endpoint, { sinceMs: START_MS + 100 });
    assert.equal(
      chunks.reduce((sum, moved) => sum + moved),
      3,
    );
    const rows = posts.map(({ id }) => desk.store.reads.delivery(desk.applicationSeq, id));
    assert.deepEqual(
      (await Promise.all(rows)).map((row) => [row?.state, row?.dueAtMs, row?.tableStart]),
      [
        ["exhausted", null, 0],
        ["pending", START_MS + 5_000, 1],
        ["pending", START_MS + 5_000, 1],
        ["pending", START_MS + 5_000, 1],
        ["pending", START_MS, 0],
        ["delivered", null, 0],
      ],
    );
    const counts = await desk.store.reads.counts(endpoint.seq);
    assert.deepEqual([counts.pending, counts.exhausted], [4, 1]);
  },

  "recovering ends, chunk by chunk, however much there is": async (desk) => {
    const endpoint = await desk.endpoint();
    for (let i = 0; i < 5; i++) await desk.record(await desk.post(endpoint), "exhausted");
    for (let i = 0; i < 3; i++) await desk.record(await desk.post(endpoint), "retry");
    assert.deepEqual(await recover(desk, endpoint), [2, 2, 2, 2, 0]);
  },

  "recovering leaves what last failed before that time, whether it was given up or waits for a retry":
    async (desk) => {
      const endpoint = await desk.endpoint();
      const posts = [];
      for (let i = 0; i < 9; i++) posts.push(await desk.post(endpoint));
      for (const [i, delivery] of posts.entries()) {
        await desk.record(delivery, "retry", START_MS + 100 * i);
      }
      const [again] = posts;
      assert.ok(again);
      // Failed again since: what counts is the last time.
      await desk.record(again, "retry", START_MS + 1_000, 2);
      const chunks = await recover(desk, endpoint, { sinceMs: START_MS + 700 });
      assert.equal(
        chunks.reduce((sum, moved) => sum + moved),
        3,
      );
      const rows = posts.map(({ id }) => desk.store.reads.delivery(desk.applicationSeq, id));
      const starts = (await Promise.all(rows)).map((row) => row?.tableStart);
      assert.deepEqual(starts, [2, 0, 0, 0, 0, 0, 0, 1, 1]);
    },

  "recovering leaves tests alone: they are asked for one by one": async (desk) => {
    const endpoint = await desk.endpoint();
    const test = await desk.post(endpoint, { isTest: true });
    await desk.record(test, "exhausted");
    assert.deepEqual(await recover(desk, endpoint), [0]);
    assert.deepEqual(await fates(desk, [test]), ["exhausted"]);
  },

  "recovering for a paused endpoint holds what it puts back": async (desk) => {
    const endpoint = await desk.endpoint();
    const [failed, retrying] = [await desk.post(endpoint), await desk.post(endpoint)];
    await desk.record(failed, "exhausted");
    await desk.record(retrying, "retry");
    await recover(desk, endpoint, { hold: "paused" });
    assert.deepEqual(await fates(desk, [failed, retrying]), ["paused", "paused"]);
  },

  "recovering an ordered endpoint lets the oldest of each key go first": async (desk) => {
    const endpoint = await desk.endpoint({ isOrdered: true });
    const [a, b] = [
      await desk.post(endpoint, { key: "k" }),
      await desk.post(endpoint, { key: "k" }),
    ];
    await desk.record(a, "exhausted");
    await desk.record(b, "exhausted");
    await recover(desk, endpoint);
    assert.deepEqual(await fates(desk, [a, b]), ["pending", "order"]);
    await desk.record(a, "ok", START_MS, 2);
    assert.deepEqual(await fates(desk, [a, b]), ["delivered", "pending"]);
  },

  "an event is delivered again to an endpoint that had it, and newly to one that had not": async (
    desk,
  ) => {
    const [had, had_not] = [await desk.endpoint(), await desk.endpoint()];
    const { eventSeq, deliveries } = await desk.send([had]);
    const again = async (endpoint: Endpoint, seq = eventSeq) => {
      const delivery = againTo(desk, endpoint);
      const entries = [{ eventSeq: seq, delivery }];
      return first(await desk.store.office.deliverAgain(entries, START_MS + 7));
    };
    assert.equal(await again(had), "waiting");
    for (const delivery of deliveries) await desk.record(delivery, "ok");
    assert.equal(await again(had), "resent");
    assert.equal(await again(had_not), "created");
    assert.equal(await again(had_not), "waiting");
    assert.equal(await again(had, eventSeq + 1), "gone");
    await desk.store.office.deleteEndpoint((await desk.endpoint()).seq);
    assert.equal(await again({ ...had, seq: had.seq + 99 }), "gone");
    const counts = await desk.store.reads.counts(had_not.seq);
    assert.equal(counts.pending, 1);
    assert.equal(await desk.store.deliveries.nextDueAtMs(had_not.seq, new Set()), START_MS + 7);
  },

  "a replayed event waits behind others of its ordering key": async (desk) => {
    const endpoint = await desk.endpoint({ isOrdered: true });
    const { eventSeq } = await desk.send([]);
    const pending = await desk.post(endpoint, { key: "k" });
    const delivery = againTo(desk, endpoint, "k");
    await desk.store.office.deliverAgain([{ eventSeq, delivery }], START_MS);
    const read = () => desk.store.reads.delivery(desk.applicationSeq, delivery.id);
    assert.equal((await read())?.hold, "order");
    await desk.record(pending, "ok");
    assert.equal((await read())?.state, "pending");
  },

  "a chunk of a replay is answered one by one, in order, and keeps the order of its keys": async (
    desk,
  ) => {
    const endpoint = await desk.endpoint({ isOrdered: true });
    const events = [await desk.send([]), await desk.send([]), await desk.send([endpoint])];
    const seqs = [...events.map(({ eventSeq }) => eventSeq), 999];
    const entries = seqs.map((eventSeq) => ({ eventSeq, delivery: againTo(desk, endpoint, "k") }));
    assert.deepEqual(await desk.store.office.deliverAgain(entries, START_MS), [
      "created",
      "created",
      "waiting",
      "gone",
    ]);
    const { pending, held } = await desk.store.reads.counts(endpoint.seq);
    assert.deepEqual([pending, held], [2, 1]);
    assert.deepEqual(await desk.store.office.deliverAgain([], START_MS), []);
  },

  "events are read for replay oldest first, within a span of time, in chunks": async (desk) => {
    const seqs = [];
    for (const atMs of [1, 2, 2, 3, 4]) {
      seqs.push((await desk.send([], { atMs: START_MS + atMs })).eventSeq);
    }
    const query = { applicationSeq: desk.applicationSeq, fromMs: START_MS + 2, toMs: START_MS + 4 };
    const read = async (afterSeq: number) =>
      (await desk.store.office.eventsForReplay({ ...query, afterSeq, limit: 2 })).map(
        ({ seq }) => seq,
      );
    assert.deepEqual(await read(0), seqs.slice(1, 3));
    assert.deepEqual(await read(seqs[2] ?? 0), seqs.slice(3, 4));
    assert.deepEqual(await read(seqs[3] ?? 0), []);
    // The event that the last chunk ended with may be forgotten meanwhile.
    const forget = { beforeMs: START_MS + 3, afterSeq: 0, limit: 3 };
    await desk.store.upkeep.forgetEvents(forget);
    assert.deepEqual(await read(seqs[2] ?? 0), seqs.slice(3, 4));
  },
};

function againTo(desk: Desk, endpoint: Endpoint, orderingKey: string | null = null): NewDelivery {
  return { id: desk.id("dlv"), endpointSeq: endpoint.seq, hold: null, orderingKey, isTest: false };
}
