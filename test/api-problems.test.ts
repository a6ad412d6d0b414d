import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { AppError } from "../daemon/domain/errors.ts";
import { StoreUnavailable } from "../daemon/domain/stores.ts";
import { createTestIngest, openHouse, ROOT_KEY } from "./support/api-house.ts";
import type { ApiHouse } from "./support/api-house.ts";
import { assertProblem, call, makeEndpoint, problemsOf } from "./support/api-call.ts";

const PAID = { type: "invoice.paid", data: 1 };

/** Sends bytes as they are and resolves with everything that came back until the server closed. */
async function sendRaw(house: ApiHouse, text: string, more: () => string | null = () => null) {
  const socket = connect(house.port, "127.0.0.1");
  let received = "";
  let sentBytes = text.length;
  socket.on("data", (chunk) => (received += chunk.toString()));
  socket.write(text);
  socket.on("drain", pump);
  function pump(): void {
    for (let chunk = more(); chunk !== null && !socket.destroyed; chunk = more()) {
      sentBytes += chunk.length;
      if (!socket.write(chunk)) return;
    }
  }
  pump();
  await closed(socket);
  return { received, sentBytes };
}

/** Not `once`, which rejects on an error: a connection that is cut while it sends may well have one. */
function closed(socket: Socket): Promise<void> {
  socket.on("error", () => undefined);
  return new Promise((resolve) => socket.on("close", () => resolve()));
}

const HEAD = `POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ROOT_KEY}\r\nContent-Type: application/json\r\n`;

test("a wrong value is answered with what was wanted and what came", async () => {
  await using house = await openHouse();
  const id = await makeEndpoint(house);
  const body = { rate_per_second: "x" };
  const answer = await call(house, `PATCH /v1/endpoints/${id}`, { body });
  const wanted = 'expected /rate_per_second to be an integer from 1 to 10000 or null, got "x"';
  assert.equal(assertProblem(answer, 400, "invalid_request"), wanted);
  assert.deepEqual(problemsOf(answer), { "/rate_per_second": wanted });
});

test("secrets and passwords are not repeated in what is said about them", async () => {
  await using house = await openHouse();
  const body = {
    url: "https://shop.example/",
    secret: "hunter2".repeat(100),
    auth: { type: "bearer", token: "hunter2", passwort: "hunter2" },
  };
  const answer = await call(house, "POST /v1/endpoints", { body });
  assertProblem(answer, 400, "invalid_request");
  assert.deepEqual(Object.keys(problemsOf(answer)).toSorted(), ["/auth/passwort", "/secret"]);
  assert.match(problemsOf(answer)["/secret"] ?? "", /got 700 other characters$/);
  const other = { url: "https://shop.example/", auth: { type: "token", token: "hunter2" } };
  const untyped = await call(house, "POST /v1/endpoints", { body: other });
  assert.deepEqual(problemsOf(untyped), {
    "/auth/type": 'expected /auth/type to be "basic" or "bearer", got "token"',
  });
  const listed = { url: "https://shop.example/", auth: ["hunter2"] };
  const list = await call(house, "POST /v1/endpoints", { body: listed });
  assert.match(problemsOf(list)["/auth"] ?? "", /got something else$/);
  const headed = { url: "https://shop.example/", headers: { "X-Api-Key": ["hunter2"] } };
  const header = await call(house, "POST /v1/endpoints", { body: headed });
  assert.match(problemsOf(header)["/headers/X-Api-Key"] ?? "", /got something else$/);
  const typed = { url: "https://shop.example/", secret: "whsec_hunter2" };
  const refused = await call(house, "POST /v1/endpoints", { body: typed });
  assertProblem(refused, 400, "invalid_request");
  assert.equal(refused.text.includes("hunter2"), false);
});

test("an unknown path is 404, a known one with another method 405 with Allow", async () => {
  await using house = await openHouse();
  assertProblem(await call(house, "GET /v1/nothing"), 404, "not_found");
  assertProblem(await call(house, "GET /V1/events"), 404, "not_found");
  const answer = await call(house, "DELETE /v1/events");
  assertProblem(answer, 405, "method_not_allowed");
  assert.equal(answer.headers.allow, "GET, HEAD, POST");
});

