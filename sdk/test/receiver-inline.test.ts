/** Events that are handled while their sender waits, in the application's own transaction. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { PermanentError, RetryAfterError } from "../src/receiver/handler-errors.ts";
import type { Handled } from "../src/receiver/receiver.ts";
import { createGateway, createShop, order, sent, untilQuiet } from "./receiver-kit.ts";

const brief = ({ outcome, answer, error }: Handled) => [
  outcome,
  answer.status,
  error?.code ?? null,
];

/** A shop that books each order in the ledger. */
function bookingShop(options: Parameters<typeof createShop>[0] = {}) {
  const shop = createShop(options);
  shop.receiver.on("order.paid", ({ id }, { tx }) => {
    tx.write(id);
    return { status: 201, body: `booked ${id}` };
  });
  return shop;
}

suite("an event in the application's own transaction", () => {
  test("is handled once, and its repeat gets the same answer", async () => {
    const { receiver, ledger, told } = bookingShop();
    const first = await receiver.handle(order("a"));
    assert.deepEqual(brief(first), ["handled", 201, null]);
    assert.equal(first.id, "a");
    const second = await receiver.handle(order("a"));
    assert.deepEqual(brief(second), ["duplicate", 201, null]);
    assert.equal(second.answer.body, "booked a");
    assert.equal(second.answer.headers["webhook-duplicate"], "true");
    assert.deepEqual(ledger.effects, ["a"]);
    const hooks = told.map(({ hook, noted }) => [hook, noted.attempt]);
    assert.deepEqual(hooks, [
      ["onReceived", null],
      ["onHandled", 1],
      ["onReceived", null],
      ["onDuplicate", null],
    ]);
  });

  test("answers 409 to the repeat where that was asked for", async () => {
    const { receiver } = bookingShop({ duplicates: 409 });
    await receiver.handle(order("a"));
    assert.deepEqual(brief(await receiver.handle(order("a"))), ["duplicate", 409, "DUPLICATE"]);
  });

  test("has one effect when fifty equal deliveries come at once", async () => {
    const { receiver, ledger } = bookingShop();
    const all = await Promise.all(Array.from({ length: 50 }, () => receiver.handle(order("a"))));
    assert.deepEqual(ledger.effects, ["a"]);
    const outcomes = all.map(({ outcome }) => outcome);
    assert.equal(outcomes.filter((outcome) => outcome === "handled").length, 1);
    assert.equal(outcomes.filter((outcome) => outcome === "duplicate").length, 49);
  });

  test("is somebody else's while another transaction holds it: 503 with Retry-After, never 200", async () => {
    const { receiver, ledger, time } = createShop();
    const gateway = createGateway();
    receiver.on("order.paid", async ({ id }, { tx }) => {
      await gateway.opened;
      tx.write(id);
    });
    const first = receiver.handle(order("a"));
    await untilQuiet();
    const second = receiver.handle(order("a"));
    await untilQuiet();
    await time.advance(3_000);
    const busy = await second;
    assert.deepEqual(brief(busy), ["failed", 503, "BUSY"]);
    assert.equal(busy.answer.headers["retry-after"], "2");
    gateway.open();
    assert.deepEqual(brief(await first), ["handled", 200, null]);
    assert.deepEqual(ledger.effects, ["a"]);
  });
});

