import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome } from "../daemon/domain/attempt.ts";
import type { Settlement } from "../daemon/domain/delivery.ts";
import { openInsight } from "../daemon/upkeep/insight.ts";
import type { ApiHouse } from "./support/api-house.ts";
import { answered, DELIVERED, endLastAttempt, NOON_MS, openHouse } from "./support/api-house.ts";
import { assertProblem, call, makeEndpoint } from "./support/api-call.ts";

const GIVEN_UP: Settlement = { ...DELIVERED, state: "exhausted", endReason: "gone" };
const BLOCKED: Outcome = {
  kind: "blocked",
  address: "192.168.1.5",
  grant: "192.168.1.5:80",
  message: "not allowed",
  durationMs: 1,
};

async function send(house: ApiHouse, outcome: Outcome, settlement = DELIVERED): Promise<void> {
  const sent = await call(house, "POST /v1/events", { body: { type: "a", data: 1 } });
  assert.equal(sent.status, 202, sent.text);
  await endLastAttempt(house, outcome, settlement);
}

function breakEndpoint(house: ApiHouse, id: string, failedInARow: number): void {
  const endpoint = [...house.needs.directory.allEndpoints()].find((each) => each.id === id);
  assert.ok(endpoint !== undefined);
  const health = { ...endpoint.health, failingSinceMs: NOON_MS - 60_000, failedInARow };
  house.needs.directory.putEndpoint({ ...endpoint, health });
}

test("the overview counts what happened, at once and also after its minute was written", async () => {
  await using house = await openHouse();
  const endpointId = await makeEndpoint(house);
  await send(house, answered(200, ""));
  await send(house, answered(500, ""), GIVEN_UP);
  for (const isWritten of [false, true]) {
    if (isWritten) await house.needs.insight.statistics.flushAll();
    const { json } = await call(house, "GET /v1/overview");
    assert.deepEqual(json.last_minute, { accepted: 2, delivered: 1, failed: 1 });
    assert.deepEqual(json.last_day, { accepted: 2, delivered: 1, failed: 1 });
    assert.equal(json.endpoint_count, 1);
    const [{ id, waiting, held, day, strip }] = json.endpoints;
    assert.deepEqual([id, waiting, held], [endpointId, 0, 0]);
    assert.deepEqual([day.delivered, day.failed], [1, 1]);
    assert.ok(Math.abs(day.p50_ms - 12) < 1.2, `expected about 12, got ${day.p50_ms}`);
    assert.deepEqual(
      strip.map((cell: { outcome: string; status: number }) => [cell.outcome, cell.status]),
      [
        ["delivered", 200],
        ["exhausted", 500],
      ],
    );
  }
});

test("what waits is told with the oldest that is due, and nothing where nothing waits", async () => {
  await using house = await openHouse();
  await makeEndpoint(house);
  assert.deepEqual((await call(house, "GET /v1/overview")).json.totals, {
    pending: 0,
    held: 0,
    in_flight: 0,
    oldest_waiting_at: null,
  });
  await call(house, "POST /v1/events", { body: { type: "a", data: 1 } });
  house.time.nowMs += 5_000;
  await call(house, "POST /v1/events", { body: { type: "a", data: 2 } });
  const { totals } = (await call(house, "GET /v1/overview")).json;
  assert.deepEqual(totals, {
    pending: 2,
    held: 0,
    in_flight: 0,
    oldest_waiting_at: "2026-01-31T12:00:00.000Z",
  });
});

