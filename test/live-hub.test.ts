import assert from "node:assert/strict";
import { test } from "node:test";
import { createDirectory } from "../daemon/domain/directory.ts";
import { createFeed } from "../daemon/domain/feed.ts";
import type { LiveDelta, ServerFrame } from "../daemon/domain/live.ts";
import type { Change } from "../daemon/domain/ports.ts";
import { createHub } from "../daemon/live/hub.ts";
import type { Access, Line } from "../daemon/live/needs.ts";
import { createFakeTime, settled } from "./support/fake-time.ts";
import { newEndpoint } from "./support/store-desk.ts";

const ANYBODY: Access = { applicationSeq: null, isGood: () => true };
const ALL = '{"t":"subscribe","topics":["totals","deliveries","endpoints"]}';

function openHub() {
  const time = createFakeTime();
  const directory = createDirectory();
  const faults: unknown[] = [];
  const feed = createFeed((error) => void faults.push(error));
  for (const [seq, name] of ["default", "other"].entries()) {
    directory.putApplication({ seq: seq + 1, id: `app_${name}`, name, createdAtMs: 0 });
    directory.putEndpoint({ ...newEndpoint(`ep_${name}`, seq + 1, {}), seq: seq + 1 });
  }
  const flow = { accepted: 0, delivered: 0, failed: 0 };
  const unreadable = new Set<number>();
  const hub = createHub({
    ...time,
    directory,
    feed,
    chance: { bytes: (count) => new Uint8Array(count).fill(7) },
    log: { info: () => undefined, warn: () => undefined, error: (text) => void faults.push(text) },
    build: "b1",
    async totals(applicationSeq) {
      if (unreadable.has(applicationSeq)) throw new Error("expected the disk to answer");
      return { pending: 1, held: 0, inFlight: 0, oldestWaitingAtMs: null };
    },
    flowOf: () => ({ total: { ...flow }, lastMinute: { ...flow } }),
    waitingAt: async () => new Map([[1, { pending: 3, held: 2 }]]),
  });

  function sit(access: Access = ANYBODY, unsentBytes = 0) {
    const frames: ServerFrame[] = [];
    const ends: (number | "cut")[] = [];
    const seat = { unsentBytes, pings: 0 };
    const line: Line = {
      get unsentBytes() {
        return seat.unsentBytes;
      },
      send: (frame) => void frames.push(JSON.parse(String(frame)) as ServerFrame),
      ping: () => void (seat.pings += 1),
      close: (code) => void ends.push(code),
      cut: () => void ends.push("cut"),
    };
    const watcher = hub.join(line, access);
    const deltas = () => frames.filter((frame): frame is LiveDelta => frame.t === "delta");
    return { watcher, frames, ends, seat, deltas };
  }

  return { time, directory, feed, hub, flow, faults, unreadable, sit };
}

type Office = ReturnType<typeof openHub>;

async function sitAndWatch(office: Office, frame = ALL, access = ANYBODY) {
  const seat = office.sit(access);
  seat.watcher?.heard(frame);
  await settled();
  return seat;
}

function change(id: string, more: Partial<Change> = {}): Change {
  return {
    kind: "attempted",
    deliveryId: id,
    endpointSeq: 1,
    state: "delivered",
    eventId: "evt_1",
    eventType: "a",
    attemptCount: 1,
    lastStatus: 200,
    lastError: null,
    dueAtMs: null,
    attempt: { atMs: 5, durationMs: 12.4 },
    ...more,
  };
}

const hello = ({ frames }: { frames: readonly ServerFrame[] }) => {
  const [first] = frames;
  assert.equal(first?.t, "hello");
  return first;
};

test("nothing is heard of the feed before somebody watches, nor a minute after", async () => {
  const office = openHub();
  const seat = office.sit();
  assert.equal(office.feed.isWatched(), false);
  seat.watcher?.heard(ALL);
  await settled();
  assert.equal(office.feed.isWatched(), true);
  seat.watcher?.gone();
  await office.time.advance(59_000);
  assert.equal(office.feed.isWatched(), true);
  await office.time.advance(3_000);
  assert.equal(office.feed.isWatched(), false);
});

