import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { scanObject, scanObjects } from "../daemon/ingest/json.ts";
import type { ScannedObject } from "../daemon/ingest/json.ts";

/** Chance that can be replayed: fast-check draws it, and each use takes the next. */
type Dice = () => number;

function dice(rolls: readonly number[]): Dice {
  let at = 0;
  return () => rolls[at++ % rolls.length] ?? 0;
}

const SPACES = ["", "", "", " ", "\n", "\t", "\r\n", "  \n\t "];

/** One of the many texts of the same JSON value: white space, escapes and notations as the dice fall. */
function written(json: unknown, roll: Dice): string {
  const space = (): string => SPACES[roll() % SPACES.length] ?? "";
  if (typeof json === "string") return writtenString(json, roll);
  if (typeof json !== "object" || json === null) return JSON.stringify(json);
  const [open, close] = Array.isArray(json) ? "[]" : "{}";
  const parts = Array.isArray(json)
    ? json.map((item) => written(item, roll))
    : Object.entries(json).map(
        ([name, member]) =>
          `${writtenString(name, roll)}${space()}:${space()}${written(member, roll)}`,
      );
  return `${open}${space()}${parts.map((part) => `${part}${space()}`).join(`,${space()}`)}${close}`;
}

/** By whole characters: half of a surrogate pair as an escape and half as itself could not be written in UTF-8. */
function writtenString(text: string, roll: Dice): string {
  let inner = "";
  for (const character of text) {
    const isEscaped = roll() % 5 === 0;
    inner += isEscaped ? escaped(character) : JSON.stringify(character).slice(1, -1);
  }
  return `"${inner}"`.replaceAll("/", () => (roll() % 2 === 0 ? "\\/" : "/"));
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

const string = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "data",
    "dat",
    'a"b',
    "\\",
    '\\"',
    "}",
    "]",
    "{[",
    "x".repeat(70),
    '"'.repeat(70),
  ),
);
const leaf = fc.oneof(string, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean());

function jsonOf(depth: number): fc.Arbitrary<unknown> {
  if (depth === 0) return leaf;
  const inner = jsonOf(depth - 1);
  return fc.oneof(
    leaf,
    fc.constant(null),
    fc.array(inner, { maxLength: 4 }),
    fc.dictionary(string, inner, { maxKeys: 4 }),
  );
}

const object = fc.dictionary(fc.oneof(string, fc.constant("data")), jsonOf(3), { maxKeys: 5 });
const rolls = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 60 });

function assertScanned(scanned: ScannedObject, json: Readonly<Record<string, unknown>>): void {
  assert.deepEqual({ ...scanned.members }, { ...json });
  assert.equal(scanned.dataBytes !== null, Object.hasOwn(json, "data"));
  if (scanned.dataBytes === null) return;
  const text = Buffer.from(scanned.dataBytes).toString();
  assert.deepEqual(JSON.parse(text), json["data"]);
  assert.equal(text, text.trim());
}

test("however a body is written, the bytes of `data` are the text of the value that was parsed", () => {
  let withDataCount = 0;
  fc.assert(
    fc.property(object, rolls, (json, rolled) => {
      const text = `${SPACES[(rolled[0] ?? 0) % SPACES.length]}${written(json, dice(rolled))}\n`;
      const scanned = scanObject(Buffer.from(text));
      assert.ok(scanned.ok, scanned.ok ? "" : scanned.problem.message);
      assertScanned(scanned.value, JSON.parse(text));
      if (scanned.value.dataBytes !== null) withDataCount += 1;
    }),
    { seed: 7, numRuns: 1_000 },
  );
  assert.ok(withDataCount > 200, `only ${withDataCount} bodies had data`);
});

test("however an array of events is written, each gets its own bytes", () => {
  fc.assert(
    fc.property(fc.array(object, { maxLength: 5 }), rolls, (all, rolled) => {
      const text = ` ${written(all, dice(rolled))} `;
      const scanned = scanObjects(Buffer.from(text));
      assert.ok(scanned.ok, scanned.ok ? "" : scanned.problem.message);
      const parsed: Record<string, unknown>[] = JSON.parse(text);
      assert.equal(scanned.value.length, parsed.length);
      for (const [index, one] of scanned.value.entries()) assertScanned(one, parsed[index] ?? {});
    }),
    { seed: 7, numRuns: 300 },
  );
});

test("whatever bytes come, they are read exactly when JSON.parse reads an object from them", () => {
  const snippets = '{"data": "a" : , 1 { } [ ] " \\ null \ufeff'.split(" ");
  const snippet = fc.constantFrom(" ", ...snippets);
  const bodies = fc.oneof(
    fc.array(snippet, { maxLength: 8 }).map((parts) => Buffer.from(parts.join(""))),
    fc.uint8Array({ maxLength: 12 }),
  );
  fc.assert(
    fc.property(bodies, (body) => {
      const scanned = scanObject(body);
      const json = parsedStrictly(body);
      const isObject = typeof json === "object" && json !== null && !Array.isArray(json);
      // Neither snippets nor so few bytes make two names in one object, which would be refused by the scan alone.
      assert.equal(scanned.ok, isObject);
      if (scanned.ok) assertScanned(scanned.value, json as Record<string, unknown>);
    }),
    { seed: 7, numRuns: 5_000 },
  );
});

function parsedStrictly(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    return undefined;
  }
}
