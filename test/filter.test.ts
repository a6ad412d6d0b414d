import assert from "node:assert/strict";
import test from "node:test";
import { filterHolds, parseFilter } from "../daemon/domain/filter.ts";

/** Whether an event with this data passes the filter, both as JSON texts would be read. */
function passes(filter: unknown, data: unknown): boolean {
  const parsed = parseFilter(JSON.parse(JSON.stringify(filter)));
  assert.ok(parsed.ok, parsed.ok ? "" : parsed.problem);
  return filterHolds(parsed.value, JSON.parse(JSON.stringify(data)));
}

const order = {
  amount: 250,
  paid: true,
  note: null,
  customer: { country: "DE", name: "Åsa", "e.mail": "a@example.org", $id: 7 },
  lines: [
    { sku: "A-1", count: 2 },
    { sku: "B-2", count: 1 },
  ],
  tags: ["express", "gift"],
};

test("all members of a filter must hold", () => {
  assert.equal(passes({ amount: 250, "customer.country": "DE" }, order), true);
  assert.equal(passes({ amount: 250, "customer.country": "FR" }, order), false);
  assert.equal(passes({ amount: 251, "customer.country": "DE" }, order), false);
});

test("all operators of a test must hold, so two of them make a range", () => {
  assert.equal(passes({ amount: { $gte: 100, $lt: 300 } }, order), true);
  assert.equal(passes({ amount: { $gte: 100, $lt: 250 } }, order), false);
});

test("a combination without its dollar is asked back about; a member of that name takes a test", () => {
  for (const [name, member] of [
    ["and", []],
    ["or", [{ a: 1 }]],
    ["not", { a: 1 }],
  ] as const) {
    const parsed = parseFilter({ [name]: member });
    assert.match(parsed.ok ? "" : parsed.problem, new RegExp(`did you mean \\$${name}\\?`));
  }
  assert.equal(passes({ and: { $eq: [1] } }, { and: [1] }), true);
  assert.equal(passes({ not: { $exists: true }, or: "x" }, { not: 1, or: "x" }), true);
});

test("$and, $or and $not join whole filters", () => {
  const rich = { amount: { $gt: 1000 } };
  const german = { "customer.country": "DE" };
  assert.equal(passes({ $or: [rich, german] }, order), true);
  assert.equal(passes({ $and: [rich, german] }, order), false);
  assert.equal(passes({ $not: rich }, order), true);
  assert.equal(passes({ $not: { $or: [rich, german] } }, order), false);
  assert.equal(
    passes({ paid: true, $or: [rich, { $and: [german, { note: null }] }] }, order),
    true,
  );
  assert.equal(passes({ $or: [{ amount: 250, paid: false }] }, order), false);
});

test("a path goes into objects by name and into arrays by position", () => {
  assert.equal(passes({ "lines.1.sku": "B-2" }, order), true);
  assert.equal(passes({ "lines.01.sku": "B-2" }, order), false);
  assert.equal(passes({ "lines.-1.sku": { $exists: false } }, order), true);
  assert.equal(passes({ "lines.2.sku": { $exists: false } }, order), true);
  assert.equal(passes({ "lines.sku": { $exists: false } }, order), true);
  assert.equal(passes({ "0.id": 5 }, [{ id: 5 }]), true);
  assert.equal(passes({ "0.id": 5 }, { "0": { id: 5 } }), true);
});

test("a backslash lets a name hold a dot, a dollar at its beginning or a backslash", () => {
  assert.equal(passes({ "customer.e\\.mail": "a@example.org" }, order), true);
  assert.equal(passes({ "customer.$id": 7 }, order), true);
  assert.equal(passes({ "\\$id": 7 }, { $id: 7 }), true);
  assert.equal(passes({ "a\\\\b": 1 }, { "a\\b": 1 }), true);
  assert.equal(passes({ "a\\\\.b": 1 }, { "a\\": { b: 1 } }), true);
});

test("only the event's own members are found, never what JavaScript adds", () => {
  for (const path of [
    "constructor",
    "constructor.name",
    "__proto__",
    "toString",
    "customer.name.length",
    "tags.length",
    "lines.0.hasOwnProperty",
  ]) {
    assert.equal(passes({ [path]: { $exists: true } }, order), false, path);
  }
  const own = JSON.parse('{"__proto__": {"a": 1}, "length": 3}');
  assert.equal(filterHolds(read({ "__proto__.a": 1, length: 3 }), own), true);
});

function read(json: unknown) {
  const parsed = parseFilter(json);
  assert.ok(parsed.ok);
  return parsed.value;
}

