/** Receivers whose store can't share the application's transaction, or that have no store at all. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { createFakeTime } from "../../test/support/fake-time.ts";
import type {
  Claim,
  Failure,
  Finished,
  InboxStatus,
  SuppressionInbox,
} from "../src/inbox/inbox.ts";
import { createReceiver } from "../src/receiver/create-receiver.ts";
import { PermanentError } from "../src/receiver/handler-errors.ts";
import type { Handled } from "../src/receiver/receiver.ts";
import { createGateway, evenChance, order, plainProvider, untilQuiet } from "./receiver-kit.ts";

const brief = ({ outcome, answer, error }: Handled) => [
  outcome,
  answer.status,
  error?.code ?? null,
];

interface Kept {
  status: InboxStatus | "leased";
  token: string | null;
  untilMs: number;
  attempts: number;
  end: Finished | null;
  failure: Failure | null;
}

/** A key-value store with leases, as Redis would be. */
function leaseInbox(nowMs: () => number) {
  const rows = new Map<string, Kept>();
  let isDown = false;
  const up = (): void => {
    if (isDown) throw new Error("connection refused");
  };
  function claimed(row: Kept, token: string, leaseMs: number): Claim {
    Object.assign(row, { status: "leased", token, untilMs: nowMs() + leaseMs });
    row.attempts += 1;
    return { kind: "claimed", attempt: row.attempts };
  }
  const inbox: SuppressionInbox = {
    guarantee: "suppression",
    async claim({ id }, { token, leaseMs }) {
      up();
      const blank = { token: null, untilMs: 0, attempts: 0, end: null, failure: null };
      const row: Kept = rows.get(id) ?? { status: "failed", ...blank };
      rows.set(id, row);
      if (row.status === "done" || row.status === "ignored") {
        return { kind: "done", answer: row.end?.answer ?? null };
      }
      if (row.status === "dead") return { kind: "dead" };
      if (row.status === "leased" && row.untilMs > nowMs()) {
        return { kind: "busy", retryAfterMs: 2_000 };
      }
      return claimed(row, token, leaseMs);
    },
    async finish({ id }, token, end) {
      up();
      const row = rows.get(id);
      if (row?.token === token) Object.assign(row, { status: end.status, end, token: null });
    },
    async fail({ id }, token, failure) {
      up();
      const row = rows.get(id);
      const status = failure.isDead ? "dead" : "failed";
      if (row?.token === token) Object.assign(row, { status, failure, token: null });
    },
    statusOf: async () => new Map(),
  };
  return { inbox, rows, setDown: (value: boolean) => (isDown = value) };
}

function createCache(handlerTimeoutMs = 1_000) {
  const time = createFakeTime();
  const { clock, timers } = time;
  const store = leaseInbox(clock.wallMs);
  const receiver = createReceiver({
    endpoint: "orders",
    provider: plainProvider,
    inbox: store.inbox,
    clock: clock.wallMs,
    timers,
    chance: evenChance(),
    handlerTimeoutMs,
  });
  return { time, receiver, ...store };
}

