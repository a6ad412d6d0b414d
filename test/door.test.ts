/** The daemon's two listeners, on real sockets of this machine. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import type { RequestListener, RequestOptions, ServerResponse } from "node:http";
import { Agent, get } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { urlToHttpOptions } from "node:url";
import { after, test } from "node:test";

import { StartRefused } from "../daemon/domain/errors.ts";
import type { DoorNeeds } from "../daemon/system/door.ts";
import { openDoor } from "../daemon/system/door.ts";
import { createFakeTime } from "./support/fake-time.ts";

const folder = mkdtempSync(join(tmpdir(), "posthorn-door-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const say =
  (text: string): RequestListener =>
  (_request, response) =>
    void response.end(text);

/** No request is wanted for another protocol. */
const NOTHING_ELSE = { wants: () => false, take: () => undefined };

function open(more: Partial<DoorNeeds> = {}) {
  const log: string[] = [];
  const write = (message: string) => void log.push(message);
  const door = openDoor({
    listen: { host: "127.0.0.1", port: 0 },
    socketPath: null,
    basePath: "",
    handler: say("open"),
    localHandler: say("local"),
    upgrade: NOTHING_ELSE,
    localUpgrade: NOTHING_ELSE,
    settings: {},
    timers: createFakeTime().timers,
    log: { info: write, warn: write, error: write },
    ...more,
  });
  return { door, log };
}

type Where = string | { readonly socketPath: string };

/** The body of an answer; rejects when the connection fails. */
function ask(where: Where, agent?: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const target = typeof where === "string" ? new URL(where) : where;
    const request = get({ ...urlToOptions(target), agent: agent ?? false });
    request.once("error", reject);
    request.once("response", (response) => {
      response.toArray().then((chunks) => resolve(Buffer.concat(chunks).toString()), reject);
    });
  });
}

function urlToOptions(target: URL | { readonly socketPath: string }): RequestOptions {
  return target instanceof URL ? urlToHttpOptions(target) : { ...target, path: "/" };
}

/** A handler that answers when the test says so, and tells when it was asked. */
function createSlow() {
  const { promise: asked, resolve } = Promise.withResolvers<ServerResponse>();
  const handler: RequestListener = (_request, response) => resolve(response);
  return { asked, handler };
}

test("it listens where it was told to, and says so with the port that it got", async () => {
  const socketPath = join(folder, "both.sock");
  const { door, log } = open({ socketPath, basePath: "posthorn" });
  const { url, close } = await door;
  assert.match(url, /^http:\/\/127\.0\.0\.1:[1-9]\d*\/posthorn$/);
  assert.equal(await ask(url), "open");
  assert.equal(await ask({ socketPath }), "local");
  assert.equal(statSync(socketPath).mode & 0o777, 0o600);
  assert.deepEqual(log, []);
  await close();
  await assert.rejects(ask(url), { code: "ECONNREFUSED" });
  assert.equal(existsSync(socketPath), false);
  await close();
});

test("without a local socket it says what that means", async () => {
  const { door, log } = open();
  const { close } = await door;
  assert.match(log.join(), /no local socket/);
  await close();
});

test("a port that is taken is refused with a sentence", async () => {
  const { door } = open();
  const { url, close } = await door;
  const port = Number(new URL(url).port);
  const second = open({ listen: { host: "127.0.0.1", port }, socketPath: join(folder, "no.sock") });
  await assert.rejects(second.door, (error) => {
    assert.ok(error instanceof StartRefused);
    const wanted = `expected 127.0.0.1:${port} to be free to listen on, got an address in use`;
    assert.equal(error.message, wanted);
    return true;
  });
  assert.equal(existsSync(join(folder, "no.sock")), false);
  await close();
});

test("an address that is another machine's is refused with a sentence", async () => {
  const { door } = open({ listen: { host: "192.0.2.1", port: 8080 } });
  const message =
    "expected 192.0.2.1:8080 to be free to listen on, got an address that this machine does not have";
  await assert.rejects(door, { message });
});

test("a local socket that another program uses is refused, and the port is given back", async () => {
  const socketPath = join(folder, "taken.sock");
  const first = await open({ socketPath }).door;
  const port = await freePort();
  const second = open({ listen: { host: "127.0.0.1", port }, socketPath });
  await assert.rejects(second.door, StartRefused);
  await assert.rejects(ask(`http://127.0.0.1:${port}`), { code: "ECONNREFUSED" });
  assert.equal(await ask({ socketPath }), "local", "the first one's still works");
  await first.close();
});

test("closing lets a request under way end, takes no new one, and drops connections that wait for one", async () => {
  const { asked, handler } = createSlow();
  const { url, close } = await open({
    handler: (request, response) =>
      request.url === "/slow" ? handler(request, response) : response.end(),
  }).door;
  const keeping = new Agent({ keepAlive: true });
  await ask(url, keeping);
  const answer = ask(`${url}/slow`);
  const response = await asked;
  let isClosed = false;
  const closed = close().then(() => {
    isClosed = true;
  });
  await assert.rejects(ask(url), { code: "ECONNREFUSED" });
  assert.equal(isClosed, false);
  response.end("in time");
  assert.equal(await answer, "in time");
  await closed;
  keeping.destroy();
});

test("a request that hangs is cut off 5 s after the closing began, not before", async () => {
  const { asked, handler } = createSlow();
  const time = createFakeTime();
  const { url, close } = await open({ handler, timers: time.timers }).door;
  const answer = assert.rejects(ask(url), { code: "ECONNRESET" });
  // A connection on which nothing was asked yet.
  const mute = connect(Number(new URL(url).port), "127.0.0.1");
  const dropped = new Promise((resolve) => mute.once("close", resolve));
  await asked;
  let isClosed = false;
  const closed = close().then(() => {
    isClosed = true;
  });
  await time.advance(4_999);
  assert.equal(isClosed, false);
  await time.advance(1);
  await Promise.all([closed, answer, dropped]);
});

async function freePort(): Promise<number> {
  const { url, close } = await open().door;
  await close();
  return Number(new URL(url).port);
}
