/** What a person does with endpoints and deliveries: hold, let go, send again, call off. */
import assert from "node:assert/strict";
import { after, suite, test } from "node:test";

import type { Desk } from "./support/post-office.ts";
import { openPostOffice, together, until } from "./support/post-office.ts";
import type { Receiver } from "./support/receiver.ts";
import { startReceiver } from "./support/receiver.ts";

const office = await openPostOffice();
after(() => office.close());

function numbers(receiver: Receiver): readonly number[] {
  const found = receiver.requests.map(({ body }) => Number(JSON.parse(body.toString()).data.n));
  return found.toSorted((left, right) => left - right);
}

/** A receiver that answers 500 until it is mended. */
async function brokenReceiver() {
  let isBroken = true;
  const receiver = await startReceiver((_request, response) => {
    response.writeHead(isBroken ? 500 : 204).end();
  });
  return { ...receiver, mend: () => void (isBroken = false) };
}

/** An endpoint that was paused before four events came: 1 and 2 with key a, 3 with key b, 4 without a key. */
async function pausedWithFour(receiver: Receiver, desk: Desk, isOrdered = true) {
  const { id } = await desk.endpoint(receiver.url, { ordered: isOrdered });
  await desk.must(`POST /v1/endpoints/${id}/pause`);
  const events = [
    await desk.send({ n: 1 }, { ordering_key: "a" }),
    await desk.send({ n: 2 }, { ordering_key: "a" }),
    await desk.send({ n: 3 }, { ordering_key: "b" }),
    await desk.send({ n: 4 }),
  ];
  for (const event of events) {
    assert.equal((await desk.becomes(event, "held")).reason.code, "held_paused");
  }
  assert.equal(receiver.requests.length, 0);
  return { id, events };
}

async function endpointSettled(desk: Desk, id: string): Promise<void> {
  await until(async () => {
    const { pending, held } = await desk.must(`GET /v1/endpoints/${id}/stats`);
    return pending + held === 0;
  }, "nothing to wait at the endpoint");
}