test("changes of a quarter of a second come in one delta, each delivery once with its last state", async () => {
  const office = openHub();
  const seat = await sitAndWatch(office);
  office.feed.publish([change("dlv_1", { state: "pending", lastError: "http_500" })]);
  office.feed.publish([change("dlv_2"), change("dlv_1", { attemptCount: 2 })]);
  office.flow.delivered = 2;
  await office.time.advance(250);
  const [delta, ...others] = seat.deltas();
  assert.deepEqual(others, []);
  assert.deepEqual(
    delta?.deliveries?.map(({ id, attempt_count: count, state }) => [id, count, state]),
    [
      ["dlv_1", 2, "delivered"],
      ["dlv_2", 1, "delivered"],
    ],
  );
  assert.equal(delta?.omitted, 0);
  assert.deepEqual(delta?.flow, { accepted: 0, delivered: 2, failed: 0 });
  const [endpoint] = delta?.endpoints ?? [];
  assert.deepEqual([endpoint?.id, endpoint?.waiting, endpoint?.held], ["ep_default", 3, 2]);
  assert.deepEqual(
    endpoint?.strip.map(({ outcome, duration_ms: ms }) => [outcome, ms]),
    [
      ["failed", 12],
      ["delivered", 12],
      ["delivered", 12],
    ],
  );
});

test("a delta tells of 200 deliveries at most, of fewer where many watch, and counts the others", async () => {
  const office = openHub();
  const seat = await sitAndWatch(office);
  office.feed.publish(Array.from({ length: 250 }, (_, i) => change(`dlv_${i}`)));
  await office.time.advance(250);
  assert.equal(seat.deltas()[0]?.deliveries?.length, 200);
  assert.equal(seat.deltas()[0]?.omitted, 50);
  for (let i = 0; i < 99; i++) await sitAndWatch(office);
  office.feed.publish(Array.from({ length: 250 }, (_, i) => change(`dlv_${i}`)));
  await office.time.advance(250);
  const last = seat.deltas().at(-1);
  assert.deepEqual([last?.deliveries?.length, last?.omitted], [10, 240]);
  assert.equal(last?.deliveries?.[0]?.id, "dlv_249");
});

test("a watcher gets the topics that it asked for, and no frame where they have no news", async () => {
  const office = openHub();
  const totals = await sitAndWatch(office, '{"t":"subscribe","topics":["totals"]}');
  const deliveries = await sitAndWatch(office, '{"t":"subscribe","topics":["deliveries"]}');
  await office.time.advance(2_000);
  assert.equal(deliveries.deltas().length, 0);
  office.feed.publish([change("dlv_1")]);
  await office.time.advance(250);
  assert.deepEqual(Object.keys(deliveries.deltas()[0] ?? {}), [
    "t",
    "seq",
    "at",
    "deliveries",
    "omitted",
  ]);
  assert.ok(totals.deltas().every((delta) => !("deliveries" in delta) && !("endpoints" in delta)));
});

test("who comes back hears what was missed, in order, and nothing twice", async () => {
  const office = openHub();
  const first = await sitAndWatch(office);
  const { epoch } = hello(first);
  for (const id of ["dlv_1", "dlv_2", "dlv_3"]) {
    office.feed.publish([change(id)]);
    await office.time.advance(250);
  }
  const [seen] = first.deltas();
  first.watcher?.gone();
  const since = seen?.seq ?? 0;
  const again = await sitAndWatch(
    office,
    `${ALL.slice(0, -1)},"epoch":"${epoch}","since":${since}}`,
  );
  assert.deepEqual(
    again.deltas().map(({ deliveries }) => deliveries?.map(({ id }) => id)),
    [["dlv_2"], ["dlv_3"]],
  );
  assert.ok(!again.frames.some(({ t }) => t === "reset" || t === "snapshot"));
});