test("OPTIONS tells the methods, HEAD answers like GET without the body", async () => {
  await using house = await openHouse();
  const options = await call(house, "OPTIONS /v1/endpoints/x", { key: null });
  assert.equal(options.status, 204);
  assert.equal(options.headers.allow, "DELETE, GET, HEAD, PATCH");
  const head = await call(house, "HEAD /v1/info");
  const get = await call(house, "GET /v1/info");
  assert.equal(head.status, 200);
  assert.equal(head.text, "");
  assert.equal(head.headers["content-length"], get.headers["content-length"]);
});

test("every answer has a request id of its own, is never cached and never sniffed", async () => {
  await using house = await openHouse();
  const answers = [await call(house, "GET /healthz"), await call(house, "GET /nowhere")];
  for (const { headers } of answers) {
    assert.match(String(headers["request-id"]), /^[0-9a-f]{10}-[0-9a-z]+$/);
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["access-control-allow-origin"], undefined);
  }
  assert.notEqual(answers[0]?.headers["request-id"], answers[1]?.headers["request-id"]);
});

test("with a base path everything is below it and nothing beside it", async () => {
  await using house = await openHouse({ basePath: "hooks/out" });
  assert.equal((await call(house, "GET /hooks/out/healthz")).status, 200);
  assert.equal((await call(house, "POST /hooks/out/v1/events", { body: PAID })).status, 202);
  assertProblem(await call(house, "POST /v1/events", { body: PAID }), 404, "not_found");
  assertProblem(await call(house, "GET /hooks/outhealthz"), 404, "not_found");
});

test("a declared length beyond the limit is refused before a byte of the body is read", async () => {
  await using house = await openHouse({ requestBytesMax: 1_000 });
  const { received } = await sendRaw(house, `${HEAD}Content-Length: 10000000\r\n\r\n`);
  assert.match(received, /^HTTP\/1\.1 413 /);
  assert.match(received, /\r\nConnection: close\r\n/i);
  assert.match(received, /"code":"body_too_large"/);
});

