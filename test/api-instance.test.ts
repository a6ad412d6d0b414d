import assert from "node:assert/strict";
import { test } from "node:test";
import { systemOut } from "../daemon/api/system-json.ts";
import type { ApiHouse } from "./support/api-house.ts";
import { openHouse } from "./support/api-house.ts";
import { assertProblem, call, makeKey, problemsOf } from "./support/api-call.ts";

test("applications are made once under a name, and listed oldest first", async () => {
  await using house = await openHouse();
  const made = await call(house, "POST /v1/applications", { body: { name: "billing" } });
  assert.equal(made.status, 201);
  assert.match(made.json.id, /^app_/);
  const names = (await call(house, "GET /v1/applications")).json.data.map(
    ({ name }: { name: string }) => name,
  );
  assert.deepEqual(names, ["default", "billing"]);
  const again = await call(house, "POST /v1/applications", { body: { name: "billing" } });
  assertProblem(again, 409, "conflict");
  const bad = await call(house, "POST /v1/applications", { body: { name: "No Spaces" } });
  assertProblem(bad, 400, "invalid_request");
});

test("a key needs a name and scopes that exist", async () => {
  await using house = await openHouse();
  const answer = await call(house, "POST /v1/keys", { body: { name: "", scopes: ["root"] } });
  assert.deepEqual(problemsOf(answer), {
    "/name": 'expected /name to be a string of 1 to 100 characters, got ""',
    "/scopes/0": 'expected /scopes/0 to be "events:write", "read" or "manage", got "root"',
  });
  const body = { name: "x", scopes: ["read"], application: "nowhere" };
  assertProblem(await call(house, "POST /v1/keys", { body }), 404, "not_found");
  assertProblem(await call(house, "DELETE /v1/keys/key_x"), 404, "not_found");
});

test("a key's last use is shown", async () => {
  await using house = await openHouse();
  const key = await makeKey(house, ["read"]);
  house.time.nowMs += 5_000;
  await call(house, "GET /v1/info", { key });
  const { json } = await call(house, "GET /v1/keys", { local: true });
  const own = json.data.find(({ name }: { name: string }) => name === "test");
  assert.equal(own.last_used_at, "2026-01-31T12:00:05.000Z");
});

test("event types are written down, read, replaced and forgotten", async () => {
  await using house = await openHouse();
  const path = "/v1/event-types/invoice.paid";
  const schema = { type: "object" };
  const put = await call(house, `PUT ${path}`, { body: { description: "Paid.", schema } });
  assert.equal(put.status, 200);
  assert.deepEqual(put.json.schema, schema);
  const replaced = await call(house, `PUT ${path}`, { body: {} });
  assert.equal(replaced.json.description, "");
  assert.equal(replaced.json.schema, null);
  assert.equal((await call(house, `GET ${path}`)).json.name, "invoice.paid");
  assert.equal((await call(house, "GET /v1/event-types")).json.data.length, 1);
  assert.equal((await call(house, `DELETE ${path}`)).status, 204);
  assertProblem(await call(house, `GET ${path}`), 404, "not_found");
  assertProblem(await call(house, `DELETE ${path}`), 404, "not_found");
});

test("a schema that is no JSON Schema and a name that is no event type are refused", async () => {
  await using house = await openHouse();
  const body = { schema: { type: "bject" } };
  const schema = await call(house, "PUT /v1/event-types/a.b", { body });
  assertProblem(schema, 400, "invalid_request");
  assert.deepEqual(Object.keys(problemsOf(schema)), ["/schema"]);
  const name = await call(house, "PUT /v1/event-types/a..b", { body: {} });
  assertProblem(name, 400, "invalid_request");
});

test("healthz needs no key and says ok", async () => {
  await using house = await openHouse();
  const answer = await call(house, "GET /healthz", { key: null });
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.json, { status: "ok" });
});

test("readyz is 503 as soon as one check fails, and shows which", async () => {
  await using house = await openHouse();
  assert.equal((await call(house, "GET /readyz", { key: null })).status, 200);
  const checks = [
    { name: "store", ok: true, detail: "" },
    { name: "disk", ok: false, detail: "expected 100 MB of free disk, got 3 MB" },
  ];
  house.ready.checks = checks;
  const answer = await call(house, "GET /readyz", { key: null });
  assert.equal(answer.status, 503);
  assert.deepEqual(answer.json, { status: "unavailable", checks });
});

