import assert from "node:assert/strict";
import { test } from "node:test";
import { openHouse } from "./support/api-house.ts";
import { assertProblem, call, makeEndpoint, problemsOf } from "./support/api-call.ts";

const PAID = { type: "invoice.paid", data: { amount: 4200 } };

test("an event is answered with its id and the number of endpoints that it goes to", async () => {
  await using house = await openHouse();
  await makeEndpoint(house);
  await makeEndpoint(house, { event_types: ["order.*"] });
  const answer = await call(house, "POST /v1/events", { body: PAID });
  assert.equal(answer.status, 202);
  assert.deepEqual(Object.keys(answer.json), ["id", "deliveries"]);
  assert.match(answer.json.id, /^evt_/);
  assert.equal(answer.json.deliveries, 1);
  assert.equal(house.dispatcher.admitted.length, 1);
});

test("data is kept as it was written: large integers and spaces survive, out of the API too", async () => {
  await using house = await openHouse();
  const data = '{"n": 12345678901234567890, "f":1.0,  "s":"\\u00e4"}';
  const sent = await call(house, "POST /v1/events", { body: `{"data":${data},"type":"a.b"}` });
  const read = await call(house, `GET /v1/events/${sent.json.id}`);
  assert.equal(read.status, 200);
  assert.ok(read.text.endsWith(`,"data":${data}}`), read.text);
  assert.equal(read.json.type, "a.b");
});

test("all members of an event are stored, and null is the same as absent", async () => {
  await using house = await openHouse();
  const body = {
    ...PAID,
    id: "my-own-1",
    tenant: "acme",
    occurred_at: "2026-01-30T10:00:00.5+02:00",
    ordering_key: "inv-1",
  };
  const sent = await call(house, "POST /v1/events", { body });
  assert.deepEqual(sent.json, { id: "my-own-1", deliveries: 0 });
  const { json } = await call(house, "GET /v1/events/my-own-1");
  assert.equal(json.tenant, "acme");
  assert.equal(json.ordering_key, "inv-1");
  assert.equal(json.occurred_at, "2026-01-30T08:00:00.500Z");
  assert.equal(json.accepted_at, "2026-01-31T12:00:00.000Z");
  const nulls = { ...PAID, id: null, tenant: null, occurred_at: null, ordering_key: null };
  assert.equal((await call(house, "POST /v1/events", { body: nulls })).status, 202);
});

test("the same Idempotency-Key is answered the same and says so; with another body it is a conflict", async () => {
  await using house = await openHouse();
  const headers = { "idempotency-key": "k-1" };
  const first = await call(house, "POST /v1/events", { body: PAID, headers });
  assert.equal(first.headers["idempotent-replayed"], undefined);
  const second = await call(house, "POST /v1/events", { body: PAID, headers });
  assert.equal(second.status, 202);
  assert.equal(second.headers["idempotent-replayed"], "true");
  assert.equal(second.text, first.text);
  const other = await call(house, "POST /v1/events", { body: { ...PAID, data: 1 }, headers });
  assertProblem(other, 409, "conflict");
});

test("an Idempotency-Key beyond 256 characters is refused by its name", async () => {
  await using house = await openHouse();
  const headers = { "idempotency-key": "k".repeat(257) };
  const answer = await call(house, "POST /v1/events", { body: PAID, headers });
  assertProblem(answer, 400, "invalid_request");
  assert.match(problemsOf(answer)["Idempotency-Key"] ?? "", /a string of 1 to 256 characters/);
});

test("two lines of one header are refused: somebody else on the way may go by the other one", async () => {
  await using house = await openHouse();
  const twice = (name: string) => ({ [name]: ["a", "b"] as unknown as string });
  const keys = await call(house, "POST /v1/events", {
    body: PAID,
    headers: twice("idempotency-key"),
  });
  assertProblem(keys, 400, "invalid_request");
  assert.deepEqual(problemsOf(keys), {
    "Idempotency-Key": 'expected Idempotency-Key to be there once, got "a, b"',
  });
  const raw = { "content-type": "text/plain", "posthorn-event-type": "a" };
  const headers = { ...raw, ...twice("posthorn-tenant") };
  const tenants = await call(house, "POST /v1/events", { body: "x", headers });
  assert.deepEqual(Object.keys(problemsOf(tenants)), ["Posthorn-Tenant"]);
  const comma = { "idempotency-key": "a, b" };
  assert.equal((await call(house, "POST /v1/events", { body: PAID, headers: comma })).status, 202);
});

