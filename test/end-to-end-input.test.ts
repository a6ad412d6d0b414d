/** What a producer can do wrong, and what it is told. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { after, suite, test } from "node:test";

import { TEST_KEY } from "./support/daemon-client.ts";
import { LOOPBACK, openPostOffice } from "./support/post-office.ts";

const REQUEST_BYTES_MAX = 64 * 1024;
const EVENT_BYTES_MAX = 16 * 1024;

const office = await openPostOffice({
  ...LOOPBACK,
  POSTHORN_REQUEST_BYTES_MAX: String(REQUEST_BYTES_MAX),
  POSTHORN_EVENT_BYTES_MAX: String(EVENT_BYTES_MAX),
});
after(() => office.close());

interface Wrong {
  readonly what: string;
  readonly line: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly code: string;
  /** Where, and a part of what is said of it. */
  readonly says?: RegExp;
}

const EVENT = { type: "order.paid", data: {} };
const POST = "POST /v1/events";
const MAKE = "POST /v1/endpoints";
const URL = "https://shop.example/hook";

function event(more: object): object {
  return { ...EVENT, ...more };
}

function invalid(what: string, line: string, body: unknown, says: RegExp): Wrong {
  return { what, line, body, status: 400, code: "invalid_request", says };
}

const WRONG: readonly Wrong[] = [
  { what: "no JSON", line: POST, body: "{", status: 400, code: "invalid_json" },
  { what: "no body at all", line: POST, body: "", status: 400, code: "invalid_json" },
  {
    what: "half a batch",
    line: `${POST}/batch`,
    body: `{"events":[{}`,
    status: 400,
    code: "invalid_json",
  },
  invalid("an array", POST, "[]", /expected body to be/),
  invalid("no type", POST, { data: {} }, /"\/type".*expected \/type to be an event type/),
  invalid("a type that is a number", POST, event({ type: 7 }), /expected \/type .* got 7/),
  invalid("a type with a space", POST, event({ type: "order paid" }), /got \\"order paid\\"/),
  invalid("the daemon's own type", POST, event({ type: "posthorn.test" }), /posthorn\./),
  invalid("an unknown member", POST, event({ tennant: "acme" }), /did you mean tenant\?/),
  invalid("an id with a dot", POST, event({ id: "a.b" }), /\/id/),
  invalid("a time that is none", POST, event({ occurred_at: "tomorrow" }), /2026-01-31T12:00:00Z/),
  invalid("an empty batch", `${POST}/batch`, { events: [] }, /\/events/),
  invalid("one bad event of two", `${POST}/batch`, { events: [EVENT, {}] }, /\/events\/1\/type/),
  invalid("an endpoint without a URL", MAKE, {}, /\/url/),
  invalid("a URL that is none", MAKE, { url: "shop" }, /\/url/),
  invalid("a URL of another scheme", MAKE, { url: "ftp://shop.example/" }, /\/url/),
  invalid("a URL with credentials", MAKE, { url: "https://u:hush-hush@shop.example/" }, /\/url/),
  invalid("a table of 21 steps", MAKE, { url: URL, backoff: Array(21).fill(1) }, /20 items/),
  invalid("a step of 0 s", MAKE, { url: URL, backoff: [0] }, /\/backoff/),
  invalid("a header that HTTP owns", MAKE, { url: URL, headers: { Host: "x" } }, /\/headers\/Host/),
  invalid("a grant that is none", MAKE, { url: URL, egress_allow: ["every"] }, /egress_allow/),
  invalid("a limit of 0", "GET /v1/events?limit=0", undefined, /limit/),
  invalid("an unknown parameter", "GET /v1/events?typ=x", undefined, /did you mean type\?/),
  {
    what: "a cursor that nobody gave out",
    line: "GET /v1/events?cursor=abc",
    status: 400,
    code: "invalid_cursor",
  },
  { what: "an unknown path", line: "GET /v1/nothing", status: 404, code: "not_found" },
  { what: "another method", line: "PUT /v1/events", status: 405, code: "method_not_allowed" },
  {
    what: "a form",
    line: MAKE,
    body: "url=x",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    status: 415,
    code: "unsupported_media_type",
  },
  {
    what: "a compressed body",
    line: POST,
    body: EVENT,
    headers: { "content-encoding": "gzip" },
    status: 415,
    code: "unsupported_media_type",
  },
  {
    what: "a body over the limit",
    line: POST,
    body: event({ data: "x".repeat(REQUEST_BYTES_MAX) }),
    status: 413,
    code: "body_too_large",
    says: /at most 65536 bytes/,
  },
  {
    what: "data over the event's limit",
    line: POST,
    body: event({ data: "x".repeat(EVENT_BYTES_MAX) }),
    status: 413,
    code: "body_too_large",
    says: /16384/,
  },
];