test("equality is of the same type, and deep", () => {
  assert.equal(passes({ amount: "250" }, order), false);
  assert.equal(passes({ paid: 1 }, order), false);
  assert.equal(passes({ note: false }, order), false);
  assert.equal(passes({ tags: ["express", "gift"] }, order), true);
  assert.equal(passes({ tags: ["gift", "express"] }, order), false);
  assert.equal(passes({ tags: ["express"] }, order), false);
  assert.equal(passes({ "lines.0": { count: 2, sku: "A-1" } }, order), true);
  assert.equal(passes({ "lines.0": { count: 2 } }, order), false);
  assert.equal(passes({ "lines.0": {} }, order), false);
  assert.equal(passes({ a: {} }, { a: {} }), true);
  assert.equal(passes({ a: {} }, { a: [] }), false);
  assert.equal(passes({ a: [] }, { a: {} }), false);
  assert.equal(passes({ a: { b: null } }, { a: { c: null } }), false);
  assert.equal(passes({ a: { $eq: { $gt: 1 } } }, { a: { $gt: 1 } }), true);
});

test("null is a value; a path that leads nowhere is missing, and the negative tests hold for it", () => {
  assert.equal(passes({ note: null }, order), true);
  assert.equal(passes({ note: { $exists: true } }, order), true);
  assert.equal(passes({ nothing: null }, order), false);
  assert.equal(passes({ nothing: { $exists: false } }, order), true);
  assert.equal(passes({ note: { $exists: false } }, order), false);
  assert.equal(passes({ nothing: { $ne: null } }, order), true);
  assert.equal(passes({ nothing: { $nin: [1, null] } }, order), true);
  assert.equal(passes({ nothing: { $not: { $gt: 5 } } }, order), true);
  assert.equal(passes({ nothing: { $in: [1, null] } }, order), false);
  assert.equal(passes({ nothing: { $lt: 5 } }, order), false);
  assert.equal(passes({ "amount.cents": { $exists: true } }, order), false);
  assert.equal(passes({ "note.a": { $exists: true } }, order), false);
});

test("order is between two numbers or two strings, and nothing else", () => {
  assert.equal(passes({ amount: { $gt: 249.5 } }, order), true);
  assert.equal(passes({ amount: { $gt: 250 } }, order), false);
  assert.equal(passes({ amount: { $gte: 250 } }, order), true);
  assert.equal(passes({ amount: { $lte: 250 } }, order), true);
  assert.equal(passes({ amount: { $lt: 250 } }, order), false);
  assert.equal(passes({ amount: { $gt: "1" } }, order), false);
  assert.equal(passes({ paid: { $gte: 0 } }, order), false);
  assert.equal(passes({ note: { $lte: 0 } }, order), false);
  assert.equal(passes({ tags: { $gte: "" } }, order), false);
  const at = { at: "2026-03-01T10:00:00Z" };
  assert.equal(passes({ at: { $gte: "2026-01-01", $lt: "2027-01-01" } }, at), true);
  assert.equal(passes({ at: { $lt: "2026-01-01" } }, at), false);
});

test("$in holds for one of the values, $nin for none of them, $ne for another one", () => {
  assert.equal(passes({ "customer.country": { $in: ["AT", "DE"] } }, order), true);
  assert.equal(passes({ "customer.country": { $in: ["AT", "FR"] } }, order), false);
  assert.equal(passes({ "customer.country": { $nin: ["AT", "FR"] } }, order), true);
  assert.equal(passes({ "customer.country": { $nin: ["AT", "DE"] } }, order), false);
  assert.equal(passes({ amount: { $ne: 250 } }, order), false);
  assert.equal(passes({ amount: { $ne: 251 } }, order), true);
  assert.equal(passes({ tags: { $in: ["gift"] } }, order), false);
});

test("$startsWith, $endsWith and $contains look at strings; $contains looks into lists too", () => {
  assert.equal(passes({ "lines.0.sku": { $startsWith: "A-" } }, order), true);
  assert.equal(passes({ "lines.0.sku": { $startsWith: "-1" } }, order), false);
  assert.equal(passes({ "lines.0.sku": { $endsWith: "-1" } }, order), true);
  assert.equal(passes({ "lines.0.sku": { $endsWith: "A-" } }, order), false);
  assert.equal(passes({ "customer.e\\.mail": { $contains: "@example" } }, order), true);
  assert.equal(passes({ "customer.country": { $contains: "d" } }, order), false);
  assert.equal(passes({ tags: { $contains: "gift" } }, order), true);
  assert.equal(passes({ tags: { $contains: "gif" } }, order), false);
  assert.equal(passes({ lines: { $contains: { count: 1, sku: "B-2" } } }, order), true);
  assert.equal(passes({ amount: { $contains: 2 } }, order), false);
  assert.equal(passes({ amount: { $startsWith: "2" } }, order), false);
  assert.equal(passes({ customer: { $contains: "DE" } }, order), false);
});

test("$not turns a test round, inside or around", () => {
  assert.equal(passes({ amount: { $not: { $gt: 100 } } }, order), false);
  assert.equal(passes({ amount: { $not: { $gt: 100, $lt: 200 } } }, order), true);
  assert.equal(passes({ amount: { $not: 250 } }, order), false);
  assert.equal(passes({ amount: { $not: { $not: { $gt: 100 } } } }, order), true);
});

test("data need not be an object", () => {
  for (const data of [null, true, 5, "text", [], {}]) {
    assert.equal(passes({ a: { $exists: false } }, data), true);
    assert.equal(passes({ a: 1 }, data), false);
  }
});
