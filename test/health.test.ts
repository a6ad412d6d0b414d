import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { settle } from "../daemon/domain/delivery.ts";
import type { EndpointHealth } from "../daemon/domain/endpoint.ts";
import { UNTRIED } from "../daemon/domain/endpoint.ts";
import { healthAfter } from "../daemon/domain/health.ts";
import { answered } from "./support/fake-sender.ts";

const NOON_MS = Date.UTC(2026, 0, 31, 12);
const SECOND = 1_000;
const DAY = 24 * 3_600_000;

/** An endpoint's health after an answer of this status at that time. */
function after(
  health: EndpointHealth,
  status: number,
  atMs: number,
  more: {
    retryAfter?: string;
    autoDisableDays?: number | null;
    control?: "disable";
    begunAtMs?: number;
  } = {},
) {
  const { retryAfter = null, control = null, autoDisableDays = 5 } = more;
  const outcome = answered(status, { retryAfter, control });
  const usual = { tryNumber: 1, isTest: false, retry: "all", endpointState: "active" } as const;
  const begunAtMs = more.begunAtMs ?? atMs;
  const settlement = settle({ ...usual, outcome, table: [DAY], wallMs: atMs }, atMs, 0.5);
  return healthAfter(health, settlement, autoDisableDays, { begunAtMs, nowMs: atMs });
}

/** So many failures, the first at noon and the last `spanMs` later. */
function failing(count: number, spanMs: number, autoDisableDays: number | null = 5) {
  let health = UNTRIED;
  let disables: string | null = null;
  for (let i = 0; i < count; i++) {
    const atMs = NOON_MS + Math.round((spanMs * i) / Math.max(count - 1, 1));
    ({ health, disables } = after(health, 500, atMs, { autoDisableDays }));
    if (i < count - 1 && disables !== null) throw new Error(`disabled by failure ${i + 1}`);
  }
  return { health, disables };
}

suite("an endpoint that throttles", () => {
  test("is left alone for 5 s, 10 s, 30 s, 1 min, 5 min and then 5 min each time", () => {
    let health = UNTRIED;
    let atMs = NOON_MS;
    const waitsS: number[] = [];
    for (let i = 0; i < 7; i++) {
      ({ health } = after(health, 503, atMs));
      waitsS.push(((health.slowedUntilMs ?? 0) - atMs) / SECOND);
      atMs = health.slowedUntilMs ?? 0;
    }
    assert.deepEqual(waitsS, [5, 10, 30, 60, 300, 300, 300]);
    assert.equal(health.slowCount, 7);
  });

  test("is left alone once for a burst of answers that were under way together", () => {
    let { health } = after(UNTRIED, 503, NOON_MS);
    for (let i = 1; i < 10; i++) ({ health } = after(health, 503, NOON_MS + i));
    assert.equal(health.slowCount, 1);
    assert.equal(health.slowedUntilMs, NOON_MS + 5 * SECOND);
    assert.equal(health.failedInARow, 10, "each is a failure all the same");
  });

  test("may ask for longer than the step, but not for less", () => {
    const longer = after(UNTRIED, 429, NOON_MS, { retryAfter: "90" }).health;
    assert.equal(longer.slowedUntilMs, NOON_MS + 90 * SECOND);
    const shorter = after(UNTRIED, 429, NOON_MS, { retryAfter: "1" }).health;
    assert.equal(shorter.slowedUntilMs, NOON_MS + 5 * SECOND);
  });

  test("may ask for longer in the middle of a burst, and a shorter wish takes nothing back", () => {
    const { health } = after(UNTRIED, 503, NOON_MS);
    const longer = after(health, 503, NOON_MS + SECOND, { retryAfter: "60" }).health;
    assert.equal(longer.slowedUntilMs, NOON_MS + 61 * SECOND);
    assert.equal(longer.slowCount, 1);
    const shorter = after(longer, 503, NOON_MS + 2 * SECOND, { retryAfter: "1" }).health;
    assert.equal(shorter.slowedUntilMs, NOON_MS + 61 * SECOND);
  });

  test("is not opened by the success of an attempt that had begun before it asked for less", () => {
    const { health } = after(UNTRIED, 503, NOON_MS);
    const late = { begunAtMs: NOON_MS };
    const still = after(health, 200, NOON_MS + SECOND, late).health;
    assert.deepEqual([still.slowCount, still.slowedUntilMs], [1, NOON_MS + 5 * SECOND]);
    assert.deepEqual([still.failedInARow, still.lastSuccessAtMs], [0, NOON_MS + SECOND]);
    const probe = { begunAtMs: NOON_MS + 5 * SECOND };
    const open = after(still, 200, NOON_MS + 6 * SECOND, probe).health;
    assert.deepEqual([open.slowCount, open.slowedUntilMs], [0, null]);
  });

  test("stays as slow as it is when it fails in another way", () => {
    const { health } = after(UNTRIED, 503, NOON_MS);
    const next = after(health, 500, NOON_MS + SECOND).health;
    assert.deepEqual(
      [next.slowCount, next.slowedUntilMs, next.failedInARow],
      [1, NOON_MS + 5 * SECOND, 2],
    );
  });
});

