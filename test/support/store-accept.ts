import assert from "node:assert/strict";

import type { Laws } from "./store-desk.ts";
import { START_MS } from "./store-desk.ts";

const FINGERPRINT = Buffer.alloc(32, 1);
const ANOTHER = Buffer.alloc(32, 2);

function claim(key: string) {
  return { idempotency: { key, fingerprint: FINGERPRINT } };
}

export const acceptanceLaws: Laws = {
  "an accepted event has one pending delivery per endpoint, in the endpoints' order": async (
    desk,
  ) => {
    const [a, b] = [await desk.endpoint(), await desk.endpoint()];
    const answer = await desk.send([a, b], { tenant: "acme", body: '{"data":7}' });
    assert.deepEqual(
      answer.deliveries.map(({ endpointSeq, isPending }) => [endpointSeq, isPending]),
      [
        [a.seq, true],
        [b.seq, true],
      ],
    );
    const event = await desk.store.reads.event(desk.applicationSeq, answer.eventId);
    assert.equal(event?.seq, answer.eventSeq);
    assert.equal(event.deliveryCount, 2);
    assert.equal(event.tenant, "acme");
    assert.equal(Buffer.from(event.body.bytes).toString(), '{"data":7}');
    assert.equal(event.body.dataStart, 9);
    assert.equal((await desk.store.reads.totals()).events, 1);
  },

  "an event that nobody subscribed to is kept all the same": async (desk) => {
    const answer = await desk.send([]);
    assert.deepEqual(answer.deliveries, []);
    assert.notEqual(await desk.store.reads.event(desk.applicationSeq, answer.eventId), null);
  },

  "the same idempotency key with the same request is answered with the first answer": async (
    desk,
  ) => {
    const endpoint = await desk.endpoint();
    const idempotency = { key: "order-1", fingerprint: FINGERPRINT };
    const answer = await desk.send([endpoint], { idempotency });
    const again = await desk.store.events.acceptEvents([
      desk.event([endpoint, await desk.endpoint()], { idempotency }),
    ]);
    assert.deepEqual(again, [{ kind: "repeated", eventId: answer.eventId, deliveryCount: 1 }]);
    assert.equal((await desk.store.reads.totals()).events, 1);
  },

  "the same idempotency key with another request is a conflict, and nothing is written": async (
    desk,
  ) => {
    const endpoint = await desk.endpoint();
    await desk.send([endpoint], { idempotency: { key: "order-1", fingerprint: FINGERPRINT } });
    const [answer] = await desk.store.events.acceptEvents([
      desk.event([endpoint], { idempotency: { key: "order-1", fingerprint: ANOTHER } }),
    ]);
    assert.equal(answer?.kind, "conflict");
    assert.equal((await desk.store.reads.totals()).pending, 1);
  },

  "the same idempotency key twice in one batch makes one event": async (desk) => {
    const endpoint = await desk.endpoint();
    const idempotency = { key: "order-1", fingerprint: FINGERPRINT };
    const answers = await desk.store.events.acceptEvents([
      desk.event([endpoint], { idempotency }),
      desk.event([endpoint], { idempotency }),
      desk.event([endpoint], { idempotency: { ...idempotency, fingerprint: ANOTHER } }),
    ]);
    assert.deepEqual(
      answers.map((answer) => answer.kind),
      ["accepted", "repeated", "conflict"],
    );
    assert.equal((await desk.store.reads.totals()).events, 1);
  },

  "an idempotency key belongs to its application": async (desk) => {
    const other = await desk.store.office.createApplication({
      id: desk.id("app"),
      name: "other",
      createdAtMs: START_MS,
    });
    const idempotency = { key: "order-1", fingerprint: FINGERPRINT };
    await desk.send([], { idempotency });
    const [answer] = await desk.store.events.acceptEvents([
      desk.event([], { idempotency, applicationSeq: other.seq }),
    ]);
    assert.equal(answer?.kind, "accepted");
  },

  "a producer's id that is taken is a conflict, and the batch's other events are accepted": async (
    desk,
  ) => {
    const endpoint = await desk.endpoint();
    const idempotency = { key: "order-1", fingerprint: FINGERPRINT };
    await desk.send([endpoint], { id: "mine-1" });
    const answers = await desk.store.events.acceptEvents([
      desk.event([endpoint], { id: "mine-1", idempotency }),
      desk.event([endpoint], { id: "mine-2" }),
    ]);
    assert.deepEqual(
      answers.map((answer) => answer.kind),
      ["conflict", "accepted"],
    );
    assert.equal((await desk.store.reads.counts(endpoint.seq)).pending, 2);
  },

  "of a large batch each event keeps its own body and deliveries, whatever was refused in between":
    async (desk) => {
      const endpoints = [await desk.endpoint(), await desk.endpoint()];
      await desk.send([], { id: "mine" });
      const batch = Array.from({ length: 150 }, (_, i) => {
        const body = `{"data":${i}}`;
        if (i % 10 === 5)
          return desk.event(endpoints, { id: "mine", ...claim(`taken-${i}`), body });
        // Those with a key are written one by one, between those that are gathered.
        const sent = i % 7 === 3 ? { body, ...claim(`key-${i}`) } : { body };
        return desk.event(endpoints.slice(i % 3), sent);
      });
      const answers = await desk.store.events.acceptEvents(batch);
      for (const [i, answer] of answers.entries()) {
        const refused = i % 10 === 5;
        assert.equal(answer.kind, refused ? "conflict" : "accepted");
        if (answer.kind !== "accepted") continue;
        const event = await desk.store.reads.event(desk.applicationSeq, answer.eventId);
        assert.equal(event?.seq, answer.eventSeq);
        assert.equal(Buffer.from(event.body.bytes).toString(), `{"data":${i}}`);
        assert.equal(event.deliveryCount, endpoints.slice(i % 3).length);
        for (const { id, seq } of answer.deliveries) {
          const row = await desk.store.reads.delivery(desk.applicationSeq, id);
          assert.deepEqual([row?.seq, row?.eventSeq], [seq, answer.eventSeq]);
        }
      }
    },

  "two applications may use the same event id": async (desk) => {
    const other = await desk.store.office.createApplication({
      id: desk.id("app"),
      name: "other",
      createdAtMs: START_MS,
    });
    await desk.send([], { id: "mine-1" });
    const answer = await desk.send([], { id: "mine-1", applicationSeq: other.seq });
    assert.equal((await desk.store.reads.event(other.seq, "mine-1"))?.seq, answer.eventSeq);
  },

  "what is accepted for a paused endpoint is held, and not due": async (desk) => {
    const endpoint = await desk.endpoint();
    await desk.store.office.updateEndpoint(endpoint.seq, { state: "paused", atMs: START_MS });
    const delivery = await desk.post(endpoint, { hold: "paused" });
    assert.equal(delivery.isPending, false);
    const row = await desk.store.reads.delivery(desk.applicationSeq, delivery.id);
    assert.deepEqual([row?.state, row?.hold, row?.dueAtMs], ["held", "paused", null]);
    assert.deepEqual(await desk.store.deliveries.pendingLanes(), []);
  },

  "what was matched while its endpoint was paused, and comes after the resume, is not held for ever":
    async (desk) => {
      const endpoint = await desk.endpoint();
      const delivery = await desk.post(endpoint, { hold: "paused" });
      assert.equal(delivery.isPending, true);
    },

  "what was matched before its endpoint went is cancelled at once": async (desk) => {
    const endpoint = await desk.endpoint();
    await desk.store.office.deleteEndpoint(endpoint.seq);
    const delivery = await desk.post(endpoint);
    assert.equal(delivery.isPending, false);
    const row = await desk.store.reads.delivery(desk.applicationSeq, delivery.id);
    assert.deepEqual([row?.state, row?.endReason], ["cancelled", "endpoint_deleted"]);
    assert.equal((await desk.store.reads.totals()).cancelled, 1);
  },
};
