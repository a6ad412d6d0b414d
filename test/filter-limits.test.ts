import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import {
  FILTER_CONDITIONS_MAX,
  FILTER_DEPTH_MAX,
  FILTER_PATH_SEGMENTS_MAX,
  FILTER_TEXT_BYTES_MAX,
  filterHolds,
  parseFilter,
} from "../daemon/domain/filter.ts";

function problem(json: unknown): string {
  const parsed = parseFilter(json);
  return parsed.ok ? "no problem" : parsed.problem;
}

function isValid(json: unknown): boolean {
  return parseFilter(json).ok;
}

test("a bad filter is answered with the place, what is wanted and what came", () => {
  assert.equal(
    problem({ $or: [{ a: 1 }, { amount: { $gte: null } }] }),
    "expected filter.$or[1].amount.$gte to be a number or a string, got null",
  );
  assert.equal(problem([]), "expected filter to be an object with at least one condition, got []");
  assert.equal(
    problem({ a: { $regex: "^a" } }),
    "expected filter.a.$regex to be one of $eq $ne $gt $gte $lt $lte $in $nin $exists " +
      '$startsWith $endsWith $contains $not, got "$regex"',
  );
  assert.match(problem({ $nor: [{ a: 1 }] }), /^expected filter\.\$nor to be `\$and`, .*"\$nor"$/);
  assert.match(
    problem({ a: { $gt: 1, b: 2 } }),
    /^expected filter\.a\.b to be one of .*, got "b"$/,
  );
});

test("operands of the wrong type are refused", () => {
  for (const operators of [
    { $gt: true },
    { $lt: [1] },
    { $in: 1 },
    { $in: [] },
    { $nin: {} },
    { $exists: 1 },
    { $startsWith: 1 },
    { $endsWith: null },
    { $not: { $gt: null } },
  ]) {
    assert.equal(isValid({ a: operators }), false, JSON.stringify(operators));
  }
  for (const filter of [
    {},
    null,
    "a",
    { $and: [] },
    { $and: { a: 1 } },
    { $or: [{}] },
    { $or: [1] },
    { $not: [] },
    { $not: {} },
  ]) {
    assert.equal(isValid(filter), false, JSON.stringify(filter));
  }
});

test("a path has no empty segment and no backslash without a purpose", () => {
  for (const path of ["", ".", "a.", ".a", "a..b", "a\\", "a\\b", "\\"]) {
    assert.match(problem({ [path]: 1 }), /^expected the path of filter\..* to be names/, path);
  }
  for (const path of ["a b", "ü.ß", "a.$b", "\\$or", "a\\.b.c\\\\"]) {
    assert.equal(isValid({ [path]: 1 }), true, path);
  }
});

test("a path has at most 16 segments", () => {
  const path = (count: number): string => Array.from({ length: count }, () => "a").join(".");
  assert.equal(isValid({ [path(FILTER_PATH_SEGMENTS_MAX)]: 1 }), true);
  assert.match(problem({ [path(FILTER_PATH_SEGMENTS_MAX + 1)]: 1 }), /at most 16 .*, got 17$/);
});

test("filters stand at most eight deep in one another", () => {
  const nested = (depth: number): unknown => (depth === 1 ? { a: 1 } : { $not: nested(depth - 1) });
  assert.equal(isValid(nested(FILTER_DEPTH_MAX)), true);
  assert.match(problem(nested(FILTER_DEPTH_MAX + 1)), /to be at most 8 filters deep, got/);
});

test("a filter has at most 64 conditions, wherever they stand", () => {
  const conditions = (count: number): unknown => ({
    $or: Array.from({ length: count / 2 }, () => ({ a: { $gt: 1, $lt: 2 } })),
  });
  assert.equal(isValid(conditions(FILTER_CONDITIONS_MAX)), true);
  assert.match(problem(conditions(FILTER_CONDITIONS_MAX + 2)), /at most 64 in all, got 65$/);
});

test("a filter has at most 8 KiB of text, counted in UTF-8", () => {
  const around = JSON.stringify({ a: "" }).length;
  const half = (FILTER_TEXT_BYTES_MAX - around) / 2;
  assert.equal(isValid({ a: "ü".repeat(half) }), true);
  assert.match(problem({ a: "ü".repeat(half + 1) }), /at most 8192 bytes of JSON, got 8194$/);
});

test("what is not JSON, or nests without end, is refused and does not overflow the stack", () => {
  const circle: Record<string, unknown> = {};
  circle["a"] = circle;
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level++) deep = [deep];
  for (const value of [circle, { a: deep }, { a: undefined }, { a: 1n }, { a: NaN }, undefined]) {
    assert.match(problem(value), /^expected filter to be JSON with at most 32 levels/);
  }
});

