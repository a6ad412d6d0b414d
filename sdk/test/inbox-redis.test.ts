import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { Redis } from "ioredis";
import { createClient } from "redis";

import type { Claim, SuppressionInbox } from "../src/inbox/inbox.ts";
import { ioredisEval, nodeRedisEval, type RedisEval, redisInbox } from "../src/inbox/redis.ts";
import { WebhookError } from "../src/verify/webhook-error.ts";
import { entryOf, failureOf, NOW_MS } from "./support/inbox-rig.ts";
import { redisServer, type Server } from "./support/servers.ts";

const LEASE = { token: "turn-1", leaseMs: 60_000 };
const SECOND = { token: "turn-2", leaseMs: 60_000 };

let server: Promise<Server> | null = null;
after(async () => (await server)?.stop());

testSuppression("Redis over ioredis", async (port) => {
  const client = new Redis({ host: "127.0.0.1", port });
  return { run: ioredisEval(client), flush: () => client.flushall(), close: () => client.quit() };
});

testSuppression("Redis over node-redis", async (port) => {
  const client = await createClient({ url: `redis://127.0.0.1:${port}` }).connect();
  return {
    run: nodeRedisEval(client),
    flush: () => client.flushAll(),
    close: () => client.close(),
  };
});

interface Opened {
  readonly run: RedisEval;
  flush(): Promise<unknown>;
  close(): Promise<unknown> | void;
}

function testSuppression(name: string, open: (port: number) => Promise<Opened>): void {
  describe(name, { skip: redisServer.missing ?? false }, () => {
    let opened: Opened | null = null;
    const inboxOf = (): SuppressionInbox => {
      if (opened === null) throw new Error("expected Redis to be open, got none");
      return redisInbox(opened.run);
    };
    before(async () => {
      server ??= redisServer.start();
      opened = await open((await server).port);
      await opened.flush();
    });
    after(async () => {
      await opened?.close();
    });
    testClaims(inboxOf);
    testLeases(inboxOf);
  });
}

function testClaims(inboxOf: () => SuppressionInbox): void {
  test("a new event is claimed once; when it is done, a duplicate gets the answer of then", async () => {
    const inbox = inboxOf();
    const entry = entryOf("done", "evt_1");
    const claims = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        inbox.claim(entry, { token: `turn-${i}`, leaseMs: 60_000 }),
      ),
    );
    const mine = claims.findIndex(({ kind }) => kind === "claimed");
    assert.deepEqual(claims[mine], { kind: "claimed", attempt: 1 });
    assert.equal(claims.filter(({ kind }) => kind === "busy").length, 49);
    const answer = { status: 201, headers: { "content-type": "text/plain" }, body: "ü" };
    const headers = { ...answer.headers, "set-cookie": "a=b" };
    const end = { status: "done", answer: { ...answer, headers }, nowMs: NOW_MS } as const;
    await inbox.finish(entry, `turn-${mine}`, end);
    assert.deepEqual(await inbox.claim(entry, LEASE), { kind: "done", answer });
  });

  test("a failed event is free for the retry at once, and its attempts are counted", async () => {
    const inbox = inboxOf();
    const entry = entryOf("failed", "evt_1");
    for (const attempt of [1, 2]) {
      assert.deepEqual(await inbox.claim(entry, LEASE), { kind: "claimed", attempt });
      await inbox.fail(entry, LEASE.token, failureOf());
    }
    assert.deepEqual(await inbox.claim(entry, LEASE), { kind: "claimed", attempt: 3 });
    await inbox.fail(entry, LEASE.token, failureOf({ isDead: true }));
    assert.deepEqual(await inbox.claim(entry, LEASE), { kind: "dead" });
  });

  test("the same id with other bytes is a conflict", async () => {
    const inbox = inboxOf();
    const entry = entryOf("conflict", "evt_1");
    await inbox.claim(entry, LEASE);
    const other = { ...entry, bodySha256: "b".repeat(64) };
    assert.deepEqual(await inbox.claim(other, SECOND), { kind: "conflict" });
    const busy = await inbox.claim({ ...entry, bodySha256: null }, SECOND);
    assert.equal(busy.kind, "busy");
  });

  test("no endpoint's name reaches into another one's ids", async () => {
    const inbox = inboxOf();
    for (const [endpoint, id] of [
      ["a", "b:c"],
      ["a:b", "c"],
      ["a", "b:C"],
    ] as const) {
      const claim = await inbox.claim(entryOf(endpoint, id), LEASE);
      assert.deepEqual(claim, { kind: "claimed", attempt: 1 });
    }
    const isRefusal = (error: unknown): boolean =>
      error instanceof WebhookError && error.code === "HEADER_MALFORMED";
    await assert.rejects(inbox.claim(entryOf("a", "b\u0000"), LEASE), isRefusal);
  });

  test("reconciliation is told how far each known id is", async () => {
    const inbox = inboxOf();
    for (const id of ["claimed", "failed", "done"]) await inbox.claim(entryOf("ask", id), LEASE);
    await inbox.fail(entryOf("ask", "failed"), LEASE.token, failureOf());
    const end = { status: "done", answer: null, nowMs: NOW_MS } as const;
    await inbox.finish({ endpoint: "ask", id: "done" }, LEASE.token, end);
    const unknown = Array.from({ length: 250 }, (_, i) => `unknown_${i}`);
    const known = await inbox.statusOf("ask", [...unknown, "claimed", "failed", "done"]);
    assert.deepEqual(Object.fromEntries(known), {
      claimed: "pending",
      failed: "failed",
      done: "done",
    });
  });
}

function testLeases(inboxOf: () => SuppressionInbox): void {
  test("a lease that ran out goes to the next, and what its first holder notes does not count", async () => {
    const inbox = inboxOf();
    const entry = entryOf("lease", "evt_1");
    await inbox.claim(entry, { token: "turn-1", leaseMs: 5 });
    // The server's own clock decides, so this is the one place that has to wait for it.
    const second = await untilClaimed(() => inbox.claim(entry, SECOND));
    assert.deepEqual(second, { kind: "claimed", attempt: 2 });
    await inbox.finish(entry, "turn-1", { status: "done", answer: null, nowMs: NOW_MS });
    await inbox.fail(entry, "turn-1", failureOf({ isDead: true }));
    assert.equal((await inbox.claim(entry, LEASE)).kind, "busy");
    await inbox.finish(entry, "turn-2", { status: "done", answer: null, nowMs: NOW_MS });
    assert.deepEqual(await inbox.claim(entry, LEASE), { kind: "done", answer: null });
  });
}

async function untilClaimed(claim: () => Promise<Claim>): Promise<Claim> {
  for (let tries = 0; tries < 500; tries += 1) {
    const got = await claim();
    if (got.kind !== "busy") return got;
    await pause(1);
  }
  throw new Error("expected the lease to run out, got none that did");
}

test("a time to remember that is no time is refused when the inbox is made", () => {
  assert.throws(
    () => redisInbox(async () => null, { rememberMs: 0 }),
    /expected rememberMs to be a whole number above 0, got 0/,
  );
});
