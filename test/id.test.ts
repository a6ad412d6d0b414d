import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

import { createIdMaker, isId } from "../daemon/domain/id.ts";
import { createSeeded } from "./support/seeded.ts";

const NOON_MS = Date.UTC(2026, 0, 31, 12);
const { bytes } = createSeeded(7);

/** Ids made while the clock shows these times, one after another. */
function madeAt(times: readonly number[], randomBytes = bytes): string[] {
  let nowMs = 0;
  const ids = createIdMaker(() => nowMs, randomBytes);
  return times.map((ms) => {
    nowMs = ms;
    return ids.next("evt");
  });
}

function assertRising(ids: readonly string[]): void {
  for (let i = 1; i < ids.length; i++) {
    assert.ok((ids[i - 1] ?? "") < (ids[i] ?? ""), `${ids[i - 1]} before ${ids[i]}`);
  }
}

test("an id is a prefix, an underscore and a ULID in lower case", () => {
  const nothing = (count: number) => new Uint8Array(count);
  // The example of the ULID specification: 01ARZ3NDEK is 1469922850259 ms.
  assert.deepEqual(madeAt([1_469_922_850_259], nothing), ["evt_01arz3ndek0000000000000000"]);
  const all = (count: number) => new Uint8Array(count).fill(255);
  assert.deepEqual(madeAt([2 ** 48 - 1], all), ["evt_7zzzzzzzzzzzzzzzzzzzzzzzzz"]);
});

test("each bit of chance is in the id", () => {
  const ids = Array.from({ length: 80 }, (_, bit) => {
    const one = new Uint8Array(10);
    one[bit >> 3] = 128 >> (bit & 7);
    return madeAt([NOON_MS], () => one)[0] ?? "";
  });
  const values = ids.map((id) => id.slice(14));
  assert.equal(new Set(values).size, 80);
  assert.equal(values[0], "g000000000000000");
  assert.equal(values[79], "0000000000000001");
});

test("ids of one millisecond rise by one, over the middle, too", () => {
  const lowHalfFull = Uint8Array.from([0, 0, 0, 0, 0, 255, 255, 255, 255, 254]);
  const ids = madeAt([NOON_MS, NOON_MS, NOON_MS, NOON_MS], () => lowHalfFull);
  assert.deepEqual(
    ids.map((id) => id.slice(14)),
    ["00000000zzzzzzzy", "00000000zzzzzzzz", "0000000100000000", "0000000100000001"],
  );
});

test("ids rise while the clock goes on, stands still and is set back", () => {
  assertRising(madeAt([NOON_MS, NOON_MS + 1, NOON_MS + 1, NOON_MS - 3_600_000, NOON_MS, 0]));
});

test("ids rise whatever the clock does", () => {
  const clock = fc.array(fc.integer({ min: 0, max: 2 ** 48 - 1 }), { minLength: 2 });
  fc.assert(fc.property(clock, (times) => assertRising(madeAt(times))));
});

test("a hundred thousand ids of a few milliseconds are all different", () => {
  const times = Array.from({ length: 100_000 }, (_, i) => NOON_MS + Math.floor(i / 30_000));
  assert.equal(new Set(madeAt(times)).size, 100_000);
});

test("two makers at one time make different ids", () => {
  assert.notDeepEqual(madeAt([NOON_MS]), madeAt([NOON_MS]));
});

test("an id is known as one, under its own prefix only", () => {
  const [id = ""] = madeAt([NOON_MS]);
  assert.equal(isId("evt", id), true);
  assert.equal(isId("dlv", id), false);
});

test("what this daemon could not have made is no id", () => {
  const good = "01arz3ndek0000000000000000";
  for (const text of [
    "",
    "evt",
    "evt_",
    good,
    `evt_${good}0`,
    `evt_${good.slice(1)}`,
    `evt_${good.toUpperCase()}`,
    `evt_8${good.slice(1)}`, // later than 48 bits of milliseconds
    ...["i", "l", "o", "u", ".", "-", "é", " "].map((each) => `evt_${good.slice(0, -1)}${each}`),
    `evt_${good}\n`,
    ` evt_${good}`,
    `xevt_${good}`,
  ]) {
    assert.equal(isId("evt", text), false, JSON.stringify(text));
  }
  assert.equal(isId("evt", `evt_${good}`), true);
});
