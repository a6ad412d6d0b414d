/**
 * Body filters: which events an endpoint wants by what is in their `data`. No code, no regular expressions (one can be
 * written that takes minutes), bounded size: a filter costs microseconds whatever it says.
 *
 * ```json
 * { "amount": { "$gte": 100, "$lt": 5000 }, "customer.country": { "$in": ["DE", "AT"] },
 *   "$or": [{ "lines.0.sku": "A-1" }, { "tags": { "$contains": "express" } }] }
 * ```
 *
 * **A filter** is an object with at least one member; it holds when all of its members hold. A member is `$and` or `$or`
 * with a list of filters, `$not` with one filter, or a path with a test.
 *
 * **A path** names a value inside `data`: segments joined by dots, each the name of a member or the position in an array
 * (from 0). `\.`, `\$` and `\\` stand for a dot, a dollar and a backslash in a name; only a dollar at the very beginning
 * needs it. Where a segment leads nowhere the value is *missing*; null is a value and not missing.
 *
 * **A test** is an object of operators, which must all hold, or any other JSON value, which means `$eq`.
 *
 * | operator | holds when the value |
 * |---|---|
 * | `$eq: x` | equals x: same type; arrays item by item; objects with the same members in any order |
 * | `$ne: x` | does not equal x, or is missing |
 * | `$gt $gte $lt $lte: x` | and x are two numbers, or two strings (by UTF-16 code units), so ordered |
 * | `$in: [x, …]` | equals one of them |
 * | `$nin: [x, …]` | equals none of them, or is missing |
 * | `$exists: true` / `false` | is not missing / is missing |
 * | `$startsWith $endsWith: "x"` | is a string that does |
 * | `$contains: x` | is an array with an item that equals x, or a string of which the string x is a part |
 * | `$not: test` | does not pass the test; so it holds for a missing value where the test does not |
 *
 * Nothing looks into arrays by itself: `{"tags": "x"}` asks for the string, `{"tags": {"$contains": "x"}}` for the list.
 * Numbers are doubles, as in JSON.parse: integers beyond 2^53 may equal their neighbours. For an object with members
 * that begin with `$`, write `{"$eq": {…}}`.
 */
import { expected } from "./errors.ts";
import type { Parsed } from "./parsed.ts";

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

type Comparison = "$gt" | "$gte" | "$lt" | "$lte";

/** What is asked of one value. Negative operators are the positive one inside a `not`. */
type Test =
  | { readonly kind: "in"; readonly operands: readonly Json[] }
  | { readonly kind: "order"; readonly by: Comparison; readonly operand: number | string }
  | { readonly kind: "exists" }
  | { readonly kind: "startsWith"; readonly operand: string }
  | { readonly kind: "endsWith"; readonly operand: string }
  | { readonly kind: "contains"; readonly operand: Json };

/** A filter that was read: plain data, made only by `parseFilter`. */
export type Filter =
  | { readonly kind: "all"; readonly of: readonly Filter[] }
  | { readonly kind: "any"; readonly of: readonly Filter[] }
  | { readonly kind: "not"; readonly of: Filter }
  | { readonly kind: "at"; readonly path: readonly string[]; readonly test: Test };

/** Filters inside filters, by `$and`, `$or` and `$not`; the outermost counts. */
export const FILTER_DEPTH_MAX = 8;
/** Operators in the whole filter; a plain value counts as the `$eq` that it stands for. */
export const FILTER_CONDITIONS_MAX = 64;
export const FILTER_PATH_SEGMENTS_MAX = 16;
/** The filter as compact JSON in UTF-8. */
export const FILTER_TEXT_BYTES_MAX = 8 * 1024;
/** Objects and arrays inside one another, operands included. Recursion over a filter is bounded by it. */
const NESTING_MAX = 32;

/** Reads a filter from parsed JSON. The problem names the place, for example `filter.$or[1].amount.$gte`. */
export function parseFilter(json: unknown): Parsed<Filter> {
  if (!isJsonWithin(json, NESTING_MAX)) {
    const wanted = `JSON with at most ${NESTING_MAX} levels of objects and arrays`;
    return { ok: false, problem: `expected filter to be ${wanted}, got something else` };
  }
  const textBytes = new TextEncoder().encode(JSON.stringify(json)).length;
  if (textBytes > FILTER_TEXT_BYTES_MAX) {
    const wanted = `at most ${FILTER_TEXT_BYTES_MAX} bytes of JSON`;
    return { ok: false, problem: `expected filter to be ${wanted}, got ${textBytes}` };
  }
  const reading: Reading = { problem: null, conditionCount: 0 };
  const filter = readFilter(reading, "filter", json, 1);
  if (filter === null)
    return { ok: false, problem: reading.problem ?? "expected filter to be valid" };
  return { ok: true, value: filter };
}