suite("bad input is answered with a problem document that says what was expected", () => {
  for (const { what, line, body, headers = {}, status, code, says = /expected/ } of WRONG) {
    test(`${what}: ${status} ${code}`, async () => {
      const answer = await office.client.ask(line, {
        headers,
        ...(body !== undefined && { body }),
      });
      assert.equal(answer.status, status, answer.text);
      assert.equal(answer.headers.get("content-type"), "application/problem+json");
      assert.equal(answer.json.code, code);
      assert.match(answer.text, says);
      assert.ok(!answer.text.includes("hush-hush"), "no credentials in an answer");
    });
  }

  test("nothing of it was accepted", async () => {
    for (const list of ["events", "endpoints"]) {
      assert.deepEqual((await office.client.must(`GET /v1/${list}`)).data, []);
    }
  });
});

test("data that violates its type's schema is refused with each fault in its place; other types are free", async () => {
  const desk = await office.desk();
  const schema = {
    type: "object",
    required: ["amount"],
    properties: { amount: { type: "integer" } },
  };
  await desk.must("PUT /v1/event-types/order.paid", { schema });
  const bad = await desk.ask(POST, { body: event({ data: { amount: "much" } }) });
  assert.deepEqual([bad.status, bad.json.code], [422, "schema_violation"]);
  assert.equal(bad.json.problems[0].pointer, "/data/amount");
  assert.equal((await desk.ask(POST, { body: event({ data: { amount: 7 } }) })).status, 202);
  assert.equal((await desk.ask(POST, { body: { type: "a.b", data: 1 } })).status, 202);
});

/** A connection that sends these headers and then a body without end, as fast as it is taken. */
async function endlessBody(
  headers: readonly string[],
  key = TEST_KEY,
): Promise<{ answer: string; sentBytes: number }> {
  const [host = "", port = ""] = office.daemon.address.split(":");
  const socket = connect(Number(port), host);
  await once(socket, "connect");
  let answer = "";
  let isClosed = false;
  socket.setEncoding("utf8").on("data", (chunk: string) => (answer += chunk));
  socket.on("error", () => {}); // the daemon breaks it off, as it should
  socket.once("close", () => (isClosed = true));
  const head = ["POST /v1/events HTTP/1.1", "Host: x", `Authorization: Bearer ${key}`, ...headers];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  const piece = `1000\r\n${"x".repeat(0x1000)}\r\n`;
  let sentBytes = 0;
  while (!isClosed && sentBytes < 256 * 1024 * 1024) {
    if (socket.writable) sentBytes += piece.length;
    if (socket.writable && !socket.write(piece)) {
      await Promise.race([once(socket, "drain"), once(socket, "close")]).catch(() => {});
    }
    await nextTurn();
  }
  socket.destroy();
  return { answer, sentBytes };
}

suite("a body without end", { concurrency: true }, () => {
  const json = "Content-Type: application/json";

  test("of unknown length is read up to the limit, answered with 413, and its connection ends", async () => {
    const { answer, sentBytes } = await endlessBody([json, "Transfer-Encoding: chunked"]);
    assert.match(answer, /^HTTP\/1\.1 413 /);
    assert.match(answer, /connection: close/i);
    // What the two kernels' buffers take is sent, and read by nobody.
    assert.ok(sentBytes < 32 * 1024 * 1024, `${sentBytes} bytes were taken`);
  });

  test("of a length that says too much is answered before it comes", async () => {
    const { answer, sentBytes } = await endlessBody([json, "Content-Length: 9000000000"]);
    assert.match(answer, /^HTTP\/1\.1 413 /);
    assert.ok(sentBytes < 32 * 1024 * 1024, `${sentBytes} bytes were taken`);
  });

  test("from somebody without a key is not read at all", async () => {
    const headers = [json, "Transfer-Encoding: chunked"];
    const { answer, sentBytes } = await endlessBody(headers, "phk_unknown");
    assert.match(answer, /^HTTP\/1\.1 401 /);
    assert.ok(sentBytes < 32 * 1024 * 1024, `${sentBytes} bytes were taken`);
  });
});
