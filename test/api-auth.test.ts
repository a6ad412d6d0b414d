import assert from "node:assert/strict";
import { test } from "node:test";
import { openHouse } from "./support/api-house.ts";
import { assertProblem, call, makeEndpoint, makeKey } from "./support/api-call.ts";

const PAID = { type: "invoice.paid", data: 1 };

test("without a key, with an unknown one, or with another scheme, the answer is 401", async () => {
  await using house = await openHouse();
  const none = await call(house, "GET /v1/events", { key: null });
  assertProblem(none, 401, "unauthorized");
  assert.equal(none.headers["www-authenticate"], 'Bearer realm="posthorn"');
  const unknown = await call(house, "GET /v1/events", { key: "phk_secretguess" });
  assertProblem(unknown, 401, "unauthorized");
  assert.equal(unknown.text.includes("secretguess"), false);
  const basic = { authorization: "Basic cm9vdDpyb290" };
  assertProblem(
    await call(house, "GET /v1/events", { key: null, headers: basic }),
    401,
    "unauthorized",
  );
});

test("a revoked key opens nothing from then on", async () => {
  await using house = await openHouse();
  const key = await makeKey(house, ["read"]);
  assert.equal((await call(house, "GET /v1/events", { key })).status, 200);
  const keys = await call(house, "GET /v1/keys");
  const { id } = keys.json.data.find(({ name }: { name: string }) => name === "test");
  const revoked = await call(house, `DELETE /v1/keys/${id}`);
  assert.equal(revoked.status, 200);
  assert.equal(revoked.json.revoked_at, "2026-01-31T12:00:00.000Z");
  assertProblem(await call(house, "GET /v1/events", { key }), 401, "unauthorized");
});

test("each scope opens its own routes, and manage includes read", async () => {
  await using house = await openHouse();
  const [write, read, manage] = [
    await makeKey(house, ["events:write"]),
    await makeKey(house, ["read"]),
    await makeKey(house, ["manage"]),
  ];
  const status = async (key: string, line: string, body?: object) =>
    (await call(house, line, { key, body })).status;
  const endpoint = { url: "https://shop.example/" };
  assert.equal(await status(write, "POST /v1/events", PAID), 202);
  assert.equal(await status(write, "GET /v1/events"), 403);
  assert.equal(await status(write, "POST /v1/endpoints", endpoint), 403);
  assert.equal(await status(read, "POST /v1/events", PAID), 403);
  assert.equal(await status(read, "GET /v1/events"), 200);
  assert.equal(await status(read, "POST /v1/endpoints", endpoint), 403);
  assert.equal(await status(manage, "POST /v1/events", PAID), 403);
  assert.equal(await status(manage, "GET /v1/events"), 200);
  assert.equal(await status(manage, "POST /v1/endpoints", endpoint), 201);
});

test("reading secrets needs manage", async () => {
  await using house = await openHouse();
  const id = await makeEndpoint(house);
  const key = await makeKey(house, ["read"]);
  const answer = await call(house, `GET /v1/endpoints/${id}/secret`, { key });
  assert.match(assertProblem(answer, 403, "forbidden"), /such as to hold manage/);
});

test("a key of one application sees nothing of another, not even that it is there", async () => {
  await using house = await openHouse();
  const key = await makeKey(house, ["events:write", "manage"], "billing");
  const id = await makeEndpoint(house);
  const sent = await call(house, "POST /v1/events", { body: PAID });
  const deliveries = await call(house, "GET /v1/deliveries");
  const foreign = [
    `GET /v1/endpoints/${id}`,
    `PATCH /v1/endpoints/${id}`,
    `DELETE /v1/endpoints/${id}`,
    `GET /v1/endpoints/${id}/secret`,
    `GET /v1/endpoints/${id}/stats`,
    `POST /v1/endpoints/${id}/pause`,
    `POST /v1/endpoints/${id}/test`,
    `POST /v1/endpoints/${id}/cancel-pending`,
    `GET /v1/events/${sent.json.id}`,
    `GET /v1/deliveries/${deliveries.json.data[0].id}`,
    `POST /v1/deliveries/${deliveries.json.data[0].id}/cancel`,
    `GET /v1/deliveries?endpoint_id=${id}`,
    `GET /v1/deliveries?event_id=${sent.json.id}`,
  ];
  for (const line of foreign) {
    const body = line.startsWith("PATCH") ? {} : undefined;
    assertProblem(await call(house, line, { key, body }), 404, "not_found");
  }
  assert.deepEqual((await call(house, "GET /v1/events", { key })).json.data, []);
  assert.deepEqual((await call(house, "GET /v1/endpoints", { key })).json.data, []);
});

