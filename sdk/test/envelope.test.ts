import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { EnvelopeInput, Shape } from "../src/wire/envelope.ts";
import { envelope } from "../src/wire/envelope.ts";
import { jsonText, parsed } from "./json-text.ts";

const SHAPES: readonly Shape[] = ["standard", "timestamped", "digest", "topic"];
const KEEPS_DATA: readonly Shape[] = ["standard", "timestamped", "digest"];

function input(data: string, more: Partial<EnvelopeInput> = {}): EnvelopeInput {
  return {
    id: "evt_01k",
    type: "invoice.paid",
    occurredAtMs: Date.UTC(2026, 10, 22, 4, 5, 6, 7),
    data: Buffer.from(data),
    ...more,
  };
}

function bodyText(shape: Shape, given: EnvelopeInput): string {
  return Buffer.from(envelope(shape, given).body).toString();
}

interface Expected {
  readonly type: string;
  readonly seconds: number;
  readonly timestamp: string;
  readonly data: unknown;
}

/** What each body holds, for an event whose id is its type. */
const MEMBERS: Record<Shape, (event: Expected) => object> = {
  standard: ({ type, timestamp, data }) => ({ type, timestamp, data }),
  timestamped: ({ type, timestamp, data }) => ({ id: type, type, timestamp, data }),
  digest: ({ type, timestamp, data }) => ({ event_type: type, timestamp, data }),
  topic: ({ type, seconds, data }) => ({
    id: type,
    payload: data,
    topic: type,
    ts: seconds,
    type,
    v: 1,
  }),
};

const DATA = `{"b": 1.0,\n "a":12345678901234567890, "n":1e400, "e":"\\u00e9é"}`;

test("each profile's body is written byte for byte as its receivers know it", () => {
  assert.equal(
    bodyText("standard", input(DATA)),
    `{"type":"invoice.paid","timestamp":"2026-11-22T04:05:06.007Z","data":${DATA}}`,
  );
  assert.equal(
    bodyText("timestamped", input(DATA)),
    `{"id":"evt_01k","type":"invoice.paid","timestamp":"2026-11-22T04:05:06.007Z","data":${DATA}}`,
  );
  assert.equal(
    bodyText("digest", input(DATA)),
    `{"event_type":"invoice.paid","timestamp":"2026-11-22T04:05:06.007Z","data":${DATA}}`,
  );
  assert.equal(
    bodyText("topic", input(DATA)),
    `{"id":"evt_01k","payload":{"a":12345678901234567890,"b":1.0,"e":"\\u00e9é","n":1e400},` +
      `"topic":"invoice.paid","ts":1795320306,"type":"invoice.paid","v":1}`,
  );
});

test("the topic envelope counts whole seconds, rounded down", () => {
  const given = input("1", { occurredAtMs: 1_700_000_000_999 });
  assert.match(bodyText("topic", given), /"ts":1700000000,/);
});

test("whatever the event's id, type and data are, the body is JSON that holds them", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...SHAPES),
      jsonText(),
      fc.string({ unit: "binary" }),
      fc.integer({ min: 0, max: 253_402_300_799_999 }),
      (shape, data, type, occurredAtMs) => {
        const text = bodyText(shape, input(data, { type, id: type, occurredAtMs }));
        const members = MEMBERS[shape]({
          type,
          seconds: Math.floor(occurredAtMs / 1000),
          timestamp: new Date(occurredAtMs).toISOString(),
          data: parsed(data),
        });
        assert.deepEqual(parsed(text), new Map(Object.entries(members)));
      },
    ),
  );
});

test("the data's bytes stand unchanged between dataStart and dataEnd", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...KEEPS_DATA),
      jsonText(),
      fc.string({ unit: "binary" }),
      (shape, text, type) => {
        const data = Buffer.from(text);
        const { body, dataStart, dataEnd } = envelope(shape, input(text, { type }));
        assert.ok(data.equals(body.subarray(dataStart, dataEnd)));
      },
    ),
  );
});

test("in the topic envelope the sorted payload stands between dataStart and dataEnd", () => {
  const { body, dataStart, dataEnd } = envelope("topic", input(`{"ü": 1, "a": 2}`, { id: "é" }));
  assert.equal(Buffer.from(body.subarray(dataStart, dataEnd)).toString(), `{"a":2,"ü":1}`);
});

test("two envelopes do not share bytes", () => {
  const first = envelope("standard", input(`"first"`));
  const before = Buffer.from(first.body).toString();
  envelope("standard", input(`"second"`)).body.fill(0);
  assert.equal(Buffer.from(first.body).toString(), before);
});

test("a time that ISO 8601 can't write with four digits of year is refused", () => {
  for (const occurredAtMs of [-1, 1.5, Number.NaN, 253_402_300_800_000]) {
    assert.throws(() => envelope("standard", input("1", { occurredAtMs })), {
      name: "SdkError",
      code: "time_invalid",
    });
  }
  assert.match(
    bodyText("standard", input("1", { occurredAtMs: 253_402_300_799_999 })),
    /9999-12-31T23:59:59\.999Z/,
  );
});

test("the topic envelope refuses data it can't read instead of signing something else", () => {
  const refused = (data: Uint8Array, code: string): void => {
    assert.throws(() => envelope("topic", { ...input(""), data }), { name: "SdkError", code });
  };
  refused(Buffer.from([0x22, 0xff, 0x22]), "json_invalid");
  refused(Buffer.from("\ufeff1"), "json_invalid");
  refused(Buffer.from("{"), "json_invalid");
  refused(Buffer.from(`{"a":1,"a":2}`), "json_duplicate_key");
});
