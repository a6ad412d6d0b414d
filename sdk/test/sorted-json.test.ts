import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SORTED_JSON_DEPTH_MAX, sortedJson } from "../src/wire/sorted-json.ts";
import { jsonText, parsed, tokens } from "./json-text.ts";

test("names are sorted at every depth and white space between tokens is gone", () => {
  assert.equal(
    sortedJson(' { "b" : [ { "z":1 , "y" : { } } , [ ] ] ,\n"a"\t:\r{"d":null,"c":true} } '),
    '{"a":{"c":true,"d":null},"b":[{"y":{},"z":1},[]]}',
  );
});

test("numbers and strings keep the exact text they had", () => {
  for (const token of [
    "12345678901234567890",
    "1.0",
    "1e400",
    "-0",
    "1E+2",
    String.raw`"\u00e9"`,
    String.raw`"\u00E9 \/ \" \\"`,
    String.raw`"\ud800"`,
    '" two  spaces, {\\"a\\": [1]} "',
  ]) {
    assert.equal(sortedJson(` [ ${token} ] `), `[${token}]`);
    assert.equal(sortedJson(token), token);
  }
});

test("names are compared as they decode, by UTF-16 code units, and written as they were", () => {
  assert.equal(
    sortedJson(String.raw`{"b":1,"\u0061":2,"B":3,"10":4,"9":5,"":6,"__proto__":7}`),
    String.raw`{"":6,"10":4,"9":5,"B":3,"__proto__":7,"\u0061":2,"b":1}`,
  );
  // U+1F600 begins with the unit D83D and so comes before U+FF5E, although its code point is
  // higher.
  assert.equal(sortedJson('{"～":1,"😀":2}'), '{"😀":2,"～":1}');
  assert.equal(sortedJson('{"ab":1,"a":2}'), '{"a":2,"ab":1}');
});

test("the value stays the same, nothing is lost or respelled, and sorting twice changes nothing", () => {
  fc.assert(
    fc.property(jsonText(), (text) => {
      const sorted = sortedJson(text);
      assert.deepEqual(parsed(sorted), parsed(text));
      assert.deepEqual(tokens(sorted).toSorted(), tokens(text).toSorted());
      assert.equal(sorted.length, tokens(sorted).join("").length);
      assert.equal(sortedJson(sorted), sorted);
    }),
    { numRuns: 300 },
  );
});

test("the names of every object come out in ascending order", () => {
  fc.assert(
    fc.property(jsonText(), (text) => {
      assert.equal(sortedJson(text), rewritten(tokens(text)));
    }),
  );
});

test("a name is decoded right also after V8 has learnt to misread it (nodejs/node#63785)", () => {
  JSON.parse(String.raw`{"h":[],"\\":0}`);
  assert.equal(sortedJson(String.raw`{"h":1,"\\":3,"\"":2}`), String.raw`{"\"":2,"\\":3,"h":1}`);
});

test("a name that is there twice is refused, also when it is spelled in two ways", () => {
  const refused = { name: "SdkError", code: "json_duplicate_key" };
  assert.throws(() => sortedJson('{"a":1,"b":2,"a":1}'), refused);
  assert.throws(() => sortedJson(String.raw`[{"x":{"a":1,"\u0061":1}}]`), refused);
  assert.throws(() => sortedJson('{"":1,"":2}'), refused);
  assert.equal(sortedJson('[{"a":1},{"a":1}]'), '[{"a":1},{"a":1}]');
});

test("what is not JSON is refused", () => {
  for (const text of [
    "",
    " ",
    "{",
    '{"a":}',
    "[1,]",
    "01",
    "NaN",
    "'a'",
    '"\n"',
    "\ufeff1",
    "1 2",
  ]) {
    assert.throws(() => sortedJson(text), { name: "SdkError", code: "json_invalid" }, text);
  }
});

test("arrays and objects may be 512 deep; deeper is refused and not a stack overflow", () => {
  const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;
  assert.equal(SORTED_JSON_DEPTH_MAX, 512);
  assert.equal(sortedJson(nested(512)), nested(512));
  assert.throws(() => sortedJson(nested(513)), { name: "SdkError", code: "json_too_deep" });
  assert.throws(() => sortedJson(nested(500_000)), { name: "SdkError", code: "json_too_deep" });
  const objects = `${'{"b":1,"a":'.repeat(512)}1${"}".repeat(512)}`;
  assert.equal(sortedJson(objects), `${'{"a":'.repeat(512)}1${',"b":1}'.repeat(512)}`);
});

/**
 * Sorted JSON from tokens, written differently on purpose: a stack of open brackets, no recursion.
 */
function rewritten(list: readonly string[]): string {
  const open: { items: string[]; isObject: boolean }[] = [{ items: [], isObject: false }];
  for (const token of list) {
    const top = open.at(-1);
    assert.ok(top !== undefined);
    if (token === "[" || token === "{") open.push({ items: [], isObject: token === "{" });
    else if (token === "]" || token === "}") {
      open.pop();
      open.at(-1)?.items.push(top.isObject ? object(top.items) : `[${top.items.join(",")}]`);
    } else if (token !== "," && token !== ":") top.items.push(token);
  }
  return open[0]?.items[0] ?? "";
}

function object(flat: readonly string[]): string {
  const names = new Map<string, string>();
  for (let at = 0; at < flat.length; at += 2) {
    names.set(JSON.parse(flat[at] ?? "") as string, `${flat[at]}:${flat[at + 1]}`);
  }
  const inOrder = [...names.keys()].toSorted().map((name) => names.get(name));
  return `{${inOrder.join(",")}}`;
}
