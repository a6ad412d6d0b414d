import assert from "node:assert/strict";
import { test } from "node:test";
import { answered, DELIVERED, endLastAttempt, openHouse } from "./support/api-house.ts";
import { assertProblem, call, makeEndpoint, makeKey, problemsOf } from "./support/api-call.ts";

const URL = "https://shop.example/hook";

test("an endpoint needs nothing but a URL, and is answered with its id and secret", async () => {
  await using house = await openHouse();
  const { status, json } = await call(house, "POST /v1/endpoints", { body: { url: URL } });
  assert.equal(status, 201);
  assert.match(json.id, /^ep_/);
  assert.match(json.secret, /^whsec_/);
  assert.deepEqual(json.event_types, ["*"]);
  assert.deepEqual(json.profile, { kind: "standard", name: null, headers: {} });
  assert.equal(json.signature, "v1");
  assert.equal(json.backoff, "appliance");
  assert.equal(json.state, "active");
  assert.equal(json.tls_verify, true);
  assert.deepEqual(json.warnings, []);
  const read = await call(house, `GET /v1/endpoints/${json.id}`);
  const { secret: _secret, ...rest } = json;
  assert.deepEqual(read.json, rest);
});

const EVERYTHING = {
  url: URL,
  description: "The shop",
  event_types: ["invoice.*", "order.paid"],
  tenant: "acme",
  filter: { amount: { $gte: 100 } },
  profile: { kind: "digest", name: "Shop", headers: {} },
  backoff: [5, 60, 3_600],
  retry: "transient",
  timeout_ms: 20_000,
  connect_timeout_ms: 3_000,
  concurrency: 4,
  rate_per_second: 10,
  ordered: true,
  auto_disable_days: null,
  headers: { "X-Team": "hunter2" },
  ca: null,
  tls_verify: false,
  egress_allow: ["192.168.1.5:8080"],
};

test("every setting comes back as it was set; credentials and secrets do not", async () => {
  await using house = await openHouse();
  const auth = { type: "basic", username: "post", password: "hunter2" };
  const secret = "a-secret-of-our-own-that-is-long-enough";
  const body = { ...EVERYTHING, auth, secret };
  const made = await call(house, "POST /v1/endpoints", { body });
  assert.equal(made.status, 201, made.text);
  assert.equal(made.json.secret, secret);
  const read = await call(house, `GET /v1/endpoints/${made.json.id}`);
  for (const [name, value] of Object.entries(EVERYTHING)) {
    if (name !== "headers") assert.deepEqual(read.json[name], value, name);
  }
  assert.deepEqual(read.json.headers, { "X-Team": "***" });
  assert.deepEqual(read.json.auth, { type: "basic", username: "post" });
  assert.equal(read.json.signature, null);
  assert.equal(read.json.warnings.length, 1);
  assert.match(read.json.warnings[0], /tls_verify is false/);
  const all = await call(house, "GET /v1/endpoints");
  for (const { text } of [read, all]) {
    assert.equal(text.includes("hunter2"), false);
    assert.equal(text.includes(secret), false);
  }
});

test("v1a gives a key pair: the public half may be read, the private one with the secrets", async () => {
  await using house = await openHouse();
  const made = await call(house, "POST /v1/endpoints", { body: { url: URL, signature: "v1a" } });
  assert.match(made.json.secret, /^whsk_/);
  assert.match(made.json.public_key, /^whpk_/);
  assert.equal(made.json.signature, "v1a");
});

test("what types can't say is refused as well, each with its place", async () => {
  await using house = await openHouse();
  const body = {
    url: "ftp://shop.example",
    event_types: ["a b", "*"],
    filter: { a: { $regex: "x" } },
    headers: { Host: "other" },
    egress_allow: ["0.0.0.0/0x"],
  };
  const answer = await call(house, "POST /v1/endpoints", { body });
  assertProblem(answer, 400, "invalid_request");
  assert.deepEqual(Object.keys(problemsOf(answer)).toSorted(), [
    "/egress_allow/0",
    "/event_types/0",
    "/filter",
    "/headers/Host",
    "/url",
  ]);
});

