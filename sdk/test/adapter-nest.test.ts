import assert from "node:assert/strict";
import { Agent, request as httpRequest } from "node:http";
import { test } from "node:test";
import type { INestApplication, NestInterceptor } from "@nestjs/common";
import { All, Controller, createParamDecorator, UseGuards, UseInterceptors } from "@nestjs/common";
import type { NestApplicationOptions } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { ExpressAdapter } from "@nestjs/platform-express";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import { map } from "rxjs";
import { nestContext, nestDelivery, nestGuard, nestWebhook } from "../src/adapters/nest.ts";
import { PermanentError } from "../src/receiver/handler-errors.ts";
import type { Delivery } from "../src/verify/delivery.ts";
import type { Desk } from "./adapter-kit.ts";
import {
  answersChallenges,
  AWKWARD,
  createDesk,
  holdsEverywhere,
  saysTheFix,
  send,
  signed,
} from "./adapter-kit.ts";

const PLATFORMS = {
  Express: () => new ExpressAdapter(),
  Fastify: () => new FastifyAdapter(),
};

type Platform = keyof typeof PLATFORMS;

/** Node runs no decorators, so they are called: what TypeScript makes of `@All() @UseGuards(…) receive(@WebhookDelivery() …)`. */
function controllerOf(
  decorators: readonly MethodDecorator[],
  method: (...values: never[]) => unknown,
): new () => object {
  class Hooks {
    receive(...values: never[]): unknown {
      return method(...values);
    }
  }
  createParamDecorator(nestDelivery)()(Hooks.prototype, "receive", 0);
  createParamDecorator(nestContext)()(Hooks.prototype, "receive", 1);
  decorate(Hooks, decorators);
  return Hooks;
}

function decorate(hooks: new () => object, decorators: readonly MethodDecorator[]): void {
  const descriptor = Object.getOwnPropertyDescriptor(hooks.prototype, "receive") ?? {};
  for (const decorator of [...decorators, All()]) decorator(hooks.prototype, "receive", descriptor);
  Controller("hooks")(hooks);
}

async function running(
  platform: Platform,
  controller: new () => object,
  options: NestApplicationOptions & { readonly outer?: NestInterceptor },
  work: (origin: string) => Promise<void>,
): Promise<void> {
  const { outer, ...rest } = options;
  const root = { module: controller, controllers: [controller] };
  const app: INestApplication = await NestFactory.create(root, PLATFORMS[platform](), {
    logger: false,
    ...rest,
  });
  if (outer !== undefined) app.useGlobalInterceptors(outer);
  await app.listen(0, "127.0.0.1");
  try {
    await work((await app.getUrl()).replace("[::1]", "127.0.0.1"));
  } finally {
    await app.close();
  }
}

const uncalled = (): never => assert.fail("the guarded method was called");

function guarded(desk: Desk): new () => object {
  const guard = nestGuard(desk.receiver, { showHints: true });
  class Hooks {
    receive(): unknown {
      return uncalled();
    }
  }
  decorate(Hooks, [UseGuards(guard)]);
  return Hooks;
}

