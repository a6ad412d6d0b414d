import assert from "node:assert/strict";
import { test } from "node:test";

import type { EventType } from "../daemon/domain/application.ts";
import { createSchemas } from "../daemon/ingest/schemas.ts";
import { incoming } from "./support/workshop.ts";

/** Schemas where the one known type `invoice.paid` carries this one; it can be put again. */
function schemasOf(schema: unknown) {
  let type = typeOf(schema);
  const schemas = createSchemas({
    eventType: (applicationSeq, name) =>
      applicationSeq === 1 && name === "invoice.paid" ? type : undefined,
  });
  return {
    ...schemas,
    put(next: unknown) {
      type = typeOf(next);
    },
    with: (value: unknown) => schemas.problemsWith(incoming(1, { value })),
  };
}

function typeOf(schema: unknown): EventType {
  const stamps = { createdAtMs: 1, updatedAtMs: 1 };
  return { applicationSeq: 1, name: "invoice.paid", description: "", schema, ...stamps };
}

const INVOICE = {
  type: "object",
  properties: { amount: { type: "number", minimum: 0 }, lines: { items: { type: "string" } } },
  required: ["amount"],
  additionalProperties: false,
};

test("data that satisfies its type's schema has no problems", () => {
  assert.deepEqual(schemasOf(INVOICE).with({ amount: 5, lines: ["a"] }), []);
});

test("a problem says where it is and what is wrong", () => {
  const { with: look } = schemasOf(INVOICE);
  assert.deepEqual(look({ amount: -1 }), [
    { path: "/data/amount", message: "/data/amount must be >= 0" },
  ]);
  assert.deepEqual(look({ amount: 1, lines: ["a", 2] }), [
    { path: "/data/lines/1", message: "/data/lines/1 must be string" },
  ]);
  assert.deepEqual(look({}), [
    { path: "/data", message: "/data must have required property 'amount'" },
  ]);
  assert.deepEqual(look({ amount: 1, extra: 1 }), [
    { path: "/data", message: "/data must NOT have additional properties (extra)" },
  ]);
});

test("a type without a schema, an unknown type and another application's take everything", () => {
  assert.deepEqual(schemasOf(null).with("anything"), []);
  const { problemsWith } = schemasOf(INVOICE);
  assert.deepEqual(problemsWith(incoming(1, { type: "invoice.sent", value: "x" })), []);
  assert.deepEqual(problemsWith(incoming(2, { value: "x" })), []);
});

test("a raw body is not looked at", () => {
  const { problemsWith } = schemasOf(INVOICE);
  const raw = { contentType: "text/plain", value: undefined, data: Buffer.from("x") };
  assert.deepEqual(problemsWith(incoming(1, raw)), []);
});

test("`false` is a schema, and takes nothing", () => {
  assert.equal(schemasOf(false).with({}).length, 1);
  assert.equal(schemasOf(true).with({}).length, 0);
});

test("a schema that was put anew holds from the next event", () => {
  const schemas = schemasOf(INVOICE);
  assert.equal(schemas.with({ amount: "5" }).length, 1);
  schemas.put({ properties: { amount: { type: "string" } } });
  assert.deepEqual(schemas.with({ amount: "5" }), []);
});

test("a schema is checked before it is taken, and its fault is named", () => {
  const { problemOf } = schemasOf(null);
  assert.equal(problemOf(INVOICE), null);
  assert.equal(problemOf({ prefixItems: [{ type: "string" }] }), null, "of draft 2020-12");
  assert.match(problemOf({ type: "objekt" }) ?? "", /^expected the schema .*, got .*type/);
  assert.match(problemOf({ $ref: "#/nowhere" }) ?? "", /got one with a fault: can't resolve/);
  assert.match(problemOf("bad") ?? "", /^expected the schema/);
});

test("the same $id in two applications' schemas is no conflict", () => {
  const { problemOf } = schemasOf(null);
  const named = { $id: "https://example.com/invoice", type: "object" };
  assert.equal(problemOf(named), null);
  assert.equal(problemOf({ ...named, type: "array" }), null);
});
