/** What a receiver missed: found, sent again, and proved to have come. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { createFakeTime } from "../../test/support/fake-time.ts";
import type { InboxStatus } from "../src/inbox/inbox.ts";
import type { ApiFetch } from "../src/receiver/posthorn-deliveries.ts";
import { posthornDeliveries } from "../src/receiver/posthorn-deliveries.ts";
import type { SentDelivery } from "../src/receiver/reconcile.ts";
import { reconcile, verdictOn } from "../src/receiver/reconcile.ts";
import { untilQuiet } from "./receiver-kit.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = 10 * HOUR_MS;

function delivery(eventId: string, state = "delivered", createdAtMs = 0): SentDelivery {
  return { eventId, deliveryId: `dlv-${eventId}`, state, createdAtMs };
}

async function* listed(deliveries: readonly SentDelivery[]): AsyncGenerator<SentDelivery> {
  yield* deliveries;
}

/** A receiver that gets what is sent again, unless it is deaf to it. */
function createSide(sent: readonly SentDelivery[], known: Record<string, InboxStatus>) {
  const time = createFakeTime();
  const statuses = new Map(Object.entries(known));
  const asked: number[] = [];
  const resent: string[] = [];
  const options = {
    deliveries: listed(sent),
    endpoint: "orders",
    inbox: {
      async statusOf(endpoint: string, ids: readonly string[]) {
        assert.equal(endpoint, "orders");
        asked.push(ids.length);
        return new Map([...statuses].filter(([id]) => ids.includes(id)));
      },
    },
    async resend(deliveryId: string) {
      resent.push(deliveryId);
      const id = deliveryId.slice("dlv-".length);
      time.timers.after(700, () => id !== "deaf" && statuses.set(id, "done"));
    },
    graceMs: HOUR_MS,
    nowMs: NOW_MS,
    timers: time.timers,
  };
  return { time, options, resent, asked };
}

/** Runs it with time that passes as fast as it may. */
async function run(side: ReturnType<typeof createSide>, more = {}) {
  const pending = reconcile({ ...side.options, ...more });
  for (let i = 0; i < 100; i++) {
    await untilQuiet();
    await side.time.advance(500);
  }
  return pending;
}

suite("one delivery", () => {
  const on = (state: string, status?: InboxStatus, ageMs = 2 * HOUR_MS) =>
    verdictOn(delivery("a", state, NOW_MS - ageMs), status, { nowMs: NOW_MS, graceMs: HOUR_MS });

  test("is known when it was handled, ignored, stored or parked", () => {
    for (const status of ["done", "ignored", "pending", "dead"] as const) {
      assert.equal(on("delivered", status), "known");
      assert.equal(on("exhausted", status), "known");
    }
  });

  test("waits while its sender is at it, or while it is young", () => {
    for (const state of ["pending", "in_flight", "held"]) {
      assert.equal(on(state), "waiting");
      assert.equal(on(state, "failed"), "waiting");
    }
    assert.equal(on("delivered", undefined, HOUR_MS - 1), "waiting");
  });

  test("is missing when its sender is done with it and it took no effect here", () => {
    assert.equal(on("delivered"), "missing");
    assert.equal(on("exhausted"), "missing");
    assert.equal(on("exhausted", "failed"), "missing");
    assert.equal(on("delivered", "failed"), "known", "stored, and its worker comes back to it");
  });

  test("stays cancelled when a person cancelled it", () => {
    assert.equal(on("cancelled"), "cancelled");
    assert.equal(on("cancelled", "done"), "known");
  });
});