test("of several forms the one that was meant is judged", async () => {
  await using house = await openHouse();
  const body = { url: URL, backoff: [5, "x"], profile: { kind: "digest", nam: "A" } };
  const answer = await call(house, "POST /v1/endpoints", { body });
  assert.deepEqual(problemsOf(answer), {
    "/backoff/1": 'expected /backoff/1 to be an integer from 1 to 604800, got "x"',
    "/profile/nam": 'expected /profile/nam to be a known member (did you mean name?), got "A"',
  });
  const other = await call(house, "POST /v1/endpoints", {
    body: { url: URL, backoff: "fast", auth: { type: "digest" } },
  });
  const wanted = '"appliance", "standard-webhooks" or an array of at most 20 items';
  assert.deepEqual(problemsOf(other), {
    "/backoff": `expected /backoff to be ${wanted}, got "fast"`,
    "/auth/type": 'expected /auth/type to be "basic" or "bearer", got "digest"',
  });
});

test("a change touches what it names: absent stays, null takes away", async () => {
  await using house = await openHouse();
  const auth = { type: "bearer", token: "hunter2" };
  const id = await makeEndpoint(house, { ...EVERYTHING, auth });
  const body = { tenant: null, concurrency: 8, profile: "digest" };
  const changed = await call(house, `PATCH /v1/endpoints/${id}`, { body });
  assert.equal(changed.status, 200);
  assert.equal(changed.json.tenant, null);
  assert.equal(changed.json.concurrency, 8);
  assert.deepEqual(changed.json.profile, { kind: "digest", name: null, headers: {} });
  assert.deepEqual(changed.json.auth, { type: "bearer" });
  assert.equal(changed.json.description, "The shop");
  const cleared = await call(house, `PATCH /v1/endpoints/${id}`, { body: { auth: null } });
  assert.equal(cleared.json.auth, null);
  const secret = await call(house, `PATCH /v1/endpoints/${id}`, { body: { secret: "x" } });
  assertProblem(secret, 400, "invalid_request");
});

test("a deleted endpoint is gone, and what waited for it is cancelled", async () => {
  await using house = await openHouse();
  const id = await makeEndpoint(house);
  await call(house, "POST /v1/events", { body: { type: "a", data: 1 } });
  const gone = await call(house, `DELETE /v1/endpoints/${id}`);
  assert.equal(gone.status, 204);
  assert.equal(gone.text, "");
  assertProblem(await call(house, `GET /v1/endpoints/${id}`), 404, "not_found");
  const { json } = await call(house, "GET /v1/deliveries");
  assert.equal(json.data[0].state, "cancelled");
  assert.equal(json.data[0].endpoint_id, null);
  assert.equal(json.data[0].reason.code, "endpoint_deleted");
});

test("pause and resume, disable and enable; what contradicts the state is a conflict", async () => {
  await using house = await openHouse();
  const id = await makeEndpoint(house);
  const act = (verb: string, body?: object) =>
    call(house, `POST /v1/endpoints/${id}/${verb}`, { body });
  assert.equal((await act("pause")).json.state, "paused");
  assertProblem(await act("enable"), 409, "conflict");
  const resumed = await act("resume");
  assert.equal(resumed.json.state, "active");
  assert.equal(resumed.json.transition, "release_all");
  const disabled = await act("disable");
  assert.equal(disabled.json.disabled_reason, "operator");
  assertProblem(await act("resume"), 409, "conflict");
  assert.equal((await act("enable", { held: "none" })).json.transition, "release_none");
  const wrong = await act("enable", { held: "some" });
  assert.deepEqual(problemsOf(wrong), {
    "/held": 'expected /held to be "all", "latest" or "none", got "some"',
  });
});

test("a rotated secret tells how long the one before stays good, and both are shown", async () => {
  await using house = await openHouse();
  const made = await call(house, "POST /v1/endpoints", { body: { url: URL } });
  const path = `/v1/endpoints/${made.json.id}`;
  const rotated = await call(house, `POST ${path}/rotate-secret`, { body: { overlap_s: 3_600 } });
  assert.equal(rotated.status, 200);
  assert.equal(rotated.json.previous_valid_until, "2026-01-31T13:00:00.000Z");
  const shown = await call(house, `GET ${path}/secret`);
  assert.equal(shown.json.secret, rotated.json.secret);
  assert.deepEqual(
    shown.json.secrets.map(({ secret }: { secret: string }) => secret),
    [rotated.json.secret, made.json.secret],
  );
  const atOnce = await call(house, `POST ${path}/rotate-secret`, { body: { overlap_s: 0 } });
  assert.equal(atOnce.json.previous_valid_until, null);
  const week = await call(house, `POST ${path}/rotate-secret`, { body: { overlap_s: 604_801 } });
  assertProblem(week, 400, "invalid_request");
  const byDefault = await call(house, `POST ${path}/rotate-secret`);
  assert.equal(byDefault.json.previous_valid_until, "2026-02-01T12:00:00.000Z");
});

