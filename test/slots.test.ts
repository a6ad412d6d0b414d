/** Who may start an attempt: only young ones count, and endpoints that don't answer share half of the slots. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Kind } from "../daemon/delivery/lane.ts";
import { createSlots } from "../daemon/delivery/slots.ts";

const KINDS: readonly Kind[] = ["proven", "first", "silent"];

function createBench(concurrencyMax: number) {
  const slots = createSlots(concurrencyMax);
  const parked: number[] = [];
  return {
    slots,
    parked,
    free: () => KINDS.filter((kind) => slots.isFree(kind)),
    take(kind: Kind, count: number, nowMs = 0) {
      const taken = Array.from({ length: count }, () =>
        slots.take(kind, nowMs, () => void parked.push(nowMs)),
      );
      return { give: () => taken.forEach((slot) => slots.give(slot)) };
    },
  };
}

test("silent endpoints get a quarter of the slots, first attempts another, those that answer what is left", () => {
  const { free, take } = createBench(8);
  take("silent", 1);
  assert.deepEqual(free(), KINDS);
  take("silent", 1);
  assert.deepEqual(free(), ["proven", "first"]);
  take("first", 2);
  assert.deepEqual(free(), ["proven"]);
  take("proven", 4);
  assert.deepEqual(free(), []);
});

test("endpoints that answer may have every slot", () => {
  const { free, take } = createBench(8);
  take("proven", 7);
  assert.deepEqual(free(), KINDS);
  take("proven", 1);
  assert.deepEqual(free(), []);
});

test("a daemon with one slot gives it to anybody", () => {
  const { free } = createBench(1);
  assert.deepEqual(free(), KINDS);
});

test("a slot comes back when its attempt ends", () => {
  const { slots, free, take } = createBench(4);
  const silent = take("first", 2);
  assert.deepEqual([free(), slots.size], [["proven"], 2]);
  silent.give();
  assert.deepEqual([free(), slots.size], [KINDS, 0]);
});

test("an attempt that is a second old gives its slot back, is told of, and still counts as a socket", () => {
  const { slots, parked, free, take } = createBench(4);
  const first = take("first", 1);
  take("first", 1, 400);
  assert.equal(slots.nextAgingMs(), 1_000);
  slots.age(999);
  assert.deepEqual([free(), parked], [["proven"], []]);
  slots.age(1_000);
  assert.deepEqual([slots.isFree("first"), parked, slots.size], [true, [0], 2]);
  assert.equal(slots.nextAgingMs(), 1_400);
  first.give();
  assert.equal(slots.size, 1);
  slots.age(5_000);
  assert.deepEqual([parked, slots.nextAgingMs()], [[0, 400], Infinity]);
});

test("an attempt that ended young is never told of as old", () => {
  const { slots, parked, take } = createBench(2);
  take("proven", 1).give();
  slots.age(5_000);
  assert.deepEqual([slots.size, parked, slots.nextAgingMs()], [0, [], Infinity]);
});

test("an attempt that ended old frees no slot a second time", () => {
  const { slots, free, take } = createBench(4);
  const old = take("first", 2);
  slots.age(1_000);
  take("first", 2, 1_000);
  old.give();
  assert.deepEqual([free(), slots.size], [["proven"], 2]);
});

test("sockets are bounded: three times the limit wait for silent receivers, four times for all", () => {
  const { slots, take } = createBench(4);
  const fill = (kind: Kind, fromMs: number) => {
    for (let nowMs = fromMs; nowMs < fromMs + 60_000; nowMs += 1_000) {
      slots.age(nowMs);
      while (slots.isFree(kind)) take(kind, 1, nowMs);
    }
    return slots.size;
  };
  const waiting = fill("first", 0);
  assert.ok(waiting >= 12 && waiting <= 14, `${waiting}`);
  assert.equal(slots.isFree("proven"), true);
  assert.equal(fill("proven", 60_000), 16);
});
