/** The engine over a real store: when attempts start, how many, and what is recorded of them. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { answered, refused } from "./support/fake-sender.ts";
import { openWorkshop } from "./support/workshop.ts";

const SECOND = 1_000;

test("the first attempt starts in the turn in which its event was taken: no tick is needed", async () => {
  using workshop = await openWorkshop();
  await workshop.endpoint();
  await workshop.time.advance(500);
  workshop.send(1);
  await workshop.turn();
  const [post] = workshop.sender.posts;
  assert.deepEqual([post?.atMs, post?.attempt], [500, 1]);
});

test("a retry starts at the first tick after it is due, with the same id, bytes and the next number", async () => {
  using workshop = await openWorkshop();
  await workshop.endpoint();
  workshop.sender.script(({ attempt }) => (attempt < 4 ? answered(500) : answered(200)));
  workshop.send(1, { id: "own" });
  await workshop.tick(60);
  const { posts } = workshop.sender;
  assert.deepEqual(
    posts.map(({ attempt, webhookId }) => [attempt, webhookId]),
    [1, 2, 3, 4].map((attempt) => [attempt, "own"]),
  );
  // 5 s, 10 s and 30 s after the failure before; a tick comes each second.
  const [first, second, third, fourth] = posts.map(({ atMs }) => atMs / SECOND);
  assert.deepEqual([first, second, third, fourth], [0, 5, 15, 45]);
  assert.equal(new Set(posts.map(({ body }) => body)).size, 1);
  const [delivery] = await workshop.deliveries();
  assert.deepEqual(
    [delivery?.state, delivery?.attemptCount, delivery?.lastStatus],
    ["delivered", 4, 200],
  );
});

test("a table that is used up ends the delivery, and nothing is sent any more", async () => {
  using workshop = await openWorkshop();
  await workshop.endpoint({ backoff: [SECOND, SECOND], autoDisableDays: null });
  workshop.sender.script(() => refused());
  workshop.send(1);
  await workshop.tick(60);
  assert.equal(workshop.sender.posts.length, 3);
  const [delivery] = await workshop.deliveries();
  assert.deepEqual(
    [delivery?.state, delivery?.endReason, delivery?.lastError],
    ["exhausted", "table_used_up", "connect_refused"],
  );
});

test("no more attempts of one endpoint are under way than it allows, and each that ends lets one go", async () => {
  using workshop = await openWorkshop();
  const endpoint = await workshop.endpoint({ concurrencyMax: 3 });
  workshop.sender.script(() => "hang");
  workshop.send(10);
  await workshop.tick(2);
  assert.equal(workshop.sender.posts.length, 3);
  assert.deepEqual(workshop.engine.load(endpoint.seq), { inFlight: 3, ready: 7 });
  workshop.sender.posts[1]?.answer(answered(200));
  await workshop.turn();
  assert.equal(workshop.sender.posts.length, 4);
});

test("no more young attempts are under way than the daemon's limit, and half of it for endpoints that never answered", async () => {
  using workshop = await openWorkshop({ concurrencyMax: 5 });
  for (let i = 0; i < 4; i++) await workshop.endpoint();
  workshop.sender.script(() => "hang");
  workshop.send(10);
  await workshop.time.advance(900);
  assert.deepEqual(workshop.engine.load(null), { inFlight: 2, ready: 38 });
  await workshop.time.advance(5_000);
  const { inFlight } = workshop.engine.load(null);
  assert.ok(
    inFlight >= 6 && inFlight <= 16,
    `${inFlight}: few more a second, four at each at most`,
  );
});

suite("a rate limit", () => {
  test("spreads attempts evenly, without waiting for ticks", async () => {
    using workshop = await openWorkshop();
    await workshop.endpoint({ ratePerSecond: 10 });
    workshop.send(25);
    await workshop.time.advance(4 * SECOND);
    const starts = workshop.sender.posts.map(({ atMs }) => atMs);
    assert.equal(starts.length, 25);
    const gaps = starts.slice(1).map((atMs, i) => atMs - (starts[i] ?? 0));
    assert.ok(
      gaps.every((gap) => gap >= 99 && gap <= 101),
      gaps.join(" "),
    );
  });

  test("that doesn't divide the second is kept all the same, and used in full", async () => {
    using workshop = await openWorkshop();
    await workshop.endpoint({ ratePerSecond: 7 });
    workshop.send(100);
    await workshop.time.advance(10 * SECOND);
    const { length } = workshop.sender.posts;
    assert.ok(length >= 69 && length <= 71, `${length}`);
  });

  test("saves nothing up while the endpoint is quiet", async () => {
    using workshop = await openWorkshop();
    await workshop.endpoint({ ratePerSecond: 2 });
    workshop.send(1);
    await workshop.time.advance(60 * SECOND);
    workshop.send(5);
    await workshop.time.advance(999);
    assert.equal(workshop.sender.posts.length, 1 + 2 + 1, "one at once, then one each half second");
  });

  test("does not hold up a test of the endpoint", async () => {
    using workshop = await openWorkshop();
    const { seq } = await workshop.endpoint({ ratePerSecond: 1 });
    workshop.send(3);
    await workshop.turn();
    void workshop.ingest.acceptTest(seq);
    await workshop.turn();
    assert.match(workshop.sender.posts.at(-1)?.body ?? "", /posthorn\.test/);
  });
});

suite("an endpoint that answers 503", () => {
  test("is left alone for 5 s, then probed by one attempt; its success opens it", async () => {
    using workshop = await openWorkshop();
    const endpoint = await workshop.endpoint();
    workshop.sender.script(({ atMs }) => (atMs === 0 ? answered(503) : "hang"));
    workshop.send(1);
    await workshop.turn();
    workshop.send(8);
    await workshop.tick(4);
    assert.equal(workshop.sender.posts.length, 1);
    await workshop.tick(3);
    const [, probe, ...more] = workshop.sender.posts;
    assert.deepEqual([probe?.atMs, more.length], [5 * SECOND, 0]);
    probe?.answer(answered(204));
    await workshop.tick(1);
    assert.equal(workshop.sender.posts.length, 10);
    assert.equal(workshop.directory.endpoint(endpoint.seq)?.health.slowCount, 0);
  });

  test("to its probe, too, is left alone for longer", async () => {
    using workshop = await openWorkshop();
    await workshop.endpoint();
    workshop.sender.script(() => answered(503));
    workshop.send(20);
    await workshop.tick(50);
    const probes = [...new Set(workshop.sender.posts.map(({ atMs }) => atMs / SECOND))];
    assert.deepEqual(probes.slice(0, 4), [0, 5, 15, 45]);
    assert.equal(workshop.sender.posts.filter(({ atMs }) => atMs > 0).length, 3);
  });
});

test("after ten failures in a row an endpoint gets four slots, and all of them with its first success", async () => {
  using workshop = await openWorkshop();
  await workshop.endpoint({ backoff: [], concurrencyMax: 8 });
  workshop.sender.script(() => answered(500));
  workshop.send(10);
  await workshop.tick(1);
  workshop.sender.script(() => "hang");
  workshop.send(20);
  await workshop.tick(2);
  assert.equal(workshop.sender.posts.length, 14);
  workshop.sender.posts[10]?.answer(answered(200));
  await workshop.tick(1);
  assert.equal(workshop.sender.posts.length, 14 + 5, "three that hang, and five more");
});

suite("an ordered endpoint", () => {
  test("sends one delivery of a key at a time, in the order of the events; other keys don't wait", async () => {
    using workshop = await openWorkshop();
    await workshop.endpoint({ isOrdered: true });
    workshop.sender.script(({ webhookId }) => (webhookId.startsWith("a") ? "hang" : answered(200)));
    for (const id of ["a1", "a2", "a3", "b1", "b2"]) {
      workshop.send(1, { id, orderingKey: id.slice(0, 1) });
    }
    workshop.send(1, { id: "none" });
    const sent = () => workshop.sender.posts.map(({ webhookId }) => webhookId);
    await workshop.tick(3);
    assert.deepEqual(sent(), ["a1", "b1", "none", "b2"]);
    workshop.sender.posts[0]?.answer(answered(200));
    await workshop.tick(1);
    assert.deepEqual(sent().slice(4), ["a2"]);
  });

  test("goes on with the key once a delivery that nobody takes is given up", async () => {
    using workshop = await openWorkshop();
    await workshop.endpoint({ isOrdered: true, backoff: [2 * SECOND] });
    workshop.sender.script(({ webhookId }) => answered(webhookId === "bad" ? 500 : 200));
    for (const id of ["bad", "good"]) workshop.send(1, { id, orderingKey: "k" });
    await workshop.tick(1);
    assert.deepEqual(
      workshop.sender.posts.map(({ webhookId }) => webhookId),
      ["bad"],
    );
    await workshop.tick(3);
    assert.deepEqual(
      workshop.sender.posts.map(({ webhookId }) => webhookId),
      ["bad", "bad", "good"],
    );
  });
});

test("an attempt is under way until its record is committed, and announced after that", async () => {
  using workshop = await openWorkshop();
  await workshop.endpoint();
  workshop.sender.script(() => "hang");
  workshop.send(1);
  await workshop.turn();
  const [delivery] = await workshop.deliveries();
  const seen: string[] = [];
  workshop.feed.subscribe((all) => void seen.push(...all.map((e) => `${e.kind} ${e.state}`)));
  workshop.gate.hold();
  workshop.sender.posts[0]?.answer(answered(200));
  await workshop.tick(1);
  const isUnderWay = () => workshop.engine.isInFlight(delivery?.seq ?? 0);
  assert.deepEqual([isUnderWay(), workshop.engine.load(null).inFlight], [true, 0]);
  assert.deepEqual(seen, []);
  workshop.gate.release();
  await workshop.turn();
  assert.equal(isUnderWay(), false);
  assert.deepEqual(seen, ["attempted delivered"]);
});

test("a request that can't be signed is recorded as unsendable, and tried again like any failure", async () => {
  using workshop = await openWorkshop({ engine: { keysOf: () => [] } });
  await workshop.endpoint({ backoff: [2 * SECOND] });
  workshop.send(1);
  await workshop.tick(1);
  const [once] = await workshop.deliveries();
  assert.deepEqual(
    [once?.state, once?.attemptCount, once?.lastError],
    ["pending", 1, "unsendable"],
  );
  const [attempt] = await workshop.store.reads.attempts(once?.seq ?? 0);
  assert.match(attempt?.errorMessage ?? "", /expected .* got/);
  await workshop.tick(4);
  const [twice] = await workshop.deliveries();
  assert.deepEqual([twice?.state, twice?.attemptCount], ["exhausted", 2]);
  assert.equal(workshop.sender.posts.length, 0);
});

test("what is kept of an attempt: its number, when it began by the calendar, its headers without credentials", async () => {
  using workshop = await openWorkshop({
    engine: { authOf: () => ({ kind: "bearer", token: "very-secret" }) },
  });
  await workshop.endpoint({ headers: { "x-shop": "7" } });
  workshop.send(1);
  await workshop.tick(1);
  const [delivery] = await workshop.deliveries();
  const [attempt, ...more] = await workshop.store.reads.attempts(delivery?.seq ?? 0);
  assert.equal(more.length, 0);
  assert.deepEqual([attempt?.number, attempt?.status], [1, 200]);
  assert.equal(attempt?.startedAtMs, workshop.time.clock.wallMs() - SECOND);
  const headers = attempt.requestHeaders;
  assert.match(headers, /^authorization: \*\*\*$/m);
  assert.match(headers, /^x-shop: \*\*\*$/m);
  assert.doesNotMatch(headers, /very-secret/);
});