test("a test waits for its attempt and shows what the receiver said", async () => {
  await using house = await openHouse();
  const id = await makeEndpoint(house, { event_types: ["other"] });
  const pending = call(house, `POST /v1/endpoints/${id}/test`);
  while (house.timers.waiting.size === 0) await new Promise(setImmediate);
  assert.deepEqual(
    [...house.timers.waiting].map(({ delayMs }) => delayMs),
    [17_000],
  );
  await endLastAttempt(house, answered(200, "thanks"), DELIVERED);
  const answer = await pending;
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.state, "delivered");
  assert.equal(answer.json.is_test, true);
  assert.equal(answer.json.attempts[0].response.excerpt, "thanks");
  assert.equal(house.feed.watcherCount, 0);
  assert.equal(house.timers.waiting.size, 0);
});

test("a test whose attempt does not end in time is answered with 202 and its state", async () => {
  await using house = await openHouse();
  const id = await makeEndpoint(house);
  const pending = call(house, `POST /v1/endpoints/${id}/test`);
  while (house.timers.waiting.size === 0) await new Promise(setImmediate);
  house.timers.fire();
  const answer = await pending;
  assert.equal(answer.status, 202);
  assert.equal(answer.json.state, "pending");
  assert.equal(house.feed.watcherCount, 0);
});

test("stats count since the endpoint was made, with what is under way", async () => {
  await using house = await openHouse();
  const id = await makeEndpoint(house);
  for (const data of [1, 2]) await call(house, "POST /v1/events", { body: { type: "a", data } });
  await endLastAttempt(house, answered(200, ""), DELIVERED);
  house.dispatcher.inFlight.add(house.dispatcher.admitted[0]?.delivery.seq ?? 0);
  const { json } = await call(house, `GET /v1/endpoints/${id}/stats`);
  const { activity, ...counts } = json;
  assert.equal(activity.waiting, 1);
  assert.deepEqual(counts, {
    pending: 1,
    held: 0,
    delivered: 1,
    exhausted: 0,
    cancelled: 0,
    attempts: 1,
    failed_attempts: 0,
    in_flight: 1,
    ready: 0,
  });
});

test("recover, replay and cancel-pending say how many they moved", async () => {
  await using house = await openHouse();
  await call(house, "POST /v1/events", { body: { type: "a", data: 1 } });
  const id = await makeEndpoint(house);
  const path = `/v1/endpoints/${id}`;
  house.time.nowMs += 1_000;
  const body = { from: "2026-01-31T11:00:00Z", type: "a" };
  const replayed = await call(house, `POST ${path}/replay`, { body });
  assert.equal(replayed.status, 202);
  assert.deepEqual(replayed.json, { created: 1, resent: 0, waiting: 0 });
  const since = { since: "2026-01-31T11:00:00Z" };
  const recovered = await call(house, `POST ${path}/recover`, { body: since });
  assert.equal(recovered.status, 202);
  assert.deepEqual(recovered.json, { recovered: 0 });
  assert.deepEqual((await call(house, `POST ${path}/cancel-pending`)).json, { cancelled: 1 });
  const none = await call(house, `POST ${path}/replay`, { body: { from: "2027-01-01T00:00:00Z" } });
  assertProblem(none, 400, "invalid_request");
  assertProblem(await call(house, `POST ${path}/recover`), 400, "invalid_json");
});

test("a URL is kept and shown in its one spelling", async () => {
  await using house = await openHouse();
  const body = { url: "HTTPS://Shop.Example:443/a b?x=ä" };
  const made = await call(house, "POST /v1/endpoints", { body });
  assert.equal(made.json.url, "https://shop.example/a%20b?x=%C3%A4");
  const path = `/v1/endpoints/${made.json.id}`;
  const changed = await call(house, `PATCH ${path}`, { body: { url: "http://0x7f.1/" } });
  assert.equal(changed.json.url, "http://127.0.0.1/");
  const read = await call(house, `GET ${path}`);
  assert.equal(read.json.url, "http://127.0.0.1/");
  for (const url of ["https://shop.example/\r\nX: y", " https://shop.example/ "]) {
    const answer = await call(house, `PATCH ${path}`, { body: { url } });
    assert.deepEqual(Object.keys(problemsOf(answer)), ["/url"], url);
  }
});