test("who missed more than is kept, or comes from another life of the daemon, begins anew", async () => {
  const office = openHub();
  const first = await sitAndWatch(office);
  const { epoch, seq } = hello(first);
  for (let i = 0; i < 245; i++) {
    office.feed.publish([change(`dlv_${i}`)]);
    await office.time.advance(250);
  }
  for (const position of [`"epoch":"${epoch}","since":${seq + 1}`, '"epoch":"old","since":3']) {
    const again = await sitAndWatch(office, `${ALL.slice(0, -1)},${position}}`);
    assert.deepEqual(
      again.frames.map(({ t }) => t),
      ["hello", "reset", "snapshot"],
    );
  }
});

test("what happened while nobody was followed is missed, and said to be", async () => {
  const office = openHub();
  const first = await sitAndWatch(office);
  const { epoch } = hello(first);
  office.feed.publish([change("dlv_1")]);
  await office.time.advance(250);
  const since = first.deltas().at(-1)?.seq ?? 0;
  first.watcher?.gone();
  await office.time.advance(65_000);
  const again = await sitAndWatch(
    office,
    `${ALL.slice(0, -1)},"epoch":"${epoch}","since":${since}}`,
  );
  assert.ok(again.frames.some(({ t }) => t === "reset"));
});

test("who reads too slowly is let go, and keeps nobody waiting", async () => {
  const office = openHub();
  const slow = await sitAndWatch(office);
  const quick = await sitAndWatch(office);
  slow.seat.unsentBytes = 1024 * 1024 + 1;
  office.feed.publish([change("dlv_1")]);
  await office.time.advance(250);
  assert.deepEqual(slow.ends, [4408]);
  assert.equal(quick.deltas().length, 1);
  assert.equal(office.hub.watcherCount, 1);
});

test("who may not stay is gone within two seconds", async () => {
  const office = openHub();
  let isGood = true;
  const seat = await sitAndWatch(office, ALL, { applicationSeq: null, isGood: () => isGood });
  await office.time.advance(2_000);
  assert.deepEqual(seat.ends, []);
  isGood = false;
  await office.time.advance(2_000);
  assert.deepEqual(seat.ends, [4401]);
});

test("the five hundred and first watcher is told that it is full", () => {
  const office = openHub();
  for (let i = 0; i < 500; i++) office.sit();
  const last = office.sit();
  assert.deepEqual([last.watcher, last.ends], [null, [4429]]);
});

test("two pings without an answer, and the line is cut", async () => {
  const office = openHub();
  const dead = office.sit();
  const alive = office.sit();
  for (let beat = 0; beat < 3; beat++) {
    await office.time.advance(25_000);
    alive.watcher?.ponged();
  }
  assert.deepEqual(dead.ends, ["cut"]);
  assert.deepEqual(alive.ends, []);
  assert.equal(alive.seat.pings, 3);
});

test("frames that no page of ours would send end the connection", async () => {
  const frames = [
    "no JSON",
    "[]",
    '{"t":"delete"}',
    '{"t":"subscribe"}',
    '{"t":"subscribe","topics":["secrets"]}',
    '{"t":"subscribe","topics":["totals"],"since":"1"}',
    `{"t":"ping","x":"${"x".repeat(4_096)}"}`,
  ];
  for (const frame of frames) {
    const seat = await sitAndWatch(openHub(), frame);
    assert.deepEqual(seat.ends, [4400], frame);
  }
});

test("each application is told of its own, and a caller of one can't ask for another", async () => {
  const office = openHub();
  const other = await sitAndWatch(office, `${ALL.slice(0, -1)},"app":"app_other"}`);
  const bound = await sitAndWatch(office, ALL, { ...ANYBODY, applicationSeq: 2 });
  const seat = await sitAndWatch(office);
  office.feed.publish([change("dlv_1"), change("dlv_2", { endpointSeq: 2 })]);
  await office.time.advance(250);
  for (const each of [other, bound]) {
    assert.deepEqual(
      each.deltas()[0]?.deliveries?.map(({ id }) => id),
      ["dlv_2"],
    );
  }
  assert.equal(seat.deltas()[0]?.deliveries?.[0]?.id, "dlv_1");
  const nosy = await sitAndWatch(office, `${ALL.slice(0, -1)},"app":"default"}`, {
    ...ANYBODY,
    applicationSeq: 2,
  });
  assert.deepEqual(nosy.ends, [4400]);
});

