/** Turns go round among endpoints; those that can't send are not asked again before they can. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Kind, Lane } from "../daemon/delivery/lane.ts";
import { createLane, prove } from "../daemon/delivery/lane.ts";
import { createRotation } from "../daemon/delivery/rotation.ts";
import type { DueDelivery } from "../daemon/domain/stores.ts";
import { newEndpoint } from "./support/store-desk.ts";

const SECOND = 1_000;
const EVERYBODY = () => true;
const ascending = (a = 0, b = 0) => a - b;

function createBench() {
  const clock = { ms: 0 };
  const hungry: number[] = [];
  const rotation = createRotation((lane) => void hungry.push(lane.endpointSeq));
  /** A lane with a delivery that is always ready. */
  const lane = (seq: number, isProven = true): Lane => {
    const made = createLane({ seq, ...newEndpoint(`ep_${seq}`, 1, {}) });
    made.queue.push({ seq } as DueDelivery);
    if (isProven) prove(made, 1e12);
    rotation.enter(made, clock.ms);
    return made;
  };
  const turns = (count: number, isFree: (kind: Kind) => boolean = EVERYBODY) =>
    Array.from({ length: count }, () => rotation.next(clock.ms, isFree)?.endpointSeq);
  return { clock, hungry, rotation, lane, turns };
}

test("each has its turn before any has a second", () => {
  const { lane, turns } = createBench();
  for (const seq of [1, 2, 3]) lane(seq);
  assert.deepEqual(turns(6), [1, 2, 3, 1, 2, 3]);
});

test("one that enters again while it stands there has no more turns for it", () => {
  const { clock, rotation, lane, turns } = createBench();
  const first = lane(1);
  lane(2);
  for (let i = 0; i < 5; i++) rotation.enter(first, clock.ms);
  assert.deepEqual(turns(4), [1, 2, 1, 2]);
});

test("those that answer and those that don't take turns; where no slot is free for one kind the other goes on", () => {
  const { lane, turns } = createBench();
  for (const seq of [1, 2]) lane(seq);
  for (const seq of [11, 12]) lane(seq, false);
  const seen = turns(12);
  const silent = seen.filter((seq) => (seq ?? 0) > 10).length;
  assert.ok(silent >= 3 && silent <= 8, seen.join(" "));
  assert.deepEqual(
    turns(3, (kind) => kind === "proven").map((seq) => (seq ?? 99) < 10),
    [true, true, true],
  );
  assert.deepEqual(
    turns(3, (kind) => kind === "first").map((seq) => (seq ?? 0) > 10),
    [true, true, true],
  );
  assert.deepEqual(
    turns(2, () => false),
    [undefined, undefined],
  );
});

test("one that can't send leaves, and comes back when it is brought back", () => {
  const { clock, rotation, lane, turns } = createBench();
  const [first] = [lane(1), lane(2)];
  first.isCondemned = true;
  assert.deepEqual(turns(3), [2, 2, 2]);
  first.isCondemned = false;
  assert.deepEqual(turns(2), [2, 2], "nobody looked");
  rotation.enter(first, clock.ms);
  assert.deepEqual(turns(2).toSorted(ascending), [1, 2]);
});

test("one that waits for a time comes back then, not before, and the earliest is known", () => {
  const { clock, rotation, lane, turns } = createBench();
  const [first, second] = [lane(1), lane(2)];
  first.nextStartAtMs = 3 * SECOND;
  second.nextStartAtMs = 2 * SECOND;
  assert.equal(rotation.nextOpeningMs(), Infinity);
  assert.deepEqual(turns(1), [undefined]);
  assert.equal(rotation.nextOpeningMs(), 2 * SECOND);
  clock.ms = 2 * SECOND - 1;
  rotation.open(clock.ms);
  assert.deepEqual(turns(1), [undefined]);
  clock.ms = 2 * SECOND;
  rotation.open(clock.ms);
  assert.deepEqual(turns(2), [2, 2]);
  assert.equal(rotation.nextOpeningMs(), 3 * SECOND);
  clock.ms = 4 * SECOND;
  rotation.open(clock.ms);
  assert.deepEqual(turns(2).toSorted(ascending), [1, 2]);
  assert.equal(rotation.nextOpeningMs(), Infinity);
});

test("one that has to be read first is asked for, leaves, and does not hold up the others", () => {
  const { clock, hungry, rotation, lane, turns } = createBench();
  const [first] = [lane(1), lane(2)];
  first.queue.shift();
  first.hasMore = true;
  assert.deepEqual(turns(3), [2, 2, 2]);
  assert.deepEqual(hungry, [1], "once");
  first.queue.push({ seq: 9 } as DueDelivery);
  rotation.enter(first, clock.ms);
  assert.deepEqual(turns(2).toSorted(ascending), [1, 2]);
});

test("one that is removed has no turn any more, whether it stood there or waited", () => {
  const { clock, rotation, lane, turns } = createBench();
  const [first, second] = [lane(1), lane(2)];
  second.nextStartAtMs = SECOND;
  assert.deepEqual(turns(2), [1, 1]);
  for (const each of [first, second]) {
    each.queue.drain();
    rotation.leave(each);
  }
  clock.ms = SECOND;
  rotation.open(clock.ms);
  assert.deepEqual(turns(1), [undefined]);
});

test("one that becomes another kind goes on as that", () => {
  const { clock, rotation, lane, turns } = createBench();
  const first = lane(1, false);
  lane(2);
  prove(first, 1e12);
  rotation.enter(first, clock.ms);
  assert.deepEqual(turns(4, (kind) => kind === "proven").toSorted(ascending), [1, 1, 2, 2]);
});