test("what is allowed and yet not good is told at once: no check, a weak secret, a closed target", async () => {
  await using house = await openHouse();
  const weak = { url: "http://127.0.0.1:9/", profile: "digest", secret: "x", tls_verify: false };
  const { json } = await call(house, "POST /v1/endpoints", { body: weak });
  const [check, secret, target, ...more] = json.warnings;
  assert.match(check, /tls_verify is false/);
  assert.match(secret, /shorter than 16 bytes/);
  assert.match(
    target,
    /^Nothing can be delivered as it is set: 127\.0\.0\.1 is in 127\.0\.0\.0\/8/,
  );
  assert.deepEqual(more, []);
  assert.deepEqual(
    json.warning_details.map(({ code, grant }: Record<string, unknown>) => [code, grant]),
    [
      ["certificate_unchecked", null],
      ["secret_short", null],
      ["target_blocked", "127.0.0.1:9"],
    ],
  );
  const path = `/v1/endpoints/${json.id}`;
  await call(house, `POST ${path}/rotate-secret`, { body: { overlap_s: 3_600 } });
  const body = { tls_verify: true, egress_allow: ["127.0.0.1:9"] };
  const overlap = await call(house, `PATCH ${path}`, { body });
  assert.equal(overlap.json.warnings.length, 1);
  house.time.nowMs += 3_600_000;
  assert.deepEqual((await call(house, `GET ${path}`)).json.warnings, []);
});

test("an application's own key opens nothing to its endpoints; it may keep and take away", async () => {
  await using house = await openHouse();
  const key = await makeKey(house, ["manage"]);
  const granted = { egress_allow: ["10.0.0.0/8", "nas.lan:80"], tls_verify: false };
  const opening = [
    { egress_allow: ["127.0.0.1:80"] },
    { tls_verify: false },
    { egress_allow: ["10.0.0.0/8", "127.0.0.1:80"] },
  ];
  for (const more of opening) {
    const body = { url: URL, ...more };
    const answer = await call(house, "POST /v1/endpoints", { key, body });
    assert.match(assertProblem(answer, 403, "forbidden"), /an instance-wide key, or the command/);
  }
  const id = await makeEndpoint(house, granted);
  const change = (body: object) => call(house, `PATCH /v1/endpoints/${id}`, { key, body });
  for (const body of opening.slice(0, 1)) assertProblem(await change(body), 403, "forbidden");
  assert.equal((await change({ ...granted, description: "same" })).status, 200);
  const less = await change({ egress_allow: ["nas.lan:80"], tls_verify: true });
  assert.deepEqual(less.json.egress_allow, ["nas.lan:80"]);
  for (const body of opening.slice(1)) assertProblem(await change(body), 403, "forbidden");
  assert.equal((await change({ egress_allow: [] })).status, 200);
  const local = { local: true, body: { egress_allow: ["127.0.0.1:80"], tls_verify: false } };
  assert.equal((await call(house, `PATCH /v1/endpoints/${id}`, local)).status, 200);
});

test("extra headers are sent back as they were read, and only what is new changes", async () => {
  await using house = await openHouse();
  const id = await makeEndpoint(house, { headers: { "X-Api-Key": "hunter2", "X-Old": "1" } });
  const path = `/v1/endpoints/${id}`;
  const stored = async () => {
    const [endpoint] = await house.store.office.endpoints();
    if (endpoint === undefined) throw new Error("expected an endpoint, got none");
    return {
      text: JSON.stringify(endpoint.settings),
      names: Object.keys(endpoint.settings.headers),
    };
  };
  const body = { headers: { "x-api-key": "***", "X-Team": "hunter3" } };
  const changed = await call(house, `PATCH ${path}`, { body });
  assert.deepEqual(changed.json.headers, { "x-api-key": "***", "X-Team": "***" });
  assert.deepEqual((await stored()).names, ["x-api-key", "X-Team"]);
  assert.doesNotMatch((await stored()).text, /hunter|\*\*\*/);
  const unknown = await call(house, `PATCH ${path}`, { body: { headers: { "X-New": "***" } } });
  assert.deepEqual(Object.keys(problemsOf(unknown)), ["/headers/X-New"]);
  const copied = { url: URL, headers: { "X-Api-Key": "***" } };
  const copy = await call(house, "POST /v1/endpoints", { body: copied });
  assert.deepEqual(Object.keys(problemsOf(copy)), ["/headers/X-Api-Key"]);
});
