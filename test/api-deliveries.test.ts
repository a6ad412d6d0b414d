import assert from "node:assert/strict";
import { test } from "node:test";
import { grantAdvice } from "../daemon/domain/grant-advice.ts";
import type { Outcome } from "../daemon/domain/attempt.ts";
import type { Settlement } from "../daemon/domain/delivery.ts";
import type { ApiHouse } from "./support/api-house.ts";
import { answered, DELIVERED, endLastAttempt, NOON_MS, openHouse } from "./support/api-house.ts";
import { assertProblem, call, makeEndpoint } from "./support/api-call.ts";

const RETRY: Settlement = {
  ...DELIVERED,
  state: "pending",
  dueAtMs: NOON_MS + 5_000,
  endReason: null,
};
const GIVEN_UP: Settlement = { ...DELIVERED, state: "exhausted", endReason: "gone" };

async function send(house: ApiHouse, more: object = {}): Promise<string> {
  const sent = await call(house, "POST /v1/events", { body: { type: "a", data: 1, ...more } });
  assert.equal(sent.status, 202, sent.text);
  const { json } = await call(house, `GET /v1/deliveries?event_id=${sent.json.id}`);
  return json.data[0].id;
}

const ids = async (house: ApiHouse, query: string): Promise<string[]> => {
  const answer = await call(house, `GET /v1/deliveries?${query}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json.data.map(({ id }: { id: string }) => id);
};

test("each delivery says why it has its state and what comes next", async () => {
  await using house = await openHouse();
  const endpointId = await makeEndpoint(house);
  const id = await send(house, { tenant: "acme" });
  await endLastAttempt(house, answered(500, "sorry"), RETRY);
  const { json } = await call(house, "GET /v1/deliveries");
  const [delivery] = json.data;
  assert.equal(json.next_cursor, null);
  assert.equal(delivery.id, id);
  assert.equal(delivery.event_type, "a");
  assert.equal(delivery.endpoint_id, endpointId);
  assert.equal(delivery.state, "pending");
  assert.equal(delivery.attempt_count, 1);
  assert.equal(delivery.due_at, "2026-01-31T12:00:05.000Z");
  assert.equal(delivery.last_status, 500);
  assert.equal(delivery.last_error, "http_500");
  assert.deepEqual(delivery.reason, {
    code: "retry_scheduled",
    sentence:
      "Attempt 1 failed: the receiver answered 500. Attempt 2 of 11 is due at 2026-01-31T12:00:05Z, in 5 s.",
    next_at: "2026-01-31T12:00:05.000Z",
    facts: { attempt: 2, attempt_max: 11, attempts: 1, last_error: "http_500" },
  });
});

test("a delivery is read with its attempts: request, answer, and what was cut", async () => {
  await using house = await openHouse();
  await makeEndpoint(house);
  const id = await send(house);
  // The cut goes through the two bytes of the last character.
  await endLastAttempt(house, answered(500, Buffer.from("grüß").subarray(0, 5), true), RETRY);
  const { json } = await call(house, `GET /v1/deliveries/${id}`);
  assert.equal(json.attempts.length, 1);
  assert.deepEqual(json.attempts[0], {
    id: json.attempts[0].id,
    number: 1,
    started_at: "2026-01-31T12:00:00.000Z",
    duration_ms: 12,
    status: 500,
    error: { code: "http_500", message: null, grant: null },
    request_headers: { "webhook-id": "evt_1", authorization: "***" },
    response: {
      headers: { "content-type": "text/plain", "set-cookie": "a=1, b=2" },
      excerpt: "grü",
      excerpt_encoding: "text",
      truncated: true,
    },
  });
});

test("an answer that is no text is shown in base64 and says so", async () => {
  await using house = await openHouse();
  await makeEndpoint(house);
  const id = await send(house);
  await endLastAttempt(house, answered(200, Buffer.from([0xff, 0xfe])), DELIVERED);
  const { json } = await call(house, `GET /v1/deliveries/${id}`);
  assert.equal(json.attempts[0].response.excerpt, "//4=");
  assert.equal(json.attempts[0].response.excerpt_encoding, "base64");
  assert.equal(json.attempts[0].error, null);
});

test("an attempt without an answer has an error and no response; a blocked one names its grant", async () => {
  await using house = await openHouse();
  await makeEndpoint(house);
  const id = await send(house);
  const blocked: Outcome = {
    kind: "blocked",
    address: "192.168.1.5",
    grant: "192.168.1.5:8080",
    message: `192.168.1.5 is private; ${grantAdvice("192.168.1.5:8080")}.`,
    durationMs: 1,
  };
  await endLastAttempt(house, blocked, RETRY);
  const { json } = await call(house, `GET /v1/deliveries/${id}`);
  assert.equal(json.attempts[0].response, null);
  assert.equal(json.attempts[0].error.code, "egress_blocked");
  assert.equal(json.reason.code, "egress_blocked");
  assert.match(json.reason.sentence, /add 192\.168\.1\.5:8080 to/);
  assert.equal(json.attempts[0].error.grant, "192.168.1.5:8080");
  assert.equal(json.reason.facts.grant, "192.168.1.5:8080");
});

test("deliveries are found by event, endpoint, state, type, tenant, time and error", async () => {
  await using house = await openHouse();
  const endpointId = await makeEndpoint(house, { event_types: ["a", "b"] });
  const first = await send(house, { id: "one", tenant: "acme" });
  await endLastAttempt(house, answered(410, ""), GIVEN_UP);
  house.time.nowMs += 60_000;
  const second = await send(house, { id: "two", type: "b" });
  assert.deepEqual(await ids(house, ""), [second, first]);
  assert.deepEqual(await ids(house, "event_id=one"), [first]);
  assert.deepEqual(await ids(house, `endpoint_id=${endpointId}`), [second, first]);
  assert.deepEqual(await ids(house, "state=exhausted"), [first]);
  assert.deepEqual(await ids(house, "state=pending"), [second]);
  assert.deepEqual(await ids(house, "type=b"), [second]);
  assert.deepEqual(await ids(house, "tenant=acme"), [first]);
  assert.deepEqual(await ids(house, "from=2026-01-31T12:00:30Z"), [second]);
  assert.deepEqual(await ids(house, "to=2026-01-31T12:00:30Z"), [first]);
  assert.deepEqual(await ids(house, "error=http_410"), [first]);
  const page = await call(house, "GET /v1/deliveries?limit=1");
  assert.deepEqual(await ids(house, `limit=1&cursor=${page.json.next_cursor}`), [first]);
  assertProblem(await call(house, "GET /v1/deliveries?event_id=three"), 404, "not_found");
});

test("what the engine has under way is in_flight, and can be asked for", async () => {
  await using house = await openHouse();
  await makeEndpoint(house);
  await send(house);
  const second = await send(house, { data: 2 });
  const secondSeq = house.dispatcher.admitted[1]?.delivery.seq ?? 0;
  for (const data of [3, 4]) await send(house, { data });
  assert.deepEqual(await ids(house, "state=in_flight"), []);
  house.dispatcher.inFlight.add(secondSeq);
  // The page of one is read again and again until what is in flight was found.
  assert.deepEqual(await ids(house, "state=in_flight&limit=1"), [second]);
  const { json } = await call(house, `GET /v1/deliveries/${second}`);
  assert.equal(json.state, "in_flight");
  assert.equal(json.reason.code, "in_flight");
  assert.equal((await ids(house, "state=pending")).length, 4);
});

test("a delivery that was given up can be resent, and one that waits can be cancelled", async () => {
  await using house = await openHouse();
  await makeEndpoint(house);
  const id = await send(house);
  assertProblem(await call(house, "POST /v1/deliveries/dlv_x/resend"), 404, "not_found");
  await endLastAttempt(house, answered(410, ""), GIVEN_UP);
  assertProblem(await call(house, `POST /v1/deliveries/${id}/cancel`), 409, "conflict");
  const resent = await call(house, `POST /v1/deliveries/${id}/resend`);
  assert.equal(resent.status, 200);
  assert.equal(resent.json.state, "pending");
  assert.equal(resent.json.attempts.length, 1);
  const cancelled = await call(house, `POST /v1/deliveries/${id}/cancel`);
  assert.equal(cancelled.json.state, "cancelled");
  assert.equal(cancelled.json.reason.code, "cancelled");
  assertProblem(await call(house, "GET /v1/deliveries/dlv_x"), 404, "not_found");
});
