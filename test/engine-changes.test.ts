/** What happens to deliveries in memory and under way when their endpoint changes. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { Endpoint, ProfileKind } from "../daemon/domain/endpoint.ts";
import { answered } from "./support/fake-sender.ts";
import type { Workshop } from "./support/workshop.ts";
import { openWorkshop } from "./support/workshop.ts";

function withProfile(endpoint: Endpoint, kind: ProfileKind): Pick<Endpoint, "settings"> {
  return { settings: { ...endpoint.settings, profile: { kind, name: null, headers: {} } } };
}

async function statesOf(workshop: Workshop): Promise<string[]> {
  const deliveries = await workshop.deliveries();
  return deliveries.map(({ state, hold, endReason }) =>
    [state, hold ?? endReason].join(" ").trim(),
  );
}

suite("a profile that is changed between attempts", () => {
  test("makes the new body once and stores it: later attempts send the same bytes, after a restart, too", async () => {
    using workshop = await openWorkshop();
    const endpoint = await workshop.endpoint();
    workshop.sender.script(() => answered(500));
    const data = Buffer.from('{"z": 1.0,  "a":12345678901234567890}');
    workshop.send(1, { data });
    await workshop.tick(1);
    await workshop.change(endpoint, withProfile(endpoint, "digest"));
    await workshop.tick(6);
    await workshop.restart();
    await workshop.tick(20);
    const [before, second, third, ...more] = workshop.sender.posts.map(({ body }) => body);
    assert.equal(more.length, 0);
    assert.match(before ?? "", /^\{"type":"invoice\.paid","timestamp":"[^"]+","data":/);
    assert.match(second ?? "", /^\{"event_type":"invoice\.paid","timestamp":"[^"]+","data":/);
    assert.ok(second?.endsWith(`,"data":${data.toString()}}`));
    assert.equal(third, second);
    const shape = "digest" as const;
    const query = {
      endpointSeq: endpoint.seq,
      shape,
      limit: 1,
      bytesMax: 1e6,
      except: new Set<number>(),
    };
    const nowMs = workshop.time.clock.nowMs() + 1e9;
    const [due] = await workshop.store.deliveries.dueDeliveries({ ...query, nowMs });
    assert.deepEqual([due?.event.shape, due?.event.body.toString()], ["digest", second]);
  });

  test("makes it of the producer's own data, not of the old profile's", async () => {
    using workshop = await openWorkshop();
    const endpoint = await workshop.endpoint({
      profile: { kind: "topic", name: null, headers: {} },
      concurrencyMax: 1,
    });
    workshop.sender.script(() => "hang");
    const data = Buffer.from('{"b": 2, "a": 1.0}');
    workshop.send(3, { data });
    await workshop.turn();
    await workshop.change(endpoint, withProfile(endpoint, "timestamped"));
    workshop.sender.posts[0]?.answer(answered(200));
    await workshop.tick(2);
    const last = workshop.sender.posts[1]?.body ?? "";
    assert.ok(last.endsWith(`,"data":${data.toString()}}`), last);
  });
});

suite("a profile that is changed while something waits", () => {
  test("concerns tests that wait for a slot, too", async () => {
    using workshop = await openWorkshop({ concurrencyMax: 1 });
    const endpoint = await workshop.endpoint({
      profile: { kind: "topic", name: null, headers: {} },
    });
    workshop.sender.script(() => "hang");
    workshop.send(1);
    await workshop.turn();
    void workshop.ingest.acceptTest(endpoint.seq);
    await workshop.turn();
    await workshop.change(endpoint, withProfile(endpoint, "standard"));
    workshop.sender.posts[0]?.answer(answered(200));
    await workshop.tick(2);
    const body = JSON.parse(workshop.sender.posts[1]?.body ?? "");
    assert.deepEqual(Object.keys(body), ["type", "timestamp", "data"]);
    assert.equal(body.data.endpoint_id, endpoint.id);
  });

  test("to one that can't carry the body is shown on the delivery", async () => {
    using workshop = await openWorkshop();
    const endpoint = await workshop.endpoint();
    workshop.sender.script(() => answered(500));
    workshop.send(1, { data: Buffer.from('{"a":{"b":1,"b":2}}') });
    await workshop.tick(1);
    await workshop.change(endpoint, withProfile(endpoint, "topic"));
    await workshop.tick(6);
    const [delivery] = await workshop.deliveries();
    assert.deepEqual([delivery?.attemptCount, delivery?.lastError], [2, "unsendable"]);
    assert.equal(workshop.sender.posts.length, 1);
  });
});

suite("an answer of 410", () => {
  test("starts nothing more from that moment, before its record is committed, too", async () => {
    using workshop = await openWorkshop();
    await workshop.endpoint({ concurrencyMax: 3 });
    workshop.sender.script(() => "hang");
    workshop.send(8);
    await workshop.turn();
    workshop.gate.hold();
    workshop.sender.posts[1]?.answer(answered(410));
    await workshop.tick(3);
    assert.equal(workshop.sender.posts.length, 3);
    assert.deepEqual(workshop.disabled, []);
  });

  test("holds the rest, what is under way, too, unless it is accepted; and tells why once", async () => {
    using workshop = await openWorkshop();
    const endpoint = await workshop.endpoint({ concurrencyMax: 3 });
    workshop.sender.script(() => "hang");
    workshop.send(6);
    await workshop.turn();
    const [gone, fails, succeeds] = workshop.sender.posts;
    gone?.answer(answered(410));
    await workshop.tick(1);
    fails?.answer(answered(500));
    succeeds?.answer(answered(200));
    await workshop.tick(10);
    assert.deepEqual(await statesOf(workshop), [
      "exhausted gone",
      "held disabled",
      "delivered accepted",
      "held disabled",
      "held disabled",
      "held disabled",
    ]);
    assert.equal(workshop.sender.posts.length, 3);
    const told = workshop.disabled.map((each) => [each.id, each.state, each.disabledReason]);
    assert.deepEqual(told, [[endpoint.id, "disabled", "gone"]]);
    const [stored] = await workshop.store.office.endpoints();
    assert.deepEqual(
      [stored?.state, stored?.disabledReason, stored?.transition],
      ["disabled", "gone", null],
    );
  });

  test("to a test ends the test and disables nothing", async () => {
    using workshop = await openWorkshop();
    const { seq } = await workshop.endpoint();
    workshop.sender.script(() => answered(410));
    void workshop.ingest.acceptTest(seq);
    await workshop.tick(2);
    assert.deepEqual(await statesOf(workshop), ["exhausted test_failed"]);
    const endpoint = workshop.directory.endpoint(seq);
    assert.deepEqual([endpoint?.state, endpoint?.health.failedInARow], ["active", 0]);
  });
});

suite("a verdict", () => {
  test("that an operator forestalled does not come back once the endpoint is enabled", async () => {
    using workshop = await openWorkshop();
    const endpoint = await workshop.endpoint();
    workshop.sender.script(() => "hang");
    workshop.send(1);
    await workshop.turn();
    workshop.gate.hold();
    workshop.sender.posts[0]?.answer(answered(410));
    await workshop.time.advance(10);
    const off = { state: "disabled", disabledReason: "operator", transition: "hold" } as const;
    await workshop.change(endpoint, off);
    workshop.gate.release();
    await workshop.tick(1);
    assert.equal(workshop.directory.endpoint(endpoint.seq)?.disabledReason, "operator");
    const on = { state: "active", disabledReason: null, transition: "release_all" } as const;
    await workshop.change(endpoint, on);
    workshop.sender.script(() => answered(200));
    workshop.send(1);
    await workshop.tick(2);
    assert.equal(workshop.directory.endpoint(endpoint.seq)?.state, "active");
    assert.deepEqual(workshop.disabled, []);
  });
});

suite("a pause", () => {
  const pause = { state: "paused", transition: "hold" } as const;

  test("while an attempt is under way: its failure is held, its success counts, nothing new starts", async () => {
    using workshop = await openWorkshop();
    const endpoint = await workshop.endpoint({ concurrencyMax: 2 });
    workshop.sender.script(() => "hang");
    workshop.send(4);
    await workshop.turn();
    await workshop.change(endpoint, pause);
    const [first, second] = workshop.sender.posts;
    first?.answer(answered(500));
    second?.answer(answered(200));
    await workshop.tick(30);
    assert.equal(workshop.sender.posts.length, 2);
    const states = await statesOf(workshop);
    assert.deepEqual(states, ["held paused", "delivered accepted", "held paused", "held paused"]);
    await workshop.change(endpoint, { state: "active", transition: "release_all" });
    workshop.sender.script(() => answered(200));
    await workshop.tick(2);
    assert.deepEqual(new Set(await statesOf(workshop)), new Set(["delivered accepted"]));
    const attempts = workshop.sender.posts.map(({ attempt }) => attempt);
    assert.deepEqual(
      attempts.toSorted((a, b) => a - b),
      [1, 1, 1, 1, 2],
    );
  });

  test("that is ended with `latest` sends the newest of each ordering key and skips the others", async () => {
    using workshop = await openWorkshop();
    const endpoint = await workshop.endpoint({ isOrdered: true });
    await workshop.change(endpoint, pause);
    for (const id of ["k1", "k2", "l1", "k3"]) {
      workshop.send(1, { id, orderingKey: id.slice(0, 1) });
    }
    await workshop.tick(1);
    await workshop.change(endpoint, { state: "active", transition: "release_latest" });
    await workshop.tick(3);
    const sent = workshop.sender.posts.map(({ webhookId }) => webhookId).toSorted();
    assert.deepEqual(sent, ["k3", "l1"]);
    assert.deepEqual(await statesOf(workshop), [
      "cancelled skipped",
      "cancelled skipped",
      "delivered accepted",
      "delivered accepted",
    ]);
  });
});

test("an endpoint that is deleted while an attempt is under way leaves no trace but its deliveries", async () => {
  using workshop = await openWorkshop();
  const { office } = workshop.store;
  const { seq } = await workshop.endpoint({ concurrencyMax: 2 });
  const other = await workshop.endpoint();
  workshop.sender.script(() => "hang");
  workshop.send(3);
  await workshop.turn();
  workshop.directory.removeEndpoint(seq);
  workshop.engine.endpointChanged(seq);
  await office.cancelChunk(seq, "endpoint_deleted", 100, 1);
  await office.deleteEndpoint(seq);
  for (const post of workshop.sender.posts) post.answer(answered(200));
  workshop.sender.script(() => answered(200));
  workshop.send(1);
  await workshop.tick(2);
  assert.deepEqual(workshop.log, []);
  const gone = (await workshop.deliveries()).filter(({ endpointSeq }) => endpointSeq === seq);
  assert.deepEqual(
    gone.map(({ state }) => state),
    ["delivered", "delivered", "cancelled"],
  );
  assert.equal(workshop.sender.to(other).length, 4);
  assert.deepEqual(workshop.engine.load(null), { inFlight: 0, ready: 0 });
});

test("new settings hold from the next attempt, and connections made under the old ones are forgotten", async () => {
  using workshop = await openWorkshop();
  const endpoint = await workshop.endpoint({ concurrencyMax: 1 });
  workshop.sender.script(() => "hang");
  workshop.send(5);
  await workshop.turn();
  const url = "http://moved.test/";
  const settings = { ...endpoint.settings, url, concurrencyMax: 3, egressAllow: ["10.0.0.0/8"] };
  await workshop.change(endpoint, { settings });
  await workshop.tick(1);
  assert.deepEqual(
    workshop.sender.posts.slice(1).map((post) => post.url),
    [url, url],
  );
  assert.deepEqual(
    workshop.sender.forgotten.map(({ grants }) => grants),
    [[]],
  );
});

test("a delivery that is cancelled while it is ready in memory is not sent", async () => {
  using workshop = await openWorkshop();
  const endpoint = await workshop.endpoint({ concurrencyMax: 1 });
  workshop.sender.script(() => "hang");
  workshop.send(3);
  await workshop.turn();
  const [, second] = await workshop.deliveries();
  await workshop.store.office.cancel(second?.seq ?? 0, 1);
  workshop.engine.endpointChanged(endpoint.seq);
  workshop.sender.script(() => answered(200));
  workshop.sender.posts[0]?.answer(answered(200));
  await workshop.tick(2);
  assert.deepEqual(await statesOf(workshop), [
    "delivered accepted",
    "cancelled cancelled",
    "delivered accepted",
  ]);
  assert.equal(workshop.sender.posts.length, 2);
});
