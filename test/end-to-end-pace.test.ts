/** How fast, how many at once and in which order an endpoint gets what it gets. */
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { after, suite, test } from "node:test";

import { openPostOffice, until } from "./support/post-office.ts";
import type { ReceivedRequest } from "./support/receiver.ts";
import { startReceiver } from "./support/receiver.ts";

const office = await openPostOffice();
after(() => office.close());

/** A receiver that answers only when it is told to. */
async function holdingReceiver() {
  const open: ServerResponse[] = [];
  let most = 0;
  const receiver = await startReceiver((_request, response) => {
    open.push(response);
    most = Math.max(most, open.length);
  });
  return {
    ...receiver,
    mostAtOnce: () => most,
    answerOne: () => void open.shift()?.writeHead(204).end(),
  };
}

function numberOf(request: ReceivedRequest): number {
  return JSON.parse(request.body.toString()).data.n;
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

suite("the pace of an endpoint", { concurrency: true }, () => {
  test("concurrency 2: two attempts at once and never more; the others say what they wait for", async () => {
    await using receiver = await holdingReceiver();
    const desk = await office.desk();
    const { id } = await desk.endpoint(receiver.url, { concurrency: 2 });
    const events = await Promise.all(range(6).map((n) => desk.send({ n })));
    await receiver.received(2);
    const stats = await desk.must(`GET /v1/endpoints/${id}/stats`);
    assert.deepEqual([stats.in_flight, stats.pending], [2, 6]);
    const page = await desk.must(`GET /v1/deliveries?endpoint_id=${id}&state=pending`);
    const codes = page.data.map((each: { reason: { code: string } }) => each.reason.code);
    assert.deepEqual(codes.toSorted(), [
      "in_flight",
      "in_flight",
      ...range(4).map(() => "waiting_for_slot"),
    ]);
    for (const count of [3, 4, 5, 6]) {
      receiver.answerOne();
      await receiver.received(count);
    }
    receiver.answerOne();
    receiver.answerOne();
    for (const event of events) await desk.becomes(event, "delivered");
    assert.equal(receiver.mostAtOnce(), 2);
  });

  test("a receiver that hangs with a hundred deliveries does not slow the one beside it", async () => {
    await using hung = await holdingReceiver();
    await using good = await startReceiver();
    const desk = await office.desk();
    await desk.endpoint(hung.url, { timeout_ms: 60_000 });
    const events = range(100).map((n) => ({ type: "a.b", data: { n } }));
    await desk.must("POST /v1/events/batch", { events });
    // All that an endpoint gets that has never answered.
    await hung.received(4);
    await desk.endpoint(good.url, { event_types: ["order.paid"] });
    const startedAtMs = performance.now();
    await desk.send({ n: 1 });
    await good.received(1);
    const tookMs = performance.now() - startedAtMs;
    assert.ok(tookMs < 2_000, `expected less than 2 s, got ${tookMs} ms`);
  });

  test("rate_per_second 5: attempts start one each 200 ms", async () => {
    const atMs: number[] = [];
    await using receiver = await startReceiver((_request, response) => {
      atMs.push(performance.now());
      response.writeHead(204).end();
    });
    const desk = await office.desk();
    await desk.endpoint(receiver.url, { rate_per_second: 5 });
    const events = range(9).map((n) => ({ type: "order.paid", data: { n } }));
    const { data } = await desk.must("POST /v1/events/batch", { events });
    await desk.becomes(data[8].id, "delivered");
    const tookMs = (atMs.at(-1) ?? 0) - (atMs[0] ?? 0);
    assert.ok(tookMs >= 8 * 200 - 150, `expected about 1.6 s, got ${tookMs} ms`);
    assert.ok(tookMs < 8_000, `expected about 1.6 s, got ${tookMs} ms`);
  });
});

suite("an ordered endpoint", { concurrency: true }, () => {
  test("keeps a key's events in order past a failure, while another key goes on", async () => {
    let failures = 0;
    await using receiver = await startReceiver((request, response) => {
      const isFailing = numberOf(request) === 0 && failures++ < 2;
      response.writeHead(isFailing ? 500 : 204).end();
    });
    const desk = await office.desk();
    await desk.endpoint(receiver.url, { ordered: true, backoff: [1, 1, 1] });
    const send = (n: number, key: string) => desk.send({ n }, { ordering_key: key });
    const slow = [await send(0, "a"), await send(1, "a"), await send(2, "a")];
    const other = await send(10, "b");
    await desk.becomes(other, "delivered");
    const held = await desk.delivery(slow[2] ?? "");
    assert.deepEqual([held.state, held.reason.code], ["held", "held_order"]);
    for (const event of slow) await desk.becomes(event, "delivered");
    const seen = receiver.requests.map(numberOf);
    assert.deepEqual(
      seen.filter((n) => n < 10),
      [0, 0, 0, 1, 2],
    );
    assert.ok(seen.indexOf(10) < seen.indexOf(1), `key b waited for key a: ${seen.join()}`);
  });

  test("parks a poisoned event when its table ends, and its key goes on", async () => {
    await using receiver = await startReceiver((request, response) => {
      response.writeHead(numberOf(request) === 0 ? 500 : 204).end();
    });
    const desk = await office.desk();
    await desk.endpoint(receiver.url, { ordered: true, backoff: [1] });
    const events = [];
    for (const n of [0, 1]) events.push(await desk.send({ n }, { ordering_key: "a" }));
    const [poisoned = "", next = ""] = events;
    await desk.becomes(next, "delivered");
    assert.equal((await desk.delivery(poisoned)).state, "exhausted");
    assert.deepEqual(receiver.requests.map(numberOf), [0, 0, 1]);
  });

  test("has at most one attempt of a key under way, and one of each key", async () => {
    await using receiver = await holdingReceiver();
    const desk = await office.desk();
    const { id } = await desk.endpoint(receiver.url, { ordered: true });
    for (const n of range(6)) await desk.send({ n }, { ordering_key: n % 2 === 0 ? "a" : "b" });
    await receiver.received(2);
    assert.equal((await desk.must(`GET /v1/endpoints/${id}/stats`)).in_flight, 2);
    for (const count of [3, 4, 5, 6]) {
      receiver.answerOne();
      await receiver.received(count);
    }
    receiver.answerOne();
    receiver.answerOne();
    await until(async () => {
      const { delivered } = await desk.must(`GET /v1/endpoints/${id}/stats`);
      return delivered === 6;
    }, "all six to be delivered");
    assert.equal(receiver.mostAtOnce(), 2);
  });
});
