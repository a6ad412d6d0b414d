import assert from "node:assert/strict";
import { test } from "node:test";

import { createPace } from "../daemon/ingest/pace.ts";

/** A pace whose measurements the test sets: a loop that is busy, with much ready in memory. */
function createPaced(start: { busy?: number; ready?: number } = {}) {
  const seen = { busy: start.busy ?? 1, ready: start.ready ?? 5_000, ended: 0, looks: 0 };
  const pace = createPace({
    loopBusy() {
      seen.looks += 1;
      return seen.busy;
    },
    load: () => seen,
  });
  /** How many deliveries are let in at this time, one event at a time. */
  function letIn(nowMs: number, most = 10_000): number {
    let count = 0;
    while (count < most && pace.allowance(nowMs) > 0) {
      pace.accepted(1);
      count += 1;
    }
    return count;
  }
  return { pace, seen, letIn };
}

test("nothing is held back while the loop has time left", () => {
  const { letIn } = createPaced({ busy: 0.9 });
  assert.equal(letIn(0), 10_000);
});

test("nothing is held back while no more is ready than keeps the slots filled", () => {
  const { letIn } = createPaced({ ready: 1_000 });
  assert.equal(letIn(0), 10_000);
});

test("a saturated daemon takes nine for ten that it has ended since the last look", () => {
  const { seen, letIn } = createPaced();
  letIn(0);
  seen.ended = 200;
  assert.equal(letIn(20), 180);
  assert.equal(letIn(39), 0, "not again before it has looked again");
  seen.ended = 300;
  assert.equal(letIn(40), 90, "only what ended since");
});

test("a saturated daemon that ends nothing still takes ten at each look", () => {
  const { letIn } = createPaced();
  assert.equal(letIn(0), 10);
  assert.equal(letIn(19), 0);
  assert.equal(letIn(20), 10);
});

test("one event with many deliveries is paid for by the looks that follow at once, not for ever", () => {
  const { pace, seen, letIn } = createPaced();
  assert.equal(pace.allowance(0), Infinity, "as much as a commit holds, while anything is left");
  pace.accepted(1_000);
  assert.equal(pace.allowance(1), 0);
  seen.ended = 100;
  assert.equal(letIn(20), 90);
});

test("it looks every 20 ms and no more often, and lets go once the daemon is not saturated", () => {
  const { pace, seen, letIn } = createPaced();
  for (let ms = 0; ms < 20; ms++) pace.allowance(ms);
  assert.equal(seen.looks, 1);
  assert.equal(letIn(20), 10);
  seen.busy = 0.3;
  assert.equal(letIn(30), 0);
  assert.equal(letIn(40), 10_000);
  assert.equal(seen.looks, 3);
});
