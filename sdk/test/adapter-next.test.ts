import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { AWKWARD, BODY_BYTES_MAX, send, signed } from "./adapter-kit.ts";
import type { NextServer } from "./adapter-next-project.ts";
import { startNext } from "./adapter-next-project.ts";

let server: NextServer;

before(async () => {
  server = await startNext();
});

after(() => server.stop());

const ROUTERS = { "app router": "/hooks", "pages router": "/api/hooks" };

for (const [router, path] of Object.entries(ROUTERS)) {
  test(`Next, ${router}: takes the bytes as they came, and each event once`, async () => {
    const { origin } = server;
    const packed = gzipSync(AWKWARD);
    const noText = Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0xff, 0xfe, 0x00, 0x0d, 0x0a]);
    for (const body of [AWKWARD, packed, noText]) {
      const sending = { path, headers: signed(body), body };
      const first = await send(origin, sending);
      assert.deepEqual([first.status, first.body], [202, body.toString("hex")]);
      const again = await send(origin, sending);
      assert.deepEqual([again.status, again.headers["webhook-duplicate"]], [202, "true"]);
    }
  });

  test(`Next, ${router}: refuses a forgery and answers challenges`, async () => {
    const { origin } = server;
    const headers = { ...signed(AWKWARD), "x-hub-signature-256": `sha256=${"0".repeat(64)}` };
    const forged = await send(origin, { path, headers, body: AWKWARD });
    assert.deepEqual([forged.status, forged.body], [401, ""]);
    const got = await send(origin, { method: "GET", path: `${path}?challenge=42` });
    assert.deepEqual([got.status, got.body], [200, "42"]);
    const head = await send(origin, { method: "HEAD", path });
    assert.deepEqual([head.status, head.headers["x-challenge"]], [200, "answered"]);
  });

  test(`Next, ${router}: stops at the limit, with a length and without one`, async () => {
    const { origin } = server;
    const body = Buffer.alloc(BODY_BYTES_MAX + 1, " ");
    const headers = signed(body);
    assert.equal((await send(origin, { path, headers, body })).status, 413);
    assert.equal((await send(origin, { path, headers, chunks: [body] })).status, 413);
  });
}

test("Next, pages router: behind Next's own parser it says what the file lacks", async () => {
  const sending = { path: "/api/parsed", headers: signed(AWKWARD), body: AWKWARD };
  const got = await send(server.origin, sending);
  assert.equal(got.status, 500);
  assert.equal(got.headers["webhook-error"], "BODY_ALREADY_PARSED");
  assert.match(
    String(got.headers["webhook-hint"]),
    /export const config = \{ api: \{ bodyParser: false/,
  );
});

test("Next, pages router: text that its parser left as it was is taken", async () => {
  const headers = signed(AWKWARD, { "content-type": "text/plain" });
  const got = await send(server.origin, { path: "/api/parsed", headers, body: AWKWARD });
  assert.deepEqual([got.status, got.body], [202, AWKWARD.toString("hex")]);
});

test("Next, app router: a request that was read before does not hang", async () => {
  const sending = { path: "/consumed", headers: signed(AWKWARD), body: AWKWARD };
  const got = await send(server.origin, sending);
  assert.deepEqual([got.status, got.headers["webhook-error"]], [500, "BODY_ALREADY_READ"]);
});

test("Next, app router: with trustProxy the address is the sender's, which Next itself replaces by its own", async () => {
  const headers = { host: "hooks.example.com" };
  const got = await send(server.origin, { path: "/seen?a=%7E", headers, body: Buffer.from("{}") });
  assert.equal(got.body, "http://hooks.example.com/seen?a=%7E 127.0.0.1");
});
