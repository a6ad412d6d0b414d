/** A receiver with GitHub's scheme behind a real server, and a sender that can do what senders must not. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { memoryInbox } from "../src/inbox/memory.ts";
import { github } from "../src/providers/github.ts";
import { createReceiver } from "../src/receiver/create-receiver.ts";
import type { Handled, RequestInfo } from "../src/receiver/receiver.ts";
import type { Provider } from "../src/verify/provider.ts";
import type { RawRequest } from "../src/verify/request.ts";

const SECRET = "It's a Secret to Everybody";
export const BODY_BYTES_MAX = 100_000;

/** GitHub's scheme, and a challenge on GET and HEAD as Meta and Intercom have. */
export function challengingGithub(): Provider {
  const real = github({ secret: SECRET });
  return {
    ...real,
    methods: ["GET", "HEAD", "POST", "PUT"],
    check: async (request, context) => {
      if (request.method !== "GET" && request.method !== "HEAD")
        return real.check(request, context);
      const body = request.query("challenge") ?? "";
      const headers = { "content-type": "text/plain", "x-challenge": "answered" };
      return { ok: true, kind: "handshake", answer: { status: 200, headers, body } };
    },
  };
}

export interface Desk {
  readonly receiver: ReturnType<typeof makeReceiver>;
  /** The bodies that were handled, as hex. */
  readonly handled: string[];
  readonly requests: (Pick<RawRequest, "method" | "url"> & RequestInfo)[];
  /** What the hook for the application's own failures was told. */
  readonly faults: string[];
  readonly refusals: string[];
}

function makeReceiver(faults: string[], refusals: string[]) {
  return createReceiver({
    endpoint: "hooks",
    provider: challengingGithub(),
    inbox: memoryInbox(),
    bodyBytesMax: BODY_BYTES_MAX,
    hooks: {
      onFailed: ({ code, error }) => faults.push(`${code}: ${String(error)}`),
      onRefused: ({ code }) => refusals.push(`${code}`),
    },
  });
}

/** A receiver with a handler for all events, unless the adapter brings one. */
export function createDesk({ isHandling = true } = {}): Desk {
  const faults: string[] = [];
  const refusals: string[] = [];
  const real = makeReceiver(faults, refusals);
  const requests: Desk["requests"] = [];
  const handle = async (request: RawRequest, info?: RequestInfo): Promise<Handled> => {
    const { method, url } = request;
    requests.push({ method, url, ...info });
    return real.handle(request, info);
  };
  const handled: string[] = [];
  if (isHandling) {
    real.on("*", ({ raw }) => {
      handled.push(Buffer.from(raw).toString("hex"));
      return { status: 202, body: "thanks", contentType: "text/plain" };
    });
  }
  return { receiver: { ...real, handle }, handled, requests, faults, refusals };
}

export interface Sending {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Sent one after the other, without a length. */
  readonly chunks?: Iterable<Uint8Array>;
}

export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request over a connection of its own. */
export function send(origin: string, sending: Sending): Promise<Got> {
  const { method = "POST", path = "/hooks", headers = {}, body, chunks } = sending;
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": String(body.length) };
    const options = { method, agent: false, headers: { ...length, ...headers } } as const;
    const request = httpRequest(origin + path, options, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const { statusCode: status = 0, headers: answered } = response;
        resolve({ status, headers: answered, body: Buffer.concat(parts).toString() });
      });
    });
    request.on("error", reject);
    if (chunks === undefined) request.end(body);
    else void writeAll(request, chunks);
  });
}

async function writeAll(
  request: ReturnType<typeof httpRequest>,
  chunks: Iterable<Uint8Array>,
): Promise<void> {
  for (const chunk of chunks) {
    if (request.destroyed) return;
    await new Promise((resolve) => request.write(chunk, resolve));
  }
  request.end();
}

let count = 0;

/** The headers of a genuine delivery of these bytes, each time of a new one. */
export function signed(body: Uint8Array, more: Readonly<Record<string, string>> = {}) {
  const digest = createHmac("sha256", SECRET).update(body).digest("hex");
  return {
    "content-type": "application/json",
    "x-github-event": "push",
    "x-github-delivery": `delivery-${++count}`,
    "x-hub-signature-256": `sha256=${digest}`,
    ...more,
  };
}

/** White space, an escape and a number that no printer gives back. */
export const AWKWARD = Buffer.from(
  '{ "zen":"\\u00e9 \\/ é",\n  "n": 1.0, "big": 12345678901234567890 }\n',
);

/** What holds wherever the bytes can be had. */
export async function holdsEverywhere(desk: Desk, origin: string): Promise<void> {
  await takesOnce(desk, origin);
  await refusesForgeries(desk, origin);
  await answersChallenges(desk, origin);
  await stopsAtTheLimit(desk, origin);
}