test("a body without a length is read no further than the limit, and the connection ends", async () => {
  await using house = await openHouse({ requestBytesMax: 100_000 });
  const chunk = `ffff\r\n${"x".repeat(0xffff)}\r\n`;
  // Endless: only the server's closing ends it.
  const { received, sentBytes } = await sendRaw(
    house,
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n`,
    () => chunk,
  );
  // The end of a connection that is still sending may swallow the answer; what counts is that it ends.
  if (received !== "") assert.match(received, /^HTTP\/1\.1 413 /);
  assert.ok(sentBytes < 50_000_000, `${sentBytes} bytes were sent`);
});

test("a short body that nobody read does not cost the connection", async () => {
  await using house = await openHouse();
  const post = `POST /v1/nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello`;
  const last = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const { received } = await sendRaw(house, post + last);
  assert.match(received, /^HTTP\/1\.1 404 [^]*HTTP\/1\.1 200 /);
});

test("a refused caller's large body is not read", async () => {
  await using house = await openHouse();
  const head = HEAD.replace(ROOT_KEY, "unknown");
  const { received } = await sendRaw(house, `${head}Content-Length: 90000\r\n\r\n`);
  assert.match(received, /^HTTP\/1\.1 401 [^]*Connection: close/i);
});

test("a caller that leaves in the middle of its body leaves nothing behind", async () => {
  const ingest = createTestIngest();
  await using house = await openHouse({ replace: () => ({ ingest }) });
  const socket = connect(house.port, "127.0.0.1");
  socket.write(`${HEAD}Content-Length: 1000\r\n\r\n{"type"`);
  socket.end();
  socket.resume();
  await closed(socket);
  assert.equal((await call(house, "POST /v1/events", { body: PAID })).status, 202);
  assert.equal(ingest.events.length, 1);
  assert.deepEqual(
    house.log.lines.filter(({ level }) => level === "error"),
    [],
  );
});

test("a compressed body is refused, since it is passed on as it comes", async () => {
  await using house = await openHouse();
  const headers = { "content-encoding": "gzip" };
  const answer = await call(house, "POST /v1/events", { body: PAID, headers });
  assertProblem(answer, 415, "unsupported_media_type");
  const identity = { "content-encoding": "identity" };
  const plain = await call(house, "POST /v1/events", { body: PAID, headers: identity });
  assert.equal(plain.status, 202);
});

test("other content types than JSON are refused where JSON is wanted", async () => {
  await using house = await openHouse();
  const headers = { "content-type": "text/plain" };
  const body = '{"url":"https://shop.example/"}';
  const answer = await call(house, "POST /v1/endpoints", { body, headers });
  assertProblem(answer, 415, "unsupported_media_type");
});

test("a store that can't commit is 503 with a time to come back, and nothing else of it is told", async () => {
  const ingest = {
    ...createTestIngest(),
    accept: () => Promise.reject(new StoreUnavailable("disk_full", new Error("at sector 7"))),
  };
  await using house = await openHouse({ replace: () => ({ ingest }) });
  const answer = await call(house, "POST /v1/events", { body: PAID });
  assert.match(assertProblem(answer, 503, "unavailable"), /disk_full/);
  assert.equal(answer.headers["retry-after"], "5");
  assert.equal(answer.text.includes("sector"), false);
});

test("an exception is 500 under a request id; the log has its words, the answer has not", async () => {
  for (const error of [new Error("password hunter2"), new AppError("internal", "hunter2")]) {
    const ingest = { ...createTestIngest(), accept: () => Promise.reject(error) };
    await using house = await openHouse({ replace: () => ({ ingest }) });
    const answer = await call(house, "POST /v1/events", { body: PAID });
    assertProblem(answer, 500, "internal");
    assert.equal(answer.text.includes("hunter2"), false);
    const [line] = house.log.lines;
    assert.equal(line?.level, "error");
    assert.match(JSON.stringify(line?.fields), /hunter2/);
    assert.match(JSON.stringify(line?.fields), new RegExp(String(answer.headers["request-id"])));
  }
});

test("lists refuse a limit out of range, an unknown or repeated parameter, and a foreign cursor", async () => {
  await using house = await openHouse();
  for (const query of ["limit=0", "limit=251", "limit=1.5", "limit=", "sort=type"]) {
    assertProblem(await call(house, `GET /v1/events?${query}`), 400, "invalid_request");
  }
  const near = await call(house, "GET /v1/events?tennant=a");
  assert.match(problemsOf(near)["tennant"] ?? "", /did you mean tenant\?/);
  const twice = await call(house, "GET /v1/events?type=a&type=b");
  assert.deepEqual(problemsOf(twice), { type: 'expected type to be there once, got "b"' });
  assertProblem(await call(house, "GET /v1/events?cursor=xyz"), 400, "invalid_cursor");
  assertProblem(await call(house, "GET /v1/deliveries?state=lost"), 400, "invalid_request");
});

test("a path that can't be decoded is 404 and not an exception", async () => {
  await using house = await openHouse();
  assertProblem(await call(house, "GET /v1/events/%E0%A4%A"), 404, "not_found");
  assertProblem(await call(house, "GET /v1/endpoints/a%2Fb%00"), 404, "not_found");
});

test("a parameter that a route does not know is refused, whatever the route", async () => {
  await using house = await openHouse();
  const id = await makeEndpoint(house);
  for (const line of [
    "GET /v1/event-types?zz=1",
    "GET /v1/info?verbose=1",
    `GET /v1/endpoints/${id}?fields=url`,
    `POST /v1/endpoints/${id}/pause?for=1h`,
    "POST /v1/events?x=1",
    "POST /v1/events/batch?x=1",
  ]) {
    const answer = await call(house, line, line.includes("events") ? { body: PAID } : {});
    assert.match(assertProblem(answer, 400, "invalid_request"), /to be a known parameter/, line);
  }
  const probe = await call(house, "GET /healthz?t=1", { key: null });
  assert.equal(probe.status, 200);
});

test("a body where none is wanted is refused before anything is done; {} says nothing and may come", async () => {
  await using house = await openHouse();
  const path = `/v1/endpoints/${await makeEndpoint(house)}`;
  for (const body of ["{junk", '{"held":"none"}', "[]", "x"]) {
    const answer = await call(house, `POST ${path}/cancel-pending`, { body });
    const detail = assertProblem(answer, 400, "invalid_request");
    assert.equal(detail, `expected the body to be empty, got ${body.length} bytes`);
  }
  assertProblem(await call(house, `POST ${path}/pause`, { body: "{junk" }), 400, "invalid_request");
  assert.equal((await call(house, `GET ${path}`)).json.state, "active");
  assert.equal((await call(house, `POST ${path}/pause`, { body: " {} " })).status, 200);
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const empty = await call(house, `POST ${path}/pause`, { body: "", headers: form });
  assert.equal(empty.status, 200);
});