test("what needs attention is said in a sentence, the worst first, its endpoints before the others", async () => {
  await using house = await openHouse();
  const quiet = await makeEndpoint(house, { event_types: ["none"] });
  const failing = await makeEndpoint(house, { event_types: ["none"] });
  breakEndpoint(house, failing, 7);
  const exhausted = await makeEndpoint(house);
  await send(house, answered(410, ""), GIVEN_UP);
  const { json } = await call(house, "GET /v1/overview");
  const said = json.attention.map((each: { code: string; endpoint_id: string; count: number }) => [
    each.code,
    each.endpoint_id,
    each.count,
  ]);
  assert.deepEqual(said, [
    ["exhausted", exhausted, 1],
    ["endpoint_failing", failing, 7],
  ]);
  const given = json.endpoints.find(({ id }: { id: string }) => id === exhausted).strip.at(-1);
  assert.equal(given.outcome, "exhausted");
  assert.equal(json.attention[0].delivery_id, given.delivery_id);
  assert.equal(json.attention[1].delivery_id, null, "no attempt of it is known");
  assert.match(
    json.attention[0].sentence,
    /^1 delivery was given up at http.* Recover the endpoint/,
  );
  assert.deepEqual(
    json.endpoints.map(({ id }: { id: string }) => id),
    [failing, exhausted, quiet],
  );
});

test("a blocked target is told with how often, until something is delivered there", async () => {
  await using house = await openHouse();
  const id = await makeEndpoint(house);
  const retried: Settlement = { ...DELIVERED, state: "pending", endReason: null, dueAtMs: NOON_MS };
  await send(house, BLOCKED, retried);
  await send(house, BLOCKED, retried);
  breakEndpoint(house, id, 2);
  const before = (await call(house, "GET /v1/overview")).json;
  assert.deepEqual(
    before.attention.map((each: { code: string; count: number }) => [each.code, each.count]),
    [["egress_blocked", 2]],
  );
  assert.match(before.attention[0].sentence, /egress_allow/);
  assert.equal(before.endpoints[0].strip[0].outcome, "blocked");
  const endpoint = [...house.needs.directory.allEndpoints()][0];
  assert.ok(endpoint !== undefined);
  const health = { ...endpoint.health, failingSinceMs: null, failedInARow: 0 };
  house.needs.directory.putEndpoint({ ...endpoint, health });
  assert.deepEqual((await call(house, "GET /v1/overview")).json.attention, []);
});

test("a check that fails stands before everything else", async () => {
  await using house = await openHouse();
  house.ready.checks = [
    { name: "disk", ok: false, detail: "1 B free, 2 B needed" },
    { name: "engine", ok: true, detail: "runs" },
  ];
  const [first, ...rest] = (await call(house, "GET /v1/overview")).json.attention;
  assert.equal(first.code, "disk_low");
  assert.match(first.sentence, /1 B free, 2 B needed/);
  assert.deepEqual(rest, []);
});

test("one application sees nothing of another's numbers", async () => {
  await using house = await openHouse();
  await makeEndpoint(house);
  await send(house, answered(200, ""));
  await call(house, "POST /v1/applications", { body: { name: "other" } });
  const headers = { "Posthorn-App": "other" };
  const { json } = await call(house, "GET /v1/overview", { headers });
  assert.deepEqual(json.last_day, { accepted: 0, delivered: 0, failed: 0 });
  assert.deepEqual(json.endpoints, []);
  const charts = (await call(house, "GET /v1/charts", { headers })).json;
  assert.ok(charts.points.every((point: { accepted: number }) => point.accepted === 0));
});

test("a chart has a point for each minute of the last hour, with causes and percentiles", async () => {
  await using house = await openHouse();
  const endpointId = await makeEndpoint(house);
  await send(house, answered(200, ""));
  await send(house, answered(503, ""), GIVEN_UP);
  await house.needs.insight.statistics.flush();
  house.time.nowMs += 90_000;
  await send(house, answered(200, ""));
  const { json } = await call(house, "GET /v1/charts");
  assert.equal(json.bucket_ms, 60_000);
  assert.equal(json.points.length, 61);
  const busy = json.points.filter((point: { delivered: number }) => point.delivered > 0);
  assert.equal(busy.length, 2);
  assert.equal(busy[0].at, "2026-01-31T12:00:00.000Z");
  assert.deepEqual([busy[0].accepted, busy[0].failed], [2, 1]);
  assert.deepEqual(busy[0].causes, { http_503: 1 });
  assert.ok(busy[0].p99_ms > 10 && busy[0].p99_ms < 14);
  assert.equal(json.points[0].p50_ms, null);
  const own = (await call(house, `GET /v1/charts?endpoint_id=${endpointId}`)).json;
  const total = own.points.reduce(
    (sum: number, each: { delivered: number }) => sum + each.delivered,
    0,
  );
  assert.equal(total, 2);
  assert.equal(own.points[0].accepted, null);
});

