import assert from "node:assert/strict";
import { test } from "node:test";
import { createDirectory } from "../daemon/domain/directory.ts";
import { fillDirectory } from "../daemon/manage/start.ts";
import {
  addEndpoint,
  attempt,
  deliveryOf,
  openDesk,
  openMemoryStore,
  createSetClock,
  refusal,
  send,
  START_MS,
  URL,
  workOff,
} from "./support/desk.ts";

test("an endpoint gets the defaults for what was not said, and is active at once", async () => {
  const desk = await openDesk();
  const { endpoint } = await addEndpoint(desk, {
    settings: { timeoutMs: undefined, isOrdered: true },
  });
  assert.equal(endpoint.state, "active");
  assert.equal(endpoint.settings.url, URL);
  assert.equal(endpoint.settings.timeoutMs, 15_000);
  assert.equal(endpoint.settings.backoff, "appliance");
  assert.equal(endpoint.settings.isOrdered, true);
  const [dlv] = await send(desk);
  assert.equal((await deliveryOf(desk, dlv)).state, "pending");
  assert.deepEqual(await desk.office.endpoints(), [endpoint]);
});

test("another application's endpoint is unknown to every change", async () => {
  const desk = await openDesk();
  const { endpoint } = await addEndpoint(desk);
  const other = await desk.applications.create("other");
  const { endpoints } = desk;
  const changes: (() => unknown)[] = [
    () => endpoints.read(other.seq, endpoint.id),
    () => endpoints.update(other.seq, endpoint.id, { settings: {} }),
    () => endpoints.pause(other.seq, endpoint.id),
    () => endpoints.resume(other.seq, endpoint.id, "all"),
    () => endpoints.disable(other.seq, endpoint.id),
    () => endpoints.enable(other.seq, endpoint.id, "all"),
    () => endpoints.rotateSecret(other.seq, endpoint.id, {}),
    () => endpoints.revealSecrets(other.seq, endpoint.id),
    () => endpoints.credentials(other.seq, endpoint.id),
    () => desk.deletion.deleteEndpoint(other.seq, endpoint.id),
    () => desk.motion.recover(other.seq, endpoint.id, { sinceMs: 0 }),
    () => desk.motion.cancelWaiting(other.seq, endpoint.id),
    () => desk.replay(other.seq, endpoint.id, { fromMs: 0, toMs: 1 }),
  ];
  for (const change of changes) assert.equal((await refusal(change)).code, "not_found");
  assert.deepEqual(endpoints.list(other.seq), []);
});

test("an update changes what it names and nothing else, and routes by it at once", async () => {
  const desk = await openDesk();
  const { endpoint } = await addEndpoint(desk, { settings: { description: "till" } });
  const settings = { eventTypes: ["order.*"], tenant: undefined };
  const after = await desk.endpoints.update(desk.application.seq, endpoint.id, { settings });
  assert.deepEqual(after.settings, { ...endpoint.settings, eventTypes: ["order.*"] });
  assert.deepEqual(await send(desk, { type: "invoice.paid" }), []);
  assert.equal((await send(desk, { type: "order.made" })).length, 1);
  assert.deepEqual((await desk.office.endpoints())[0]?.settings, after.settings);
});

test("the engine hears of a change when the directory knows it and the store has it", async () => {
  const desk = await openDesk();
  const { endpoint } = await addEndpoint(desk);
  const seen: unknown[] = [];
  desk.ear.endpointChanged = (seq) =>
    void seen.push(desk.directory.endpoint(seq)?.settings.timeoutMs);
  await desk.endpoints.update(desk.application.seq, endpoint.id, {
    settings: { timeoutMs: 2_000 },
  });
  assert.deepEqual(seen, [2_000]);
});

test("two changes at once both count", async () => {
  const desk = await openDesk();
  const { endpoint } = await addEndpoint(desk);
  const store = desk.office.updateEndpoint;
  desk.store.updateEndpoint = async (seq, change) => {
    await new Promise(setImmediate);
    return store(seq, change);
  };
  const { update } = desk.endpoints;
  await Promise.all([
    update(desk.application.seq, endpoint.id, { settings: { description: "a" } }),
    update(desk.application.seq, endpoint.id, { settings: { tenant: "acme" } }),
  ]);
  const { settings } = desk.endpoints.read(desk.application.seq, endpoint.id);
  assert.deepEqual([settings.description, settings.tenant], ["a", "acme"]);
});

test("a change that the store refused changes nothing, and the next one works", async () => {
  const desk = await openDesk();
  const { endpoint } = await addEndpoint(desk);
  const store = desk.office.updateEndpoint;
  desk.store.updateEndpoint = () => Promise.reject(new Error("disk full"));
  await assert.rejects(desk.endpoints.pause(desk.application.seq, endpoint.id), /disk full/);
  assert.equal(desk.endpoints.read(desk.application.seq, endpoint.id).state, "active");
  assert.deepEqual(desk.ear.told, []);
  desk.store.updateEndpoint = store;
  assert.equal((await desk.endpoints.pause(desk.application.seq, endpoint.id)).state, "paused");
});