test("a time outside of 1970 to 9999 is refused by its own name", async () => {
  await using house = await openHouse();
  for (const at of ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-01:00"]) {
    const body = { ...PAID, occurred_at: at };
    const answer = await call(house, "POST /v1/events", { body });
    assertProblem(answer, 400, "invalid_request");
    assert.equal(
      problemsOf(answer)["/occurred_at"],
      `expected /occurred_at to be a time in the years 1970 to 9999, got "${at}"`,
    );
  }
});

test("every fault of an event is named at once, with a near name for an unknown member", async () => {
  await using house = await openHouse();
  const body = { type: "in voice", tenent: "acme", id: "a.b", occurred_at: "yesterday" };
  const answer = await call(house, "POST /v1/events", { body });
  assertProblem(answer, 400, "invalid_request");
  const problems = problemsOf(answer);
  assert.deepEqual(Object.keys(problems).toSorted(), [
    "/data",
    "/id",
    "/occurred_at",
    "/tenent",
    "/type",
  ]);
  assert.equal(problems["/data"], "expected /data to be any JSON value, got nothing");
  assert.equal(
    problems["/tenent"],
    'expected /tenent to be a known member (did you mean tenant?), got "acme"',
  );
  assert.match(problems["/type"] ?? "", /an event type such as invoice\.paid .*, got "in voice"$/);
  assert.match(problems["/occurred_at"] ?? "", /a time such as .*, got "yesterday"$/);
});

test("the daemon's own event types can't be sent by others", async () => {
  await using house = await openHouse();
  const answer = await call(house, "POST /v1/events", {
    body: { type: "posthorn.test", data: 1 },
  });
  assertProblem(answer, 400, "invalid_request");
  assert.match(problemsOf(answer)["/type"] ?? "", /does not begin with posthorn\./);
});

test("data that breaks its type's schema is refused with the place of the fault", async () => {
  await using house = await openHouse();
  const schema = { type: "object", required: ["invoice"] };
  await call(house, "PUT /v1/event-types/invoice.paid", { body: { schema } });
  const answer = await call(house, "POST /v1/events", { body: PAID });
  assertProblem(answer, 422, "schema_violation");
  assert.equal(answer.json.problems.length, 1);
  const batch = await call(house, "POST /v1/events/batch", { body: { events: [PAID] } });
  assertProblem(batch, 422, "schema_violation");
  assert.match(batch.json.problems[0].pointer, /^\/events\/0\/data/);
});

test("a body that is no JSON, not UTF-8, or not an object is refused", async () => {
  await using house = await openHouse();
  const broken = await call(house, "POST /v1/events", { body: '{"type":' });
  assertProblem(broken, 400, "invalid_json");
  const latin = await call(house, "POST /v1/events", { body: Buffer.from([0x22, 0xe4, 0x22]) });
  assertProblem(latin, 400, "invalid_json");
  const twice = await call(house, "POST /v1/events", { body: '{"data":1,"type":"a","data":2}' });
  assertProblem(twice, 400, "invalid_json");
  const list = await call(house, "POST /v1/events", { body: [PAID] });
  assertProblem(list, 400, "invalid_request");
});

