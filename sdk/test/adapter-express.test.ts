import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { test } from "node:test";
import express from "express";
import { expressWebhook } from "../src/adapters/express.ts";
import type { Desk } from "./adapter-kit.ts";
import {
  answersChallenges,
  AWKWARD,
  createDesk,
  holdsEverywhere,
  leavesBytesAlone,
  saysTheFix,
  send,
  serving,
  signed,
} from "./adapter-kit.ts";

type Parser = ReturnType<typeof express.json>;

async function behind(
  parser: Parser | null,
  work: (desk: Desk, origin: string) => Promise<void>,
): Promise<void> {
  const desk = createDesk();
  const app = express();
  if (parser !== null) app.use(parser);
  app.all("/hooks", expressWebhook(desk.receiver, { showHints: true }));
  await serving(createServer(app), (origin) => work(desk, origin));
}

function keepBytes(request: IncomingMessage, _response: ServerResponse, bytes: Buffer): void {
  Object.assign(request, { rawBody: bytes });
}

function keepText(request: IncomingMessage, _response: ServerResponse, bytes: Buffer): void {
  Object.assign(request, { rawBody: bytes.toString() });
}

test("Express: with no parser before it", async () => {
  await behind(null, async (desk, origin) => {
    await holdsEverywhere(desk, origin);
    await leavesBytesAlone(desk, origin);
  });
});

const KEEPERS = {
  "express.json that keeps the bytes": express.json({ verify: keepBytes }),
  "express.json that keeps text": express.json({ verify: keepText }),
  "express.raw": express.raw({ type: "*/*", limit: "1mb" }),
  "express.text": express.text({ type: "*/*", limit: "1mb" }),
};

for (const [name, parser] of Object.entries(KEEPERS)) {
  test(`Express: behind ${name}`, () => behind(parser, holdsEverywhere));
}

test("Express: behind express.json() it says where to mount it, and a type that no parser took is read", async () => {
  await behind(express.json(), async (desk, origin) => {
    await saysTheFix(desk, origin, /above app\.use\(express\.json\(\)\).*verify:/);
    await answersChallenges(desk, origin);
    const headers = signed(AWKWARD, { "content-type": "text/plain" });
    assert.equal((await send(origin, { headers, body: AWKWARD })).status, 202);
  });
});

test("Express: a form that a parser took is not printed again", async () => {
  await behind(express.urlencoded(), async (desk, origin) => {
    const body = Buffer.from("payload=%7b%7D&a=+1");
    const headers = signed(body, { "content-type": "application/x-www-form-urlencoded" });
    assert.equal((await send(origin, { headers, body })).status, 500);
    assert.match(desk.faults.at(-1) ?? "", /BODY_ALREADY_PARSED/);
  });
});

test("Express: text that lost bytes in decoding is told from a forgery", async () => {
  await behind(express.text({ type: "*/*" }), async (desk, origin) => {
    const body = Buffer.from([0x22, 0xff, 0xfe, 0x22]);
    assert.equal((await send(origin, { headers: signed(body), body })).status, 500);
    assert.match(desk.faults.at(-1) ?? "", /BODY_ALREADY_PARSED/);
  });
});

test("Express: a stream that something else has read does not hang", async () => {
  const drain: Parser = (request, _response, next) => {
    request.resume().on("end", () => next());
  };
  await behind(drain, (desk, origin) => saysTheFix(desk, origin, /a body parser ran before/));
});

test("Express: under a mounted router the address is the whole one", async () => {
  const desk = createDesk();
  const app = express();
  const router = express.Router();
  router.all("/:tenant", expressWebhook(desk.receiver));
  app.use("/hooks", router);
  await serving(createServer(app), async (origin) => {
    await send(origin, { path: "/hooks/t1?x=%2F", headers: signed(AWKWARD), body: AWKWARD });
    assert.equal(desk.requests[0]?.url, `${origin}/hooks/t1?x=%2F`);
  });
});
