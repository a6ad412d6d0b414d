import assert from "node:assert/strict";
import test from "node:test";
import { JSON_NESTING_MAX, scanObject, scanObjects } from "../daemon/ingest/json.ts";
import type { Scanned, ScannedObject } from "../daemon/ingest/json.ts";

function scan(text: string): ScannedObject {
  return value(scanObject(Buffer.from(text)));
}

function value<T>(scanned: Scanned<T>): T {
  assert.ok(scanned.ok, scanned.ok ? "" : scanned.problem.message);
  return scanned.value;
}

/** Code, path and sentence of a refusal, in one line. */
function refusal(scanned: Scanned<unknown>): string {
  if (scanned.ok) return "accepted";
  return `${scanned.code} ${scanned.problem.path}: ${scanned.problem.message}`;
}

function refused(text: string): string {
  return refusal(scanObject(Buffer.from(text)));
}

function dataText({ dataBytes }: ScannedObject): string | null {
  return dataBytes === null ? null : Buffer.from(dataBytes).toString();
}

test("a producer's numbers reach the receiver digit for digit", () => {
  const data = '{"id": 12345678901234567890, "price": 1.10, "tiny": 1E-400, "zero": -0}';
  const scanned = scan(`{"type":"invoice.paid","data":${data},"tenant":"anna"}`);
  assert.equal(dataText(scanned), data);
  assert.equal(scanned.members["type"], "invoice.paid");
  assert.equal(scanned.members["tenant"], "anna");
  assert.deepEqual(scanned.members["data"], {
    id: 12345678901234567000,
    price: 1.1,
    tiny: 0,
    zero: -0,
  });
});

test("white space inside `data` stays, white space around it does not", () => {
  const scanned = scan('\r\n\t { "type" : "a" ,\n"data"\t:\r\n [ 1,\n 2 ]\t \n} \n');
  assert.equal(dataText(scanned), "[ 1,\n 2 ]");
});

test("`data` may be any JSON value, first, last or alone", () => {
  for (const data of [
    '"text"',
    "0",
    "-1.5e+3",
    "true",
    "false",
    "null",
    "[]",
    "{}",
    '""',
    "[[]]",
  ]) {
    assert.equal(dataText(scan(`{"data":${data}}`)), data);
    assert.equal(dataText(scan(`{"data":${data} ,"type":"a"}`)), data);
    assert.equal(dataText(scan(`{"a":{"data":1},"b":[{"data":2}],"data":${data}\n}`)), data);
  }
});

test("without `data` there are no bytes of it; a name that only resembles it is another", () => {
  assert.equal(dataText(scan("{}")), null);
  assert.equal(dataText(scan(' { "a" : { "data" : 1 } } ')), null);
  for (const name of ["Data", "dat", "dat_", "data ", "date", "adata", "\\ndata", "d\\u0061tum"]) {
    assert.equal(dataText(scan(`{"${name}":1}`)), null, name);
  }
});

test("a name written with escapes is the same name", () => {
  assert.equal(dataText(scan('{"d\\u0061ta":1}')), "1");
  assert.equal(dataText(scan('{"\\u0064\\u0061\\u0074\\u0061":[2]}')), "[2]");
});

test("quotes, braces and backslashes inside strings are text", () => {
  for (const inner of ['\\"', "}", '\\\\\\"]', "{\\\\", '\\\\\\\\\\"', "\\u0022", "[,:"]) {
    const data = `{"${inner}":"${inner}","b":["${inner}"]}`;
    assert.equal(dataText(scan(`{"x":"${inner}","data":${data},"y":"${inner}"}`)), data);
  }
});

test("long strings end at their own quote, wherever their escapes fall", () => {
  for (const filler of ["a", "ü", '\\"', "\\\\", '\\\\\\"', "a\\u0022"]) {
    for (let count = 50; count < 150; count++) {
      const data = `"${filler.repeat(count)}"`;
      assert.equal(dataText(scan(`{"a":${data},"data":${data},"b":"\\""}`)), data);
      const spread = `"${`${"a".repeat(count)}${filler}`.repeat(4)}"`;
      assert.equal(dataText(scan(`{"data":${spread},"b":1}`)), spread);
    }
  }
});

test("characters of two, three and four bytes do not shift what is cut out", () => {
  const data = '{"ü":"€ 😀 \u2028","名":"😀"}';
  assert.equal(dataText(scan(`{"名前":"ü€😀","data":${data},"z":"ß"}`)), data);
});

test("the bytes of `data` are the body's own, also where the body is part of something larger", () => {
  const memory = new TextEncoder().encode('xxx{"data":[1]}xxx');
  const { dataBytes } = value(scanObject(memory.subarray(3, -3)));
  assert.ok(dataBytes !== null);
  assert.equal(dataBytes.buffer, memory.buffer);
  assert.equal(dataBytes.byteOffset, 11);
  assert.equal(dataBytes.byteLength, 3);
});

