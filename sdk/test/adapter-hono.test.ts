import assert from "node:assert/strict";
import type { Server } from "node:http";
import { test } from "node:test";
import { createAdaptorServer } from "@hono/node-server";
import type { MiddlewareHandler } from "hono";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { honoWebhook } from "../src/adapters/hono.ts";
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

async function behind(
  middleware: MiddlewareHandler | null,
  work: (desk: Desk, origin: string) => Promise<void>,
): Promise<void> {
  const desk = createDesk();
  const app = new Hono();
  if (middleware !== null) app.use(middleware);
  app.all("/hooks", honoWebhook(desk.receiver, { showHints: true }));
  await serving(createAdaptorServer(app) as Server, (origin) => work(desk, origin));
}

/** Middleware that reads the body of a POST in its own way. */
function reading(read: (request: Parameters<MiddlewareHandler>[0]["req"]) => unknown) {
  const middleware: MiddlewareHandler = async ({ req }, next) => {
    if (req.method === "POST") await read(req);
    await next();
  };
  return middleware;
}

test("Hono: with nothing before it", async () => {
  await behind(null, async (desk, origin) => {
    await holdsEverywhere(desk, origin);
    await leavesBytesAlone(desk, origin);
  });
});

test("Hono: behind middleware that reads text", () =>
  behind(
    reading((request) => request.text()),
    holdsEverywhere,
  ));

test("Hono: behind middleware that reads JSON", () =>
  behind(
    reading((request) => request.json()),
    holdsEverywhere,
  ));

test("Hono: behind middleware that reads bytes", () =>
  behind(
    reading((request) => request.arrayBuffer()),
    async (desk, origin) => {
      await holdsEverywhere(desk, origin);
      await leavesBytesAlone(desk, origin);
    },
  ));

test("Hono: behind its own bodyLimit", () =>
  behind(bodyLimit({ maxSize: 1_000_000 }), holdsEverywhere));

test("Hono: a request that was read past Hono does not hang", async () => {
  const past = reading((request) => request.raw.text());
  await behind(past, async (desk, origin) => {
    await saysTheFix(desk, origin, /mount this route above it/);
    await answersChallenges(desk, origin);
  });
});

test("Hono: a form that was parsed is not printed again", async () => {
  await behind(
    reading((request) => request.formData()),
    async (desk, origin) => {
      const body = Buffer.from("payload=%7b%7D&a=+1");
      const headers = signed(body, { "content-type": "application/x-www-form-urlencoded" });
      assert.equal((await send(origin, { headers, body })).status, 500);
      assert.match(desk.faults.at(-1) ?? "", /BODY_ALREADY_PARSED/);
    },
  );
});

test("Hono: without a server the sender's address is what the option says", async () => {
  const desk = createDesk();
  const app = new Hono();
  const remoteAddress = (): string => "192.0.2.7";
  app.all("/hooks", honoWebhook(desk.receiver, { remoteAddress }));
  const init = { method: "POST", headers: signed(AWKWARD), body: AWKWARD };
  assert.equal((await app.request("/hooks", init)).status, 202);
  assert.equal(desk.requests[0]?.remoteAddress, "192.0.2.7");
});