suite("an inbox that only suppresses duplicates", () => {
  test("runs a handler once, without a transaction, and replays its answer", async () => {
    const { receiver, rows } = createCache();
    const contexts: string[][] = [];
    receiver.on("*", (_delivery, context) => {
      contexts.push(Object.keys(context).toSorted());
      return { body: "once" };
    });
    assert.deepEqual(brief(await receiver.handle(order("a"))), ["handled", 200, null]);
    const again = await receiver.handle(order("a"));
    assert.deepEqual([again.outcome, again.answer.body], ["duplicate", "once"]);
    assert.deepEqual(contexts, [["attempt", "signal"]]);
    assert.equal(rows.get("a")?.status, "done");
  });

  test("says 503 to the second of two equal deliveries at once", async () => {
    const { receiver } = createCache();
    const gateway = createGateway();
    let runs = 0;
    receiver.on("*", async () => {
      runs += 1;
      await gateway.opened;
    });
    const first = receiver.handle(order("a"));
    await untilQuiet();
    const second = await receiver.handle(order("a"));
    assert.deepEqual(brief(second), ["failed", 503, "BUSY"]);
    gateway.open();
    assert.equal((await first).outcome, "handled");
    assert.equal(runs, 1);
  });

  test("frees a failed event at once, and keeps a dead one", async () => {
    const { receiver, rows } = createCache();
    receiver.on("*", (_delivery, { attempt }) => {
      if (attempt === 1) throw new Error("not yet");
      if (attempt === 2) throw new PermanentError("never");
    });
    assert.deepEqual(brief(await receiver.handle(order("a"))), ["failed", 500, "HANDLER_FAILED"]);
    assert.deepEqual(brief(await receiver.handle(order("a"))), ["dead", 200, "HANDLER_FAILED"]);
    assert.deepEqual(brief(await receiver.handle(order("a"))), ["dead", 200, null]);
    assert.match(rows.get("a")?.failure?.error ?? "", /never/);
  });
});

suite("a store with leases", () => {
  test("has a lease that is longer than a handler may take", async () => {
    const { receiver, rows, time } = createCache(7_000);
    const gateway = createGateway();
    receiver.on("*", () => gateway.opened);
    const pending = receiver.handle(order("a"));
    await untilQuiet();
    assert.ok((rows.get("a")?.untilMs ?? 0) - time.clock.wallMs() > 7_000);
    await time.advance(7_000);
    assert.deepEqual(brief(await pending), ["failed", 503, "HANDLER_TIMEOUT"]);
    gateway.open();
  });

  test("that can't be reached, before or after the handler, is never a success", async () => {
    const { receiver, setDown } = createCache();
    receiver.on("*", () => void setDown(true));
    assert.deepEqual(brief(await receiver.handle(order("a"))), [
      "failed",
      503,
      "INBOX_UNAVAILABLE",
    ]);
    assert.deepEqual(brief(await receiver.handle(order("b"))), [
      "failed",
      503,
      "INBOX_UNAVAILABLE",
    ]);
  });

  test("keeps no dead letters to work with, and serves no deferred mode", async () => {
    const { receiver, inbox } = createCache();
    await assert.rejects(
      receiver.deadLetters.list(),
      /transactional inbox .* got one for suppression/,
    );
    const options = { endpoint: "orders", provider: plainProvider, inbox, mode: "deferred" };
    assert.throws(
      () => createReceiver(options as never),
      /expected inbox to be transactional in mode "deferred", got "suppression"/,
    );
  });
});

suite("a receiver without an inbox", () => {
  test("handles an event each time that it comes, and answers as any other", async () => {
    const receiver = createReceiver({ endpoint: "orders", provider: plainProvider });
    let runs = 0;
    receiver.on("order.paid", (_delivery, context) => {
      assert.deepEqual(Object.keys(context).toSorted(), ["attempt", "signal"]);
      runs += 1;
      if (runs === 3) throw new Error("no");
      if (runs === 4) throw new PermanentError("no");
    });
    const ends = [];
    for (let i = 0; i < 4; i++) ends.push(brief(await receiver.handle(order("a"))));
    assert.deepEqual(ends, [
      ["handled", 200, null],
      ["handled", 200, null],
      ["failed", 500, "HANDLER_FAILED"],
      ["dead", 200, "HANDLER_FAILED"],
    ]);
    const odd = order("b", { type: "odd" });
    assert.deepEqual(brief(await receiver.handle(odd)), ["ignored", 200, null]);
  });

  test("needs one for a worker", () => {
    const options = { endpoint: "orders", provider: plainProvider, mode: "deferred" } as never;
    assert.throws(
      () => createReceiver(options),
      /expected inbox to be transactional .* got undefined/,
    );
  });
});
