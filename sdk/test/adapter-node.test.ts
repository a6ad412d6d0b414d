import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { test } from "node:test";
import { nodeWebhook } from "../src/adapters/node.ts";
import {
  AWKWARD,
  createDesk,
  holdsEverywhere,
  leavesBytesAlone,
  saysTheFix,
  send,
  serverOf,
  serving,
  signed,
} from "./adapter-kit.ts";

test("Node: takes what comes as it came, once, and stops at the limit", async () => {
  const desk = createDesk();
  await serving(serverOf(nodeWebhook(desk.receiver)), async (origin) => {
    await holdsEverywhere(desk, origin);
    await leavesBytesAlone(desk, origin);
  });
});

test("Node: a body without end is left after the limit, the connection with it", async () => {
  const desk = createDesk();
  const piece = Buffer.alloc(65_536, " ");
  const piecesMax = 16_384;
  let pieces = 0;
  function* endless(): Generator<Uint8Array> {
    for (; pieces < piecesMax; pieces++) yield piece;
  }
  await serving(serverOf(nodeWebhook(desk.receiver)), async (origin) => {
    const got = await send(origin, { headers: signed(piece), chunks: endless() });
    assert.deepEqual([got.status, got.headers.connection], [413, "close"]);
  });
  // What the kernel buffers between the two is some megabytes of the gigabyte.
  assert.ok(pieces < piecesMax / 16, `${pieces} pieces were taken`);
});

test("Node: a declared length that is too large is refused before a byte of it is there", async () => {
  const desk = createDesk();
  await serving(serverOf(nodeWebhook(desk.receiver)), async (origin) => {
    const socket = connect(Number(new URL(origin).port), "127.0.0.1");
    socket.write("POST /hooks HTTP/1.1\r\nhost: a\r\ncontent-length: 999999999\r\n\r\n");
    const [head] = (await once(socket, "data")) as [Buffer];
    assert.match(head.toString(), /^HTTP\/1\.1 413 [^]*\r\nconnection: close\r\n/i);
    socket.destroy();
  });
});

test("Node: a sender that goes away in the middle costs nothing and is nobody's fault", async () => {
  const desk = createDesk();
  const webhook = nodeWebhook(desk.receiver);
  const ended: Promise<void>[] = [];
  const server = createServer((request, response) => {
    ended.push(webhook(request, response));
  });
  await serving(server, async (origin) => {
    const socket = connect(Number(new URL(origin).port), "127.0.0.1");
    socket.write("POST /hooks HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nhalf of it");
    await once(server, "request");
    socket.destroy();
    await Promise.all(ended);
    assert.equal(ended.length, 1);
    assert.deepEqual([desk.requests, desk.faults, desk.refusals], [[], [], []]);
  });
});

test("Node: a stream that was read before does not hang, and neither does one that is gone", async () => {
  const desk = createDesk();
  const webhook = nodeWebhook(desk.receiver, { showHints: true });
  const server = createServer((request, response) => {
    request.resume().on("end", () => void webhook(request, response));
  });
  await serving(server, (origin) => saysTheFix(desk, origin, /call this handler first/));
});

test("Node: bytes that the host has kept are taken from rawBody, and nothing else is tried", async () => {
  const desk = createDesk();
  const webhook = nodeWebhook(desk.receiver);
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const rawBody = Buffer.concat(parts);
      void webhook(Object.assign(request, { rawBody, body: { parsed: true } }), response);
    });
  });
  await serving(server, (origin) => holdsEverywhere(desk, origin));
});

test("Node: HTTP/2 has its address in other headers, and no connection to close", async () => {
  const desk = createDesk();
  const webhook = nodeWebhook(desk.receiver);
  const server = http2.createServer((request, response) => void webhook(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const session = http2.connect(origin);
  const post = async (body: Buffer): Promise<unknown> => {
    const stream = session.request({ ":method": "POST", ":path": "/hooks?a=1", ...signed(body) });
    stream.end(body);
    stream.resume();
    const [headers] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
    return headers[":status"];
  };
  assert.equal(await post(AWKWARD), 202);
  assert.equal(desk.requests[0]?.url, `${origin}/hooks?a=1`);
  assert.equal(await post(Buffer.alloc(200_000)), 413);
  session.destroy();
  await new Promise((resolve) => server.close(resolve));
});