const FAILING = {
  slowedSinceMs: null,
  slowedUntilMs: START_MS + 60_000,
  slowCount: 3,
  failingSinceMs: START_MS - 6 * 86_400_000,
  failedInARow: 40,
  lastSuccessAtMs: 1,
  lastFailureAtMs: 2,
};

test("a change of settings ends the slow-down, a new URL also the count of failures", async () => {
  const desk = await openDesk();
  const { endpoint } = await addEndpoint(desk);
  desk.directory.putEndpoint({ ...endpoint, health: FAILING });
  const { update } = desk.endpoints;
  const slower = await update(desk.application.seq, endpoint.id, {
    settings: { ratePerSecond: 1 },
  });
  assert.deepEqual(slower.health, { ...FAILING, slowedSinceMs: null, slowedUntilMs: null });
  const moved = await update(desk.application.seq, endpoint.id, {
    settings: { url: `${URL}/new` },
  });
  const run = {
    slowedSinceMs: null,
    slowedUntilMs: null,
    slowCount: 0,
    failingSinceMs: null,
    failedInARow: 0,
  };
  assert.deepEqual(moved.health, { ...FAILING, ...run });
  assert.deepEqual((await desk.office.endpoints())[0]?.health, moved.health);
});

test("an attempt that ends while a change is stored keeps its place in the endpoint's health", async () => {
  const desk = await openDesk();
  const { endpoint } = await addEndpoint(desk);
  const store = desk.office.updateEndpoint;
  desk.store.updateEndpoint = async (seq, change) => {
    const stored = await store(seq, change);
    desk.directory.putEndpoint({ ...endpoint, health: FAILING });
    return stored;
  };
  const after = await desk.endpoints.rotateSecret(desk.application.seq, endpoint.id, {});
  assert.deepEqual(after.endpoint.health, FAILING);
});

test("paused deliveries are held and, resumed, go by the choice that was made", async () => {
  const expected = {
    all: ["pending", "held", "pending"],
    latest: ["cancelled", "pending", "pending"],
    none: ["cancelled", "cancelled", "cancelled"],
  } as const;
  for (const choice of ["all", "latest", "none"] as const) {
    const desk = await openDesk();
    const { endpoint } = await addEndpoint(desk, { settings: { isOrdered: true } });
    const [first] = await send(desk, { orderingKey: "k" });
    const paused = await desk.endpoints.pause(desk.application.seq, endpoint.id);
    assert.deepEqual([paused.state, paused.transition], ["paused", "hold"]);
    await workOff(desk, endpoint.id);
    const [second] = await send(desk, { orderingKey: "k" });
    const [third] = await send(desk);
    for (const id of [first, second, third])
      assert.equal((await deliveryOf(desk, id)).hold, "paused");
    assert.equal(
      (await desk.endpoints.resume(desk.application.seq, endpoint.id, choice)).state,
      "active",
    );
    await workOff(desk, endpoint.id);
    const states = await Promise.all(
      [first, second, third].map(async (id) => (await deliveryOf(desk, id)).state),
    );
    assert.deepEqual(states, expected[choice], choice);
  }
});

test("a pause during a release holds again, and a resume during a pause releases", async () => {
  const desk = await openDesk();
  const { endpoint } = await addEndpoint(desk);
  const [dlv] = await send(desk);
  const { pause, resume } = desk.endpoints;
  await pause(desk.application.seq, endpoint.id);
  await resume(desk.application.seq, endpoint.id, "none");
  const again = await pause(desk.application.seq, endpoint.id);
  assert.deepEqual([again.state, again.transition], ["paused", "hold"]);
  await workOff(desk, endpoint.id);
  assert.equal((await deliveryOf(desk, dlv)).state, "held");
  const calls = desk.ear.told.length;
  assert.equal((await pause(desk.application.seq, endpoint.id)).transition, null);
  assert.equal(desk.ear.told.length, calls);
});

test("resuming an active endpoint once more lets go what was left held", async () => {
  const desk = await openDesk();
  const { endpoint } = await addEndpoint(desk);
  const after = await desk.endpoints.resume(desk.application.seq, endpoint.id, "latest");
  assert.deepEqual([after.state, after.transition], ["active", "release_latest"]);
  assert.equal(after.stateChangedAtMs, endpoint.stateChangedAtMs);
});

