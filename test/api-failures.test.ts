import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiHouse } from "./support/api-house.ts";
import { answered, DELIVERED, endLastAttempt, NOON_MS, openHouse } from "./support/api-house.ts";
import { assertProblem, call, makeEndpoint } from "./support/api-call.ts";

const GIVEN_UP = { ...DELIVERED, state: "exhausted", endReason: "gone" } as const;
const RETRY = {
  ...DELIVERED,
  state: "pending",
  dueAtMs: NOON_MS + 3_600_000,
  endReason: null,
} as const;

async function fail(house: ApiHouse, status: number, how: "given up" | "retried", more = {}) {
  await call(house, "POST /v1/events", { body: { type: "a", data: 1, ...more } });
  await endLastAttempt(house, answered(status, ""), how === "retried" ? RETRY : GIVEN_UP);
}

const SINCE = "2026-01-31T11:00:00Z";

test("failures are counted by endpoint and error, largest first, each with its newest example", async () => {
  await using house = await openHouse();
  const endpointId = await makeEndpoint(house);
  await fail(house, 500, "given up");
  house.time.nowMs += 1_000;
  await fail(house, 500, "retried", { id: "newest" });
  await fail(house, 410, "given up");
  const { json, status } = await call(house, `GET /v1/failures?since=${SINCE}`);
  assert.equal(status, 200);
  assert.equal(json.is_more, false);
  const [first, second] = json.data;
  assert.equal(json.data.length, 2);
  assert.equal(first.endpoint_id, endpointId);
  assert.equal(first.error, "http_500");
  assert.equal(first.count, 2);
  assert.ok(first.first_at < first.last_at);
  const newest = await call(house, "GET /v1/deliveries?event_id=newest");
  assert.equal(first.example_delivery_id, newest.json.data[0].id);
  assert.equal(second.error, "http_410");
});

test("failures are those since a time, by default a day, and of one endpoint where it is named", async () => {
  await using house = await openHouse();
  const endpointId = await makeEndpoint(house);
  await fail(house, 500, "given up");
  const count = async (query: string) =>
    (await call(house, `GET /v1/failures?${query}`)).json.data.length;
  assert.equal(await count(""), 1);
  assert.equal(await count(`endpoint_id=${endpointId}`), 1);
  house.time.nowMs += 25 * 3_600_000;
  assert.equal(await count(""), 0);
  assert.equal(await count(`since=${SINCE}`), 1);
  const future = await call(house, "GET /v1/failures?since=2027-01-01T00:00:00Z");
  assertProblem(future, 400, "invalid_request");
  assertProblem(await call(house, "GET /v1/failures?endpoint_id=ep_1"), 404, "not_found");
});

test("recovering can be rehearsed, and kept to one error", async () => {
  await using house = await openHouse();
  const endpointId = await makeEndpoint(house);
  for (const status of [500, 503, 503]) await fail(house, status, "given up");
  await fail(house, 503, "retried");
  const path = `POST /v1/endpoints/${endpointId}/recover`;
  const since = SINCE;
  const ask = async (body: object) => {
    const { status, json } = await call(house, path, { body: { since, ...body } });
    return [status, json.recovered];
  };
  assert.deepEqual(await ask({ dry_run: true }), [200, 4]);
  assert.deepEqual(await ask({ dry_run: true, error: "http_503" }), [200, 3]);
  assert.deepEqual(await ask({ error: "http_503" }), [202, 3]);
  assert.deepEqual(await ask({ dry_run: true }), [200, 1]);
  assert.deepEqual(await ask({}), [202, 1]);
  assert.deepEqual(await ask({}), [202, 0]);
});

test("a replay can be rehearsed: the same counts, and nothing is sent", async () => {
  await using house = await openHouse();
  const first = await makeEndpoint(house);
  await fail(house, 500, "given up");
  await call(house, "POST /v1/events", { body: { type: "a", data: 1 } });
  const second = await makeEndpoint(house);
  house.time.nowMs += 1;
  const ask = async (id: string, body: object) => {
    const full = { from: SINCE, ...body };
    const { status, json } = await call(house, `POST /v1/endpoints/${id}/replay`, { body: full });
    return [status, json];
  };
  const again = { created: 0, resent: 1, waiting: 1 };
  assert.deepEqual(await ask(first, { dry_run: true }), [200, again]);
  assert.deepEqual(await ask(first, {}), [202, again]);
  const made = { created: 2, resent: 0, waiting: 0 };
  assert.deepEqual(await ask(second, { dry_run: true }), [200, made]);
  assert.deepEqual(await ask(second, { dry_run: true }), [200, made]);
  assert.deepEqual(await ask(second, {}), [202, made]);
});

test("what a resume would let go is counted by each choice", async () => {
  await using house = await openHouse();
  const id = await makeEndpoint(house);
  const held = async () => (await call(house, `GET /v1/endpoints/${id}/held`)).json;
  assert.deepEqual(await held(), { all: 0, latest_per_key: 0 });
  await call(house, `POST /v1/endpoints/${id}/pause`);
  for (const key of ["a", "a", "b", undefined, undefined]) {
    await call(house, "POST /v1/events", { body: { type: "a", data: 1, ordering_key: key } });
  }
  assert.deepEqual(await held(), { all: 5, latest_per_key: 4 });
  assertProblem(await call(house, "GET /v1/endpoints/ep_1/held"), 404, "not_found");
});

test("failures of the last of many endpoints are counted like those of the first", async () => {
  await using house = await openHouse();
  const { directory } = house.needs;
  await makeEndpoint(house, { event_types: ["none"] });
  const [quiet] = [...directory.allEndpoints()];
  assert.ok(quiet !== undefined);
  // Without deliveries, as most endpoints are without failures.
  for (let seq = 1_001; seq < 2_501; seq++) {
    directory.putEndpoint({ ...quiet, seq, id: `ep_quiet_${seq}` });
  }
  const last = await makeEndpoint(house);
  await fail(house, 500, "given up");
  const { json } = await call(house, `GET /v1/failures?since=${SINCE}`);
  assert.deepEqual(
    [json.is_more, json.data.map((each: { endpoint_id: string }) => each.endpoint_id)],
    [false, [last]],
  );
});