test("a chart of a month is made of hours, also of those whose minutes are forgotten", async () => {
  await using house = await openHouse();
  await makeEndpoint(house);
  await send(house, answered(200, ""));
  house.time.nowMs += 60_000;
  await house.needs.insight.statistics.flush();
  house.time.nowMs += 3 * 86_400_000;
  await house.needs.insight.statistics.forget();
  const from = new Date(NOON_MS - 20 * 86_400_000).toISOString();
  const { json } = await call(house, `GET /v1/charts?from=${from}`);
  assert.equal(json.bucket_ms, 3 * 3_600_000);
  const total = json.points.reduce(
    (sum: number, each: { delivered: number }) => sum + each.delivered,
    0,
  );
  assert.equal(total, 1);
  const minutes = { subject: -1, spanMs: 60_000, fromMs: 0, toMs: house.time.nowMs };
  assert.deepEqual(await house.store.statistics.statistics(minutes), []);
});

test("a chart that ends before it begins is refused, as is one of another's endpoint", async () => {
  await using house = await openHouse();
  const backwards = "GET /v1/charts?from=2026-01-31T11:00:00Z&to=2026-01-31T10:00:00Z";
  assertProblem(await call(house, backwards), 400, "invalid_request");
  assertProblem(await call(house, "GET /v1/charts?endpoint_id=ep_none"), 404, "not_found");
});

test("endpoints tell their activity where it is asked for", async () => {
  await using house = await openHouse();
  const id = await makeEndpoint(house);
  await send(house, answered(200, ""));
  const plain = (await call(house, "GET /v1/endpoints")).json.data[0];
  assert.equal(plain.activity, undefined);
  const { activity } = (await call(house, "GET /v1/endpoints?activity=true")).json.data[0];
  assert.equal(activity.day.delivered, 1);
  assert.equal(activity.strip.length, 1);
  const stats = (await call(house, `GET /v1/endpoints/${id}/stats`)).json;
  assert.deepEqual(stats.activity, activity);
});

test("a restart empties no strip, and loses no minute that was written", async () => {
  await using house = await openHouse();
  await makeEndpoint(house);
  for (let sent = 0; sent < 65; sent++) {
    house.time.nowMs += 10;
    await send(house, answered(200, ""));
  }
  await send(house, answered(410, ""), GIVEN_UP);
  const before = await house.needs.insight.activities([...house.needs.directory.allEndpoints()]);
  await house.needs.insight.statistics.flushAll();
  const needs = {
    ...house.needs,
    store: house.store.statistics,
    load: house.needs.dispatcher.load,
  };
  const again = openInsight(needs);
  assert.deepEqual(await again.activities([...house.needs.directory.allEndpoints()]), before);
  assert.equal(before[0]?.strip.length, 60);
  assert.equal(before[0]?.strip.at(-1)?.outcome, "exhausted");
});

