import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { openHouse } from "./support/api-house.ts";
import { call, makeEndpoint } from "./support/api-call.ts";

const NAMES = [
  "type data tenant id occurred_at ordering_key events url event_types filter profile kind name headers",
  "backoff retry timeout_ms rate_per_second ordered auth username password ca egress_allow held since from to",
  "scopes application instance schema description secret signature overlap_s __proto__ constructor toString",
].flatMap((line) => line.split(" "));

const VALUES = [
  ..."* a.b posthorn.x https://shop.example/ digest v1a basic 2026-01-31T00:00:00Z".split(" "),
  0,
  -1,
  1e308,
  null,
  true,
  [],
  {},
  "",
  "\u0000",
  "\ud800",
  { $eq: 1 },
  { type: "basic" },
];

/** JSON that is nearly right: known names with values of every kind, mixed with anything. */
const bodies = fc.oneof(
  { weight: 6, arbitrary: fc.dictionary(fc.constantFrom(...NAMES), value(), { maxKeys: 8 }) },
  { weight: 2, arbitrary: fc.jsonValue() },
);

function value() {
  const plain = fc.oneof(fc.constantFrom(...VALUES), fc.jsonValue({ maxDepth: 2 }));
  return fc.oneof(
    plain,
    fc.array(plain, { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), plain),
  );
}

test("no JSON at any route ever gives a 500, and no answer has another form than its kind", async () => {
  await using house = await openHouse();
  const endpointId = await makeEndpoint(house);
  const routes = house.api.routes.filter(
    ({ method, operationId }) =>
      !["GET", "DELETE"].includes(method) && operationId !== "testEndpoint",
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), bodies, async ({ method, path }, body) => {
      const id = path.includes("{name}") ? "a.b" : endpointId;
      const answer = await call(house, `${method} ${path.replace(/\{\w+\}/, id)}`, { body });
      assert.notEqual(answer.status, 500, `${method} ${path} ${answer.text}`);
      if (answer.status >= 400) assert.equal(answer.json.status, answer.status);
    }),
    { seed: 7, numRuns: 600 },
  );
  assert.deepEqual(
    house.log.lines.filter(({ level }) => level === "error"),
    [],
  );
});

test("no bytes at any route ever give a 500", async () => {
  await using house = await openHouse();
  const json = fc
    .json()
    .chain((text) =>
      fc.integer({ min: 0, max: text.length }).map((cut) => Buffer.from(text.slice(0, cut))),
    );
  const bytes = fc.oneof(json, fc.uint8Array({ maxLength: 64 }).map(Buffer.from));
  const lines = ["POST /v1/events", "POST /v1/events/batch", "POST /v1/endpoints", "POST /v1/keys"];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...lines), bytes, async (line, body) => {
      const { status, text } = await call(house, line, { body });
      assert.notEqual(status, 500, text);
    }),
    { seed: 7, numRuns: 200 },
  );
});

/** Lone surrogates can't be encoded; a client can't send them either. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

test("no query at any list ever gives a 500", async () => {
  await using house = await openHouse();
  const names = [
    "type",
    "tenant",
    "from",
    "to",
    "q",
    "limit",
    "cursor",
    "state",
    "error",
    "x",
    "__proto__",
  ];
  const pairs = fc.array(
    fc.tuple(fc.constantFrom(...names), fc.string({ unit: "binary", maxLength: 8 })),
    {
      maxLength: 4,
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom("events", "deliveries"), pairs, async (list, query) => {
      const text = query.map((pair) => pair.map(encoded).join("=")).join("&");
      const answer = await call(house, `GET /v1/${list}?${text}`);
      assert.notEqual(answer.status, 500, answer.text);
    }),
    { seed: 7, numRuns: 200 },
  );
});
