/** The worker of deferred mode: its table, its order, its leases, its end. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { PermanentError, RetryAfterError } from "../src/receiver/handler-errors.ts";
import { WebhookError } from "../src/verify/webhook-error.ts";
import {
  DELAYS_MS,
  createGateway,
  createShop,
  deferredShop,
  order,
  untilQuiet,
} from "./receiver-kit.ts";

/** Longer than any lease of these shops. */
const LEASE_MS = 60_000;

suite("a worker", () => {
  test("tries again by its table, and then gives the event to the dead letters", async () => {
    const attempts: number[] = [];
    const { receiver, worker, time, told, ledger } = deferredShop((_delivery, { attempt }) => {
      attempts.push(attempt);
      throw new Error("not yet");
    });
    await receiver.handle(order("a"));
    await worker.runOnce();
    assert.equal(await worker.runOnce(), 0, "not before its time");
    await time.advance(1_000);
    await worker.runOnce();
    await time.advance(1_999);
    assert.equal(await worker.runOnce(), 0);
    await time.advance(1);
    await worker.runOnce();
    assert.deepEqual(attempts, [1, 2, 3]);
    const ends = told.slice(2).map(({ hook, noted }) => [hook, noted.code, noted.attempt]);
    assert.deepEqual(ends, [
      ["onFailed", "HANDLER_FAILED", 1],
      ["onFailed", "HANDLER_FAILED", 2],
      ["onDead", "HANDLER_FAILED", 3],
    ]);
    const [letter] = await receiver.deadLetters.list();
    assert.deepEqual([letter?.id, letter?.attempts, letter?.error], ["a", 3, "Error: not yet"]);
    assert.equal((await ledger.statusOf("orders", ["a"])).get("a"), "dead");
  });

  test("does not try a permanent error again, and waits as long as a handler asks", async () => {
    const { receiver, worker, time, hooksTold } = deferredShop(({ id }, { attempt }) => {
      if (id === "dead") throw new PermanentError("no");
      if (attempt === 1) throw new RetryAfterError(10_000);
    });
    await receiver.handle(order("dead"));
    await receiver.handle(order("later"));
    await worker.runOnce();
    assert.deepEqual(hooksTold().slice(-2), ["onDead", "onFailed"]);
    await time.advance(9_999);
    assert.equal(await worker.runOnce(), 0);
    await time.advance(1);
    assert.equal(await worker.runOnce(), 1);
    assert.equal(hooksTold().at(-1), "onHandled");
  });
});

suite("dead letters", () => {
  test("handles a redriven event from the start of its table, and lets a discarded one be", async () => {
    let isMended = false;
    const { receiver, worker, ledger } = deferredShop(({ id }, { tx }) => {
      if (!isMended) throw new PermanentError("no");
      tx.write(id);
    });
    await receiver.handle(order("a"));
    await receiver.handle(order("b"));
    await worker.runOnce();
    isMended = true;
    const letters = await receiver.deadLetters.list();
    assert.deepEqual(
      letters.map(({ id, body }) => [id, body !== null]),
      [
        ["a", true],
        ["b", true],
      ],
    );
    assert.deepEqual(
      (await receiver.deadLetters.list({ after: "a", limit: 1 })).map(({ id }) => id),
      ["b"],
    );
    assert.equal(await receiver.deadLetters.redrive("a"), true);
    assert.equal(await receiver.deadLetters.discard("b", "a test order"), true);
    assert.equal(await receiver.deadLetters.discard("c", "unknown"), false);
    await worker.runOnce();
    assert.deepEqual(ledger.effects, ["a"]);
    assert.deepEqual(await receiver.deadLetters.list(), []);
  });
});

suite("a worker and the order of one key", () => {
  test("handles events of one key one after the other, and others beside them", async () => {
    const gateway = createGateway();
    const begun: string[] = [];
    const { receiver, worker, ledger } = deferredShop(async ({ id }, { tx }) => {
      begun.push(id);
      if (id === "k1") await gateway.opened;
      tx.write(id);
    });
    for (const id of ["k1", "k2", "k3"]) await receiver.handle(order(id, { key: "k" }));
    await receiver.handle(order("other", { key: "o" }));
    const ran = worker.runOnce();
    await untilQuiet();
    assert.deepEqual(begun, ["k1", "other"]);
    gateway.open();
    assert.equal(await ran, 4);
    assert.deepEqual(ledger.effects, ["other", "k1", "k2", "k3"]);
  });

  test("lets nothing of a key pass an event that has failed, until that is dead", async () => {
    const { receiver, worker, ledger, time } = deferredShop(({ id }, { tx }) => {
      if (id === "k1") throw new Error("never");
      tx.write(id);
    });
    await receiver.handle(order("k1", { key: "k" }));
    await receiver.handle(order("k2", { key: "k" }));
    await worker.runOnce();
    await time.advance(1_000);
    await worker.runOnce();
    assert.deepEqual(ledger.effects, []);
    await time.advance(2_000);
    await worker.runOnce();
    assert.deepEqual(ledger.effects, ["k2"]);
  });
});

