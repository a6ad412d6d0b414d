/** What one attempt's ending means: `settle`, over everything that it can be given. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";

import type { Outcome } from "../daemon/domain/attempt.ts";
import type { SettleInput } from "../daemon/domain/delivery.ts";
import { lastOutcome, settle } from "../daemon/domain/delivery.ts";
import { answered, blocked, refused } from "./support/fake-sender.ts";

const NOW_MS = Date.UTC(2026, 0, 31, 12);
const AS_WRITTEN = 0.5;
const TABLE = [5_000, 60_000];

function settled(input: Partial<SettleInput>, jitter = AS_WRITTEN) {
  const usual = { tryNumber: 1, isTest: false, table: TABLE, retry: "all" } as const;
  const outcome = answered(500);
  return settle(
    { ...usual, outcome, endpointState: "active", wallMs: NOW_MS, ...input },
    NOW_MS,
    jitter,
  );
}

type Word = "accepted" | "retried" | "rejected" | "gone";

/** Each status: what it means under `retry: all`, under `retry: transient`, and whether it slows the endpoint. */
const STATUSES: readonly (readonly [number, Word, Word, "slows" | "as fast as before"])[] = [
  [200, "accepted", "accepted", "as fast as before"],
  [204, "accepted", "accepted", "as fast as before"],
  [299, "accepted", "accepted", "as fast as before"],
  [199, "retried", "retried", "as fast as before"],
  [300, "retried", "retried", "as fast as before"],
  [301, "retried", "retried", "as fast as before"],
  [304, "retried", "retried", "as fast as before"],
  [399, "retried", "retried", "as fast as before"],
  [400, "retried", "rejected", "as fast as before"],
  [404, "retried", "rejected", "as fast as before"],
  [408, "retried", "retried", "as fast as before"],
  [409, "retried", "retried", "as fast as before"],
  [410, "gone", "gone", "as fast as before"],
  [425, "retried", "retried", "as fast as before"],
  [429, "retried", "retried", "slows"],
  [499, "retried", "rejected", "as fast as before"],
  [500, "retried", "retried", "as fast as before"],
  [502, "retried", "retried", "slows"],
  [503, "retried", "retried", "slows"],
  [504, "retried", "retried", "slows"],
  [599, "retried", "retried", "as fast as before"],
];

const CONTROLS = [null, "disable", "abort-message"] as const;
const STATES = ["active", "paused", "disabled"] as const;

type Case = Required<Pick<SettleInput, "isTest" | "tryNumber" | "retry" | "endpointState">> & {
  readonly control: (typeof CONTROLS)[number];
};

const CASES: readonly Case[] = CONTROLS.flatMap((control) =>
  STATES.flatMap((endpointState) =>
    (["all", "transient"] as const).flatMap((retry) =>
      [true, false].flatMap((isTest) =>
        [1, 2, 3].map((tryNumber) => ({ control, endpointState, retry, isTest, tryNumber })),
      ),
    ),
  ),
);

/** The first of these that applies says why a delivery has ended; none: it is tried again. */
function endOf(word: Word, { isTest, control, tryNumber }: Case): string | null {
  if (word === "accepted") return "accepted";
  if (isTest) return "test_failed";
  if (word === "gone") return "gone";
  if (control === "abort-message") return "aborted";
  if (word === "rejected") return "rejected";
  return tryNumber > TABLE.length ? "table_used_up" : null;
}

function wantedOf(word: Word, slows: boolean, each: Case) {
  const end = endOf(word, each);
  const disables =
    word === "gone" ? "gone" : each.control === "disable" ? "receiver_control" : null;
  const away = each.endpointState === "active" ? null : each.endpointState;
  const hold = end !== null ? null : disables !== null ? "disabled" : away;
  const isPending = end === null && hold === null;
  const open = isPending ? "pending" : "held";
  return {
    state: end === null ? open : end === "accepted" ? "delivered" : "exhausted",
    hold,
    dueAtMs: isPending ? NOW_MS + (TABLE[each.tryNumber - 1] ?? NaN) : null,
    endReason: end,
    disables,
    slowsForMs: slows ? 0 : null,
  };
}

suite("an answer, by its status", () => {
  for (const [status, underAll, underTransient, pace] of STATUSES) {
    test(`${status} is ${underAll}, under transient ${underTransient}; the endpoint: ${pace}`, () => {
      for (const each of CASES) {
        const { control, ...input } = each;
        const word = each.retry === "all" ? underAll : underTransient;
        const wanted = wantedOf(word, pace === "slows", each);
        const outcome = answered(status, { control });
        assert.deepEqual(settled({ ...input, outcome }), wanted, JSON.stringify(each));
      }
    });
  }
});

test("no answer, or a refusal by the guard, is tried again, under transient, too", () => {
  const unanswered: readonly Outcome[] = [refused(), blocked()];
  for (const outcome of unanswered) {
    for (const each of CASES.filter(({ control }) => control === null)) {
      const { control: _, ...input } = each;
      assert.deepEqual(settled({ ...input, outcome }), wantedOf("retried", false, each));
    }
  }
});