test("a raw body is passed on byte for byte under its own content type", async () => {
  await using house = await openHouse();
  await makeEndpoint(house);
  const body = Buffer.from([0xff, 0x00, 0x7b]);
  const headers = {
    "content-type": "text/xml; charset=latin1",
    "posthorn-event-type": "invoice.paid",
    "posthorn-tenant": "acme",
    "posthorn-ordering-key": "inv-1",
    "posthorn-event-id": "raw-1",
  };
  const answer = await call(house, "POST /v1/events", { body, headers });
  assert.deepEqual(answer.json, { id: "raw-1", deliveries: 1 });
  assert.deepEqual(Buffer.from(house.dispatcher.admitted[0]?.event.body ?? []), body);
  const { json } = await call(house, "GET /v1/events/raw-1");
  assert.equal(json.content_type, "text/xml; charset=latin1");
  assert.equal(json.tenant, "acme");
  assert.equal(json.ordering_key, "inv-1");
  assert.equal(json.body_base64, body.toString("base64"));
  assert.equal("data" in json, false);
});

test("a raw body without its type is told which header is missing, a form post included", async () => {
  await using house = await openHouse();
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const answer = await call(house, "POST /v1/events", { body: '{"type":"a","data":1}', headers });
  assertProblem(answer, 400, "invalid_request");
  const problem = problemsOf(answer)["Posthorn-Event-Type"] ?? "";
  assert.match(problem, /, got nothing; or send Content-Type: application\/json/);
  assert.match(problem, /not "application\/x-www-form-urlencoded"$/);
  const latin = { "content-type": "application/json; charset=latin1" };
  const other = await call(house, "POST /v1/events", { body: PAID, headers: latin });
  assert.match(
    assertProblem(other, 400, "invalid_request"),
    /send Content-Type: application\/json/,
  );
});

test("JSON of one's own is raw under a +json type; application/json is always the envelope", async () => {
  await using house = await openHouse();
  const body = '{"any": "thing"}';
  const typed = { "posthorn-event-type": "a.b" };
  const own = { ...typed, "content-type": "application/cloudevents+json" };
  assert.equal((await call(house, "POST /v1/events", { body, headers: own })).status, 202);
  const answer = await call(house, "POST /v1/events", { body, headers: typed });
  assertProblem(answer, 400, "invalid_request");
  assert.match(problemsOf(answer)["Posthorn-Event-Type"] ?? "", /absent with Content-Type/);
  const utf8 = { "content-type": "Application/JSON; charset=UTF-8" };
  assert.equal((await call(house, "POST /v1/events", { body: PAID, headers: utf8 })).status, 202);
});

test("data beyond the event's limit is 413, whether JSON or raw", async () => {
  await using house = await openHouse({ eventBytesMax: 20 });
  const fits = { type: "a", data: "x".repeat(18) };
  assert.equal((await call(house, "POST /v1/events", { body: fits })).status, 202);
  const over = { type: "a", data: "x".repeat(19) };
  const answer = await call(house, "POST /v1/events", { body: over });
  assert.match(assertProblem(answer, 413, "body_too_large"), /at most 20 bytes, got 21$/);
  const headers = { "content-type": "text/plain", "posthorn-event-type": "a" };
  const raw = await call(house, "POST /v1/events", { body: "x".repeat(21), headers });
  assertProblem(raw, 413, "body_too_large");
});

test("a batch answers each event in order, and only a used key's event fails", async () => {
  await using house = await openHouse();
  const headers = { "idempotency-key": "b" };
  const events = [PAID, { type: "a.b", data: { n: 2 } }];
  const first = await call(house, "POST /v1/events/batch", { body: { events }, headers });
  assert.equal(first.status, 202);
  assert.deepEqual(
    first.json.data.map((item: { deliveries: number }) => item.deliveries),
    [0, 0],
  );
  const changed = { events: [PAID, { type: "a.b", data: 2 }, PAID] };
  const second = await call(house, "POST /v1/events/batch", { body: changed, headers });
  assert.equal(second.status, 202);
  assert.equal(second.json.data[0].id, first.json.data[0].id);
  assert.equal(second.json.data[1].error.code, "conflict");
  assert.notEqual(second.json.data[2].id, first.json.data[0].id);
  // The keys of a batch's events are the batch's own with their positions.
  const single = { "idempotency-key": "b#0" };
  const again = await call(house, "POST /v1/events", { body: PAID, headers: single });
  assert.equal(again.headers["idempotent-replayed"], "true");
});