test("data of any depth is looked at without overflowing the stack", () => {
  let deep: unknown = [];
  for (let level = 0; level < 100_000; level++) deep = { a: [deep] };
  const parsed = parseFilter({ a: [{ a: [1] }], $or: [{ a: { $contains: { a: [] } } }, { a: 1 }] });
  assert.ok(parsed.ok);
  assert.equal(filterHolds(parsed.value, deep), false);
});

const name = fc.constantFrom("a", "b", "a.b", "a.0", "0.a", "length", "__proto__", "$x", "\\$x");
const operator = fc.constantFrom(
  "$eq",
  "$ne",
  "$gt",
  "$gte",
  "$lt",
  "$lte",
  "$in",
  "$nin",
  "$exists",
  "$startsWith",
  "$endsWith",
  "$contains",
  "$not",
  "$regex",
  "a",
);
const leaf = fc.constantFrom<unknown>(null, true, false, 0, 1, -0.5, "", "a", "ab", [], ["a"], {});
const operand = fc.oneof(leaf, fc.array(leaf, { minLength: 1, maxLength: 3 }));
const tests = fc.dictionary(operator, operand, { minKeys: 1, maxKeys: 2 });

function filterOf(depth: number): fc.Arbitrary<unknown> {
  const plain = fc.dictionary(name, fc.oneof(leaf, tests), { minKeys: 1, maxKeys: 2 });
  if (depth === 0) return plain;
  const inner = filterOf(depth - 1);
  const many = fc.array(inner, { minLength: 1, maxLength: 2 });
  return fc.oneof(
    plain,
    fc.record({ $not: inner }),
    fc.record({ $or: many }),
    fc.record({ $and: many, a: tests }),
    fc.record({ a: inner }),
  );
}

function dataOf(depth: number): fc.Arbitrary<unknown> {
  if (depth === 0) return leaf;
  const inner = dataOf(depth - 1);
  const names = fc.constantFrom("a", "b", "0", "length", "__proto__", "$x");
  return fc.oneof(
    leaf,
    fc.array(inner, { maxLength: 2 }),
    fc.dictionary(names, inner, { maxKeys: 3 }),
  );
}

const anyFilter = filterOf(3);
const anyData = dataOf(3);

test("any JSON is read as a filter or refused with a sentence; no filter throws on any data", () => {
  let validCount = 0;
  fc.assert(
    fc.property(anyFilter, anyData, (json, data) => {
      const parsed = parseFilter(json);
      if (!parsed.ok) return assert.match(parsed.problem, /^expected .+ to be .+, got .+/s);
      validCount += 1;
      assert.equal(typeof filterHolds(parsed.value, data), "boolean");
    }),
    { seed: 7, numRuns: 2_000 },
  );
  assert.ok(validCount > 100, `only ${validCount} filters were valid`);
});

test("$not holds exactly where its filter does not, and $or, $and as logic has them", () => {
  fc.assert(
    fc.property(anyFilter, anyFilter, anyData, (left, right, data) => {
      const a = holds(left, data);
      const b = holds(right, data);
      fc.pre(a !== null && b !== null);
      const joined = [left, right];
      assert.equal(holds({ $not: left }, data) ?? !a, !a);
      assert.equal(holds({ $or: joined }, data) ?? (a || b), a || b);
      assert.equal(holds({ $and: joined }, data) ?? (a && b), a && b);
    }),
    { seed: 7, numRuns: 500, maxSkipsPerRun: 100 },
  );
});

/** Null where the filter is not valid, or no longer valid because it went beyond a limit. */
function holds(json: unknown, data: unknown): boolean | null {
  const parsed = parseFilter(json);
  return parsed.ok ? filterHolds(parsed.value, data) : null;
}

test("a value found by its own path equals itself, and $in, $nin, $ne agree with $eq", () => {
  const member = fc.stringMatching(/^[^\ud800-\udfff]{1,4}$/u);
  fc.assert(
    fc.property(
      fc.array(member, { minLength: 1, maxLength: 4 }),
      fc.jsonValue(),
      (names, value) => {
        const read: unknown = JSON.parse(JSON.stringify(value));
        const path = names.map((one) => one.replace(/[.$\\]/g, "\\$&")).join(".");
        const data = names.reduceRight<unknown>((inner, one) => ({ x: 0, [one]: inner }), read);
        const at = (asked: unknown): boolean | null => holds({ [path]: asked }, data);
        assert.equal(at({ $eq: read }), true);
        assert.equal(at({ $in: [0, read] }), true);
        assert.equal(at({ $ne: read }), false);
        assert.equal(at({ $nin: [0, read] }), false);
        assert.equal(at({ $exists: true }), true);
      },
    ),
    { seed: 7 },
  );
});