suite("a reconciliation", () => {
  const sent = [
    delivery("done"),
    delivery("lost"),
    delivery("failed", "exhausted"),
    delivery("later", "pending"),
    delivery("off", "cancelled"),
    delivery("lost", "exhausted"),
  ];

  test("has sent again what is missing, once each, and waits until it is there", async () => {
    const side = createSide(sent, { done: "done", failed: "failed" });
    assert.deepEqual(await run(side), {
      checked: 6,
      known: 1,
      waiting: 1,
      cancelled: 1,
      missing: ["lost", "failed"],
      resent: 2,
      stillMissing: [],
      resendError: null,
    });
    assert.deepEqual(side.resent, ["dlv-lost", "dlv-failed"]);
  });

  test("says what is still missing when its wait is over", async () => {
    const side = createSide([delivery("lost"), delivery("deaf")], {});
    const { resent, stillMissing } = await run(side, { waitMs: 2_000 });
    assert.deepEqual([resent, stillMissing], [2, ["deaf"]]);
  });

  test("only looks when it is asked to", async () => {
    const side = createSide(sent, {});
    const { missing, stillMissing, resent } = await run(side, { dryRun: true });
    assert.deepEqual([missing, stillMissing, resent], [["done", "lost", "failed"], missing, 0]);
    assert.deepEqual(side.resent, []);
  });

  test("goes on when one can't be sent again, and says why", async () => {
    const side = createSide([delivery("gone"), delivery("lost")], {});
    const { resend } = side.options;
    const picky = async (id: string): Promise<void> => {
      if (id === "dlv-gone") throw new Error("got 409 (conflict)");
      await resend(id);
    };
    const { resent, stillMissing, resendError } = await run(side, { resend: picky });
    assert.deepEqual([resent, stillMissing, resendError], [1, ["gone"], "got 409 (conflict)"]);
  });

  test("asks the inbox for a bounded number at once, however many there are", async () => {
    const many = Array.from({ length: 600 }, (_, i) => delivery(`e${i}`));
    const side = createSide(many, {});
    const { checked, missing, stillMissing } = await run(side);
    assert.deepEqual([checked, missing.length, stillMissing.length], [600, 600, 0]);
    assert.ok(Math.max(...side.asked) <= 250);
  });

  test("proves nothing with half a list", async () => {
    async function* broken(): AsyncGenerator<SentDelivery> {
      yield delivery("a");
      throw new Error("connection reset");
    }
    const side = createSide([], {});
    await assert.rejects(reconcile({ ...side.options, deliveries: broken() }), /connection reset/);
    assert.deepEqual(side.resent, []);
  });
});

suite("Posthorn's side", () => {
  const options = {
    baseUrl: "http://127.0.0.1:7678/base/",
    apiKey: "key",
    endpointId: "ep_1",
    sinceMs: 0,
  };
  const json = (id: string, more = {}) => ({
    id,
    event_id: `evt-${id}`,
    state: "delivered",
    created_at: "1970-01-01T00:00:01.000Z",
    ...more,
  });

  function answers(...pages: readonly (readonly [status: number, body: unknown])[]) {
    const asked: string[] = [];
    const fetch: ApiFetch = async (url, { method, headers }) => {
      asked.push(`${method} ${url} ${headers["authorization"]} ${headers["posthorn-app"] ?? "-"}`);
      const [status, body] = pages[asked.length - 1] ?? [500, null];
      return new Response(JSON.stringify(body), { status });
    };
    return { asked, fetch };
  }

  async function all(fetch: ApiFetch): Promise<SentDelivery[]> {
    const found: SentDelivery[] = [];
    for await (const each of posthornDeliveries({ ...options, fetch }).deliveries) found.push(each);
    return found;
  }

  test("is read page by page, without tests", async () => {
    const { asked, fetch } = answers(
      [200, { data: [json("a"), json("t", { is_test: true })], next_cursor: "c=1" }],
      [200, { data: [json("b")], next_cursor: null }],
    );
    const from = "from=1970-01-01T00%3A00%3A00.000Z";
    const ids = (await all(fetch)).map(({ deliveryId, eventId }) => [deliveryId, eventId]);
    assert.deepEqual(ids, [
      ["a", "evt-a"],
      ["b", "evt-b"],
    ]);
    const page = `GET http://127.0.0.1:7678/base/v1/deliveries?endpoint_id=ep_1&${from}&limit=250`;
    assert.deepEqual(asked, [`${page} Bearer key -`, `${page}&cursor=c%3D1 Bearer key -`]);
  });

  test("that refuses or answers something else is an error that names it, and not the key", async () => {
    const wrong: readonly (readonly [number, unknown, RegExp])[] = [
      [
        401,
        { code: "unauthorized" },
        /GET \/v1\/deliveries to be answered 200, got 401 \(unauthorized\)$/,
      ],
      [302, null, /got 302$/],
      [200, [], /expected Posthorn's deliveries to have a list, got undefined/],
      [200, { data: [{}], next_cursor: null }, /to have deliveries, got something else/],
      [200, { data: [] }, /to have a next_cursor, got undefined/],
    ];
    for (const [status, body, message] of wrong) {
      const { fetch } = answers([status, body]);
      await assert.rejects(all(fetch), message);
    }
    const { fetch } = answers(
      [200, { data: [], next_cursor: "c" }],
      [200, { data: [], next_cursor: "c" }],
    );
    await assert.rejects(all(fetch), /another next_cursor, got the same again/);
  });
});
