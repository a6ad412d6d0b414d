import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";

import {
  BACKOFF_PRESETS_MS,
  longestDelayMs,
  longestStepMs,
  retryDelayMs,
} from "../daemon/domain/backoff.ts";

const NOON_MS = Date.UTC(2026, 0, 31, 12);
const AS_WRITTEN = 0.5;

/** When the next attempt is due after the `failed`-th one failed at noon: days later and time of day. */
function dueAfter(table: readonly number[], failed: number): string | null {
  const delayMs = retryDelayMs(table, failed, AS_WRITTEN);
  if (delayMs === null) return null;
  const due = new Date(NOON_MS + delayMs);
  const days = Math.floor((due.getTime() - Date.UTC(2026, 0, 31)) / 86_400_000);
  return `${days === 0 ? "" : `+${days} d `}${due.toISOString().slice(11, 19)}`;
}

suite("the appliance table", () => {
  const table = BACKOFF_PRESETS_MS.appliance;
  const promise = [
    "12:00:05",
    "12:00:10",
    "12:00:30",
    "12:01:00",
    "12:05:00",
    "12:15:00",
    "12:30:00",
    "13:00:00",
    "14:00:00",
    "18:00:00",
  ];
  for (const [i, due] of promise.entries()) {
    test(`when attempt ${i + 1} fails at noon, the next is due ${due}`, () => {
      assert.equal(dueAfter(table, i + 1), due);
    });
  }

  test("is used up when attempt 11 fails: ten retries, each step once, and none again", () => {
    assert.equal(table.length, 10);
    assert.equal(retryDelayMs(table, 11, AS_WRITTEN), null);
    assert.equal(retryDelayMs(table, 12, AS_WRITTEN), null);
  });

  test("lasts 9 h 51 min 45 s in all", () => {
    const totalMs = table.reduce((sum, step) => sum + step, 0);
    assert.equal(totalMs, ((9 * 60 + 51) * 60 + 45) * 1_000);
  });
});

test("the table of Standard Webhooks is the example schedule of its specification", () => {
  const table = BACKOFF_PRESETS_MS["standard-webhooks"];
  const due = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((failed) => dueAfter(table, failed));
  assert.deepEqual(due, [
    "12:00:05",
    "12:05:00",
    "12:30:00",
    "14:00:00",
    "17:00:00",
    "22:00:00",
    "+1 d 02:00:00",
    "+1 d 08:00:00",
    "+1 d 12:00:00",
    null,
  ]);
});

test("jitter spreads a step of 100 s over 80 to 120 s, evenly around it", () => {
  const table = [100_000];
  assert.equal(retryDelayMs(table, 1, 0), 80_000);
  assert.equal(retryDelayMs(table, 1, 0.25), 90_000);
  assert.equal(retryDelayMs(table, 1, AS_WRITTEN), 100_000);
  assert.equal(retryDelayMs(table, 1, 0.999_999_99), 120_000);
  assert.equal(retryDelayMs(table, 1, 0.999), 119_960);
});

test("a table of no steps is used up by the first failure", () => {
  assert.equal(retryDelayMs([], 1, AS_WRITTEN), null);
  assert.equal(longestStepMs([]), 0);
});

test("a table of twenty steps has twenty retries, in its own order", () => {
  const table = Array.from({ length: 20 }, (_, i) => (20 - i) * 1_000);
  const delays = table.map((_, i) => retryDelayMs(table, i + 1, AS_WRITTEN));
  assert.deepEqual(delays, table);
  assert.equal(retryDelayMs(table, 21, AS_WRITTEN), null);
});

test("the longest step is the longest wherever it stands", () => {
  assert.equal(longestStepMs([1_000, 9_000, 2_000]), 9_000);
  assert.equal(longestStepMs(BACKOFF_PRESETS_MS.appliance), 6 * 3_600_000);
});

test("no retry waits longer than the longest delay: jitter included, five minutes at least", () => {
  assert.equal(longestDelayMs([600_000, 1_000]), 720_000);
  assert.equal(longestDelayMs([1_000]), 300_000);
  assert.equal(longestDelayMs([]), 300_000);
});

const steps = fc.array(fc.integer({ min: 1_000, max: 7 * 24 * 3_600_000 }), { maxLength: 20 });
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("whatever the table, each delay is whole milliseconds within 20 % of its own step", () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 25 }), chance, (table, failed, jitter) => {
      const delayMs = retryDelayMs(table, failed, jitter);
      const stepMs = table[failed - 1];
      if (stepMs === undefined || delayMs === null) {
        assert.equal(delayMs, null);
        assert.equal(stepMs, undefined);
        return;
      }
      assert.ok(Number.isInteger(delayMs));
      assert.ok(Math.abs(delayMs - stepMs) <= stepMs * 0.2 + 1);
      assert.ok(delayMs <= longestDelayMs(table));
    }),
  );
});

test("more jitter never means less delay", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_000, max: 1e9 }), chance, chance, (stepMs, a, b) => {
      const at = (jitter: number) => retryDelayMs([stepMs], 1, jitter) ?? NaN;
      assert.ok(at(Math.min(a, b)) <= at(Math.max(a, b)));
    }),
  );
});
