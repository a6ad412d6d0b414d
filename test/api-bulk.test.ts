import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiHouse } from "./support/api-house.ts";
import { answered, DELIVERED, endLastAttempt, openHouse } from "./support/api-house.ts";
import { assertProblem, call, makeEndpoint } from "./support/api-call.ts";

const GIVEN_UP = { ...DELIVERED, state: "exhausted", endReason: "gone" } as const;

/** The id of the one delivery of a new event; given up where a status says so. */
async function send(house: ApiHouse, status: number | null, more: object = {}): Promise<string> {
  const sentEvent = await call(house, "POST /v1/events", { body: { type: "a", data: 1, ...more } });
  assert.equal(sentEvent.status, 202, sentEvent.text);
  if (status !== null) await endLastAttempt(house, answered(status, ""), GIVEN_UP);
  const { json } = await call(house, `GET /v1/deliveries?event_id=${sentEvent.json.id}`);
  return json.data[0].id;
}

async function moved(house: ApiHouse, verb: string, body: object): Promise<object> {
  const answer = await call(house, `POST /v1/deliveries/${verb}`, { body });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

async function stateOf(house: ApiHouse, id: string): Promise<string> {
  return (await call(house, `GET /v1/deliveries/${id}`)).json.state;
}

test("what a rehearsal counts is what is then sent again, and a rehearsal moves nothing", async () => {
  await using house = await openHouse();
  await makeEndpoint(house);
  const [bad, worse] = [await send(house, 500), await send(house, 503)];
  const gone = await send(house, 410);
  const filter = { state: "exhausted", status: "5xx" };
  assert.deepEqual(await moved(house, "resend", { filter, dry_run: true }), {
    count: 2,
    is_more: false,
  });
  assert.equal(await stateOf(house, bad), "exhausted");
  assert.deepEqual(await moved(house, "resend", { filter }), { count: 2, is_more: false });
  assert.equal(await stateOf(house, bad), "pending");
  assert.equal(await stateOf(house, worse), "pending");
  assert.equal(await stateOf(house, gone), "exhausted");
  assert.deepEqual(await moved(house, "resend", { filter }), { count: 0, is_more: false });
});

test("of ids those are moved that the verb for one would move; the others are left, and no error", async () => {
  await using house = await openHouse();
  await makeEndpoint(house);
  const ended = await send(house, 500);
  const underWay = await send(house, null);
  house.dispatcher.inFlight.add(house.dispatcher.admitted.at(-1)?.delivery.seq ?? 0);
  const ids = [ended, ended, underWay, "dlv_unknown"];
  assert.deepEqual(await moved(house, "resend", { ids, dry_run: true }), {
    count: 1,
    is_more: false,
  });
  assert.deepEqual(await moved(house, "resend", { ids }), { count: 1, is_more: false });
  assert.deepEqual(await moved(house, "cancel", { ids: [ended] }), { count: 1, is_more: false });
  assert.deepEqual(await moved(house, "cancel", { ids: [ended] }), { count: 0, is_more: false });
  assert.deepEqual(await moved(house, "cancel", { filter: { state: "in_flight" } }), {
    count: 1,
    is_more: false,
  });
});

test("at a paused endpoint what is sent again is held, and what is held there is left", async () => {
  await using house = await openHouse();
  const endpointId = await makeEndpoint(house);
  const id = await send(house, 500);
  await call(house, `POST /v1/endpoints/${endpointId}/pause`);
  assert.deepEqual(await moved(house, "resend", { filter: {} }), { count: 1, is_more: false });
  assert.equal(await stateOf(house, id), "held");
  assert.deepEqual(await moved(house, "resend", { filter: {} }), { count: 0, is_more: false });
});

test("of an ordering key the first goes and the others wait for it, however many are sent again", async () => {
  await using house = await openHouse();
  await makeEndpoint(house, { ordered: true });
  const ids: string[] = [];
  for (let at = 0; at < 3; at++) ids.push(await send(house, 500, { ordering_key: "k" }));
  assert.deepEqual(await moved(house, "resend", { filter: { endpoint_id: undefined } }), {
    count: 3,
    is_more: false,
  });
  const states = await Promise.all(ids.map((id) => stateOf(house, id)));
  assert.deepEqual(states, ["pending", "held", "held"]);
  assert.deepEqual(await moved(house, "cancel", { filter: {} }), { count: 3, is_more: false });
});

test("more than 10,000 are moved in several calls, in chunks, and each says whether there are others", async () => {
  await using house = await openHouse({ backlogMax: 20_000, requestBytesMax: 1_000_000 });
  await makeEndpoint(house);
  const events = Array.from({ length: 1_000 }, (_, at) => ({ type: "a", data: at }));
  for (let batch = 0; batch < 10; batch++) {
    const sentBatch = await call(house, "POST /v1/events/batch", { body: { events } });
    assert.equal(sentBatch.status, 202, sentBatch.text);
  }
  await send(house, null);
  const filter = { type: "a" };
  const all = { count: 10_000, is_more: true };
  assert.deepEqual(await moved(house, "cancel", { filter, dry_run: true }), all);
  assert.deepEqual(await moved(house, "cancel", { filter }), all);
  assert.deepEqual(await moved(house, "cancel", { filter }), { count: 1, is_more: false });
});

test("another application's deliveries are out of reach, by id and by filter", async () => {
  await using house = await openHouse();
  await makeEndpoint(house);
  const id = await send(house, 500);
  await call(house, "POST /v1/applications", { body: { name: "other" } });
  for (const body of [{ ids: [id] }, { filter: {} }]) {
    const headers = { "Posthorn-App": "other" };
    const answer = await call(house, "POST /v1/deliveries/resend", { body, headers });
    assert.deepEqual(answer.json, { count: 0, is_more: false });
  }
});

test("exactly one of ids and filter, and only what the list knows", async () => {
  await using house = await openHouse();
  const bad = [
    {},
    { ids: ["dlv_1"], filter: {} },
    { ids: [] },
    { ids: Array.from({ length: 1_001 }, String) },
    { filter: { stat: "held" } },
    { filter: { limit: 3 } },
    { filter: { is_test: "true" } },
    { filter: {}, dry_run: "yes" },
  ];
  for (const body of bad) {
    const answer = await call(house, "POST /v1/deliveries/cancel", { body });
    assertProblem(answer, 400, "invalid_request");
  }
  const body = { filter: { endpoint_id: "ep_unknown" } };
  assertProblem(await call(house, "POST /v1/deliveries/cancel", { body }), 404, "not_found");
});

test("a rehearsal is not written down as if it had been done", async () => {
  await using house = await openHouse();
  await makeEndpoint(house);
  await send(house, 500);
  await moved(house, "resend", { filter: { state: "exhausted" }, dry_run: true });
  await moved(house, "cancel", { filter: { state: "pending" } });
  await house.needs.people.audit.flush();
  const { json } = await call(house, "GET /v1/audit");
  const actions = new Set(json.data.map(({ action }: { action: string }) => action));
  assert.ok(actions.has("cancelDeliveries"));
  assert.ok(!actions.has("resendDeliveries"));
});
