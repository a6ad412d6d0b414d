/** The live feed as it stands at the door: real connections, real keys and sessions, and a real daemon behind them. */
import assert from "node:assert/strict";
import { request } from "node:http";
import { suite, test } from "node:test";
import { createLive } from "../daemon/live/server.ts";
import { openClock } from "../daemon/system/clock.ts";
import { openTimers } from "../daemon/system/timers.ts";
import { answered, DELIVERED, endLastAttempt, ROOT_KEY } from "./support/api-house.ts";
import type { ApiHouse } from "./support/api-house.ts";
import { call, makeEndpoint } from "./support/api-call.ts";
import { asPage, cookieOf, openPage, PASSWORD, setUp, signIn } from "./support/api-page.ts";
import { TEST_KEY } from "./support/daemon-client.ts";
import { LOOPBACK, openPostOffice } from "./support/post-office.ts";
import { startReceiver } from "./support/receiver.ts";
import { watch } from "./support/watch.ts";

const TOPICS = ["totals", "deliveries", "endpoints"] as const;
const BEARER = { authorization: `Bearer ${ROOT_KEY}` };

/** A page's house with the real feed, on real time. */
async function openLivePage(basePath = "") {
  const lives: ReturnType<typeof createLive>[] = [];
  const house = await openPage(
    (needs) => {
      const live = createLive({
        ...needs,
        clock: openClock(),
        timers: openTimers(),
        build: "b1",
        totals: needs.insight.totals,
        flowOf: needs.insight.statistics.flowOf,
        waitingAt: async () => new Map(),
      });
      lives.push(live);
      return { live };
    },
    { basePath },
  );
  return {
    ...house,
    url: `ws://127.0.0.1:${house.port}${basePath === "" ? "" : `/${basePath}`}/v1/live`,
    async [Symbol.asyncDispose]() {
      for (const live of lives) await live.stop();
      await house[Symbol.asyncDispose]();
    },
  };
}

async function makeKey(house: ApiHouse, body: object): Promise<{ id: string; key: string }> {
  const made = await call(house, "POST /v1/keys", { body });
  assert.equal(made.status, 201, made.text);
  return made.json;
}

suite("a watcher", () => {
  test("with a key is greeted, gets a snapshot, and is told of what changes", async () => {
    await using house = await openLivePage();
    const endpointId = await makeEndpoint(house);
    const watcher = watch(house.url, BEARER);
    const hello = await watcher.frame("hello");
    assert.equal(hello.build, "b1");
    assert.equal(hello.ping_ms, 25_000);
    watcher.say({ t: "subscribe", topics: TOPICS });
    const { totals } = await watcher.frame("snapshot");
    assert.deepEqual(totals, { pending: 0, held: 0, in_flight: 0, oldest_waiting_at: null });
    const sent = await call(house, "POST /v1/events", { body: { type: "a.b", data: 1 } });
    const isOurs = (state: string) => (delta: { deliveries?: readonly { state: string }[] }) =>
      delta.deliveries?.some((each) => each.state === state) === true;
    const accepted = await watcher.frame("delta", isOurs("pending"));
    const [delivery] = accepted.deliveries ?? [];
    assert.deepEqual(
      [delivery?.event_id, delivery?.event_type, delivery?.endpoint_id, delivery?.attempt_count],
      [sent.json.id, "a.b", endpointId, 0],
    );
    await endLastAttempt(house, answered(200, ""), DELIVERED);
    const ended = await watcher.frame("delta", isOurs("delivered"));
    assert.ok(ended.seq > accepted.seq && ended.seq > hello.seq);
    watcher.say({ t: "ping" });
    await watcher.frame("pong");
    watcher.socket.close();
  });

  test("finds the feed below the base path, and nowhere else", async () => {
    await using house = await openLivePage("post");
    const watcher = watch(house.url, BEARER);
    await watcher.frame("hello");
    watcher.socket.close();
    assert.equal(await watch(house.url.replace("/post", ""), BEARER).ended, 404);
    const plain = await fetch(house.url.replace("ws:", "http:"));
    assert.match(await plain.text(), /expected \/post\/v1\/live to be opened by WebSocket/);
  });

  test("who says nonsense, or sends bytes, is sent away", async () => {
    await using house = await openLivePage();
    const words = watch(house.url, BEARER);
    await words.frame("hello");
    words.say("hello?");
    assert.equal(await words.ended, 4400);
    const bytes = watch(house.url, BEARER);
    await bytes.frame("hello");
    bytes.socket.send(Buffer.from('{"t":"ping"}'));
    assert.equal(await bytes.ended, 4400);
  });
});

