/** What people settle while the daemon runs, and that it holds at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { settingsOut } from "../daemon/api/system-json.ts";
import { openSettingsDesk } from "../daemon/manage/office-settings.ts";
import { assertProblem, call, makeKey, problemsOf } from "./support/api-call.ts";
import { openHouse } from "./support/api-house.ts";
import { asPage, cookieOf, openPage, PASSWORD, setUp, signIn } from "./support/api-page.ts";

const HOOK = { url: "http://10.0.0.5/h", event_types: ["*"] };

test("settings are the usual ones until somebody changes them, and stay changed", async () => {
  await using house = await openHouse();
  const before = await call(house, "GET /v1/settings");
  assert.deepEqual(settingsOut.parse(before.json), before.json);
  assert.deepEqual(before.json.office, {
    egress_allow: [],
    retention_days: 30,
    endpoint_defaults: {
      backoff: "appliance",
      retry: "all",
      timeout_ms: 15_000,
      concurrency: 32,
      auto_disable_days: 5,
    },
  });
  const body = { retention_days: 90, endpoint_defaults: { timeout_ms: 2_000, backoff: [1, 60] } };
  const { json } = await call(house, "PATCH /v1/settings", { body });
  assert.equal(json.office.retention_days, 90);
  assert.deepEqual(json.office.endpoint_defaults.backoff, [1, 60]);
  const stored = await house.store.settings.officeSettings();
  assert.deepEqual(stored.endpointDefaults, { timeoutMs: 2_000, backoff: [1_000, 60_000] });
  const usual = { body: { retention_days: null, endpoint_defaults: null } };
  assert.deepEqual((await call(house, "PATCH /v1/settings", usual)).json, before.json);
});

test("a new endpoint has the office's defaults where its maker says nothing, an old one keeps its own", async () => {
  await using house = await openHouse();
  const old = (await call(house, "POST /v1/endpoints", { body: HOOK })).json;
  const body = { endpoint_defaults: { timeout_ms: 2_000, auto_disable_days: null } };
  await call(house, "PATCH /v1/settings", { body });
  const made = await call(house, "POST /v1/endpoints", { body: { ...HOOK, timeout_ms: 3_000 } });
  assert.deepEqual([made.json.timeout_ms, made.json.auto_disable_days], [3_000, null]);
  const change = await call(house, `PATCH /v1/endpoints/${old.id}`, { body: { concurrency: 2 } });
  assert.deepEqual([change.json.timeout_ms, change.json.auto_disable_days], [15_000, 5]);
});

test("a grant holds for every endpoint at once, and nothing makes a metadata address one", async () => {
  await using house = await openHouse();
  const { json } = await call(house, "POST /v1/endpoints", { body: HOOK });
  assert.match(json.warnings.join(" "), /10\.0\.0\.5/);
  await call(house, "PATCH /v1/settings", { body: { egress_allow: ["10.0.0.0/24"] } });
  assert.deepEqual((await call(house, `GET /v1/endpoints/${json.id}`)).json.warnings, []);
  const wrong = ["169.254.169.254:80", "[::ffff:169.254.169.254]:80", "nonsense", "10.0.0.1/8"];
  const refused = await call(house, "PATCH /v1/settings", { body: { egress_allow: wrong } });
  assert.equal(refused.status, 400);
  assert.deepEqual(
    Object.keys(problemsOf(refused)),
    wrong.map((_, index) => `/egress_allow/${index}`),
  );
  const now = await call(house, "GET /v1/settings");
  assert.deepEqual(now.json.office.egress_allow, ["10.0.0.0/24"]);
});

test("what the configuration settles is refused here, and so is what nobody could mean", async () => {
  await using house = await openHouse({
    replace: (needs) => ({ settings: { ...needs.settings, isRetentionPinned: true } }),
  });
  assert.deepEqual((await call(house, "GET /v1/settings")).json.pinned, ["retention_days"]);
  const desk = await openSettingsDesk({
    store: house.store.settings,
    configured: { egressAllow: [], retentionDays: 7, isRetentionPinned: true },
    checkGrant: () => null,
    onGrants: () => undefined,
  });
  await assert.rejects(desk.change({ retentionDays: 90 }), { code: "conflict" });
  assert.equal(desk.read().retentionDays, 7);
  for (const body of [{ retention_days: 0 }, { colour: "red" }, { endpoint_defaults: { url: "" } }])
    assertProblem(await call(house, "PATCH /v1/settings", { body }), 400, "invalid_request");
});

test("every setting of the configuration is shown with its origin, a secret never", async () => {
  const settings = [
    { name: "listen", value: ":80", origin: "POSTHORN_LISTEN" },
    { name: "admin_password", value: "(hidden)", origin: "POSTHORN_ADMIN_PASSWORD" },
  ];
  await using house = await openHouse({
    replace: ({ config }) => ({ config: { ...config, settings } }),
  });
  const { configuration } = (await call(house, "GET /v1/settings")).json;
  const named = (wanted: string) =>
    configuration.find(({ name }: { name: string }) => name === wanted);
  const { value, origin, is_secret: isSecret } = named("POSTHORN_ADMIN_PASSWORD");
  assert.deepEqual([value, origin, isSecret], ["(hidden)", "POSTHORN_ADMIN_PASSWORD", true]);
  assert.equal(named("POSTHORN_LISTEN").origin, "POSTHORN_LISTEN");
  assert.equal(named("POSTHORN_API_KEY"), undefined);
});

test("settings are the operator's: a key of one application sees none, a viewer reads, and who changed is written down", async () => {
  await using house = await openPage();
  const key = await makeKey(house, ["manage"]);
  assertProblem(await call(house, "GET /v1/settings", { key }), 403, "forbidden");
  const admin = await setUp(house);
  const account = { name: "kim", role: "viewer", password: PASSWORD };
  await call(house, "POST /v1/accounts", asPage(admin, { body: account }));
  const signedIn = await signIn(house, { name: "kim", password: PASSWORD });
  const kim = cookieOf(signedIn.headers["set-cookie"]);
  assert.equal((await call(house, "GET /v1/settings", asPage(kim))).status, 200);
  const body = { egress_allow: ["10.0.0.5:80"] };
  assert.equal((await call(house, "PATCH /v1/settings", asPage(kim, { body }))).status, 403);
  house.time.nowMs += 11 * 60_000;
  const late = await call(house, "PATCH /v1/settings", asPage(admin, { body }));
  assert.equal(late.json.code, "fresh_password_needed");
  const proof = { body: { password: PASSWORD } };
  await call(house, "POST /v1/session/fresh", asPage(admin, proof));
  assert.equal((await call(house, "PATCH /v1/settings", asPage(admin, { body }))).status, 200);
  const log = await call(house, "GET /v1/audit?action=updateSettings", asPage(admin));
  const [entry] = log.json.data;
  assert.deepEqual([entry.actor.name, entry.changed], ["admin", ["egress_allow"]]);
});
