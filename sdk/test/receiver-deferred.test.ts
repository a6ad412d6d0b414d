/** Events that are stored and answered at once: the door, and what a worker gets from it. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { Delivery } from "../src/verify/delivery.ts";
import type { OrderEvent } from "./receiver-kit.ts";
import { book, createShop, deferredShop, order, plainProvider, sent } from "./receiver-kit.ts";

suite("the door of deferred mode", () => {
  test("answers 202 once the event is durable, and the repeat the same, before and after it is handled", async () => {
    const { receiver, ledger, worker, hooksTold } = deferredShop();
    const first = await receiver.handle(order("a"));
    assert.deepEqual([first.outcome, first.answer.status], ["stored", 202]);
    assert.deepEqual(ledger.effects, []);
    const second = await receiver.handle(order("a"));
    assert.deepEqual([second.outcome, second.answer.status], ["duplicate", 202]);
    assert.equal(await worker.runOnce(), 1);
    assert.deepEqual(ledger.effects, ["a"]);
    const third = await receiver.handle(order("a"));
    assert.deepEqual([third.outcome, third.answer.status], ["duplicate", 200]);
    assert.equal(await worker.runOnce(), 0);
    assert.deepEqual(ledger.effects, ["a"]);
    const stored = ["onReceived", "onStored", "onReceived", "onDuplicate"];
    assert.deepEqual(hooksTold(), [...stored, "onHandled", "onReceived", "onDuplicate"]);
  });

  test("says 503 while nothing can be stored", async () => {
    const { receiver, ledger } = deferredShop();
    ledger.dieAt(0, true);
    const { answer } = await receiver.handle(order("a"));
    assert.deepEqual([answer.status, answer.headers["retry-after"]], [503, "2"]);
  });

  test("answers a handshake at once, and stores nothing of it", async () => {
    const { receiver, ledger } = deferredShop();
    const { outcome, answer } = await receiver.handle(order("say this", { type: "challenge" }));
    assert.deepEqual([outcome, answer.status, answer.body], ["handshake", 200, "say this"]);
    assert.deepEqual(ledger.steps, []);
  });

  test("acknowledges a type without handler, and leaves it to the worker where that was asked for", async () => {
    const odd = order("a", { type: "odd" });
    const { receiver, ledger } = deferredShop();
    assert.equal((await receiver.handle(odd)).outcome, "ignored");
    assert.deepEqual(ledger.steps, []);
    const keeping = deferredShop(book, { onUnknown: "store" });
    assert.equal((await keeping.receiver.handle(odd)).outcome, "stored");
    await keeping.worker.runOnce();
    assert.equal((await keeping.ledger.statusOf("orders", ["a"])).get("a"), "ignored");
  });

  test("stores everything where it has no handlers at all: its worker stands elsewhere", async () => {
    const { receiver } = createShop({ mode: "deferred" });
    assert.equal((await receiver.handle(order("a"))).outcome, "stored");
  });

  test("refuses other bytes under a known id", async () => {
    const { receiver } = deferredShop();
    await receiver.handle(order("a"));
    const { answer } = await receiver.handle(order("a", { data: 1 }));
    assert.equal(answer.status, 422);
  });
});

suite("what a worker hands to a handler", () => {
  test("is the delivery as it was verified, whatever became of the proof since", async () => {
    let isGenuine = true;
    const rotating: typeof plainProvider = {
      ...plainProvider,
      check(request, context) {
        assert.ok(isGenuine, "the secret has been rotated: a second check would refuse it");
        return plainProvider.check(request, context);
      },
    };
    const seen: Delivery<OrderEvent>[] = [];
    const { receiver, worker, ledger } = deferredShop((delivery) => void seen.push(delivery), {
      provider: rotating,
    });
    const event = { id: "a", type: "order.paid", key: "k", data: { total: 1 } };
    const secret = { authorization: "Bearer hush", cookie: "hush=1", "x-trace": "7" };
    await receiver.handle(sent(event, secret));
    isGenuine = false;
    const [entry] = await ledger.lease({
      endpoint: "orders",
      limit: 1,
      nowMs: Number.MAX_SAFE_INTEGER - 10,
      leaseMs: -1,
      token: "peek",
    });
    assert.doesNotMatch(JSON.stringify(entry?.request), /hush/);
    assert.equal(entry?.request.url, "https://shop.example/hooks");
    await ledger.release({ endpoint: "orders", id: "a" }, "peek", {
      error: "",
      nowMs: 0,
      dueAtMs: 0,
      isDead: false,
    });
    assert.equal(await worker.runOnce(), 1);
    const [delivery] = seen;
    assert.ok(delivery !== undefined);
    assert.deepEqual(delivery.event, event);
    assert.equal(delivery.text(), JSON.stringify(event));
    const { provider, id, idSource, type, occurredAtMs, orderingKey, isBodyStable } = delivery;
    assert.deepEqual(
      { provider, id, idSource, type, occurredAtMs, orderingKey, isBodyStable },
      {
        provider: "plain",
        id: "a",
        idSource: "body",
        type: "order.paid",
        occurredAtMs: 1,
        orderingKey: "k",
        isBodyStable: true,
      },
    );
    assert.equal(delivery.headers.get("x-trace"), "7");
  });

  test("has the event that the provider made of it, where that is not the body's JSON", async () => {
    const forms: typeof plainProvider = {
      ...plainProvider,
      async check(request, context) {
        const result = await plainProvider.check(request, context);
        if (result.kind !== "delivery") return result;
        const event = { ...result.delivery.event, data: "decoded" };
        return { ...result, delivery: { ...result.delivery, event } };
      },
    };
    const seen: unknown[] = [];
    const { receiver, worker } = deferredShop(({ event }) => void seen.push(event), {
      provider: forms,
    });
    await receiver.handle(order("a"));
    await worker.runOnce();
    assert.deepEqual(seen, [{ id: "a", type: "order.paid", data: "decoded" }]);
  });
});