suite("the door of the feed", () => {
  test("opens to nobody without a key, nor to a key that may not read", async () => {
    await using house = await openLivePage();
    assert.equal(await watch(house.url).ended, 401);
    assert.equal(await watch(house.url, { authorization: "Bearer phk_wrong" }).ended, 401);
    assert.equal(await watch(`${house.url}?key=${ROOT_KEY}`).ended, 401);
    const { key } = await makeKey(house, { name: "w", scopes: ["events:write"] });
    assert.equal(await watch(house.url, { authorization: `Bearer ${key}` }).ended, 403);
  });

  test("opens to a session's page, and to no other site's", async () => {
    await using house = await openLivePage();
    const cookie = await setUp(house);
    const own = `http://127.0.0.1:${house.port}`;
    const watcher = watch(house.url, { cookie, origin: own });
    await watcher.frame("hello");
    watcher.socket.close();
    const strangers: readonly Record<string, string>[] = [
      {},
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: own, "sec-fetch-site": "cross-site" },
      { origin: own, "sec-fetch-site": "same-site" },
    ];
    for (const headers of strangers) {
      const { ended } = watch(house.url, { cookie, ...headers });
      assert.equal(await ended, 403, JSON.stringify(headers));
    }
    assert.ok(house.rejected.includes("cross_site"));
  });

  test("stays open for a viewer, and closes when the session ends or the key is revoked", async () => {
    await using house = await openLivePage();
    const admin = await setUp(house);
    const viewer = { name: "eve", role: "viewer", password: PASSWORD };
    await call(house, "POST /v1/accounts", asPage(admin, { body: viewer }));
    const signedIn = await signIn(house, { name: "eve", password: PASSWORD });
    const cookie = cookieOf(signedIn.headers["set-cookie"]);
    const page = watch(house.url, { cookie, origin: `http://127.0.0.1:${house.port}` });
    await page.frame("hello");
    page.say({ t: "subscribe", topics: TOPICS });
    await page.frame("snapshot");
    const { id, key } = await makeKey(house, { name: "w", scopes: ["read"] });
    const program = watch(house.url, { authorization: `Bearer ${key}` });
    await program.frame("hello");
    await call(house, "DELETE /v1/session", asPage(cookie));
    await call(house, `DELETE /v1/keys/${id}`);
    assert.equal(await page.ended, 4401);
    assert.equal(await program.ended, 4401);
  });

  test("answers a request that offers HTTP/2 as if it had not", async () => {
    await using house = await openLivePage();
    const headers = { ...BEARER, connection: "Upgrade, HTTP2-Settings", upgrade: "h2c" };
    const status = await new Promise((resolve, reject) => {
      request({ host: "127.0.0.1", port: house.port, path: "/v1/endpoints", headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on("error", reject)
        .end();
    });
    assert.equal(status, 200);
  });
});

test("a daemon tells of real deliveries within a second, and stops though many watch", async (t) => {
  await using receiver = await startReceiver();
  const office = await openPostOffice(LOOPBACK);
  t.after(() => office.close());
  const headers = { authorization: `Bearer ${TEST_KEY}` };
  const url = `ws://${office.daemon.address}/v1/live`;
  const watchers = Array.from({ length: 50 }, () => watch(url, headers));
  await Promise.all(
    watchers.map(async (watcher) => {
      await watcher.frame("hello");
      watcher.say({ t: "subscribe", topics: TOPICS });
      await watcher.frame("snapshot");
    }),
  );
  await office.client.must("POST /v1/endpoints", { url: receiver.url });
  const sentAtMs = performance.now();
  await office.client.must("POST /v1/events", { type: "a", data: 1 });
  for (const watcher of watchers) {
    const delta = await watcher.frame("delta", ({ deliveries, endpoints }) => {
      const isTold = deliveries?.some(({ state }) => state === "delivered") === true;
      return isTold && endpoints?.some(({ strip }) => strip.length === 1) === true;
    });
    assert.equal(delta.deliveries?.[0]?.last_status, 204);
  }
  assert.ok(performance.now() - sentAtMs < 2_000);
  const stoppedAtMs = performance.now();
  await office.close();
  assert.ok(performance.now() - stoppedAtMs < 4_000);
  for (const { ended } of watchers) assert.equal(await ended, 1001);
});
