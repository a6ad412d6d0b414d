/** A full disk, a stop, a start on what is left, a calendar that was wrong. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { answered } from "./support/fake-sender.ts";
import type { Workshop } from "./support/workshop.ts";
import { openWorkshop } from "./support/workshop.ts";

const SECOND = 1_000;
const YEAR = 365 * 24 * 3_600 * SECOND;

async function statesOf(workshop: Workshop): Promise<string[]> {
  return (await workshop.deliveries()).map(({ state }) => state);
}

suite("a disk that is full when attempts are to be recorded", () => {
  test("starts nothing new, loses nothing, sends nothing twice, and goes on by itself", async () => {
    using workshop = await openWorkshop();
    await workshop.endpoint({ concurrencyMax: 3 });
    workshop.sender.script(() => "hang");
    workshop.send(10);
    await workshop.turn();
    workshop.gate.trouble = "disk_full";
    workshop.sender.script(() => answered(200));
    for (const post of workshop.sender.posts.slice(0, 2)) post.answer(answered(200));
    await workshop.tick(1);
    const before = workshop.sender.posts.length;
    assert.equal(workshop.engine.isBlocked, true);
    workshop.sender.posts[2]?.answer(answered(200));
    await workshop.tick(10);
    assert.equal(workshop.sender.posts.length, before, "nothing new");
    assert.deepEqual(new Set(await statesOf(workshop)), new Set(["pending"]));
    assert.equal(workshop.log.length, 1, "said once");
    workshop.gate.trouble = null;
    await workshop.tick(3);
    assert.equal(workshop.engine.isBlocked, false);
    assert.deepEqual(new Set(await statesOf(workshop)), new Set(["delivered"]));
    assert.equal(workshop.sender.posts.length, 10);
  });

  test("keeps a verdict: the endpoint is disabled once it can be written", async () => {
    using workshop = await openWorkshop();
    const { seq } = await workshop.endpoint();
    workshop.sender.script(() => "hang");
    workshop.send(1);
    await workshop.turn();
    workshop.gate.trouble = "disk_full";
    workshop.sender.posts[0]?.answer(answered(410));
    await workshop.tick(3);
    assert.equal(workshop.directory.endpoint(seq)?.state, "active");
    workshop.gate.trouble = null;
    await workshop.tick(2);
    assert.equal(workshop.directory.endpoint(seq)?.disabledReason, "gone");
    const [stored] = await workshop.store.office.endpoints();
    assert.deepEqual([stored?.state, stored?.health.failedInARow], ["disabled", 1]);
  });

  test("when a body was made for a new profile, is kept with the record as soon as there is room", async () => {
    using workshop = await openWorkshop();
    const endpoint = await workshop.endpoint();
    workshop.sender.script(() => answered(500));
    workshop.send(1);
    await workshop.tick(1);
    const profile = { kind: "digest", name: null, headers: {} } as const;
    await workshop.change(endpoint, { settings: { ...endpoint.settings, profile } });
    workshop.gate.trouble = "disk_full";
    await workshop.tick(8);
    workshop.gate.trouble = null;
    workshop.sender.script(() => answered(200));
    await workshop.tick(8);
    const [delivery] = await workshop.deliveries();
    const attempts = await workshop.store.reads.attempts(delivery?.seq ?? 0);
    assert.deepEqual(
      attempts.map(({ errorCode }) => errorCode),
      ["http_500", "http_500", null],
    );
    assert.match(workshop.sender.posts.at(-1)?.body ?? "", /^\{"event_type"/);
  });
});

suite("a stop", () => {
  test("waits for what is under way, records it, and starts nothing new", async () => {
    using workshop = await openWorkshop();
    await workshop.endpoint({ concurrencyMax: 1 });
    workshop.sender.script(() => ({ afterMs: 3 * SECOND }));
    workshop.send(2);
    await workshop.turn();
    let isStopped = false;
    const stopped = workshop.engine.stop(20 * SECOND).then(() => {
      isStopped = true;
    });
    await workshop.tick(2);
    assert.equal(isStopped, false);
    await workshop.tick(2);
    await stopped;
    assert.deepEqual(await statesOf(workshop), ["delivered", "pending"]);
    assert.equal(workshop.sender.posts.length, 1);
  });

  test("that cuts an attempt short does not record it: it is due again at the next start, with the same number", async () => {
    using workshop = await openWorkshop();
    await workshop.endpoint();
    workshop.sender.script(() => "hang");
    workshop.send(1);
    await workshop.turn();
    const stopped = workshop.engine.stop(5 * SECOND);
    await workshop.tick(5);
    await stopped;
    workshop.sender.posts[0]?.answer({
      kind: "failed",
      code: "connection_reset",
      message: "closed",
      durationMs: 1,
    });
    await workshop.tick(2);
    const [delivery] = await workshop.deliveries();
    assert.deepEqual([delivery?.state, delivery?.attemptCount], ["pending", 0]);
    workshop.sender.script(() => answered(200));
    await workshop.restart();
    await workshop.tick(1);
    assert.deepEqual(
      workshop.sender.posts.map(({ attempt }) => attempt),
      [1, 1],
    );
    assert.deepEqual(await statesOf(workshop), ["delivered"]);
  });

  test("with nothing under way ends at once, and what has ended is recorded", async () => {
    using workshop = await openWorkshop();
    await workshop.endpoint();
    workshop.send(1);
    await workshop.turn();
    await workshop.engine.stop(20 * SECOND);
    assert.deepEqual(await statesOf(workshop), ["delivered"]);
    assert.equal(workshop.time.elapsedMs, 0);
  });
});

suite("a start", () => {
  test("takes up what is due, what is due later, and what was under way when the process was killed", async () => {
    using workshop = await openWorkshop();
    await workshop.endpoint();
    workshop.sender.script(({ webhookId }) => (webhookId === "later" ? answered(500) : "hang"));
    for (const id of ["later", "a", "b"]) workshop.send(1, { id });
    await workshop.time.advance(100);
    await workshop.restart();
    workshop.sender.script(() => answered(200));
    await workshop.turn();
    const posts = () => workshop.sender.posts.slice(3).map((post) => post.webhookId);
    assert.deepEqual(posts().toSorted(), ["a", "b", "later"].slice(0, 2));
    await workshop.tick(6);
    assert.deepEqual(posts().slice(2), ["later"]);
    assert.deepEqual(await statesOf(workshop), ["delivered", "delivered", "delivered"]);
  });

  test("works off a transition that a crash interrupted", async () => {
    using workshop = await openWorkshop();
    const endpoint = await workshop.endpoint();
    await workshop.change(endpoint, { state: "paused" });
    workshop.send(3);
    await workshop.turn();
    const release = { state: "active", transition: "release_all", atMs: 1 } as const;
    await workshop.store.office.updateEndpoint(endpoint.seq, release);
    await workshop.restart();
    await workshop.tick(2);
    assert.equal(workshop.sender.posts.length, 3);
    assert.equal(workshop.directory.endpoint(endpoint.seq)?.transition, null);
  });

  test("holds a test that a crash left pending at a paused endpoint", async () => {
    using workshop = await openWorkshop();
    const endpoint = await workshop.endpoint();
    workshop.sender.script(() => "hang");
    await workshop.change(endpoint, { state: "paused" });
    void workshop.ingest.acceptTest(endpoint.seq);
    await workshop.turn();
    await workshop.restart();
    await workshop.tick(2);
    const [delivery] = await workshop.deliveries();
    assert.deepEqual([delivery?.state, delivery?.hold], ["held", "paused"]);
  });
});

suite("after a calendar that was a year ahead and is put right", () => {
  test("a retry of seconds waits no longer than its table could make it wait", async () => {
    using workshop = await openWorkshop();
    await workshop.endpoint({ backoff: [10 * SECOND] });
    workshop.sender.script(() => answered(500));
    workshop.time.jumpWall(YEAR);
    workshop.send(1);
    await workshop.tick(1);
    workshop.time.jumpWall(-YEAR);
    await workshop.restart();
    workshop.sender.script(() => answered(200));
    await workshop.tick(301);
    assert.deepEqual(await statesOf(workshop), ["delivered"]);
  });

  test("an endpoint that was slowed then is not left alone for a year, whether something waits for it or not", async () => {
    for (const backoff of [[], [10 * SECOND]]) {
      using workshop = await openWorkshop();
      await workshop.endpoint({ backoff });
      workshop.sender.script(() => answered(503));
      workshop.time.jumpWall(YEAR);
      workshop.send(1);
      await workshop.tick(1);
      workshop.time.jumpWall(-YEAR);
      await workshop.restart();
      workshop.sender.script(() => answered(200));
      workshop.send(1, { id: "new" });
      await workshop.tick(301);
      assert.equal(workshop.sender.posts.filter(({ webhookId }) => webhookId === "new").length, 1);
    }
  });
});