test("checks that fail in themselves are not ready, and their words stay in the log", async () => {
  const readiness = () => Promise.reject(new Error("hunter2"));
  await using house = await openHouse({ replace: () => ({ readiness }) });
  const answer = await call(house, "GET /readyz", { key: null });
  assert.equal(answer.status, 503);
  assert.equal(answer.text.includes("hunter2"), false);
  assert.equal(house.log.lines.length, 1);
});

test("metrics are for instance-wide keys with read, and for the local socket", async () => {
  await using house = await openHouse();
  assertProblem(await call(house, "GET /metrics", { key: null }), 401, "unauthorized");
  const body = { name: "prometheus", scopes: ["read"], instance: true };
  const { json } = await call(house, "POST /v1/keys", { body });
  const answer = await call(house, "GET /metrics", { key: json.key });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers["content-type"], "text/plain; version=0.0.4");
  assert.equal(answer.text, "posthorn_up 1\n");
});

test("info tells version, uptime and limits", async () => {
  await using house = await openHouse();
  house.time.nowMs += 61_500;
  const { json } = await call(house, "GET /v1/info");
  assert.equal(json.version, "1.2.3");
  assert.equal(json.uptime_s, 61);
  assert.deepEqual(json.limits, {
    event_bytes_max: 10_000,
    request_bytes_max: 100_000,
    batch_events_max: 1_000,
    backlog_max: 1_000,
    concurrency_max: 256,
  });
});

const LISTS = {
  "/v1/endpoints": (house: ApiHouse, n: number) =>
    call(house, "POST /v1/endpoints", { body: { url: `https://shop.example/${n}` } }),
  "/v1/applications": (house: ApiHouse, n: number) =>
    call(house, "POST /v1/applications", { body: { name: `a${n}` } }),
  "/v1/keys": (house: ApiHouse, n: number) =>
    call(house, "POST /v1/keys", { body: { name: `k${n}`, scopes: ["read"] } }),
  "/v1/event-types": (house: ApiHouse, n: number) =>
    call(house, `PUT /v1/event-types/t${n}`, { body: {} }),
};

for (const [path, make] of Object.entries(LISTS)) {
  test(`GET ${path} goes page by page, and what is made meanwhile repeats and skips nothing`, async () => {
    await using house = await openHouse();
    for (const n of [1, 2, 3, 4, 5]) await make(house, n);
    const whole = (await call(house, `GET ${path}`)).json;
    assert.equal(whole.next_cursor, null);
    const nameOf = (row: { id?: string; name?: string }) => row.id ?? row.name;
    const wanted: unknown[] = whole.data.map(nameOf);
    const seen: unknown[] = [];
    let cursor = "";
    do {
      const page = await call(house, `GET ${path}?limit=2${cursor}`);
      assert.equal(page.status, 200, page.text);
      assert.ok(page.json.data.length <= 2);
      seen.push(...page.json.data.map(nameOf));
      if (cursor === "") await make(house, 6);
      cursor = page.json.next_cursor === null ? "" : `&cursor=${page.json.next_cursor}`;
    } while (cursor !== "");
    assert.deepEqual(seen.slice(0, -1), wanted);
    const foreign = Buffer.from('["other","x"]').toString("base64url");
    for (const bad of ["xyz", foreign]) {
      assertProblem(await call(house, `GET ${path}?cursor=${bad}`), 400, "invalid_cursor");
    }
    assertProblem(await call(house, `GET ${path}?limit=251`), 400, "invalid_request");
  });
}

test("the machine room is shown whole, to those who act for the whole instance", async () => {
  await using house = await openHouse();
  const { status, json } = await call(house, "GET /v1/system");
  assert.equal(status, 200);
  assert.deepEqual(systemOut.parse(json), json);
  assert.deepEqual(json.database.tables, []);
  assert.match(json.database.tables_note, /in memory/);
  const key = await makeKey(house, ["manage"]);
  assertProblem(await call(house, "GET /v1/system", { key }), 403, "forbidden");
});
