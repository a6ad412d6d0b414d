import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import {
  EVENT_TYPE_BYTES_MAX,
  isEventType,
  isReservedType,
  parsePattern,
  patternMatches,
} from "../daemon/domain/pattern.ts";
import type { Pattern } from "../daemon/domain/pattern.ts";

function pattern(text: string): Pattern {
  const parsed = parsePattern(text);
  assert.ok(parsed.ok, parsed.ok ? "" : parsed.problem);
  return parsed.value;
}

function matches(text: string, type: string): boolean {
  return patternMatches(pattern(text), type);
}

test("an event type is dot-separated segments of letters, digits, underscore and hyphen", () => {
  for (const type of [
    "ping",
    "invoice.paid",
    "pull_request",
    "InvoiceSettled",
    "com.example.order-v2.created",
    "0.1",
    "a".repeat(EVENT_TYPE_BYTES_MAX),
  ]) {
    assert.equal(isEventType(type), true, type);
  }
});

test("what is no event type: empty segments, other characters, 129 characters", () => {
  for (const type of [
    "",
    ".",
    ".paid",
    "invoice.",
    "invoice..paid",
    "invoice paid",
    "orders/create",
    "user:created",
    "invoice.*",
    "*",
    "rechnung.bezahlt.ü",
    "invoice.paid\n",
    "a".repeat(EVENT_TYPE_BYTES_MAX + 1),
  ]) {
    assert.equal(isEventType(type), false, JSON.stringify(type));
  }
});

test("a star matches every type of the producer", () => {
  assert.equal(matches("*", "ping"), true);
  assert.equal(matches("*", "invoice.paid.late"), true);
  assert.equal(matches("*", "posthorns.test"), true);
  assert.equal(matches("*", "posthorn"), true);
});

test("a star does not match the daemon's own events: they are asked for by name", () => {
  assert.equal(isReservedType("posthorn.test"), true);
  assert.equal(matches("*", "posthorn.test"), false);
  assert.equal(matches("*", "posthorn.endpoint.disabled"), false);
  assert.equal(matches("posthorn.*", "posthorn.endpoint.disabled"), true);
  assert.equal(matches("posthorn.endpoint.*", "posthorn.test"), false);
  assert.equal(matches("posthorn.test", "posthorn.test"), true);
});

test("only types that begin with `posthorn.` are the daemon's own", () => {
  assert.equal(isReservedType("posthorn"), false);
  assert.equal(isReservedType("posthorns.test"), false);
  assert.equal(isReservedType("Posthorn.test"), false);
  assert.equal(isReservedType("my.posthorn.test"), false);
});

test("an exact pattern matches its own type and nothing longer, shorter or in other case", () => {
  assert.equal(matches("invoice.paid", "invoice.paid"), true);
  assert.equal(matches("invoice.paid", "invoice.paid.late"), false);
  assert.equal(matches("invoice.paid", "invoice"), false);
  assert.equal(matches("invoice.paid", "Invoice.paid"), false);
});

test("a prefix pattern asks for one or more segments after its dot", () => {
  assert.equal(matches("invoice.*", "invoice.paid"), true);
  assert.equal(matches("invoice.*", "invoice.paid.late"), true);
  assert.equal(matches("invoice.paid.*", "invoice.paid.late"), true);
  assert.equal(matches("invoice.*", "invoice"), false);
  assert.equal(matches("invoice.*", "invoices.paid"), false);
  assert.equal(matches("invoice.paid.*", "invoice.sent.late"), false);
});

test("a pattern that could mean two things, or match nothing, is refused with a sentence", () => {
  for (const text of [
    "",
    "**",
    ".*",
    "*.paid",
    "invoice*",
    "invoice.*.late",
    "invoice.**",
    " *",
    "invoice.paid ",
    "orders/*",
    `${"a".repeat(EVENT_TYPE_BYTES_MAX - 1)}.*`,
  ]) {
    const parsed = parsePattern(text);
    assert.equal(parsed.ok, false, text);
    if (!parsed.ok) {
      assert.match(parsed.problem, /^expected subscription pattern to be `\*`, .*, got "/, text);
    }
  }
});

const segment = fc.stringMatching(/^[a-zA-Z0-9_-]{1,6}$/);
const eventType = fc.array(segment, { minLength: 1, maxLength: 5 }).map((all) => all.join("."));

test("each dotted prefix of a type, and the type itself, is a pattern that picks it", () => {
  fc.assert(
    fc.property(eventType, (type) => {
      assert.equal(isEventType(type), true);
      assert.equal(matches(type, type), true);
      const segments = type.split(".");
      for (let count = 1; count < segments.length; count++) {
        assert.equal(matches(`${segments.slice(0, count).join(".")}.*`, type), true);
      }
      assert.equal(matches(`${type}.*`, type), false);
    }),
    { seed: 7 },
  );
});