suite("a worker that loses its lease or its time", () => {
  test("that lost its lease before it began leaves the event to whoever has it", async () => {
    const { receiver, worker, ledger, time, hooksTold } = deferredShop();
    await receiver.handle(order("a"));
    const { lease } = ledger;
    let hasBeenRobbed = false;
    Object.assign(ledger, {
      async lease(request: Parameters<typeof lease>[0]) {
        if (hasBeenRobbed) return lease(request);
        hasBeenRobbed = true;
        const entries = await lease({ ...request, leaseMs: 0 });
        await lease({ ...request, leaseMs: 5_000, token: "somebody else" });
        return entries;
      },
    });
    await worker.runOnce();
    assert.deepEqual(ledger.effects, []);
    assert.deepEqual(hooksTold(), ["onReceived", "onStored"]);
    await time.advance(5_000);
    await worker.runOnce();
    assert.deepEqual(ledger.effects, ["a"]);
  });

  test("aborts a handler whose time is over, undoes it, and tries again", async () => {
    const reasons: unknown[] = [];
    const { receiver, worker, ledger, time, told } = deferredShop(
      async ({ id }, { tx, signal, attempt }) => {
        tx.write(id);
        if (attempt > 1) return;
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        reasons.push(signal.reason);
      },
      { handlerTimeoutMs: 100 },
    );
    await receiver.handle(order("a"));
    const ran = worker.runOnce();
    await untilQuiet();
    await time.advance(100);
    assert.equal(await ran, 1);
    assert.equal(told.at(-1)?.noted.code, "HANDLER_TIMEOUT");
    assert.equal(reasons.length, 1);
    assert.deepEqual(ledger.effects, []);
    await time.advance(1_000);
    await worker.runOnce();
    assert.deepEqual(ledger.effects, ["a"]);
  });
});

suite("a worker whose process or store dies", () => {
  test("parks an event whose attempts all ended without a word, as when it kills its process", async () => {
    let runs = 0;
    const { receiver, ledger, time, told, worker } = deferredShop(() => void runs++);
    await receiver.handle(order("a"));
    for (let crash = 0; crash < 2 * (DELAYS_MS.length + 1); crash++) {
      const nowMs = time.clock.wallMs();
      await ledger.lease({ endpoint: "orders", limit: 1, nowMs, leaseMs: 1, token: `${crash}` });
      await time.advance(2);
    }
    await worker.runOnce();
    assert.equal(runs, 0);
    assert.equal(told.at(-1)?.hook, "onDead");
    const [letter] = await receiver.deadLetters.list();
    assert.match(letter?.error ?? "", /did the process end with the handler/);
  });

  test("does not hold it against an event that its store fails, however often", async () => {
    const { receiver, ledger, time, worker, told } = deferredShop();
    await receiver.handle(order("a"));
    for (let outage = 0; outage <= DELAYS_MS.length; outage++) {
      const before = told.length;
      ledger.dieAt(2, false);
      await worker.runOnce();
      assert.deepEqual(told[before]?.noted.code, "INBOX_UNAVAILABLE");
      await time.advance(2_000);
    }
    await worker.runOnce();
    assert.deepEqual(ledger.effects, ["a"]);
  });

  test("has one effect for an event, whichever step of the store fails or kills the process", async () => {
    const rehearsal = deferredShop();
    await rehearsal.receiver.handle(order("a"));
    await rehearsal.worker.runOnce();
    const count = rehearsal.ledger.steps.length;
    assert.ok(count >= 10, `${count} steps`);
    for (const isForGood of [false, true]) {
      for (let at = 0; at < count; at++) {
        const { receiver, worker, ledger, time } = deferredShop();
        ledger.dieAt(at, isForGood);
        const { answer } = await receiver.handle(order("a"));
        await worker.runOnce();
        ledger.revive();
        const where = ledger.steps[at];
        if (answer.status >= 500) await receiver.handle(order("a"));
        await time.advance(LEASE_MS);
        await receiver.worker().runOnce();
        assert.deepEqual(ledger.effects, ["a"], `${where}, answered ${answer.status}`);
        assert.equal((await ledger.statusOf("orders", ["a"])).get("a"), "done", where);
      }
    }
  });
});