test("who could not be told begins anew, and the other applications hear of theirs", async () => {
  const office = openHub();
  const seat = await sitAndWatch(office);
  const other = await sitAndWatch(office, `${ALL.slice(0, -1)},"app":"app_other"}`);
  await office.time.advance(2_000);
  const { epoch } = hello(seat);
  const since = seat.deltas().at(-1)?.seq ?? 0;
  office.unreadable.add(1);
  office.feed.publish([change("dlv_1"), change("dlv_2", { endpointSeq: 2 })]);
  await office.time.advance(2_000);
  assert.deepEqual([seat.ends, other.ends], [[1011], []]);
  assert.equal(other.deltas().at(-1)?.deliveries?.[0]?.id, "dlv_2");
  office.unreadable.clear();
  const back = await sitAndWatch(office, JSON.stringify({ ...JSON.parse(ALL), epoch, since }));
  assert.deepEqual(
    back.frames.map(({ t }) => t),
    ["hello", "reset", "snapshot"],
  );
});

test("an endpoint that is paused is told of though nothing is delivered there", async () => {
  const office = openHub();
  const seat = await sitAndWatch(office);
  await office.time.advance(1_000);
  const endpoint = office.directory.endpoint(1);
  assert.ok(endpoint !== undefined);
  office.directory.putEndpoint({ ...endpoint, state: "paused" });
  await office.time.advance(750);
  const told = seat.deltas().flatMap(({ endpoints }) => endpoints ?? []);
  assert.deepEqual(
    told.map(({ id, state, strip }) => [id, state, strip.length]),
    [["ep_default", "paused", 0]],
  );
});

test("what is made, changed or deleted is told of at once, and what an attempt does to its health is not", async () => {
  const office = openHub();
  const seat = await sitAndWatch(office);
  await office.time.advance(1_000);
  const told = () => seat.deltas().flatMap(({ objects }) => objects ?? []);
  const endpoint = office.directory.endpoint(1);
  assert.ok(endpoint !== undefined);
  const health = { ...endpoint.health, failedInARow: 3 };
  office.directory.putEndpoint({ ...endpoint, health });
  await office.time.advance(1_000);
  assert.deepEqual(told(), []);
  office.directory.putEndpoint({ ...endpoint, updatedAtMs: endpoint.updatedAtMs + 1 });
  await office.time.advance(250);
  assert.deepEqual(told(), [{ kind: "endpoint", id: "ep_default" }]);
  office.directory.putEndpoint({ ...newEndpoint("ep_new", 1, {}), seq: 9 });
  office.directory.removeEndpoint(1);
  const times = { createdAtMs: 1, updatedAtMs: 1 };
  const type = { applicationSeq: 1, name: "order.paid", description: "", schema: null };
  office.directory.putEventType({ ...type, ...times });
  await office.time.advance(250);
  assert.deepEqual(told().slice(1), [
    { kind: "endpoint", id: "ep_new" },
    { kind: "event_type", id: "order.paid" },
    { kind: "endpoint", id: "ep_default" },
  ]);
});

test("while nobody changes an endpoint, they are not looked at anew for each delta", async () => {
  const office = openHub();
  const seat = await sitAndWatch(office);
  await office.time.advance(1_000);
  const { directory, feed } = office;
  let looks = 0;
  const { endpoints } = directory;
  directory.endpoints = (applicationSeq) => {
    looks += 1;
    return endpoints(applicationSeq);
  };
  for (let i = 0; i < 20; i++) {
    feed.publish([change(`dlv_${i}`)]);
    await office.time.advance(250);
  }
  assert.equal(seat.deltas().filter(({ endpoints: news }) => news !== undefined).length, 20);
  assert.equal(looks, 0);
});

test("at the end all are told goodbye, and nobody else is let in", async () => {
  const office = openHub();
  const seat = await sitAndWatch(office);
  office.hub.stop();
  assert.deepEqual(seat.ends, [1001]);
  assert.equal(office.feed.isWatched(), false);
  assert.deepEqual(office.sit().ends, [1001]);
  assert.deepEqual(office.faults, []);
});
