import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { CallerGone, readBody } from "../daemon/api/body.ts";

/** A request whose bytes come when the test says so. */
function requestWith(headers: Record<string, string>): PassThrough & IncomingMessage {
  return Object.assign(new PassThrough(), { headers }) as unknown as PassThrough & IncomingMessage;
}

const isTooLarge = { name: "AppError", code: "body_too_large" };

test("a body of exactly the limit is read, in one piece", async () => {
  const request = requestWith({});
  const body = readBody(request, 6);
  request.write("abc");
  request.end("def");
  assert.equal(Buffer.from(await body).toString(), "abcdef");
});

test("at the first byte beyond the limit reading stops for good", async () => {
  const request = requestWith({});
  const body = readBody(request, 6);
  request.write("abc");
  request.write("defg");
  await assert.rejects(body, isTooLarge);
  assert.equal(request.isPaused(), true);
  assert.equal(request.listenerCount("data"), 0);
});

test("a declared length beyond the limit is refused without listening", async () => {
  const request = requestWith({ "content-length": "7" });
  await assert.rejects(readBody(request, 6), isTooLarge);
  assert.equal(request.listenerCount("data"), 0);
});

test("a caller that goes away ends the reading, whether before it began or after", async () => {
  const during = requestWith({});
  const body = readBody(during, 6);
  during.write("abc");
  during.destroy();
  await assert.rejects(body, CallerGone);
  const before = requestWith({});
  before.destroy();
  await once(before, "close");
  await assert.rejects(readBody(before, 6), CallerGone);
});