suite("a worker that runs by itself", () => {
  test("takes what is stored at once, polls for the rest, and stops when its handlers have ended", async () => {
    const gateway = createGateway();
    const { receiver, ledger, time, worker } = deferredShop(async ({ id }, { tx }) => {
      if (id === "slow") await gateway.opened;
      tx.write(id);
    });
    worker.start();
    worker.start();
    await untilQuiet();
    await receiver.handle(order("a"));
    await untilQuiet();
    assert.deepEqual(ledger.effects, ["a"], "without a poll");
    await receiver.handle(order("slow"));
    await untilQuiet();
    const stopped = worker.stop();
    let hasStopped = false;
    void stopped.then(() => (hasStopped = true));
    await receiver.handle(order("b"));
    await untilQuiet();
    assert.equal(hasStopped, false);
    gateway.open();
    await stopped;
    await time.advance(10_000);
    assert.deepEqual(ledger.effects, ["a", "slow"], "nothing new");
    worker.start();
    await untilQuiet();
    await worker.stop();
    assert.deepEqual(ledger.effects, ["a", "slow", "b"]);
  });
});

suite("a worker that runs by itself for long", () => {
  test("comes back to what has failed when it is due, and after an outage of its store", async () => {
    const { receiver, ledger, time, worker, told } = deferredShop(({ id }, { tx, attempt }) => {
      if (attempt === 1) throw new Error("not yet");
      tx.write(id);
    });
    await receiver.handle(order("a"));
    worker.start();
    await untilQuiet();
    ledger.dieAt(0, true);
    await time.advance(5_000);
    assert.equal(told.at(-1)?.noted.code, "INBOX_UNAVAILABLE");
    ledger.revive();
    await time.advance(1_000);
    await untilQuiet();
    await worker.stop();
    assert.deepEqual(ledger.effects, ["a"]);
  });

  test("has no more handlers at once than it may, and keeps all places busy", async () => {
    const gateway = createGateway();
    let atOnce = 0;
    let most = 0;
    const { receiver, ledger } = deferredShop(async ({ id }, { tx }) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await gateway.opened;
      atOnce -= 1;
      tx.write(id);
    });
    const ids = Array.from({ length: 10 }, (_, i) => `e${i}`);
    for (const id of ids) await receiver.handle(order(id));
    const worker = receiver.worker({ concurrency: 3 });
    worker.start();
    await untilQuiet();
    assert.equal(atOnce, 3);
    gateway.open();
    await untilQuiet();
    await untilQuiet();
    await worker.stop();
    assert.equal(most, 3);
    assert.deepEqual([...ledger.effects].toSorted(), ids);
  });
});

suite("a worker's options", () => {
  test("are checked, and deferred mode is the only one that has workers", () => {
    assert.throws(
      () => createShop().receiver.worker(),
      /expected mode to be "deferred", got "inline"/,
    );
    const { receiver } = deferredShop();
    assert.throws(
      () => receiver.worker({ concurrency: 0 }),
      /expected concurrency to be 1 to 1000/,
    );
    const misspelt = { poll: 5 } as object;
    assert.throws(() => receiver.worker(misspelt), /one of concurrency, pollMs, got "poll"/);
  });
});

suite("a worker whose store has one writer", () => {
  test("waits for a store that has one writer, and spends no attempt on that", async () => {
    const { receiver, ledger, time } = deferredShop(({ id }, { tx, attempt }) => {
      tx.write(`${id} ${attempt}`);
    });
    await receiver.handle(order("a"));
    const { transaction } = ledger;
    let busy = 3;
    Object.assign(ledger, {
      async transaction(work: Parameters<typeof transaction>[0]) {
        busy -= 1;
        if (busy >= 0) throw new WebhookError("BUSY", "locked", { retryAfterMs: 2_000 });
        return transaction(work);
      },
    });
    const ran = receiver.worker().runOnce();
    await untilQuiet();
    await time.advance(4_000);
    assert.deepEqual(ledger.effects, []);
    await time.advance(2_000);
    assert.equal(await ran, 1);
    assert.deepEqual(ledger.effects, ["a 1"]);
  });
});
