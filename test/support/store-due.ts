import assert from "node:assert/strict";

import type { Endpoint } from "../../daemon/domain/endpoint.ts";
import type { Desk, Laws } from "./store-desk.ts";
import { attempt, first, START_MS } from "./store-desk.ts";

function due(desk: Desk, endpoint: Endpoint, more: Partial<DueQuery> = {}) {
  return desk.store.deliveries.dueDeliveries({
    endpointSeq: endpoint.seq,
    shape: "standard",
    nowMs: START_MS,
    limit: 100,
    bytesMax: 1_000_000,
    except: new Set(),
    ...more,
  });
}

type DueQuery = Parameters<Desk["store"]["deliveries"]["dueDeliveries"]>[0];

async function seqs(rows: ReturnType<typeof due>): Promise<number[]> {
  return (await rows).map((row) => row.seq);
}

export const dueLaws: Laws = {
  "due deliveries come by time, then in the order of their events, and none before its time":
    async (desk) => {
      const endpoint = await desk.endpoint();
      const [a, b, c] = [
        await desk.post(endpoint, { atMs: START_MS }),
        await desk.post(endpoint, { atMs: START_MS - 1 }),
        await desk.post(endpoint, { atMs: START_MS }),
      ];
      await desk.post(endpoint, { atMs: START_MS + 1 });
      assert.deepEqual(await seqs(due(desk, endpoint)), [b.seq, a.seq, c.seq]);
    },

  "a due delivery brings all that its request is made of": async (desk) => {
    const endpoint = await desk.endpoint({ isOrdered: true });
    const sent = await desk.post(endpoint, { type: "a.b", id: "mine-1", key: "k", body: "{}" });
    const row = first(await due(desk, endpoint));
    assert.deepEqual(
      { ...row, event: { ...row.event, body: Buffer.from(row.event.body).toString() } },
      {
        seq: sent.seq,
        id: sent.id,
        endpointSeq: endpoint.seq,
        eventSeq: row.eventSeq,
        attemptCount: 0,
        tableStart: 0,
        orderingKey: "k",
        isTest: false,
        event: {
          id: "mine-1",
          type: "a.b",
          occurredAtMs: START_MS - 5,
          contentType: null,
          body: "{}",
          dataStart: 9,
          shape: "standard",
        },
      },
    );
  },

  "a body of another shape is given where it was made, and the event's own where it was not":
    async (desk) => {
      const endpoint = await desk.endpoint();
      const variants = [{ shape: "topic" as const, bytes: Buffer.from("topic!") }];
      const made = await desk.send([endpoint], { variants });
      const plain = await desk.send([endpoint], { body: "plain" });
      const shapes = async () =>
        (await due(desk, endpoint, { shape: "topic", nowMs: START_MS + 10_000 })).map((row) => [
          row.event.shape,
          Buffer.from(row.event.body).toString(),
        ]);
      assert.deepEqual(await shapes(), [
        ["topic", "topic!"],
        ["standard", "plain"],
      ]);
      // Made for an attempt, and kept in the commit of its record; what is there already stays.
      await recordWith(desk, plain, "later");
      await recordWith(desk, made, "twice");
      assert.deepEqual(await shapes(), [
        ["topic", "topic!"],
        ["topic", "later"],
      ]);
    },

  "raw bytes have no shape but their own": async (desk) => {
    const endpoint = await desk.endpoint();
    await desk.post(endpoint, { contentType: "text/csv", body: "a,b" });
    const { event } = first(await due(desk, endpoint, { shape: "digest" }));
    assert.deepEqual([event.shape, event.contentType], ["raw", "text/csv"]);
  },

  "what is in memory already is left out, without using up the limit": async (desk) => {
    const endpoint = await desk.endpoint();
    const [a, b, c] = [
      await desk.post(endpoint),
      await desk.post(endpoint),
      await desk.post(endpoint),
    ];
    const query = { limit: 1, except: new Set([a.seq, b.seq]) };
    assert.deepEqual(await seqs(due(desk, endpoint, query)), [c.seq]);
  },

  "bodies are read up to a limit of bytes, and at least one": async (desk) => {
    const endpoint = await desk.endpoint();
    for (let i = 0; i < 5; i++) await desk.post(endpoint, { body: "x".repeat(100) });
    assert.equal((await due(desk, endpoint, { bytesMax: 1 })).length, 1);
    assert.equal((await due(desk, endpoint, { bytesMax: 250 })).length, 3);
  },

  "the next time something is due is told past what is in memory": async (desk) => {
    const endpoint = await desk.endpoint();
    const a = await desk.post(endpoint, { atMs: START_MS });
    await desk.post(endpoint, { atMs: START_MS + 7 });
    const next = (except: number[]) =>
      desk.store.deliveries.nextDueAtMs(endpoint.seq, new Set(except));
    assert.equal(await next([]), START_MS);
    assert.equal(await next([a.seq]), START_MS + 7);
    await desk.record(a, "ok");
    assert.equal(await next([]), START_MS + 7);
    assert.equal(await desk.store.deliveries.nextDueAtMs(endpoint.seq + 1, new Set()), null);
  },

  "lanes tell how much waits at each endpoint and since when": async (desk) => {
    const [a, b, idle] = [await desk.endpoint(), await desk.endpoint(), await desk.endpoint()];
    await desk.send([a, b], { atMs: START_MS + 1 });
    await desk.send([a]);
    await desk.record(await desk.post(idle), "ok");
    assert.deepEqual(await desk.store.deliveries.pendingLanes(), [
      { endpointSeq: a.seq, dueAtMs: START_MS, count: 2 },
      { endpointSeq: b.seq, dueAtMs: START_MS + 1, count: 1 },
    ]);
  },

  "an attempt is kept with what was sent and answered, and its delivery tells the last one": async (
    desk,
  ) => {
    const endpoint = await desk.endpoint();
    const delivery = await desk.post(endpoint);
    await desk.record(delivery, "retry", START_MS, 1);
    const waiting = await desk.store.reads.delivery(desk.applicationSeq, delivery.id);
    assert.deepEqual(
      [
        waiting?.state,
        waiting?.dueAtMs,
        waiting?.attemptCount,
        waiting?.lastStatus,
        waiting?.lastError,
      ],
      ["pending", START_MS + 10_000, 1, 500, "http_500"],
    );
    await desk.record(delivery, "ok", START_MS + 20_000, 2);
    const done = await desk.store.reads.delivery(desk.applicationSeq, delivery.id);
    assert.deepEqual(
      [done?.state, done?.endReason, done?.settledAtMs, done?.dueAtMs, done?.lastError],
      ["delivered", "accepted", START_MS + 20_000, null, null],
    );
    const attempts = await desk.store.reads.attempts(delivery.seq);
    assert.deepEqual(
      attempts.map(({ number, status, errorCode }) => [number, status, errorCode]),
      [
        [1, 500, "http_500"],
        [2, 200, null],
      ],
    );
    const kept = first(attempts);
    assert.equal(kept.durationMs, 3);
    assert.equal(kept.requestHeaders, "content-type: application/json");
    assert.equal(kept.responseHeaders, "server: t");
    assert.equal(Buffer.from(kept.responseExcerpt ?? []).toString(), "hi");
    const counts = await desk.store.reads.counts(endpoint.seq);
    assert.deepEqual(
      [counts.pending, counts.delivered, counts.attempts, counts.failedAttempts],
      [0, 1, 2, 1],
    );
  },

  "an attempt that was written twice counts once": async (desk) => {
    const endpoint = await desk.endpoint();
    const record = attempt(await desk.post(endpoint), "retry", {
      id: "att_1",
      atMs: START_MS,
      number: 1,
    });
    await desk.store.deliveries.recordAttempts([record], [], START_MS);
    await desk.store.deliveries.recordAttempts([record], [], START_MS);
    assert.equal((await desk.store.reads.counts(endpoint.seq)).attempts, 1);
  },

  "what was cancelled under way stays cancelled after a failure, and its attempt is kept": async (
    desk,
  ) => {
    const delivery = await desk.post(await desk.endpoint());
    await desk.store.office.cancel(delivery.seq, START_MS);
    await desk.record(delivery, "retry");
    const row = await desk.store.reads.delivery(desk.applicationSeq, delivery.id);
    assert.deepEqual([row?.state, row?.attemptCount, row?.dueAtMs], ["cancelled", 1, null]);
  },

  "what was cancelled under way and delivered after all is delivered": async (desk) => {
    const endpoint = await desk.endpoint();
    const delivery = await desk.post(endpoint);
    await desk.store.office.cancel(delivery.seq, START_MS);
    await desk.record(delivery, "ok");
    const row = await desk.store.reads.delivery(desk.applicationSeq, delivery.id);
    assert.deepEqual([row?.state, row?.endReason], ["delivered", "accepted"]);
    const counts = await desk.store.reads.counts(endpoint.seq);
    assert.deepEqual([counts.pending, counts.cancelled, counts.delivered], [0, 0, 1]);
  },

  "what was held under way stays held after a retry, and ends with an ending": async (desk) => {
    const endpoint = await desk.endpoint();
    const [failing, done] = [await desk.post(endpoint), await desk.post(endpoint)];
    await desk.store.office.updateEndpoint(endpoint.seq, { state: "paused", atMs: START_MS });
    const hold = { transition: "hold", hold: "paused", limit: 10, nowMs: START_MS } as const;
    await desk.store.deliveries.moveHeld({ endpointSeq: endpoint.seq, ...hold });
    await desk.record(failing, "retry");
    await desk.record(done, "exhausted");
    const states = [failing, done].map(async ({ id }) => {
      const row = await desk.store.reads.delivery(desk.applicationSeq, id);
      return [row?.state, row?.attemptCount];
    });
    assert.deepEqual(await Promise.all(states), [
      ["held", 1],
      ["exhausted", 1],
    ]);
  },

  "an ending that found its endpoint away is due again when that was resumed meanwhile": async (
    desk,
  ) => {
    const endpoint = await desk.endpoint();
    const delivery = await desk.post(endpoint);
    assert.deepEqual(await desk.record(delivery, "away"), [
      { endpointSeq: endpoint.seq, dueAtMs: START_MS },
    ]);
    const row = await desk.store.reads.delivery(desk.applicationSeq, delivery.id);
    assert.deepEqual([row?.state, row?.dueAtMs], ["pending", START_MS]);
  },

  "an attempt whose delivery was forgotten meanwhile leaves nothing behind": async (desk) => {
    const endpoint = await desk.endpoint();
    const delivery = await desk.post(endpoint);
    await desk.store.office.cancel(delivery.seq, START_MS);
    const all = { beforeMs: START_MS + 1, afterSeq: 0, limit: 10 };
    assert.equal((await desk.store.upkeep.forgetEvents(all)).forgotten, 1);
    await desk.record(delivery, "ok");
    assert.deepEqual(await desk.store.reads.attempts(delivery.seq), []);
    assert.equal((await desk.store.reads.counts(endpoint.seq)).attempts, 0);
  },

  "how an endpoint does is kept with the attempts, and a verdict disables it": async (desk) => {
    const endpoint = await desk.endpoint();
    const delivery = await desk.post(endpoint);
    const health = { ...endpoint.health, failedInARow: 3, failingSinceMs: START_MS };
    const verdict = { endpointSeq: endpoint.seq, health, disables: "gone" } as const;
    const record = attempt(delivery, "away", { id: "att_1", atMs: START_MS, number: 1 });
    await desk.store.deliveries.recordAttempts([record], [verdict], START_MS + 1);
    const after = first(await desk.store.office.endpoints());
    assert.deepEqual(after.health, health);
    assert.deepEqual(
      [after.state, after.disabledReason, after.transition, after.stateChangedAtMs],
      ["disabled", "gone", "hold", START_MS + 1],
    );
    const row = await desk.store.reads.delivery(desk.applicationSeq, delivery.id);
    assert.equal(row?.state, "held");
  },

  "retries that stand too far ahead can be pulled forward": async (desk) => {
    const endpoint = await desk.endpoint();
    const delivery = await desk.post(endpoint);
    await desk.record(delivery, "retry", START_MS + 50_000);
    await desk.store.deliveries.pullForward(endpoint.seq, START_MS + 5);
    assert.equal(await desk.store.deliveries.nextDueAtMs(endpoint.seq, new Set()), START_MS + 5);
  },
};

async function recordWith(desk: Desk, sent: Awaited<ReturnType<Desk["send"]>>, text: string) {
  const variant = {
    eventSeq: sent.eventSeq,
    shape: "topic" as const,
    bytes: Buffer.from(text),
  };
  const times = { id: `att_${text}`, atMs: START_MS, number: 1 };
  const made = { ...attempt(first(sent.deliveries), "retry", times), variant };
  await desk.store.deliveries.recordAttempts([made], [], START_MS);
}