suite("an event whose handler fails", () => {
  test("that fails leaves nothing behind but its attempt, and can be had again at once", async () => {
    const { receiver, ledger, told } = createShop();
    const attempts: number[] = [];
    receiver.on("order.paid", ({ id }, { tx, attempt }) => {
      attempts.push(attempt);
      tx.write(id);
      if (attempt < 3) throw new Error("not yet");
    });
    const first = await receiver.handle(order("a"));
    assert.deepEqual(brief(first), ["failed", 500, "HANDLER_FAILED"]);
    assert.equal((await ledger.statusOf("orders", ["a"])).get("a"), "failed");
    assert.deepEqual(ledger.effects, []);
    assert.equal((await receiver.handle(order("a"))).answer.status, 500);
    assert.deepEqual(brief(await receiver.handle(order("a"))), ["handled", 200, null]);
    assert.deepEqual(attempts, [1, 2, 3]);
    assert.deepEqual(ledger.effects, ["a"]);
    const failed = told.filter(({ hook }) => hook === "onFailed");
    assert.deepEqual(
      failed.map(({ noted }) => [noted.code, noted.attempt, String(noted.error)]),
      [
        ["HANDLER_FAILED", 1, "Error: not yet"],
        ["HANDLER_FAILED", 2, "Error: not yet"],
      ],
    );
  });

  test("is to be sent again after the time that its handler asks for", async () => {
    const { receiver } = createShop();
    receiver.on("*", () => {
      throw new RetryAfterError(30_000);
    });
    const { answer } = await receiver.handle(order("a"));
    assert.deepEqual([answer.status, answer.headers["retry-after"]], [503, "30"]);
  });

  test("with a permanent error is dead: the sender stops, and a person finds it", async () => {
    const { receiver, ledger, hooksTold } = createShop();
    receiver.on("order.paid", ({ id }, { tx }) => {
      tx.write(id);
      throw new PermanentError("no such customer");
    });
    assert.deepEqual(brief(await receiver.handle(order("a"))), ["dead", 200, "HANDLER_FAILED"]);
    assert.deepEqual(brief(await receiver.handle(order("a"))), ["dead", 200, null]);
    assert.deepEqual(ledger.effects, []);
    const [letter] = await receiver.deadLetters.list();
    assert.equal(letter?.id, "a");
    assert.match(letter?.error ?? "", /no such customer/);
    assert.deepEqual(hooksTold(), ["onReceived", "onDead", "onReceived", "onDuplicate"]);
  });
});

suite("an event that is known, or is not wanted", () => {
  test("that was redriven is handled when its sender comes again", async () => {
    const { receiver, ledger } = createShop();
    let isMended = false;
    receiver.on("order.paid", ({ id }, { tx }) => {
      if (!isMended) throw new PermanentError("no");
      tx.write(id);
    });
    await receiver.handle(order("a"));
    isMended = true;
    assert.equal(await receiver.deadLetters.redrive("a"), true);
    assert.equal(await receiver.deadLetters.redrive("a"), false);
    assert.deepEqual(brief(await receiver.handle(order("a"))), ["handled", 200, null]);
    assert.deepEqual(ledger.effects, ["a"]);
  });

  test("under a known id with other bytes is refused, unless its sender is known to change them", async () => {
    const { receiver, ledger } = bookingShop();
    const changing = { "x-body": "changing" };
    await receiver.handle(order("a"));
    const other = { id: "a", type: "order.paid", data: 1 };
    assert.deepEqual(brief(await receiver.handle(sent(other))), ["refused", 422, "ID_CONFLICT"]);
    const again = await receiver.handle(sent(other, changing));
    assert.equal(again.outcome, "duplicate");
    assert.deepEqual(ledger.effects, ["a"]);
  });

  test("of a type without handler is acknowledged, and kept only where that was asked for", async () => {
    const { receiver, ledger } = bookingShop();
    const odd = order("a", { type: "odd" });
    assert.deepEqual(brief(await receiver.handle(odd)), ["ignored", 200, null]);
    assert.equal((await ledger.statusOf("orders", ["a"])).size, 0);
    const keeping = bookingShop({ onUnknown: "store" });
    assert.deepEqual(brief(await keeping.receiver.handle(odd)), ["ignored", 200, null]);
    assert.equal((await keeping.ledger.statusOf("orders", ["a"])).get("a"), "ignored");
    assert.equal((await keeping.receiver.handle(odd)).outcome, "duplicate");
  });
});

suite("an event with several handlers to choose from", () => {
  test("is the most specific handler's", async () => {
    const { receiver } = createShop();
    const heard: string[] = [];
    receiver
      .on("*", () => void heard.push("*"))
      .on("order.*", () => void heard.push("order.*"))
      .on("order.item.*", () => void heard.push("order.item.*"))
      .on(["order.paid", "order.sent"], () => void heard.push("exact"));
    const types = ["order.paid", "order.sent", "order.item.lost", "order.left", "orders", ""];
    for (const type of types) await receiver.handle(order(`id-${type}`, { type }));
    assert.deepEqual(heard, ["exact", "exact", "order.item.*", "order.*", "*", "*"]);
  });

  test("whose handler answers with a refusal has failed, as it would else be handled and sent again", async () => {
    const { receiver, ledger } = createShop();
    receiver.on("*", ({ id }, { tx }) => {
      tx.write(id);
      return { status: 404 };
    });
    assert.deepEqual(brief(await receiver.handle(order("a"))), ["failed", 500, "HANDLER_FAILED"]);
    assert.deepEqual(ledger.effects, []);
  });
});