async function takesOnce(desk: Desk, origin: string): Promise<void> {
  const sending = { headers: signed(AWKWARD), body: AWKWARD, path: "/hooks?a=%7e&b=+c" };
  const first = await send(origin, sending);
  assert.deepEqual([first.status, first.body], [202, "thanks"]);
  assert.equal(first.headers["content-type"], "text/plain");
  assert.deepEqual(desk.handled, [AWKWARD.toString("hex")], "the bytes as they came");
  const { url, remoteAddress } = desk.requests.at(-1) ?? {};
  assert.equal(url, `${origin}/hooks?a=%7e&b=+c`);
  assert.match(remoteAddress ?? "", /^(?:::ffff:)?127\.0\.0\.1$/);
  const again = await send(origin, sending);
  assert.deepEqual([again.status, again.body], [202, "thanks"]);
  assert.equal(again.headers["webhook-duplicate"], "true");
  assert.equal(desk.handled.length, 1, "one effect");
  const chunks = Array.from(AWKWARD, (byte) => Uint8Array.of(byte));
  const slow = await send(origin, { headers: signed(AWKWARD), chunks });
  assert.equal(slow.status, 202, "byte by byte");
  assert.deepEqual(desk.handled.splice(0), Array(2).fill(AWKWARD.toString("hex")));
}

async function refusesForgeries(desk: Desk, origin: string): Promise<void> {
  const headers = { ...signed(AWKWARD), "x-hub-signature-256": `sha256=${"0".repeat(64)}` };
  const forged = await send(origin, { headers, body: AWKWARD });
  assert.deepEqual([forged.status, forged.body], [401, ""]);
  assert.equal(forged.headers["webhook-hint"], undefined, "nothing for a forger");
  assert.equal(desk.refusals.at(-1), "SIGNATURE_MISMATCH");
  assert.deepEqual(desk.handled, []);
}

/** A GET has no body that a parser could take. */
export async function answersChallenges(desk: Desk, origin: string): Promise<void> {
  const got = await send(origin, { method: "GET", path: "/hooks?challenge=1158201444" });
  assert.deepEqual([got.status, got.body], [200, "1158201444"]);
  const head = await send(origin, { method: "HEAD" });
  assert.deepEqual([head.status, head.body, head.headers["x-challenge"]], [200, "", "answered"]);
  assert.deepEqual(desk.handled, []);
}

/** However the body comes, and whatever is said of its length. */
export async function stopsAtTheLimit(desk: Desk, origin: string): Promise<void> {
  const large = Buffer.from(`{}${" ".repeat(BODY_BYTES_MAX - 1)}`);
  const declared = await send(origin, { headers: signed(large), body: large });
  assert.equal(declared.status, 413);
  const chunked = await send(origin, { headers: signed(large), chunks: [large] });
  assert.equal(chunked.status, 413);
  assert.deepEqual(desk.refusals.slice(-2), ["BODY_TOO_LARGE", "BODY_TOO_LARGE"]);
  assert.deepEqual(desk.handled, []);
}

/** Where no parser is before it: bytes that are no text, and compressed ones. */
export async function leavesBytesAlone(desk: Desk, origin: string): Promise<void> {
  const noText = Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0xff, 0xfe, 0x00, 0x0d, 0x0a]);
  const types = [
    "text/plain",
    "application/json",
    "application/octet-stream",
    "x/y; charset=utf-16",
  ];
  for (const type of types) {
    const headers = signed(noText, { "content-type": type });
    assert.equal((await send(origin, { headers, body: noText })).status, 202, type);
  }
  const { "content-type": _, ...untyped } = signed(noText);
  assert.equal((await send(origin, { headers: untyped, body: noText })).status, 202, "no type");
  const packed = gzipSync(AWKWARD);
  const headers = signed(packed, { "content-encoding": "gzip" });
  assert.equal((await send(origin, { headers, body: packed })).status, 202, "compressed");
  const hex = noText.toString("hex");
  assert.deepEqual(desk.handled.splice(0), [...Array(5).fill(hex), packed.toString("hex")]);
}

/** A parser was first and kept nothing: said at once, with the fix for whoever can use it. */
export async function saysTheFix(desk: Desk, origin: string, fix: RegExp): Promise<void> {
  const got = await send(origin, { headers: signed(AWKWARD), body: AWKWARD });
  assert.deepEqual([got.status, got.body], [500, ""]);
  const fault = desk.faults.at(-1) ?? "";
  assert.match(fault, /^BODY_ALREADY_(?:PARSED|READ): Error: expected the body as it came, got /);
  assert.match(fault, fix);
  assert.match(String(got.headers["webhook-hint"]), fix);
  assert.deepEqual(desk.handled, []);
}

/** A server around a handler that ends with a promise. */
export function serverOf(
  handler: (request: IncomingMessage, response: ServerResponse) => Promise<unknown>,
): Server {
  return createServer((request, response) => void handler(request, response));
}

/** Serves on a free port of the loopback for the time of `work`. */
export async function serving(
  server: Server,
  work: (origin: string) => Promise<void>,
): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
