import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import type { FastifyInstance } from "fastify";
import fastify from "fastify";
import { fastifyHandler, fastifyWebhook } from "../src/adapters/fastify.ts";
import type { Desk } from "./adapter-kit.ts";
import {
  answersChallenges,
  AWKWARD,
  createDesk,
  holdsEverywhere,
  leavesBytesAlone,
  saysTheFix,
  send,
  signed,
} from "./adapter-kit.ts";

async function serving(
  app: FastifyInstance,
  work: (origin: string) => Promise<void>,
): Promise<void> {
  const origin = await app.listen({ port: 0, host: "127.0.0.1" });
  try {
    await work(origin);
  } finally {
    app.server.closeAllConnections();
    await app.close();
  }
}

/** A route of the application's own, with what the application's parsers make of the body. */
async function behind(
  prepare: (app: FastifyInstance) => void,
  work: (desk: Desk, origin: string) => Promise<void>,
): Promise<void> {
  const desk = createDesk();
  const app = fastify();
  prepare(app);
  app.all("/hooks", fastifyHandler(desk.receiver, { showHints: true }));
  await serving(app, (origin) => work(desk, origin));
}

test("Fastify: the plugin reads by itself, and the rest of the application keeps its parsers", async () => {
  const desk = createDesk();
  const app = fastify({ bodyLimit: 1_000 });
  app.post("/other", (request, reply) => reply.send({ got: request.body }));
  await app.register(fastifyWebhook(desk.receiver), { prefix: "/hooks" });
  await serving(app, async (origin) => {
    await holdsEverywhere(desk, origin);
    await leavesBytesAlone(desk, origin);
    const large = Buffer.from(`{}${" ".repeat(5_000)}`);
    assert.equal((await send(origin, { headers: signed(large), body: large })).status, 202);
    const headers = { "content-type": "application/json" };
    const other = await send(origin, { path: "/other", headers, body: Buffer.from('{"a": 1}') });
    assert.deepEqual([other.status, other.body], [200, '{"got":{"a":1}}']);
  });
});

test("Fastify: behind parsers that give a Buffer", async () => {
  const parseBuffers = (app: FastifyInstance): void => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) =>
      done(null, body),
    );
  };
  await behind(parseBuffers, holdsEverywhere);
});

for (const kind of ["buffer", "text"]) {
  test(`Fastify: behind a parser that keeps rawBody as ${kind}`, async () => {
    const keep = (app: FastifyInstance): void => {
      app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
        const rawBody = kind === "text" ? body.toString() : body;
        Object.assign(request, { rawBody });
        done(null, JSON.parse(body.toString()));
      });
    };
    await behind(keep, holdsEverywhere);
  });
}

test("Fastify: behind the default parser it names the plugin", async () => {
  await behind(
    () => {},
    async (desk, origin) => {
      await saysTheFix(desk, origin, /app\.register\(fastifyWebhook\(receiver\)/);
      await answersChallenges(desk, origin);
    },
  );
});

test("Fastify: a stream that a hook has read does not hang", async () => {
  const desk = createDesk();
  const app = fastify();
  app.addHook("onRequest", async (request) => {
    await once(request.raw.resume(), "end");
  });
  await app.register(fastifyWebhook(desk.receiver, { showHints: true }), { prefix: "/hooks" });
  await serving(app, (origin) => saysTheFix(desk, origin, /fastifyWebhook/));
});

test("Fastify: takes what is injected without a network", async () => {
  const desk = createDesk();
  const app = fastify();
  await app.register(fastifyWebhook(desk.receiver), { prefix: "/hooks" });
  const got = await app.inject({ method: "POST", url: "/hooks", payload: AWKWARD });
  assert.equal(got.statusCode, 401);
  await app.close();
});

test("Fastify: a sender that goes away in the middle leaves no error in the log", async () => {
  const desk = createDesk();
  const lines: string[] = [];
  const app = fastify({ logger: { level: "warn", stream: { write: (line) => lines.push(line) } } });
  const handle = fastifyHandler(desk.receiver);
  const ended = new Promise<void>((resolve) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, _payload, done) => done(null));
    app.post("/hooks", async (request, reply) => {
      const reached = await handle(request, reply);
      resolve();
      return reached;
    });
  });
  await serving(app, async (origin) => {
    const socket = connect(Number(new URL(origin).port), "127.0.0.1");
    socket.write(
      "POST /hooks HTTP/1.1\r\nhost: a\r\ncontent-type: a/b\r\ncontent-length: 100\r\n\r\nhalf",
    );
    await once(app.server, "request");
    socket.destroy();
    await ended;
  });
  assert.deepEqual([lines, desk.requests], [[], []]);
});