test("a disabled endpoint is enabled, not resumed; failures are then counted anew", async () => {
  const desk = await openDesk();
  const { endpoint } = await addEndpoint(desk);
  const { endpoints, application } = desk;
  desk.directory.putEndpoint({ ...endpoint, health: FAILING });
  const disabled = await endpoints.disable(application.seq, endpoint.id);
  assert.deepEqual(
    [disabled.state, disabled.disabledReason, disabled.transition],
    ["disabled", "operator", "hold"],
  );
  assert.equal(
    (await refusal(() => endpoints.pause(application.seq, endpoint.id))).code,
    "conflict",
  );
  assert.equal(
    (await refusal(() => endpoints.resume(application.seq, endpoint.id, "all"))).code,
    "conflict",
  );
  const enabled = await endpoints.enable(application.seq, endpoint.id, "all");
  assert.deepEqual(
    [enabled.state, enabled.disabledReason, enabled.transition],
    ["active", null, "release_all"],
  );
  const { failingSinceMs, failedInARow, slowedUntilMs, slowCount } = enabled.health;
  assert.deepEqual([failingSinceMs, failedInARow, slowedUntilMs, slowCount], [null, 0, null, 0]);
  await endpoints.pause(application.seq, endpoint.id);
  assert.equal(
    (await refusal(() => endpoints.enable(application.seq, endpoint.id, "all"))).code,
    "conflict",
  );
});

test("disabling what 410 disabled keeps that reason", async () => {
  const desk = await openDesk();
  const { endpoint } = await addEndpoint(desk);
  desk.directory.putEndpoint({ ...endpoint, state: "disabled", disabledReason: "gone" });
  const after = await desk.endpoints.disable(desk.application.seq, endpoint.id);
  assert.equal(after.disabledReason, "gone");
});

test("a deleted endpoint is gone with what waited for it; what it was sent stays", async () => {
  const desk = await openDesk();
  const { endpoint } = await addEndpoint(desk);
  const [done] = await send(desk);
  await attempt(desk, done, 200);
  const waiting = [];
  for (let i = 0; i < 3; i++) waiting.push(...(await send(desk)));
  await desk.deletion.deleteEndpoint(desk.application.seq, endpoint.id);
  assert.deepEqual(desk.endpoints.list(desk.application.seq), []);
  assert.deepEqual(await desk.office.endpoints(), []);
  assert.deepEqual(desk.ear.told, [`changed ${endpoint.seq}`]);
  assert.equal((await deliveryOf(desk, done)).state, "delivered");
  for (const id of waiting) {
    const { state, endReason } = await deliveryOf(desk, id);
    assert.deepEqual([state, endReason], ["cancelled", "endpoint_deleted"]);
  }
  const again = () => desk.deletion.deleteEndpoint(desk.application.seq, endpoint.id);
  assert.equal((await refusal(again)).code, "not_found");
});

test("a deletion that a crash cut short is ended at the next start, unseen by anybody", async () => {
  const clock = createSetClock();
  const store = openMemoryStore(clock);
  const before = await openDesk({ clock, store });
  const { endpoint } = await addEndpoint(before);
  const { endpoint: other } = await addEndpoint(before);
  const [dlv] = await send(before);
  before.store.cancelChunk = () => Promise.reject(new Error("killed"));
  await assert.rejects(
    before.deletion.deleteEndpoint(before.application.seq, endpoint.id),
    /killed/,
  );
  assert.deepEqual(before.endpoints.list(before.application.seq), [other]);

  const after = await openDesk({ clock, store });
  assert.deepEqual(after.endpoints.list(after.application.seq), [other]);
  assert.equal(await after.deletion.finishDeletions(), 1);
  assert.equal(await after.deletion.finishDeletions(), 0);
  assert.deepEqual(await after.office.endpoints(), [other]);
  assert.equal((await deliveryOf(after, dlv)).endReason, "endpoint_deleted");
});

test("a daemon that stops leaves the rest of a long deletion to its next start, and begins none", async () => {
  const clock = createSetClock();
  const store = openMemoryStore(clock);
  const before = await openDesk({ clock, store });
  const { endpoint } = await addEndpoint(before);
  await addEndpoint(before);
  const [dlv] = await send(before);
  const { cancelChunk } = before.office;
  let chunks = 0;
  before.store.cancelChunk = (seq, reason, _limit, nowMs) => {
    chunks += 1;
    before.deletion.stop();
    return cancelChunk(seq, reason, 1, nowMs);
  };
  await before.deletion.deleteEndpoint(before.application.seq, endpoint.id);
  assert.equal(await before.deletion.finishDeletions(), 0);
  assert.equal(chunks, 1);
  assert.equal((await deliveryOf(before, dlv)).endReason, "endpoint_deleted");
  assert.equal((await before.office.endpointsToDelete()).length, 1);

  const after = await openDesk({ clock, store });
  assert.equal(await after.deletion.finishDeletions(), 1);
  assert.equal((await after.office.endpoints()).length, 1);
});

test("what the store knows is in the directory after a start", async () => {
  const desk = await openDesk();
  const { endpoint } = await addEndpoint(desk);
  const other = await desk.applications.create("other");
  const type = await desk.eventTypes.put(other.seq, {
    name: "a.b",
    description: "",
    schema: { type: "object" },
  });
  const directory = createDirectory();
  await fillDirectory(desk.office, directory);
  assert.deepEqual(directory.endpoint(endpoint.seq), endpoint);
  assert.deepEqual(directory.application("other"), other);
  assert.deepEqual(directory.eventType(other.seq, "a.b"), type);
});