/** Whether an event with this `data` passes. Never throws, whatever JSON value it is given. */
export function filterHolds(filter: Filter, data: unknown): boolean {
  switch (filter.kind) {
    case "all":
      return filter.of.every((part) => filterHolds(part, data));
    case "any":
      return filter.of.some((part) => filterHolds(part, data));
    case "not":
      return !filterHolds(filter.of, data);
    case "at":
      return testHolds(filter.test, valueAt(data, filter.path));
  }
}

/** `undefined` stands for missing: JSON has no such value. */
function testHolds(test: Test, value: unknown): boolean {
  switch (test.kind) {
    case "in":
      return test.operands.some((operand) => isEqual(operand, value));
    case "order":
      return typeof value === typeof test.operand && isOrdered(test.by, value, test.operand);
    case "exists":
      return value !== undefined;
    case "startsWith":
      return typeof value === "string" && value.startsWith(test.operand);
    case "endsWith":
      return typeof value === "string" && value.endsWith(test.operand);
    case "contains":
      if (Array.isArray(value)) return value.some((item) => isEqual(test.operand, item));
      return (
        typeof value === "string" &&
        typeof test.operand === "string" &&
        value.includes(test.operand)
      );
  }
}

/** Both are numbers or both are strings; the compiler can't know, and compares them the same way. */
function isOrdered(by: Comparison, value: unknown, operand: number | string): boolean {
  const left = value as number | string;
  switch (by) {
    case "$gt":
      return left > operand;
    case "$gte":
      return left >= operand;
    case "$lt":
      return left < operand;
    case "$lte":
      return left <= operand;
  }
}

/** Recurses no deeper than the operand, whatever the event holds. */
function isEqual(operand: Json, value: unknown): boolean {
  if (typeof operand !== "object" || operand === null) return operand === value;
  if (typeof value !== "object" || value === null) return false;
  if (isArray(operand)) {
    if (!Array.isArray(value) || value.length !== operand.length) return false;
    return operand.every((item, index) => isEqual(item, value[index]));
  }
  if (Array.isArray(value)) return false;
  const names = Object.keys(operand);
  if (Object.keys(value).length !== names.length) return false;
  return names.every((name) => isEqual(operand[name] ?? null, ownValue(value, name)));
}

function valueAt(data: unknown, path: readonly string[]): unknown {
  let value = data;
  for (const segment of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = ownValue(value, segment);
  }
  return value;
}

/** Own members only, so that `constructor` or `__proto__` is found in the event or not at all; `length` is no item. */
function ownValue(holder: object, name: string): unknown {
  if (!Object.hasOwn(holder, name)) return undefined;
  if (name === "length" && Array.isArray(holder)) return undefined;
  return (holder as Record<string, unknown>)[name];
}

/** What reading has found so far. Readers return null after they have set `problem`, and their callers pass it on. */
interface Reading {
  problem: string | null;
  conditionCount: number;
}

function refuse(reading: Reading, place: string, wanted: string, got: unknown): null {
  reading.problem = expected(place, wanted, got);
  return null;
}

function readFilter(reading: Reading, place: string, json: Json, depth: number): Filter | null {
  if (depth > FILTER_DEPTH_MAX) {
    return refuse(reading, place, `at most ${FILTER_DEPTH_MAX} filters deep`, json);
  }
  if (!isObject(json) || Object.keys(json).length === 0) {
    return refuse(reading, place, "an object with at least one condition", json);
  }
  const of = readEach(Object.entries(json), ([name, member]) =>
    readMember(reading, `${place}.${name}`, { name, member, depth }),
  );
  return joined("all", of);
}

interface Member {
  readonly name: string;
  readonly member: Json;
  readonly depth: number;
}

function readMember(reading: Reading, place: string, at: Member): Filter | null {
  const { name, member, depth } = at;
  if (name === "$not") {
    const inner = readFilter(reading, place, member, depth + 1);
    return inner === null ? null : { kind: "not", of: inner };
  }
  if (name === "$and" || name === "$or") {
    if (!isArray(member) || member.length === 0) {
      return refuse(reading, place, "an array with at least one filter", member);
    }
    const of = readEach([...member.entries()], ([index, item]) =>
      readFilter(reading, `${place}[${index}]`, item, depth + 1),
    );
    return joined(name === "$or" ? "any" : "all", of);
  }
  if (name.startsWith("$")) {
    const wanted =
      "`$and`, `$or`, `$not` or a path (a name that begins with `$` is written `\\$…`)";
    return refuse(reading, place, wanted, name);
  }
  if (isBareCombination(name, member)) {
    const wanted = `\`$${name}\` (did you mean $${name}?), or a test such as {"$eq": ...} of a member with that name`;
    return refuse(reading, place, wanted, member);
  }
  const path = readPath(reading, place, name);
  return path === null ? null : readTest(reading, place, path, member);
}