test("a batch keeps each event's data as it was written", async () => {
  await using house = await openHouse();
  const body =
    ' {\n"events" : [ {"type":"a","data": 1.50 }, {"data":[10000000000000000001],"type":"b"}]} ';
  const { json } = await call(house, "POST /v1/events/batch", { body });
  const texts = json.data.map(async ({ id }: { id: string }) => {
    const { text } = await call(house, `GET /v1/events/${id}`);
    return text.slice(text.indexOf('"data":'));
  });
  assert.deepEqual(await Promise.all(texts), ['"data":1.50}', '"data":[10000000000000000001]}']);
});

test("one bad event refuses the whole batch and every fault is listed", async () => {
  await using house = await openHouse();
  const events = [PAID, { type: 5, data: 1 }, { data: 1, typ: "a" }];
  const answer = await call(house, "POST /v1/events/batch", { body: { events } });
  assertProblem(answer, 400, "invalid_request");
  assert.deepEqual(Object.keys(problemsOf(answer)).toSorted(), [
    "/events/1/type",
    "/events/2/typ",
    "/events/2/type",
  ]);
  assert.deepEqual((await call(house, "GET /v1/events")).json.data, []);
});

test("a batch is {events: [...]} of 1 to 1,000 and nothing beside it", async () => {
  await using house = await openHouse({ requestBytesMax: 1_000_000 });
  const post = (body: unknown) => call(house, "POST /v1/events/batch", { body });
  assertProblem(await post({ events: [] }), 400, "invalid_request");
  const many = Array.from({ length: 1_001 }, () => PAID);
  assertProblem(await post({ events: many }), 400, "invalid_request");
  assert.equal((await post({ events: many.slice(1) })).status, 202);
  assertProblem(await post({ events: [PAID], more: [] }), 400, "invalid_request");
  assertProblem(await post([PAID]), 400, "invalid_request");
  assertProblem(await post({ events: "x" }), 400, "invalid_request");
  assertProblem(await post('{"events":[1]} x'), 400, "invalid_json");
  assertProblem(await post('{"events":[1],"events":[2]}'), 400, "invalid_json");
  assertProblem(await post('{"events":[1,]}'), 400, "invalid_json");
  const headers = { "content-type": "text/plain" };
  const text = await call(house, "POST /v1/events/batch", { body: "x", headers });
  assertProblem(text, 415, "unsupported_media_type");
});

test("events are listed newest first, by type, tenant, time and text, page by page", async () => {
  await using house = await openHouse();
  for (const n of [1, 2, 3]) {
    house.time.nowMs += 60_000;
    const body = {
      type: n === 2 ? "order.paid" : "invoice.paid",
      data: { word: `w${n}` },
      id: `e${n}`,
    };
    await call(house, "POST /v1/events", { body: { ...body, tenant: n === 3 ? "acme" : null } });
  }
  const ids = async (query: string) =>
    (await call(house, `GET /v1/events?${query}`)).json.data.map(({ id }: { id: string }) => id);
  assert.deepEqual(await ids(""), ["e3", "e2", "e1"]);
  assert.deepEqual(await ids("type=order.paid"), ["e2"]);
  assert.deepEqual(await ids("tenant=acme"), ["e3"]);
  assert.deepEqual(await ids("text=w1"), ["e1"]);
  assert.deepEqual(await ids("from=2026-01-31T12:02:00Z&to=2026-01-31T12:03:00Z"), ["e2"]);
  const page = await call(house, "GET /v1/events?limit=2");
  assert.equal(page.json.data.length, 2);
  const rest = await ids(`limit=2&cursor=${page.json.next_cursor}`);
  assert.deepEqual(rest, ["e1"]);
});

test("a full daemon answers 429 and says when to come back", async () => {
  await using house = await openHouse({ backlogMax: 1 });
  await makeEndpoint(house);
  assert.equal((await call(house, "POST /v1/events", { body: PAID })).status, 202);
  const answer = await call(house, "POST /v1/events", { body: PAID });
  assertProblem(answer, 429, "backlog_full");
  assert.equal(answer.headers["retry-after"], "5");
  assert.deepEqual(house.rejected, ["backlog_full"]);
});