suite("a handler's time", () => {
  test("ends with an aborted signal, an undone transaction and 503; what it writes later does not count", async () => {
    const { receiver, ledger, time } = createShop({ handlerTimeoutMs: 500 });
    const gateway = createGateway();
    let late: unknown;
    let reason: unknown;
    receiver.on("order.paid", async ({ id }, { tx, signal, attempt }) => {
      tx.write(id);
      if (attempt > 1) return;
      await gateway.opened;
      reason = signal.reason;
      try {
        tx.write("late");
      } catch (error) {
        late = error;
        throw error;
      }
    });
    const pending = receiver.handle(order("a"));
    await untilQuiet();
    await time.advance(500);
    assert.deepEqual(brief(await pending), ["failed", 503, "HANDLER_TIMEOUT"]);
    gateway.open();
    await untilQuiet();
    assert.match(String(reason), /expected the handler to end within 500 ms/);
    assert.match(String(late), /expected no write after the transaction's end/);
    assert.deepEqual(ledger.effects, []);
    assert.deepEqual(brief(await receiver.handle(order("a"))), ["handled", 200, null]);
    assert.deepEqual(ledger.effects, ["a"]);
  });

  test("is not spent by those that end", async () => {
    const { receiver, time } = bookingShop();
    await receiver.handle(order("a"));
    assert.equal(await time.step(Number.POSITIVE_INFINITY), false, "nothing waits any more");
  });
});

suite("a store that fails or a process that dies at any step", () => {
  /** What the ledger has to say before the store fails for the first time: the number of its steps for one event. */
  async function stepsOfOne(fails: boolean): Promise<number> {
    const { receiver, ledger } = shopThatFails(fails);
    await receiver.handle(order("a"));
    return ledger.steps.length;
  }

  function shopThatFails(fails: boolean) {
    const shop = createShop();
    let isFirst = true;
    shop.receiver.on("order.paid", ({ id }, { tx }) => {
      tx.write(id);
      const hasFailed = fails && isFirst;
      isFirst = false;
      if (hasFailed) throw new Error("at first");
    });
    return shop;
  }

  for (const fails of [false, true]) {
    for (const isForGood of [false, true]) {
      const what = `${isForGood ? "is killed" : "loses its store once"}, handler ${fails ? "fails" : "works"}`;
      test(`has one effect after the sender's retry, and says 200 only for it: ${what}`, async () => {
        const count = await stepsOfOne(fails);
        assert.ok(count >= 5, `${count} steps`);
        for (let at = 0; at < count; at++) {
          const { receiver, ledger } = shopThatFails(fails);
          ledger.dieAt(at, isForGood);
          const { answer } = await receiver.handle(order("a"));
          const where = ledger.steps[at];
          assert.ok(answer.status >= 500, `${where}: ${answer.status}`);
          ledger.revive();
          const retries = [await receiver.handle(order("a")), await receiver.handle(order("a"))];
          assert.equal(retries.at(-1)?.answer.status, 200, where);
          assert.deepEqual(ledger.effects, ["a"], where);
        }
      });
    }
  }

  test("answers 503 with Retry-After while the store is down", async () => {
    const { receiver, ledger, told } = bookingShop();
    ledger.dieAt(0, true);
    const { answer, error } = await receiver.handle(order("a"));
    assert.deepEqual([answer.status, answer.headers["retry-after"]], [503, "2"]);
    assert.equal(error?.code, "INBOX_UNAVAILABLE");
    assert.match(String(told.at(-1)?.noted.error), /died at before transaction/);
  });

  test("a permanent error that can't be noted is not lost: the sender comes again", async () => {
    const { receiver, ledger } = createShop();
    receiver.on("*", () => {
      ledger.dieAt(0, true);
      throw new PermanentError("no");
    });
    assert.deepEqual(brief(await receiver.handle(order("a"))), [
      "failed",
      503,
      "INBOX_UNAVAILABLE",
    ]);
  });
});