test("a success clears everything but when it last failed", () => {
  const { health } = after(UNTRIED, 503, NOON_MS);
  assert.deepEqual(after(health, 204, NOON_MS + SECOND), {
    health: {
      slowedSinceMs: null,
      slowedUntilMs: null,
      slowCount: 0,
      failingSinceMs: null,
      failedInARow: 0,
      lastSuccessAtMs: NOON_MS + SECOND,
      lastFailureAtMs: NOON_MS,
    },
    disables: null,
  });
});

test("a run of failures keeps its beginning and counts on", () => {
  const good = after(UNTRIED, 200, NOON_MS).health;
  const once = after(good, 500, NOON_MS + SECOND).health;
  const twice = after(once, 404, NOON_MS + 2 * SECOND).health;
  assert.deepEqual(twice, {
    slowedSinceMs: null,
    slowedUntilMs: null,
    slowCount: 0,
    failingSinceMs: NOON_MS + SECOND,
    failedInARow: 2,
    lastSuccessAtMs: NOON_MS,
    lastFailureAtMs: NOON_MS + 2 * SECOND,
  });
});

suite("an endpoint that only fails", () => {
  test("is disabled by the failure that makes five days of them full", () => {
    assert.equal(failing(10, 5 * DAY).disables, "only_failures");
    assert.equal(failing(200, 5 * DAY).disables, "only_failures");
    assert.equal(failing(200, 5 * DAY - 1).disables, null);
  });

  test("is not disabled by fewer than ten failures, however many days they took", () => {
    assert.equal(failing(9, 300 * DAY).disables, null);
    assert.equal(failing(10, 300 * DAY).disables, "only_failures");
  });

  test("is given the days that it was given, or for ever", () => {
    assert.equal(failing(10, DAY, 1).disables, "only_failures");
    assert.equal(failing(10, DAY - 1, 1).disables, null);
    assert.equal(failing(50, 3_000 * DAY, null).disables, null);
  });

  test("begins anew after one success", () => {
    const { health } = failing(50, 4 * DAY);
    const good = after(health, 200, NOON_MS + 4 * DAY).health;
    assert.equal(after(good, 500, NOON_MS + 30 * DAY).disables, null);
  });
});

test("an answer that disables does so at once, and gives its own reason", () => {
  assert.equal(after(UNTRIED, 410, NOON_MS, { autoDisableDays: null }).disables, "gone");
  const wornOut = failing(50, 5 * DAY - 1).health;
  assert.equal(after(wornOut, 410, NOON_MS + 9 * DAY).disables, "gone");
  assert.equal(after(UNTRIED, 200, NOON_MS, { control: "disable" }).disables, "receiver_control");
});