test("Posthorn-App names the application of an instance-wide key, by id or name", async () => {
  await using house = await openHouse();
  const made = await call(house, "POST /v1/applications", { body: { name: "billing" } });
  for (const named of ["billing", made.json.id]) {
    const headers = { "posthorn-app": named };
    const info = await call(house, "GET /v1/info", { headers });
    assert.deepEqual(info.json.application, { id: made.json.id, name: "billing" });
  }
  assert.equal((await call(house, "GET /v1/info")).json.application.name, "default");
  const unknown = { "posthorn-app": "nowhere" };
  assertProblem(await call(house, "GET /v1/info", { headers: unknown }), 404, "not_found");
});

test("a key of one application may name its own, and no other", async () => {
  await using house = await openHouse();
  const key = await makeKey(house, ["read"], "billing");
  const own = await call(house, "GET /v1/info", { key, headers: { "posthorn-app": "billing" } });
  assert.equal(own.json.application.name, "billing");
  const other = await call(house, "GET /v1/info", { key, headers: { "posthorn-app": "default" } });
  assertProblem(other, 404, "not_found");
});

test("whoever comes over the local socket needs no key and may do everything", async () => {
  await using house = await openHouse();
  const made = await call(house, "POST /v1/applications", { local: true, body: { name: "a" } });
  assert.equal(made.status, 201);
  assert.equal((await call(house, "POST /v1/events", { local: true, body: PAID })).status, 202);
  assert.equal((await call(house, "GET /metrics", { local: true })).status, 200);
});

test("no header makes a request over the network a local one", async () => {
  await using house = await openHouse();
  const headers = {
    forwarded: "for=127.0.0.1",
    "x-forwarded-for": "127.0.0.1",
    "x-real-ip": "127.0.0.1",
    host: "localhost",
    "posthorn-local": "true",
  };
  assertProblem(await call(house, "GET /v1/events", { key: null, headers }), 401, "unauthorized");
});

test("applications, the metrics and keys of the whole instance are not one application's business", async () => {
  await using house = await openHouse();
  const key = await makeKey(house, ["events:write", "read", "manage"], "billing");
  const refused = [
    await call(house, "GET /v1/applications", { key }),
    await call(house, "POST /v1/applications", { key, body: { name: "x" } }),
    await call(house, "GET /metrics", { key }),
    await call(house, "POST /v1/keys", {
      key,
      body: { name: "x", scopes: ["read"], instance: true },
    }),
  ];
  for (const answer of refused) assertProblem(answer, 403, "forbidden");
});

test("a key manages the keys of its own application only", async () => {
  await using house = await openHouse();
  const key = await makeKey(house, ["manage"], "billing");
  const own = await call(house, "POST /v1/keys", { key, body: { name: "b", scopes: ["read"] } });
  assert.equal(own.status, 201);
  const seen = await call(house, "GET /v1/keys", { key });
  assert.deepEqual(
    seen.json.data.map(({ name }: { name: string }) => name),
    ["test", "b"],
  );
  const elsewhere = { name: "x", scopes: ["read"], application: "default" };
  assertProblem(await call(house, "POST /v1/keys", { key, body: elsewhere }), 404, "not_found");
  const all = await call(house, "GET /v1/keys");
  const root = all.json.data.find(({ name }: { name: string }) => name === "bootstrap");
  assert.equal(root.application_id, null);
  assertProblem(await call(house, `DELETE /v1/keys/${root.id}`, { key }), 404, "not_found");
});

test("a key is shown once, and lists hold no more than its first characters", async () => {
  await using house = await openHouse();
  const body = { name: "ci", scopes: ["read"], instance: true };
  const made = await call(house, "POST /v1/keys", { body });
  assert.equal(made.status, 201);
  assert.match(made.json.key, /^phk_/);
  assert.equal(made.json.application_id, null);
  const listed = await call(house, "GET /v1/keys");
  assert.equal(listed.text.includes(made.json.key), false);
  assert.ok(made.json.key.startsWith(made.json.hint));
  const both = { ...body, application: "default" };
  assertProblem(await call(house, "POST /v1/keys", { body: both }), 400, "invalid_request");
});

test("a key makes no key that may do more than itself; manage includes read, and nothing else", async () => {
  await using house = await openHouse();
  const key = await makeKey(house, ["manage"]);
  const make = (scopes: readonly string[]) =>
    call(house, "POST /v1/keys", { key, body: { name: "x", scopes } });
  assert.equal((await make(["read", "manage"])).status, 201);
  const answer = await make(["read", "events:write"]);
  assert.match(assertProblem(answer, 403, "forbidden"), /got "events:write"$/);
  const instance = { name: "x", scopes: ["manage"], instance: true };
  const wide = await call(house, "POST /v1/keys", { body: instance });
  const wider = { key: wide.json.key, body: { ...instance, scopes: ["events:write"] } };
  assertProblem(await call(house, "POST /v1/keys", wider), 403, "forbidden");
});
