/** What is wrong is said when a receiver is made, by the form: expected X to be Y, got Z. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { z } from "zod";

import { memoryInbox } from "../src/inbox/memory.ts";
import { createReceiver } from "../src/receiver/create-receiver.ts";
import { WebhookError } from "../src/verify/webhook-error.ts";
import { createShop, order, plainProvider } from "./receiver-kit.ts";

/** As JavaScript would, without the compiler's help. */
function make(options: object): unknown {
  return createReceiver({ endpoint: "orders", provider: plainProvider, ...options });
}

function refuses(options: object, message: RegExp): void {
  assert.throws(
    () => make(options),
    (error: unknown) => {
      assert.ok(error instanceof WebhookError);
      assert.equal(error.code, "CONFIG_INVALID");
      assert.match(error.message, message);
      return true;
    },
  );
}

const WRONG: readonly (readonly [object, RegExp])[] = [
  [{ endpoint: "" }, /expected endpoint to be the route's name, got ""/],
  [{ endpoint: undefined }, /expected endpoint to be the route's name, got undefined/],
  [{ provider: "stripe" }, /expected provider to be made by a provider's factory, got "stripe"/],
  [{ provider: createReceiver }, /made by a provider's factory, got a function$/],
  [{ inbox: {} }, /expected inbox to be made by an inbox's factory, got an object/],
  [{ mode: "async" }, /expected mode to be "inline" or "deferred", got "async"/],
  [{ onUnknown: "drop" }, /expected onUnknown to be "ack" or "store", got "drop"/],
  [{ onInvalidPayload: "ignore" }, /expected onInvalidPayload to be "dead" or "reject"/],
  [{ duplicates: 204 }, /expected duplicates to be 200 or 409, got 204/],
  [{ permanentStatus: 500 }, /expected permanentStatus to be 200 to 499, got 500/],
  [{ bodyBytesMax: 1.5 }, /expected bodyBytesMax to be a number of bytes from 1, got 1.5/],
  [{ handlerTimeoutMs: Number.POSITIVE_INFINITY }, /expected handlerTimeoutMs to be 1 to \d+/],
  [{ rateLimit: { perSecond: 0 } }, /expected rateLimit.perSecond to be a number above 0, got 0/],
  [{ rateLimit: { perSecond: 1, burst: 0 } }, /expected rateLimit.burst to be a whole number/],
  [
    { rateLimit: { perSecond: 1, perAddress: {} } },
    /rateLimit.perAddress.perSecond .* got undefined/,
  ],
  [{ allowAddresses: [] }, /expected allowAddresses to be a list of at least one/],
  [{ allowAddresses: ["10.0.0.1/8"] }, /expected allowAddresses to be .*, got "10.0.0.1\/8"/],
  [{ retry: { delaysMs: [-1] } }, /expected retry.delaysMs to be up to 100 delays from 0/],
  [{ retry: { jitter: 2 } }, /expected retry.jitter to be 0 to 1, got 2/],
  [{ hooks: { onDead: 1 } }, /expected hooks.onDead to be a function, got 1/],
  [
    { schemas: { "order.*": z.unknown() } },
    /expected schemas' names to be whole event types, got "order.\*"/,
  ],
  [{ schemas: { paid: {} } }, /expected schemas\["paid"\] to be a Standard Schema/],
];

suite("an option", () => {
  test("that is misspelt is refused, with all that there are", () => {
    refuses(
      { inbocks: 1 },
      /^expected option to be one of endpoint, provider, schemas, inbox, .*, got "inbocks"$/,
    );
    refuses(
      { hooks: { onHandle() {} } },
      /expected hook to be one of onReceived, .*, got "onHandle"/,
    );
    refuses(
      { retry: { delays: [] } },
      /expected retry member to be one of delaysMs, jitter, got "delays"/,
    );
    refuses(
      { rateLimit: { perMinute: 1 } },
      /expected rateLimit member to be one of perSecond, burst, perAddress/,
    );
  });

  test("of a wrong kind or size is refused by name", () => {
    for (const [options, message] of WRONG) refuses(options, message);
  });

  test("that is right is taken", () => {
    make({
      inbox: memoryInbox(),
      mode: "deferred",
      onUnknown: "store",
      onInvalidPayload: "reject",
      duplicates: 409,
      permanentStatus: 422,
      bodyBytesMax: 10,
      handlerTimeoutMs: 1,
      rateLimit: { perSecond: 0.1, burst: 1, perAddress: { perSecond: 1, addressesMax: 1 } },
      allowAddresses: ["::1", "10.0.0.0/8"],
      retry: { delaysMs: [], jitter: 0 },
      hooks: {},
      schemas: { paid: z.unknown() },
    });
  });
});

suite("a handler", () => {
  test("is the only one of its type or pattern", () => {
    for (const pattern of ["order.paid", "order.*", "*"]) {
      const { receiver } = createShop();
      receiver.on(pattern, () => {});
      assert.throws(
        () => receiver.on(["other", pattern], () => {}),
        new RegExp(
          `expected type to be one that has no handler yet, got "${pattern.replace("*", "\\*")}"`,
        ),
      );
    }
  });

  test("has a pattern that means something", () => {
    for (const pattern of ["", "or*er", "*.paid", "order*", ".*", "**"]) {
      assert.throws(
        () => createShop().receiver.on(pattern, () => {}),
        /expected type to be a type, a pattern/,
      );
    }
  });
});

suite("a payload", () => {
  const schemas = {
    "order.paid": z.object({ id: z.string(), data: z.object({ total: z.coerce.number() }) }),
  };

  test("reaches its handler as its schema makes it", async () => {
    const { receiver } = createShop({ schemas });
    const totals: number[] = [];
    receiver.on("order.paid", ({ event, id, type, raw, headers, text }) => {
      totals.push(event.data.total);
      assert.deepEqual([id, type, headers.get("x-proof")], ["a", "order.paid", "genuine"]);
      assert.equal(text(), new TextDecoder().decode(raw));
    });
    const { outcome } = await receiver.handle(order("a", { data: { total: "12" } }));
    assert.equal(outcome, "handled");
    assert.deepEqual(totals, [12]);
  });

  test("that does not fit is parked for a person, who hears where, and not what", async () => {
    const { receiver, told, ledger } = createShop({ schemas });
    receiver.on("order.paid", () => assert.fail("must not run"));
    const bad = order("a", { data: { total: "a secret" } });
    const { outcome, answer, error } = await receiver.handle(bad);
    assert.deepEqual([outcome, answer.status, error?.code], ["dead", 200, "PAYLOAD_INVALID"]);
    assert.equal((await receiver.handle(bad)).answer.status, 200);
    assert.equal((await ledger.statusOf("orders", ["a"])).get("a"), "dead");
    const [, invalid, dead] = told;
    assert.deepEqual([invalid?.hook, dead?.hook], ["onInvalidPayload", "onDead"]);
    assert.deepEqual(invalid?.noted.paths, ["data.total"]);
    const [letter] = await receiver.deadLetters.list();
    assert.match(letter?.error ?? "", /got problems at data.total$/);
    assert.doesNotMatch(JSON.stringify(told), /a secret/);
  });

  test("that does not fit is refused by option, and can be had again", async () => {
    const { receiver, hooksTold, ledger } = createShop({ schemas, onInvalidPayload: "reject" });
    receiver.on("order.paid", () => {});
    const { outcome, answer } = await receiver.handle(order("a"));
    assert.deepEqual([outcome, answer.status], ["refused", 422]);
    assert.deepEqual(hooksTold(), ["onReceived", "onInvalidPayload", "onRefused"]);
    assert.equal((await ledger.statusOf("orders", ["a"])).get("a"), "failed");
  });

  test("that does not fit is refused at the door of deferred mode, or parked by its worker", async () => {
    const refusing = createShop({ schemas, mode: "deferred", onInvalidPayload: "reject" });
    refusing.receiver.on("order.paid", () => {});
    assert.equal((await refusing.receiver.handle(order("a"))).answer.status, 422);
    assert.deepEqual(refusing.ledger.steps, []);
    const { receiver, hooksTold } = createShop({ schemas, mode: "deferred" });
    receiver.on("order.paid", () => {});
    assert.equal((await receiver.handle(order("a"))).answer.status, 202);
    await receiver.worker().runOnce();
    assert.deepEqual(hooksTold().slice(2), ["onInvalidPayload", "onDead"]);
  });

  test("without a schema of its type is passed on as it came", async () => {
    const { receiver } = createShop({ schemas });
    const events: unknown[] = [];
    receiver.on("*", ({ event }) => void events.push(event));
    for (const type of ["odd", "toString", "__proto__"]) {
      assert.equal((await receiver.handle(order(type, { type }))).outcome, "handled");
    }
    assert.equal(events.length, 3);
  });
});

suite("hooks", () => {
  const hush = { id: "a", type: "order.paid", data: "hush-payload" };

  test("hear of everything but payloads, headers and secrets", async () => {
    const { receiver, told, hooksTold } = createShop();
    let runs = 0;
    receiver.on("order.paid", () => {
      runs += 1;
      if (runs === 1) throw new Error("no");
    });
    const request = order("a", hush);
    const headers = { ...(request.headers as Record<string, string>), "x-token": "hush-header" };
    for (let i = 0; i < 3; i++) await receiver.handle({ ...request, headers });
    await receiver.handle({ ...request, headers: { "x-token": "hush-header" } });
    const expected = [
      "onReceived",
      "onFailed",
      "onReceived",
      "onHandled",
      "onReceived",
      "onDuplicate",
    ];
    assert.deepEqual(hooksTold(), [...expected, "onRefused"]);
    assert.doesNotMatch(JSON.stringify(told), /hush/);
    const { noted } = told[1] ?? assert.fail();
    const { error, ...rest } = noted;
    assert.equal(String(error), "Error: no");
    assert.deepEqual(rest, {
      endpoint: "orders",
      provider: "plain",
      id: "a",
      type: "order.paid",
      outcome: "failed",
      code: "HANDLER_FAILED",
      attempt: 1,
      durationMs: 0,
    });
  });

  test("that throw or reject change nothing", async () => {
    const throwing = (): never => {
      throw new Error("the log is full");
    };
    const rejecting = (): Promise<never> => Promise.reject(new Error("the log is full"));
    const hooks = { onReceived: throwing, onHandled: rejecting, onRefused: throwing };
    const { receiver, ledger } = createShop({ hooks });
    receiver.on("order.paid", ({ id }, { tx }) => tx.write(id));
    assert.equal((await receiver.handle(order("a"))).answer.status, 200);
    assert.equal((await receiver.handle({ ...order("b"), headers: {} })).answer.status, 401);
    assert.deepEqual(ledger.effects, ["a"]);
  });

  test("are told how long it took", async () => {
    const { receiver, told, time } = createShop();
    receiver.on(
      "order.paid",
      () => new Promise((resolve) => time.timers.after(250, () => resolve())),
    );
    const pending = receiver.handle(order("a"));
    for (let i = 0; i < 5; i++) await time.advance(50);
    await time.advance(250);
    await pending;
    assert.ok((told.at(-1)?.noted.durationMs ?? 0) >= 250);
  });
});
