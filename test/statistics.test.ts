import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createFlowMeter } from "../daemon/domain/flow.ts";
import {
  addTally,
  createTally,
  HOUR_MS,
  MINUTE_MS,
  packDurations,
  percentileMs,
  planChart,
  tallyAttempt,
  unpackDurations,
} from "../daemon/domain/statistics.ts";
import { cellOutcome, createStrip, STRIP_CELLS } from "../daemon/domain/strip.ts";

const NOON_MS = Date.UTC(2026, 0, 31, 12);

test("a percentile is off by a tenth at most, from half a millisecond to a minute", () => {
  const durations = fc.array(fc.double({ min: 0.5, max: 60_000, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(durations, fc.constantFrom(0.5, 0.95, 0.99), (all, share) => {
      const tally = createTally();
      for (const durationMs of all) tallyAttempt(tally, durationMs, null, false);
      const sorted = all.toSorted((left, right) => left - right);
      const exact = sorted[Math.max(1, Math.ceil(all.length * share)) - 1] ?? Number.NaN;
      const told = percentileMs(tally.durations, share) ?? Number.NaN;
      assert.ok(Math.abs(told / exact - 1) < 0.1, `expected about ${exact}, got ${told}`);
    }),
  );
  assert.equal(percentileMs(createTally().durations, 0.5), null);
});

test("durations are packed into a few bytes and come back as they were", () => {
  const counts = fc.array(fc.tuple(fc.nat(71), fc.nat(2 ** 32 - 1)));
  fc.assert(
    fc.property(counts, (pairs) => {
      const { durations } = createTally();
      for (const [bucket, count] of pairs) durations[bucket] = count;
      assert.deepEqual(unpackDurations(packDurations(durations)), durations);
    }),
  );
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void unpackDurations(bytes)));
});

test("tallies are added up: counts, durations and causes, of which only so many are told apart", () => {
  const sum = createTally();
  for (let status = 400; status < 430; status++) {
    const part = createTally();
    tallyAttempt(part, 10, `http_${status}`, status === 410);
    tallyAttempt(part, 10, null, false);
    part.accepted = 2;
    addTally(sum, part);
  }
  const { accepted, delivered, failed, exhausted, blocked, causes } = sum;
  assert.deepEqual([accepted, delivered, failed, exhausted, blocked], [60, 30, 30, 1, 0]);
  assert.equal(causes?.size, 17);
  assert.equal(causes.get("other"), 14);
});

test("a chart has as many points as asked for at most, and hours where minutes are forgotten", () => {
  const plan = (fromMs: number) => planChart(fromMs, NOON_MS, NOON_MS, 240);
  assert.deepEqual(plan(NOON_MS - HOUR_MS), {
    bucketMs: MINUTE_MS,
    spanMs: MINUTE_MS,
    fromMs: NOON_MS - HOUR_MS,
  });
  assert.equal(plan(NOON_MS - 24 * HOUR_MS).bucketMs, 10 * MINUTE_MS);
  assert.equal(plan(NOON_MS - 49 * HOUR_MS).spanMs, HOUR_MS);
  assert.equal(plan(NOON_MS - 90 * 24 * HOUR_MS).bucketMs, 12 * HOUR_MS);
  const old = planChart(NOON_MS - 50 * HOUR_MS, NOON_MS - 49 * HOUR_MS, NOON_MS, 240);
  assert.equal(old.bucketMs, HOUR_MS);
});

test("a strip keeps the newest sixty attempts, the oldest of them first", () => {
  const strip = createStrip();
  for (let i = 1; i <= STRIP_CELLS + 5; i++) {
    strip.add(
      i,
      i % 2 === 0 ? "failed" : "delivered",
      i * 10,
      i % 2 === 0 ? null : 204,
      `dlv_${i}`,
    );
  }
  const cells = strip.cells();
  assert.equal(cells.length, STRIP_CELLS);
  assert.deepEqual(cells[0], {
    atMs: 6,
    outcome: "failed",
    durationMs: 60,
    status: null,
    deliveryId: "dlv_6",
  });
  assert.equal(cells.at(-1)?.deliveryId, `dlv_${STRIP_CELLS + 5}`);
  assert.equal(cells.at(-1)?.status, 204);
});

test("a cell tells what to do about it: a blocked target before a delivery that was given up", () => {
  assert.equal(cellOutcome(null, false), "delivered");
  assert.equal(cellOutcome("http_500", false), "failed");
  assert.equal(cellOutcome("http_500", true), "exhausted");
  assert.equal(cellOutcome("egress_blocked", true), "blocked");
});

test("what is older than a minute is in no flow any more, and the total forgets nothing", () => {
  const meter = createFlowMeter();
  meter.add(NOON_MS, 5, 4, 3);
  meter.add(NOON_MS + 30_000, 1, 1, 1);
  assert.deepEqual(meter.lastMinute(NOON_MS + 59_999), { accepted: 6, delivered: 5, failed: 4 });
  assert.deepEqual(meter.lastMinute(NOON_MS + 60_000), { accepted: 1, delivered: 1, failed: 1 });
  meter.add(NOON_MS + 60_000, 2, 0, 0);
  assert.deepEqual(meter.lastMinute(NOON_MS + 60_001), { accepted: 3, delivered: 1, failed: 1 });
  assert.deepEqual(meter.total(), { accepted: 8, delivered: 5, failed: 4 });
});
