/** Setting up, signing in, and what a session may do: over real HTTP, as a browser would. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { TOTP, Secret } from "otpauth";
import { call } from "./support/api-call.ts";
import { openHouse } from "./support/api-house.ts";
import { asPage, cookieOf, openPage, PASSWORD, setUp, signIn } from "./support/api-page.ts";

suite("an instance that nobody has set up", () => {
  test("is set up once, from its own network, and gives the first key", async () => {
    await using house = await openPage();
    assert.equal((await call(house, "GET /v1/setup", asPage(null))).json.is_needed, true);
    const body = { name: "admin", password: PASSWORD };
    const made = await call(house, "POST /v1/setup", asPage(null, { body }));
    assert.equal(made.status, 201);
    const [line = ""] = made.headers["set-cookie"] ?? [];
    assert.match(
      line,
      /^posthorn_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/,
    );
    assert.equal((await call(house, "GET /v1/endpoints", { key: made.json.key.key })).status, 200);
    assert.equal((await call(house, "POST /v1/setup", asPage(null, { body }))).status, 409);
  });

  test("asks whoever comes from outside for the claim code, which only the local socket shows", async () => {
    await using house = await openPage(() => ({ isOwnNetwork: () => false }));
    const body = { name: "admin", password: PASSWORD };
    const without = await call(house, "POST /v1/setup", asPage(null, { body }));
    assert.deepEqual([without.status, without.json.code], [403, "claim_code_needed"]);
    const shown = await call(house, "GET /v1/setup/claim-code", { local: true, key: null });
    assert.equal((await call(house, "GET /v1/setup/claim-code")).status, 403);
    const wrong = { ...body, claim_code: "00000-00000-00000-00000" };
    assert.equal((await call(house, "POST /v1/setup", asPage(null, { body: wrong }))).status, 403);
    const right = { ...body, claim_code: shown.json.claim_code };
    assert.equal((await call(house, "POST /v1/setup", asPage(null, { body: right }))).status, 201);
  });

  test("counts as from outside what a proxy nobody told it of has forwarded", async () => {
    await using house = await openPage();
    const headers = { "X-Forwarded-For": "127.0.0.1" };
    const setup = await call(house, "GET /v1/setup", asPage(null, { headers }));
    assert.equal(setup.json.needs_claim_code, true);
  });

  test("has no door at all where the page was not built", async () => {
    await using house = await openHouse();
    assert.equal((await call(house, "POST /v1/setup", asPage(null, { body: {} }))).status, 404);
  });
});

suite("a session", () => {
  test("counts only from the daemon's own page", async () => {
    await using house = await openPage();
    const cookie = await setUp(house);
    const body = { url: "https://example.com/h", event_types: ["*"] };
    const strangers: readonly Record<string, string>[] = [
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
      { Origin: "https://evil.example" },
      { Origin: "null" },
    ];
    for (const headers of strangers) {
      const answer = await call(house, "POST /v1/endpoints", asPage(cookie, { body, headers }));
      assert.deepEqual(
        [answer.status, answer.json.code],
        [403, "cross_site"],
        JSON.stringify(headers),
      );
    }
    const bare = { key: null, body, headers: { Cookie: cookie } };
    const refused = (await call(house, "POST /v1/endpoints", bare)).json;
    assert.equal(refused.code, "cross_site");
    assert.match(refused.detail, /\(header Origin or Posthorn-Page\), got neither/);
    const own = { Origin: `http://127.0.0.1:${house.port}`, "Sec-Fetch-Site": "same-origin" };
    const made = await call(house, "POST /v1/endpoints", asPage(cookie, { body, headers: own }));
    assert.equal(made.status, 201, made.text);
  });

  test("is a new one with each sign-in, and over after signing out", async () => {
    await using house = await openPage();
    const first = await setUp(house);
    const again = await signIn(house, { name: "ADMIN", password: PASSWORD });
    const second = cookieOf(again.headers["set-cookie"]);
    assert.notEqual(second, first);
    assert.equal((await call(house, "DELETE /v1/session", asPage(second))).status, 204);
    assert.equal((await call(house, "GET /v1/session", asPage(second))).status, 401);
    assert.equal((await call(house, "GET /v1/session", asPage(first))).json.account.name, "admin");
  });
});

suite("what a session may do", () => {
  test("shows secrets for ten minutes after the password, and then asks again", async () => {
    await using house = await openPage();
    const cookie = await setUp(house);
    const account = { name: "kim", role: "viewer", password: PASSWORD };
    house.time.nowMs += 11 * 60_000;
    const late = await call(house, "POST /v1/accounts", asPage(cookie, { body: account }));
    assert.equal(late.json.code, "fresh_password_needed");
    const proof = { password: PASSWORD };
    assert.equal(
      (await call(house, "POST /v1/session/fresh", asPage(cookie, { body: proof }))).status,
      200,
    );
    assert.equal(
      (await call(house, "POST /v1/accounts", asPage(cookie, { body: account }))).status,
      201,
    );
  });

  test("of a viewer changes nothing", async () => {
    await using house = await openPage();
    const admin = await setUp(house);
    const account = { name: "kim", role: "viewer", password: PASSWORD };
    await call(house, "POST /v1/accounts", asPage(admin, { body: account }));
    const kim = cookieOf(
      (await signIn(house, { name: "kim", password: PASSWORD })).headers["set-cookie"],
    );
    assert.equal((await call(house, "GET /v1/endpoints", asPage(kim))).status, 200);
    for (const { method, path, kind, ...route } of house.api.routes) {
      if (method === "GET" || kind === "open" || kind === "door") continue;
      if ("access" in route && (route.access as { scope: string }).scope === "read") continue;
      const line = `${method} ${path.replaceAll(/\{\w+\}/g, "x")}`;
      const answer = await call(house, line, asPage(kim, { body: {} }));
      assert.equal(answer.status, 403, `${line} ${answer.text}`);
    }
  });
});

suite("signing in", () => {
  test("answers a wrong name as a wrong password, and slows guessing down", async () => {
    await using house = await openPage();
    await setUp(house);
    const wrong = await signIn(house, { name: "admin", password: "a wrong password" });
    const nobody = await signIn(house, { name: "nobody", password: "a wrong password" });
    assert.deepEqual([wrong.status, wrong.json.detail], [nobody.status, nobody.json.detail]);
    for (let guess = 0; guess < 4; guess++)
      await signIn(house, { name: "admin", password: "another one" });
    const right = await signIn(house, { name: "admin", password: PASSWORD });
    assert.deepEqual([right.status, right.json.code], [429, "too_many_attempts"]);
    assert.ok(Number(right.headers["retry-after"]) >= 1);
    house.time.nowMs += 16 * 60_000;
    assert.equal((await signIn(house, { name: "admin", password: PASSWORD })).status, 201);
  });

  test("takes each code of a second factor once, and each recovery code once", async () => {
    await using house = await openPage();
    const cookie = await setUp(house);
    const { secret } = (await call(house, "POST /v1/session/totp", asPage(cookie))).json;
    const code = () =>
      new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: house.time.nowMs });
    const confirmed = await call(
      house,
      "POST /v1/session/totp/confirm",
      asPage(cookie, { body: { code: code() } }),
    );
    assert.equal(confirmed.json.recovery_codes.length, 10);
    const me = { name: "admin", password: PASSWORD };
    assert.equal((await signIn(house, me)).json.code, "code_needed");
    assert.equal((await signIn(house, { ...me, code: code() })).json.code, "sign_in_failed");
    house.time.nowMs += 30_000;
    assert.equal((await signIn(house, { ...me, code: code() })).status, 201);
    assert.equal((await signIn(house, { ...me, code: code() })).json.code, "sign_in_failed");
    const [recovery] = confirmed.json.recovery_codes;
    assert.equal((await signIn(house, { ...me, code: recovery })).status, 201);
    assert.equal((await signIn(house, { ...me, code: recovery })).json.code, "sign_in_failed");
  });
});

suite("accounts", () => {
  test("always leave an admin", async () => {
    await using house = await openPage();
    const cookie = await setUp(house);
    const { id } = (await call(house, "GET /v1/accounts", asPage(cookie))).json.data[0];
    const demoted = await call(
      house,
      `PATCH /v1/accounts/${id}`,
      asPage(cookie, { body: { role: "viewer" } }),
    );
    assert.equal(demoted.status, 409);
    assert.equal((await call(house, `DELETE /v1/accounts/${id}`, asPage(cookie))).status, 409);
  });

  test("leave in the log who changed what, and never a value", async () => {
    await using house = await openPage();
    const cookie = await setUp(house);
    const account = { name: "kim", role: "viewer", password: "a very secret thing" };
    await call(house, "POST /v1/accounts", asPage(cookie, { body: account }));
    const log = await call(house, "GET /v1/audit", asPage(cookie));
    const [entry] = log.json.data;
    assert.equal(entry.action, "createAccount");
    assert.deepEqual(
      [entry.actor.kind, entry.actor.name, entry.outcome],
      ["account", "admin", "ok"],
    );
    assert.deepEqual(entry.changed, ["name", "role", "password"]);
    assert.ok(!log.text.includes("secret thing"));
  });
});

suite("the page's files", () => {
  test("come in the form that the browser takes, under a policy without inline scripts", async () => {
    await using house = await openPage();
    const index = await call(house, "GET /", { key: null });
    assert.equal(index.headers["cache-control"], "no-store");
    assert.match(
      String(index.headers["content-security-policy"]),
      /^default-src 'self';(?!.*unsafe)/,
    );
    const headers = { "Accept-Encoding": "gzip, br;q=0" };
    const script = await call(house, "GET /assets/a.js", { key: null, headers });
    assert.equal(script.headers["content-encoding"], "gzip");
    assert.match(String(script.headers["cache-control"]), /immutable/);
    assert.equal((await call(house, "GET /assets/../index.html", { key: null })).status, 404);
  });
});