suite("a paused endpoint", { concurrency: true }, () => {
  for (const [held, wanted] of [
    ["all", [1, 2, 3, 4]],
    ["latest", [2, 3, 4]],
    ["none", []],
  ] as const) {
    test(`holds what arrives; resumed with ${held} it gets ${wanted.join(", ") || "nothing"}`, async () => {
      await using receiver = await startReceiver();
      const desk = await office.desk();
      const { id, events } = await pausedWithFour(receiver, desk);
      const endpoint = await desk.must(`POST /v1/endpoints/${id}/resume`, { held });
      assert.equal(endpoint.state, "active");
      await endpointSettled(desk, id);
      assert.deepEqual(numbers(receiver), wanted);
      for (const [index, event] of events.entries()) {
        const isSent = (wanted as readonly number[]).includes(index + 1);
        const { state, end_reason: endReason } = await desk.delivery(event);
        assert.equal(state, isSent ? "delivered" : "cancelled");
        assert.equal(endReason, isSent ? "accepted" : "skipped");
      }
      const next = await desk.send({ n: 9 });
      await desk.becomes(next, "delivered");
    });
  }

  test("resumed with latest it gets the newest of each key, ordered or not", async () => {
    await using receiver = await startReceiver();
    const desk = await office.desk();
    const { id } = await pausedWithFour(receiver, desk, false);
    await desk.must(`POST /v1/endpoints/${id}/resume`, { held: "latest" });
    await endpointSettled(desk, id);
    assert.deepEqual(numbers(receiver), [2, 3, 4]);
  });

  test("can be tested all the same: a real delivery, one attempt, and nothing else is let go", async () => {
    await using receiver = await brokenReceiver();
    const desk = await office.desk();
    const { id, events } = await pausedWithFour(receiver, desk);
    const failed = await desk.ask(`POST /v1/endpoints/${id}/test`);
    assert.equal(failed.status, 200, failed.text);
    assert.deepEqual([failed.json.state, failed.json.end_reason], ["exhausted", "test_failed"]);
    receiver.mend();
    const worked = await desk.must(`POST /v1/endpoints/${id}/test`);
    assert.deepEqual([worked.state, worked.is_test], ["delivered", true]);
    assert.equal(receiver.requests.length, 2);
    assert.match(receiver.requests[1]?.body.toString() ?? "", /^\{"type":"posthorn\.test"/);
    for (const event of events) assert.equal((await desk.delivery(event)).state, "held");
  });

  test("holds retries, too, and a disabled one the same until it is enabled", async () => {
    await using receiver = await brokenReceiver();
    const desk = await office.desk();
    const { id } = await desk.endpoint(receiver.url, { backoff: [60] });
    const event = await desk.send({ n: 1 });
    await receiver.received(1);
    assert.equal((await desk.ask(`POST /v1/endpoints/${id}/enable`)).status, 200);
    await desk.must(`POST /v1/endpoints/${id}/disable`);
    const held = await desk.becomes(event, "held");
    assert.equal(held.reason.code, "disabled_by_operator");
    assert.equal((await desk.ask(`POST /v1/endpoints/${id}/resume`)).status, 409);
    receiver.mend();
    await desk.must(`POST /v1/endpoints/${id}/enable`);
    const delivery = await desk.becomes(event, "delivered");
    assert.equal(delivery.attempt_count, 2);
  });
});

together("a delivery in a person's hands", {
  "is sent again under the same id, whether it was delivered or given up": async () => {
    await using receiver = await brokenReceiver();
    const desk = await office.desk();
    await desk.endpoint(receiver.url, { backoff: [] });
    const event = await desk.send({ n: 1 });
    const { id } = await desk.becomes(event, "exhausted");
    receiver.mend();
    for (const count of [2, 3]) {
      await desk.must(`POST /v1/deliveries/${id}/resend`);
      await receiver.received(count);
      assert.equal((await desk.becomes(event, "delivered")).attempt_count, count);
    }
    const ids = new Set(receiver.requests.map((each) => each.header("webhook-id")));
    assert.deepEqual([...ids], [event]);
  },

  "that waits for its retry is called off and never sent again; one that has ended is not":
    async () => {
      await using receiver = await brokenReceiver();
      const desk = await office.desk();
      await desk.endpoint(receiver.url, { backoff: [1] });
      const event = await desk.send({ n: 1 });
      await receiver.received(1);
      const waiting = await until(async () => {
        const delivery = await desk.delivery(event);
        return delivery.reason.code === "retry_scheduled" && delivery;
      }, "the retry to be scheduled");
      const cancelled = await desk.must(`POST /v1/deliveries/${waiting.id}/cancel`);
      assert.deepEqual([cancelled.state, cancelled.due_at], ["cancelled", null]);
      // Longer than the retry would have taken: the next event's own retry comes after it.
      const next = await desk.send({ n: 2 });
      await desk.becomes(next, "exhausted");
      assert.deepEqual(numbers(receiver), [1, 2, 2]);
      const again = await desk.ask(`POST /v1/deliveries/${waiting.id}/cancel`);
      assert.deepEqual([again.status, again.json.code], [409, "conflict"]);
    },

  "goes with everything else that failed when its endpoint is recovered": async () => {
    await using receiver = await brokenReceiver();
    const desk = await office.desk();
    const { id } = await desk.endpoint(receiver.url, { backoff: [] });
    const since = new Date(Date.now() - 1_000).toISOString();
    const events = await Promise.all([1, 2, 3].map((n) => desk.send({ n })));
    for (const event of events) await desk.becomes(event, "exhausted");
    receiver.mend();
    const later = new Date(Date.now() + 60_000).toISOString();
    const none = await desk.ask(`POST /v1/endpoints/${id}/recover`, { body: { since: later } });
    assert.deepEqual([none.status, none.json.code], [400, "invalid_request"]);
    const all = await desk.must(`POST /v1/endpoints/${id}/recover`, { since });
    assert.equal(all.recovered, 3);
    for (const event of events) await desk.becomes(event, "delivered");
    assert.deepEqual(numbers(receiver), [1, 1, 2, 2, 3, 3]);
  },

  "a new endpoint is sent past events by a replay, those of a type, under their old ids":
    async () => {
      await using receiver = await startReceiver();
      const desk = await office.desk();
      const from = new Date(Date.now() - 1_000).toISOString();
      const events = [await desk.send({ n: 1 }), await desk.send({ n: 2 })];
      await desk.must("POST /v1/events", { type: "user.created", data: { n: 3 } });
      const { id } = await desk.endpoint(receiver.url);
      const to = new Date(Date.now() + 1_000).toISOString();
      const done = await desk.must(`POST /v1/endpoints/${id}/replay`, {
        from,
        to,
        type: "order.paid",
      });
      assert.deepEqual(done, { created: 2, resent: 0, waiting: 0 });
      for (const event of events) await desk.becomes(event, "delivered");
      assert.deepEqual(numbers(receiver), [1, 2]);
      const ids = receiver.requests.map((each) => each.header("webhook-id"));
      assert.deepEqual(new Set(ids), new Set(events));
    },

  "is cancelled with its endpoint, when that is deleted": async () => {
    await using receiver = await brokenReceiver();
    const desk = await office.desk();
    const { id } = await desk.endpoint(receiver.url, { backoff: [60] });
    const event = await desk.send({ n: 1 });
    await receiver.received(1);
    assert.equal((await desk.ask(`DELETE /v1/endpoints/${id}`)).status, 204);
    const delivery = await desk.becomes(event, "cancelled");
    assert.deepEqual([delivery.end_reason, delivery.endpoint_id], ["endpoint_deleted", null]);
    assert.equal((await desk.ask(`GET /v1/endpoints/${id}`)).status, 404);
    const answer = await desk.must("POST /v1/events", { type: "order.paid", data: {} });
    assert.equal(answer.deliveries, 0);
  },

  "is called off with everything that waits at its endpoint": async () => {
    await using receiver = await startReceiver();
    const desk = await office.desk();
    const { id } = await pausedWithFour(receiver, desk);
    const { cancelled } = await desk.must(`POST /v1/endpoints/${id}/cancel-pending`);
    assert.equal(cancelled, 4);
    await desk.must(`POST /v1/endpoints/${id}/resume`);
    await desk.becomes(await desk.send({ n: 5 }), "delivered");
    assert.deepEqual(numbers(receiver), [5]);
  },
});