for (const platform of ["Express", "Fastify"] as const) {
  test(`Nest on ${platform}: the guard takes what comes as it came, with rawBody: true`, async () => {
    const desk = createDesk();
    await running(platform, guarded(desk), { rawBody: true }, (origin) =>
      holdsEverywhere(desk, origin),
    );
  });

  test(`Nest on ${platform}: with no body parser at all`, async () => {
    const desk = createDesk();
    await running(platform, guarded(desk), { bodyParser: false }, async (origin) => {
      const headers = signed(AWKWARD, { "content-type": "text/plain" });
      assert.equal((await send(origin, { headers, body: AWKWARD })).status, 202);
    });
  });

  test(`Nest on ${platform}: as Nest is by default it says which option is missing`, async () => {
    const desk = createDesk();
    await running(platform, guarded(desk), {}, async (origin) => {
      await saysTheFix(desk, origin, /NestFactory\.create\(AppModule, \{ rawBody: true \}\)/);
      await answersChallenges(desk, origin);
    });
  });

  test(`Nest on ${platform}: the method is the handler of new, genuine events`, async () => {
    const desk = createDesk({ isHandling: false });
    const webhook = nestWebhook(desk.receiver);
    const receive = async (delivery: Delivery, context: { attempt: number; tx?: object }) => {
      assert.deepEqual([delivery.type, context.attempt, typeof context.tx], ["push", 1, "object"]);
      desk.handled.push(Buffer.from(delivery.raw).toString("hex"));
      return { status: 202, body: "thanks", contentType: "text/plain" };
    };
    const hooks = controllerOf([UseInterceptors(webhook)], receive);
    await running(platform, hooks, { rawBody: true }, (origin) => holdsEverywhere(desk, origin));
  });

  test(`Nest on ${platform}: what the method throws makes a failed event, and the retry is taken`, async () => {
    const desk = createDesk({ isHandling: false });
    const ends = [new Error("database away"), null, new PermanentError("of no use")];
    const receive = async (delivery: Delivery, { attempt }: { attempt: number }) => {
      desk.handled.push(`${delivery.id} ${attempt}`);
      const end = ends.shift() ?? null;
      if (end !== null) throw end;
      return { id: 7, status: "paid" };
    };
    const hooks = controllerOf([UseInterceptors(nestWebhook(desk.receiver))], receive);
    await running(platform, hooks, { rawBody: true }, async (origin) => {
      const headers = signed(AWKWARD);
      const answers: number[] = [];
      for (const each of [headers, headers, headers, signed(AWKWARD)]) {
        answers.push((await send(origin, { headers: each, body: AWKWARD })).status);
      }
      assert.deepEqual(answers, [500, 200, 200, 200], "failed, taken, duplicate, dead");
      const id = headers["x-github-delivery"];
      assert.deepEqual(desk.handled.slice(0, 2), [`${id} 1`, `${id} 2`]);
      assert.equal(desk.handled.length, 3);
      assert.match(desk.faults[0] ?? "", /HANDLER_FAILED: Error: database away/);
    });
  });

  test(`Nest on ${platform}: an interceptor around all does not change a prescribed answer`, async () => {
    const desk = createDesk({ isHandling: false });
    const outer: NestInterceptor = {
      intercept: (_context, next) => next.handle().pipe(map((data: unknown) => ({ data }))),
    };
    const hooks = controllerOf([UseInterceptors(nestWebhook(desk.receiver))], uncalled);
    await running(platform, hooks, { rawBody: true, outer }, (origin) =>
      answersChallenges(desk, origin),
    );
  });

  test(`Nest on ${platform}: a connection that is kept alive serves one request after the other`, async () => {
    const desk = createDesk();
    await running(platform, guarded(desk), { rawBody: true }, async (origin) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const ports = new Set<number | undefined>();
      for (const headers of [signed(AWKWARD), signed(AWKWARD), signed(AWKWARD)]) {
        ports.add(await portOfPost(`${origin}/hooks`, agent, headers));
      }
      agent.destroy();
      assert.equal(ports.size, 1);
      assert.equal(desk.handled.length, 3);
    });
  });
}

function portOfPost(
  url: string,
  agent: Agent,
  headers: Record<string, string>,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: "POST", agent, headers }, (response) => {
      const port = response.socket.localPort;
      response.resume().on("end", () => resolve(port));
    });
    request.on("error", reject);
    request.end(AWKWARD);
  });
}

test("Nest: a method that asks for a delivery outside of nestWebhook is told so", () => {
  const context = { switchToHttp: () => ({ getRequest: () => ({}), getResponse: () => ({}) }) };
  assert.throws(
    () => nestDelivery(undefined, context),
    /@UseInterceptors\(nestWebhook\(receiver\)\)/,
  );
});
