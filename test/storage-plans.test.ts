import assert from "node:assert/strict";
import { test } from "node:test";

import type { DeliveryQuery, EventQuery } from "../daemon/domain/stores.ts";
import { cursorText } from "../daemon/storage/cursor.ts";
import { storeOn } from "../daemon/storage/store.ts";
import { recordingConnection } from "./support/store-plans.ts";

const { connection, takeSql, planOf } = recordingConnection();
const store = storeOn(connection);
const ALL = { applicationSeq: 1, limit: 50 };

/** Tables of which a person has few; nothing may walk over any other. */
const SMALL =
  /^SCAN (?:CONSTANT ROW|application|api_key|event_type|endpoint|endpoint_count)(?: |$)/;
/** A page's own rows, which a limit bounds, and lists that were bound as JSON. */
const BOUNDED = /^SCAN (?:w$|j VIRTUAL TABLE)/;
/** What waits is bounded by the backlog limit, and is counted by lanes once, at start. */
const LANES = "SCAN delivery USING COVERING INDEX delivery_due";

function assertBounded(sql: string): void {
  for (const step of planOf(sql)) {
    const isScan = step.startsWith("SCAN") && !SMALL.test(step) && !BOUNDED.test(step);
    assert.ok(!isScan || step === LANES, `${step}: ${sql}`);
    assert.doesNotMatch(step, /TEMP B-TREE|AUTOMATIC/, sql);
  }
}

test("every statement that is prepared once goes along an index", () => {
  const prepared = takeSql();
  assert.ok(prepared.length > 40);
  for (const sql of prepared) assertBounded(sql);
});

const FILTERS = { type: "a", tenant: "t", fromMs: 1, toMs: 9 };

const EVENT_LISTS: readonly Partial<EventQuery>[] = [{}, FILTERS, { text: "x" }, { toMs: 3 }];

for (const query of EVENT_LISTS) {
  test(`events by ${name(query)} are walked along event_newest, from any page`, async () => {
    for (const after of [null, cursorText("events", [5, 5])]) {
      await store.reads.events({ ...ALL, ...query, after });
      assertGoesAlong("event_newest", after === null ? null : "accepted_at_ms<?");
    }
  });
}

const DELIVERY_LISTS: readonly (readonly [
  Partial<DeliveryQuery>,
  list: string,
  place: readonly number[],
  index: string,
  seek: string,
])[] = [
  [{}, "application", [5, 5, 5], "event_newest", "accepted_at_ms<?"],
  [
    { ...FILTERS, state: "delivered" },
    "application",
    [5, 5, 5],
    "event_newest",
    "accepted_at_ms<?",
  ],
  [{ eventSeq: 3 }, "event", [5], "delivery_pair", "endpoint_seq<?"],
  [{ endpointSeq: 1 }, "endpoint", [5, 5], "delivery_newest", "created_at_ms<?"],
  [
    { ...FILTERS, endpointSeq: 1, lastError: "x" },
    "endpoint",
    [5, 5],
    "delivery_newest",
    "created_at_ms<?",
  ],
  [{ state: "held" }, "stuck", [5, 5], "delivery_stuck", "created_at_ms<?"],
  [{ ...FILTERS, state: "exhausted" }, "stuck", [5, 5], "delivery_stuck", "created_at_ms<?"],
  [{ state: "cancelled" }, "stuck", [5, 5], "delivery_stuck", "created_at_ms<?"],
  [{ state: "held", endpointSeq: 1 }, "stuck", [5, 5], "delivery_stuck_at", "created_at_ms<?"],
  [{ state: "exhausted", endpointSeq: 1 }, "stuck", [5, 5], "delivery_stuck_at", "created_at_ms<?"],
  [{ state: "cancelled", endpointSeq: 1 }, "stuck", [5, 5], "delivery_stuck_at", "created_at_ms<?"],
  [{ state: "pending" }, "due", [5, 5], "delivery_due", "due_at_ms>?"],
  [
    { text: "x", lastStatus: { from: 400, to: 499 }, isTest: false },
    "application",
    [5, 5, 5],
    "event_newest",
    "accepted_at_ms<?",
  ],
  [{ state: "exhausted", text: "x" }, "stuck", [5, 5], "delivery_stuck", "created_at_ms<?"],
  [{ state: "pending", text: "x" }, "due", [5, 5], "delivery_due", "due_at_ms>?"],
  [{ state: "pending", endpointSeq: 1 }, "due", [5, 5], "delivery_due", "due_at_ms>?"],
];

for (const [query, list, place, index, seek] of DELIVERY_LISTS) {
  test(`deliveries by ${name(query)} are walked along ${index}, from any page`, async () => {
    for (const after of [null, cursorText(list, place)]) {
      await store.reads.deliveries({ ...ALL, ...query, after });
      assertGoesAlong(index, after === null ? null : seek);
    }
  });
}

/** Each statement since the last look is bounded, and one of them walks that index, from the page's start where there is one. */
function assertGoesAlong(index: string, seek: string | null): void {
  const statements = takeSql();
  for (const sql of statements) assertBounded(sql);
  const steps = statements.flatMap(planOf).filter((step) => step.includes(` INDEX ${index} `));
  assert.ok(steps.length > 0, `expected ${index} to be walked, got ${statements.join("; ")}`);
  if (seek !== null)
    assert.ok(
      steps.some((step) => step.includes(seek)),
      steps.join("; "),
    );
}

test("one event, one delivery, its attempts, and a replay's chunk go along an index", async () => {
  await store.reads.event(1, "evt_1");
  await store.reads.delivery(1, "dlv_1");
  await store.reads.attempts(1);
  const replay = { applicationSeq: 1, fromMs: 1, toMs: 9, limit: 5 };
  await store.office.eventsForReplay({ ...replay, afterSeq: 0 });
  await store.office.eventsForReplay({ ...replay, afterSeq: 1 });
  const statements = takeSql();
  assert.ok(statements.length >= 5);
  for (const sql of statements) assertBounded(sql);
});

test("what is looked at each second or so passes no long row of an endpoint that it does not want", async () => {
  takeSql();
  await store.office.endpointsToDelete();
  assert.deepEqual(takeSql().flatMap(planOf), [
    "SEARCH endpoint USING INDEX endpoint_deletion (transition=?)",
  ]);
  await store.reads.waitingByApplication();
  assert.deepEqual(takeSql().flatMap(planOf), [
    "SCAN e USING COVERING INDEX endpoint_application",
    "SEARCH c USING INTEGER PRIMARY KEY (rowid=?)",
  ]);
});

function name(query: object): string {
  const names = Object.entries(query).map(([key, value]) => `${key} ${value}`);
  return names.length === 0 ? "nothing" : names.join(", ");
}
