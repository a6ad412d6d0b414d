import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { Router } from "@koa/router";
import Koa from "koa";
import { koaWebhook } from "../src/adapters/koa.ts";
import type { Desk } from "./adapter-kit.ts";
import {
  answersChallenges,
  createDesk,
  holdsEverywhere,
  leavesBytesAlone,
  saysTheFix,
  serverOf,
  serving,
} from "./adapter-kit.ts";

async function behind(
  parser: Koa.Middleware | null,
  work: (desk: Desk, origin: string) => Promise<void>,
): Promise<void> {
  const desk = createDesk();
  const app = new Koa();
  const router = new Router();
  if (parser !== null) app.use(parser);
  router.all("/hooks", koaWebhook(desk.receiver, { showHints: true }));
  app.use(router.routes());
  await serving(serverOf(app.callback()), (origin) => work(desk, origin));
}

/** As koa-bodyparser and @koa/bodyparser do it: text in `rawBody`, what was made of it in `body`. */
function bodyParser(isKeeping: boolean): Koa.Middleware {
  return async (context, next) => {
    const parts: Buffer[] = [];
    for await (const part of context.req) parts.push(part as Buffer);
    const rawBody = Buffer.concat(parts).toString();
    const body: unknown = rawBody === "" ? {} : JSON.parse(rawBody);
    Object.assign(context.request, isKeeping ? { body, rawBody } : { body });
    await next();
  };
}

test("Koa: with no parser before it", async () => {
  await behind(null, async (desk, origin) => {
    await holdsEverywhere(desk, origin);
    await leavesBytesAlone(desk, origin);
  });
});

test("Koa: behind a parser that keeps rawBody", () => behind(bodyParser(true), holdsEverywhere));

test("Koa: behind a parser that keeps nothing it says where to use it", async () => {
  await behind(bodyParser(false), async (desk, origin) => {
    await saysTheFix(desk, origin, /above app\.use\(bodyParser\(\)\)/);
    await answersChallenges(desk, origin);
  });
});

test("Koa: a stream that something else has read does not hang", async () => {
  const drain: Koa.Middleware = async (context, next) => {
    await once(context.req.resume(), "end");
    await next();
  };
  await behind(drain, (desk, origin) => saysTheFix(desk, origin, /a body parser ran before/));
});

test("Koa: a sender that goes away in the middle is no error of the application", async () => {
  const desk = createDesk();
  const app = new Koa();
  const errors: unknown[] = [];
  app.on("error", (error) => errors.push(error));
  const done = new Promise<void>((resolve) => {
    app.use(async (_context, next) => {
      await next();
      resolve();
    });
  });
  app.use(koaWebhook(desk.receiver));
  const server = serverOf(app.callback());
  await serving(server, async (origin) => {
    const socket = connect(Number(new URL(origin).port), "127.0.0.1");
    socket.write("POST /hooks HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nhalf of it");
    await once(server, "request");
    socket.destroy();
    await done;
    assert.deepEqual([desk.requests, desk.faults], [[], []]);
  });
});