test("bytes that are not UTF-8 are refused", () => {
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
    const body = Buffer.concat([Buffer.from('{"data":"'), Buffer.from(bytes), Buffer.from('"}')]);
    assert.equal(
      refusal(scanObject(body)),
      "invalid_json : expected body to be UTF-8, got bytes that are not",
    );
  }
});

test("a byte order mark is refused by its name", () => {
  assert.equal(
    refused('\ufeff{"data":1}'),
    "invalid_json : expected body to be JSON text, got a byte order mark before it",
  );
});

test("what is not JSON is refused", () => {
  for (const text of [
    "",
    " ",
    "{",
    "{}}",
    "{'data':1}",
    '{"data":1,}',
    '{"data":01}',
    "[1",
    "nul",
  ]) {
    assert.match(
      refused(text),
      /^invalid_json : expected body to be JSON text, got text that/,
      text,
    );
  }
});

test("JSON that is no object is refused as a wrong shape", () => {
  for (const text of ["1", "null", "true", '"data"', '[{"data":1}]']) {
    assert.match(refused(text), /^invalid_request : expected body to be an object, got /, text);
  }
});

test("a member name that comes twice is refused, in whatever spelling", () => {
  const sentence = (name: string): string =>
    `invalid_json : expected each member name to be there once, got "${name}"`;
  assert.equal(refused('{"data":1,"type":"a","data":1}'), sentence("data"));
  assert.equal(refused('{"data":1,"d\\u0061ta":2}'), sentence("data"));
  assert.equal(refused('{"type":"a","x":1,"type":"b"}'), sentence("type"));
  assert.equal(refused('{"__proto__":1,"__proto__":1}'), sentence("__proto__"));
});

test("names may repeat inside `data`, and `__proto__` and numbers are names like any other", () => {
  assert.equal(dataText(scan('{"data":{"a":1,"a":2}}')), '{"a":1,"a":2}');
  const scanned = scan('{"__proto__":{"data":1},"1":2,"0":3,"data":4}');
  assert.equal(dataText(scanned), "4");
  assert.deepEqual(Object.keys(scanned.members), ["0", "1", "__proto__", "data"]);
});

test("an event nests at most 256 deep, in an array of events too", () => {
  const nested = (depth: number): string => `{"data":${"[".repeat(depth)}1${"]".repeat(depth)}}`;
  const deepest = nested(JSON_NESTING_MAX - 1);
  const tooDeep = nested(JSON_NESTING_MAX);
  assert.equal(dataText(scan(deepest)), deepest.slice(8, -1));
  assert.equal(value(scanObjects(Buffer.from(`[${deepest}]`))).length, 1);
  assert.equal(
    refused(tooDeep),
    "invalid_json : expected body to be at most 256 objects and arrays deep, got more",
  );
  assert.match(refused(tooDeep.replace("data", "rest")), /at most 256 objects and arrays deep/);
  assert.match(refused(nested(200_000)), /at most 256 objects and arrays deep/);
  assert.match(
    refusal(scanObjects(Buffer.from(`[{},${tooDeep}]`))),
    /^invalid_json \/1: expected body\/1 to be at most 256/,
  );
  const wide = `{"data":[${"[[]],{}".repeat(3)}${",[{}]".repeat(1_000)}]}`.replaceAll("}[", "},[");
  assert.equal(dataText(scan(wide)), wide.slice(8, -1));
});

test("of an array of events each has its own bytes", () => {
  const body = Buffer.from(
    ' [ {"type":"a","data": 12345678901234567890 } ,\n{"type":"ü"},{"data":"]"}\t] ',
  );
  const events = value(scanObjects(body));
  assert.deepEqual(events.map(dataText), ["12345678901234567890", null, '"]"']);
  assert.deepEqual(
    events.map(({ members }) => members["type"]),
    ["a", "ü", undefined],
  );
  assert.deepEqual(value(scanObjects(Buffer.from(" [ ] "))), []);
});

test("one bad event fails the array, and the problem says which", () => {
  const refusedAll = (text: string): string => refusal(scanObjects(Buffer.from(text)));
  assert.equal(
    refusedAll("{}"),
    "invalid_request : expected body to be an array of objects, got {}",
  );
  assert.equal(
    refusedAll('[{"data":1},[2]]'),
    "invalid_request /1: expected body/1 to be an object, got [2]",
  );
  assert.equal(
    refusedAll('[{},{},{"a":1,"a":1}]'),
    'invalid_json /2: expected each member name to be there once, got "a"',
  );
  assert.match(refusedAll("[{}"), /^invalid_json : expected body to be JSON text/);
});