test("statistics that can't be written wait, and are written once they can", async () => {
  await using house = await openHouse();
  await makeEndpoint(house);
  let isFull = true;
  const store = {
    ...house.store.statistics,
    addStatistics: (...given: Parameters<typeof house.store.statistics.addStatistics>) =>
      isFull ? Promise.reject(new Error("full")) : house.store.statistics.addStatistics(...given),
  };
  const { statistics } = openInsight({ ...house.needs, store, load: house.needs.dispatcher.load });
  statistics.accepted(1, 3);
  await statistics.flushAll();
  assert.equal((await statistics.lastDay(-1)).accepted, 3);
  isFull = false;
  await statistics.flush();
  assert.equal((await statistics.lastDay(-1)).accepted, 3);
  const span = { subject: -1, spanMs: 3_600_000, fromMs: 0, toMs: NOON_MS + 1 };
  assert.equal((await house.store.statistics.statistics(span))[0]?.tally.accepted, 3);
});

test("a minute of a thousand endpoints is written a hundred at a time, with a turn for everybody else between", async () => {
  await using house = await openHouse();
  const turns = createTurnCount();
  const written: number[] = [];
  const store = {
    ...house.store.statistics,
    async addStatistics(_atMs: number, tallies: ReadonlyMap<number, unknown>) {
      turns.work(tallies.size);
      written.push(...tallies.keys());
    },
  };
  const needs = { ...house.needs, store, load: house.needs.dispatcher.load, timers: turns.timers };
  const { statistics } = openInsight(needs);
  for (let seq = 1; seq <= 1_000; seq++) statistics.accepted(seq, 1);
  await statistics.flushAll();
  assert.equal(turns.most(), 100);
  assert.equal(new Set(written).size, 1_000);
});

test("the days of two hundred endpoints are read a hundred at a time, with a turn for everybody else between", async () => {
  await using house = await openHouse();
  const [first] = [await makeEndpoint(house), ...house.needs.directory.allEndpoints()].slice(1);
  assert.ok(typeof first === "object");
  const turns = createTurnCount();
  const { statistics } = house.store.statistics;
  const store = {
    ...house.store.statistics,
    statistics(query: Parameters<typeof statistics>[0]) {
      turns.work(1);
      return statistics(query);
    },
  };
  const needs = { ...house.needs, store, load: house.needs.dispatcher.load, timers: turns.timers };
  const activities = await openInsight(needs).activities(Array.from({ length: 200 }, () => first));
  assert.equal(activities.length, 200);
  assert.equal(turns.most(), 100);
});

test("of a thousand broken endpoints only those that are shown cost more than a look", async () => {
  const turns = createTurnCount();
  await using house = await openHouse({
    replace: ({ timers }) => ({ timers: { ...timers, soon: turns.timers.soon } }),
  });
  await makeEndpoint(house);
  const { directory } = house.needs;
  const [endpoint] = directory.allEndpoints();
  assert.ok(endpoint !== undefined);
  const { url } = endpoint.settings;
  const settings = { ...endpoint.settings, eventTypes: ["none"] };
  const health = { ...endpoint.health, failingSinceMs: NOON_MS, failedInARow: 7 };
  Object.defineProperty(settings, "url", {
    get() {
      turns.work(1);
      return url;
    },
  });
  for (let seq = 1_001; seq <= 2_000; seq++) {
    directory.putEndpoint({ ...endpoint, seq, id: `ep_${seq}`, settings, health });
  }
  const { json } = await call(house, "GET /v1/overview");
  assert.deepEqual([json.attention.length, json.endpoints.length], [200, 200]);
  assert.match(json.attention[0].sentence, /has failed since/);
  assert.equal(turns.all(), 400, "two texts of each that is shown");
  assert.ok(turns.most() <= 300, `expected the list to be made in turns, got ${turns.most()}`);
});

/** What is done in one turn of the loop, by turns that are given to everybody else. */
function createTurnCount() {
  let [now, most, all] = [0, 0, 0];
  return {
    timers: {
      soon(run: () => void) {
        now = 0;
        setImmediate(run);
      },
    },
    work(amount: number) {
      now += amount;
      all += amount;
      most = Math.max(most, now);
    },
    most: () => most,
    all: () => all,
  };
}