/** Without its dollar, `and` asks for an event with such a member: valid, and never what was meant. */
function isBareCombination(name: string, member: Json): boolean {
  if (name === "and" || name === "or") return isArray(member);
  return name === "not" && isObject(member) && !Object.keys(member).some((key) => key[0] === "$");
}

function joined(kind: "all" | "any", of: readonly Filter[] | null): Filter | null {
  return of?.length === 1 ? (of[0] ?? null) : of && { kind, of };
}

/** All of them read; null as soon as one can't be. */
function readEach<T>(parts: readonly T[], read: (part: T) => Filter | null): Filter[] | null {
  const of: Filter[] = [];
  for (const part of parts) {
    const filter = read(part);
    if (filter === null) return null;
    of.push(filter);
  }
  return of;
}

/** One segment: characters other than dot and backslash, or one of the three escapes. */
const SEGMENTS = /^(?:[^.\\]|\\[.$\\])+(?:\.(?:[^.\\]|\\[.$\\])+)*$/;

function readPath(reading: Reading, place: string, text: string): readonly string[] | null {
  if (!SEGMENTS.test(text)) {
    const wanted =
      "names joined by dots, none of them empty, with `\\` only before `.`, `$` or `\\`";
    return refuse(reading, `the path of ${place}`, wanted, text);
  }
  const segments = (text.match(/(?:[^.\\]|\\.)+/g) ?? []).map((segment) =>
    segment.replace(/\\(.)/g, "$1"),
  );
  if (segments.length > FILTER_PATH_SEGMENTS_MAX) {
    const wanted = `at most ${FILTER_PATH_SEGMENTS_MAX} segments long`;
    return refuse(reading, `the path of ${place}`, wanted, segments.length);
  }
  return segments;
}

function readTest(
  reading: Reading,
  place: string,
  path: readonly string[],
  json: Json,
): Filter | null {
  const names = isObject(json) ? Object.keys(json) : [];
  if (!isObject(json) || !names.some((name) => name.startsWith("$"))) {
    return readOperator(reading, place, { path, name: "$eq", operand: json });
  }
  const of = readEach(names, (name) =>
    readOperator(reading, `${place}.${name}`, { path, name, operand: json[name] ?? null }),
  );
  return joined("all", of);
}

interface Operator {
  readonly path: readonly string[];
  readonly name: string;
  readonly operand: Json;
}

function readOperator(reading: Reading, place: string, operator: Operator): Filter | null {
  const { path, name, operand } = operator;
  reading.conditionCount += 1;
  if (reading.conditionCount > FILTER_CONDITIONS_MAX) {
    const wanted = `at most ${FILTER_CONDITIONS_MAX} in all`;
    return refuse(reading, "filter conditions", wanted, reading.conditionCount);
  }
  const at = (test: Test): Filter => ({ kind: "at", path, test });
  const not = (of: Filter | null): Filter | null => (of === null ? null : { kind: "not", of });
  switch (name) {
    case "$eq":
      return at({ kind: "in", operands: [operand] });
    case "$ne":
      return not(at({ kind: "in", operands: [operand] }));
    case "$in":
    case "$nin": {
      if (!isArray(operand) || operand.length === 0) {
        return refuse(reading, place, "an array with at least one value", operand);
      }
      const one = at({ kind: "in", operands: operand });
      return name === "$in" ? one : not(one);
    }
    case "$gt":
    case "$gte":
    case "$lt":
    case "$lte":
      if (typeof operand !== "number" && typeof operand !== "string") {
        return refuse(reading, place, "a number or a string", operand);
      }
      return at({ kind: "order", by: name, operand });
    case "$exists":
      if (typeof operand !== "boolean") return refuse(reading, place, "true or false", operand);
      return operand ? at({ kind: "exists" }) : not(at({ kind: "exists" }));
    case "$startsWith":
    case "$endsWith":
      if (typeof operand !== "string") return refuse(reading, place, "a string", operand);
      return at({ kind: name === "$startsWith" ? "startsWith" : "endsWith", operand });
    case "$contains":
      return at({ kind: "contains", operand });
    case "$not":
      return not(readTest(reading, place, path, operand));
    default:
      return refuse(reading, place, `one of ${OPERATORS}`, name);
  }
}

const OPERATORS = "$eq $ne $gt $gte $lt $lte $in $nin $exists $startsWith $endsWith $contains $not";

function isObject(json: Json): json is { readonly [name: string]: Json } {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

// Array.isArray does not narrow a readonly array out of a union.
function isArray(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}

/** Whether the value is JSON, nested no deeper than that. */
function isJsonWithin(value: unknown, levels: number): value is Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || levels === 0) return false;
  return Object.values(value).every((part) => isJsonWithin(part, levels - 1));
}