suite("Retry-After", () => {
  const at = (ms: number) => new Date(NOW_MS + ms).toUTCString();
  /** What the header says, and how many seconds later the retry is due where the step is 5 s and the longest 60 s. */
  const asked: readonly (readonly [string | null, number])[] = [
    [null, 5],
    ["0", 5],
    ["3", 5],
    ["6", 6],
    [" 30 ", 30],
    ["60", 60],
    ["61", 60],
    ["9999999999", 60],
    ["99999999999", 60],
    ["9".repeat(400), 60],
    [at(20_000), 20],
    [at(3_600_000), 60],
    [at(-20_000), 5],
    ["", 5],
    ["soon", 5],
    ["-5", 5],
    ["1.5", 5],
    ["30s", 5],
    ["0x20", 5],
    ["Sun, 99 Foo 2026 99:99:99 GMT", 5],
  ];
  for (const [retryAfter, dueS] of asked) {
    test(`${JSON.stringify(retryAfter)?.slice(0, 40)}: due in ${dueS} s`, () => {
      const { dueAtMs } = settled({ outcome: answered(500, { retryAfter }) });
      assert.equal((dueAtMs ?? 0) - NOW_MS, dueS * 1_000);
    });
  }

  test("slows the endpoint as long as it asks for with 429, 502, 503 and 504 only", () => {
    for (const [status, slowsForMs] of [
      [429, 30_000],
      [502, 30_000],
      [503, 30_000],
      [504, 30_000],
      [500, null],
      [404, null],
    ] as const) {
      const outcome = answered(status, { retryAfter: "30" });
      assert.equal(settled({ outcome }).slowsForMs, slowsForMs);
    }
  });

  test("is not listened to where the table has no steps: nothing is due, the endpoint waits 0", () => {
    const outcome = answered(503, { retryAfter: "3600" });
    const { state, dueAtMs, slowsForMs } = settled({ outcome, table: [] });
    assert.deepEqual([state, dueAtMs, slowsForMs], ["exhausted", null, 0]);
  });
});

test("a retry is spread by jitter, but never comes before what the receiver asked for", () => {
  assert.equal((settled({}, 0).dueAtMs ?? 0) - NOW_MS, 4_000);
  const outcome = answered(503, { retryAfter: "5" });
  assert.equal((settled({ outcome }, 0).dueAtMs ?? 0) - NOW_MS, 5_000);
});

test("even a step of nothing is due strictly later than now", () => {
  assert.equal(settled({ table: [0] }).dueAtMs, NOW_MS + 1);
});

const outcomes: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constantFrom(refused(), blocked()),
  fc
    .record({
      status: fc.oneof(
        fc.integer({ min: 100, max: 999 }),
        fc.constantFrom(200, 204, 404, 410, 429, 503),
      ),
      retryAfter: fc.option(fc.oneof(fc.string(), fc.nat().map(String), fc.date().map(String))),
      control: fc.constantFrom(...CONTROLS),
    })
    .map(({ status, ...more }) => answered(status, more)),
);

const inputs: fc.Arbitrary<SettleInput> = fc.record({
  outcome: outcomes,
  tryNumber: fc.integer({ min: 1, max: 21 }),
  isTest: fc.boolean(),
  table: fc.array(fc.integer({ min: 1_000, max: 604_800_000 }), { maxLength: 20 }),
  retry: fc.constantFrom("all", "transient"),
  endpointState: fc.constantFrom(...STATES),
  wallMs: fc.constant(NOW_MS),
});

test("whatever comes, the delivery is in a state that can be: due, held or ended, and one of them only", () => {
  fc.assert(
    fc.property(inputs, fc.double({ min: 0, max: 0.999_999, noNaN: true }), (input, jitter) => {
      const made = settle(input, NOW_MS, jitter);
      assert.equal(made.dueAtMs !== null, made.state === "pending");
      assert.equal(made.hold !== null, made.state === "held");
      const isFinal = made.state === "delivered" || made.state === "exhausted";
      assert.equal(made.endReason !== null, isFinal);
      assert.equal(made.endReason === "accepted", made.state === "delivered");
      const longestMs = Math.max(...input.table, 0) * 1.2 + 1;
      if (made.dueAtMs !== null) {
        assert.ok(made.dueAtMs > NOW_MS && made.dueAtMs <= NOW_MS + longestMs);
        assert.ok(Number.isInteger(made.dueAtMs));
      }
      assert.ok(made.slowsForMs === null || (made.slowsForMs >= 0 && made.slowsForMs <= longestMs));
      if (input.isTest) assert.ok(isFinal, "a test is not tried again");
      if (made.disables !== null) assert.notEqual(made.state, "pending");
    }),
  );
});

test("of an outcome its status or its code is kept, and no error of a success", () => {
  assert.deepEqual(lastOutcome(answered(204)), { status: 204, error: null });
  assert.deepEqual(lastOutcome(answered(301)), { status: 301, error: "http_301" });
  assert.deepEqual(lastOutcome(refused()), { status: null, error: "connect_refused" });
  assert.deepEqual(lastOutcome(blocked()), { status: null, error: "egress_blocked" });
});
