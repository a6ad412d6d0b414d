/** What an operator does counts over what the engine was about to do. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { UNTRIED } from "../daemon/domain/endpoint.ts";
import type { Admission } from "../daemon/domain/ports.ts";
import { answered } from "./support/fake-sender.ts";
import { openWorkshop } from "./support/workshop.ts";

const SECOND = 1_000;
const ENABLED = { state: "active", disabledReason: null, transition: "release_all" } as const;
const DISABLED = { state: "disabled", disabledReason: "operator", transition: "hold" } as const;

test("a delivery that is sent again has its whole table before it, and numbers go on", async () => {
  using workshop = await openWorkshop();
  const { seq } = await workshop.endpoint({ backoff: [SECOND, SECOND] });
  workshop.sender.script(() => answered(500));
  workshop.send(1);
  await workshop.tick(5);
  const [delivery] = await workshop.deliveries();
  await workshop.store.office.resend(delivery?.seq ?? 0, null, workshop.time.clock.nowMs());
  workshop.engine.wake(seq);
  await workshop.tick(9);
  const numbers = workshop.sender.posts.map(({ attempt }) => attempt);
  assert.deepEqual(numbers, [1, 2, 3, 4, 5, 6]);
});

suite("an endpoint that is enabled again", () => {
  test("after 410 sends again what was held, and what comes", async () => {
    using workshop = await openWorkshop();
    const endpoint = await workshop.endpoint({ concurrencyMax: 1 });
    workshop.sender.script(({ webhookId }) => answered(webhookId === "bad" ? 410 : 200));
    workshop.send(1, { id: "bad" });
    workshop.send(2);
    await workshop.tick(2);
    assert.equal(workshop.sender.posts.length, 1);
    await workshop.change(endpoint, ENABLED);
    workshop.send(1);
    await workshop.tick(2);
    assert.equal(workshop.sender.posts.length, 4);
    assert.equal(workshop.directory.endpoint(endpoint.seq)?.state, "active");
  });

  test("while the verdict on it can't be written stays enabled", async () => {
    using workshop = await openWorkshop();
    const endpoint = await workshop.endpoint();
    workshop.sender.script(() => answered(410));
    workshop.gate.trouble = "disk_full";
    const [admission] = await acceptAside(workshop);
    workshop.engine.admit([admission]);
    await workshop.tick(2);
    assert.equal(workshop.engine.isBlocked, true);
    await workshop.change(endpoint, DISABLED);
    await workshop.change(endpoint, ENABLED);
    workshop.gate.trouble = null;
    await workshop.tick(3);
    assert.equal(workshop.directory.endpoint(endpoint.seq)?.state, "active");
    assert.deepEqual(workshop.disabled, []);
  });

  test("with its health set back is not kept waiting for what it once asked for", async () => {
    using workshop = await openWorkshop();
    const endpoint = await workshop.endpoint();
    workshop.sender.script(() => answered(503, { retryAfter: "3600" }));
    workshop.send(1);
    await workshop.tick(1);
    await workshop.change(endpoint, { state: "paused", transition: "hold" });
    await workshop.tick(1);
    workshop.sender.script(() => answered(200));
    await workshop.change(endpoint, { ...ENABLED, health: UNTRIED });
    await workshop.turn();
    assert.equal(workshop.sender.posts.length, 2);
  });
});

test("between an answer of 410 and its commit the endpoint counts as disabled: a failure is held at once", async () => {
  using workshop = await openWorkshop();
  await workshop.endpoint();
  workshop.sender.script(() => "hang");
  workshop.send(2);
  await workshop.turn();
  const seen: string[] = [];
  workshop.feed.subscribe((changes) => void seen.push(...changes.map(({ state }) => state)));
  const [first, second] = workshop.sender.posts;
  first?.answer(answered(410));
  second?.answer(answered(500));
  await workshop.tick(1);
  assert.deepEqual(seen, ["exhausted", "held"]);
});

test("a test that still waits for a slot goes with its endpoint", async () => {
  using workshop = await openWorkshop({ concurrencyMax: 1 });
  const [busy, other] = [await workshop.endpoint(), await workshop.endpoint({ eventTypes: ["x"] })];
  workshop.sender.script(() => "hang");
  workshop.send(1);
  await workshop.turn();
  void workshop.ingest.acceptTest(other.seq);
  await workshop.turn();
  assert.equal(workshop.engine.load(null).ready, 1);
  workshop.directory.removeEndpoint(other.seq);
  workshop.engine.endpointChanged(other.seq);
  assert.equal(workshop.engine.load(null).ready, 0);
  workshop.sender.to(busy)[0]?.answer(answered(200));
  await workshop.tick(2);
  assert.equal(workshop.sender.to(other).length, 0);
});

test("a delivery that is handed over and was read already is sent once", async () => {
  using workshop = await openWorkshop();
  const { seq } = await workshop.endpoint();
  workshop.sender.script(() => "hang");
  const [admission] = await acceptAside(workshop);
  workshop.engine.wake(seq);
  await workshop.turn();
  assert.equal(workshop.sender.posts.length, 1);
  workshop.engine.admit([admission]);
  await workshop.tick(2);
  assert.equal(workshop.sender.posts.length, 1);
});

test("an attempt is signed with what the calendar says, also when that was set back", async () => {
  using workshop = await openWorkshop();
  await workshop.endpoint();
  workshop.time.jumpWall(-3_600 * SECOND);
  workshop.send(1);
  await workshop.turn();
  const [post] = workshop.sender.posts;
  assert.equal(post?.timestampS, Math.floor(workshop.time.clock.wallMs() / SECOND));
  assert.ok(workshop.time.clock.nowMs() > workshop.time.clock.wallMs());
});

/** Commits an event for the one endpoint there is, of which the engine does not hear. */
async function acceptAside({
  store,
  applicationSeq,
  directory,
}: Awaited<ReturnType<typeof openWorkshop>>): Promise<[Admission]> {
  const [endpoint] = directory.endpoints(applicationSeq);
  if (endpoint === undefined) throw new Error("expected an endpoint, got none");
  const body = Buffer.from('{"type":"a","data":{}}');
  const common = { type: "a", occurredAtMs: 1, contentType: null };
  const event = { ...common, id: "aside", applicationSeq, tenant: null, orderingKey: null };
  const delivery = { id: "dlv_aside", endpointSeq: endpoint.seq, hold: null, orderingKey: null };
  const [answer] = await store.events.acceptEvents([
    {
      event: { ...event, acceptedAtMs: 1, bodyBytes: body.length },
      body: { bytes: body, dataStart: 19 },
      variants: [],
      deliveries: [{ ...delivery, isTest: false }],
      idempotency: null,
    },
  ]);
  const made = answer?.kind === "accepted" ? answer.deliveries[0] : undefined;
  if (answer?.kind !== "accepted" || made === undefined) throw new Error("expected acceptance");
  const due = { ...common, id: "aside", body, dataStart: 19, shape: "standard" } as const;
  return [{ delivery: made, eventSeq: answer.eventSeq, event: due }];
}
