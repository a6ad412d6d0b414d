/** What stands open by default, and to whom: where one sets up or signs in, and what shows a secret. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { call } from "./support/api-call.ts";
import { asPage, cookieOf, openPage, PASSWORD, setUp, signIn } from "./support/api-page.ts";

const FIRST = { name: "admin", password: PASSWORD };

suite("setting up without a code", () => {
  test("is for those who came by an address or a local name, not by a name that anybody may point here", async () => {
    await using house = await openPage();
    const needsCode = async (Host: string) => {
      const setup = await call(house, "GET /v1/setup", asPage(null, { headers: { Host } }));
      return setup.json.needs_claim_code as boolean;
    };
    for (const host of [
      "127.0.0.1:7678",
      "[::1]:7678",
      "nas",
      "nas:7678",
      "Posthorn.LAN",
      "a.local.",
    ])
      assert.equal(await needsCode(host), false, host);
    for (const host of [
      "evil.example",
      "evil.example:7678",
      "lan.evil.example",
      "127.0.0.1.nip.io",
    ])
      assert.equal(await needsCode(host), true, host);
    // As the browser of somebody at home would send it for a stranger whose name stands for this machine now.
    const headers = {
      Host: "evil.example",
      Origin: "http://evil.example",
      "Sec-Fetch-Site": "same-origin",
    };
    const made = await call(house, "POST /v1/setup", asPage(null, { body: FIRST, headers }));
    assert.deepEqual([made.status, made.json.code], [403, "claim_code_needed"]);
  });

  test("is not for another site's page", async () => {
    await using house = await openPage();
    for (const headers of [
      { "Sec-Fetch-Site": "cross-site" },
      { Origin: "https://evil.example" },
    ]) {
      const made = await call(house, "POST /v1/setup", asPage(null, { body: FIRST, headers }));
      assert.deepEqual([made.status, made.json.code], [403, "cross_site"]);
    }
    const form = { key: null, body: "name=admin", headers: { "Content-Type": "text/plain" } };
    assert.equal((await call(house, "POST /v1/setup", form)).json.code, "cross_site");
  });
});

suite("ten minutes after the password", () => {
  const ENDPOINT = { url: "https://example.com/h", event_types: ["*"] };

  test("no secret is shown or made, and no check is taken away, until it is given again", async () => {
    await using house = await openPage();
    const cookie = await setUp(house);
    const made = await call(house, "POST /v1/endpoints", asPage(cookie, { body: ENDPOINT }));
    const { id } = made.json;
    const asked = [
      [`GET /v1/endpoints/${id}/secret`, undefined],
      [`POST /v1/endpoints/${id}/rotate-secret`, {}],
      ["POST /v1/keys", { name: "k", scopes: ["read"] }],
      [`PATCH /v1/endpoints/${id}`, { egress_allow: ["10.0.0.1:80"] }],
      [`PATCH /v1/endpoints/${id}`, { tls_verify: false }],
      ["POST /v1/endpoints", { ...ENDPOINT, egress_allow: ["10.0.0.1:80"] }],
    ] as const;
    house.time.nowMs += 10 * 60_000 + 1;
    for (const [line, body] of asked) {
      const late = await call(house, line, asPage(cookie, { body }));
      assert.deepEqual([late.status, late.json.code], [403, "fresh_password_needed"], line);
    }
    const change = { body: { description: "the shop" } };
    const harmless = await call(house, `PATCH /v1/endpoints/${id}`, asPage(cookie, change));
    assert.equal(harmless.status, 200);
    const proof = { body: { password: PASSWORD } };
    await call(house, "POST /v1/session/fresh", asPage(cookie, proof));
    for (const [line, body] of asked) {
      const now = await call(house, line, asPage(cookie, { body }));
      assert.ok(now.status < 300, `${line} ${now.text}`);
    }
  });

  test("a key is asked for nothing more", async () => {
    await using house = await openPage();
    const { json } = await call(house, "POST /v1/endpoints", { body: ENDPOINT });
    assert.equal((await call(house, `GET /v1/endpoints/${json.id}/secret`)).status, 200);
  });
});

suite("a session's cookie", () => {
  const ME = { name: "admin", password: PASSWORD };

  test("is a new one at sign-in, whatever the browser brought along", async () => {
    await using house = await openPage();
    await setUp(house);
    const planted = `posthorn_session=${"A".repeat(43)}`;
    const answer = await call(house, "POST /v1/session", asPage(planted, { body: ME }));
    const own = cookieOf(answer.headers["set-cookie"]);
    assert.notEqual(own, planted);
    assert.equal((await call(house, "GET /v1/session", asPage(planted))).status, 401);
    assert.equal((await call(house, "GET /v1/session", asPage(own))).status, 200);
  });

  test("is Secure exactly where a trusted proxy took TLS off, under a base path, too", async () => {
    const trusting = { isTrustedProxy: () => true, authHeader: null };
    await using behind = await openPage(() => ({ proxies: trusting }), { basePath: "hooks" });
    const headers = { "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.168.1.9" };
    await behind.needs.people.accounts.createFirst(ME.name, ME.password);
    const line = "POST /hooks/v1/session";
    const secure = await call(behind, line, asPage(null, { body: ME, headers }));
    assert.match(
      secure.headers["set-cookie"]?.[0] ?? "",
      /; Path=\/; HttpOnly; SameSite=Lax; .*; Secure$/,
    );
    assert.equal((await call(behind, "GET /hooks/", { key: null })).status, 200);
    await using direct = await openPage();
    await setUp(direct);
    const claims = { "X-Forwarded-Proto": "https" };
    const plain = await call(
      direct,
      "POST /v1/session",
      asPage(null, { body: ME, headers: claims }),
    );
    assert.doesNotMatch(plain.headers["set-cookie"]?.[0] ?? "Secure", /Secure/);
  });

  test("is over after fourteen idle days, and after ninety whatever happens", async () => {
    await using house = await openPage();
    const idle = await setUp(house);
    const DAY_MS = 86_400_000;
    house.time.nowMs += 14 * DAY_MS + 1;
    assert.equal((await call(house, "GET /v1/session", asPage(idle))).status, 401);
    const used = cookieOf((await signIn(house, ME)).headers["set-cookie"]);
    for (let days = 0; days < 90; days += 10) {
      assert.equal((await call(house, "GET /v1/session", asPage(used))).status, 200, `${days}`);
      house.time.nowMs += 10 * DAY_MS;
    }
    assert.equal((await call(house, "GET /v1/session", asPage(used))).status, 401);
  });
});

suite("guessing a password", () => {
  test("slows the guesser down, not whoever is signed in from elsewhere under that name", async () => {
    const trusting = {
      isTrustedProxy: (address: string) => address === "127.0.0.1",
      authHeader: null,
    };
    await using house = await openPage(() => ({ proxies: trusting }));
    await house.needs.people.accounts.createFirst("admin", PASSWORD);
    const from = (address: string, password: string) =>
      call(
        house,
        "POST /v1/session",
        asPage(null, {
          body: { name: "admin", password },
          headers: { "X-Forwarded-For": address },
        }),
      );
    assert.equal((await from("192.168.1.9", PASSWORD)).status, 201);
    for (let guess = 0; guess < 5; guess++) await from("203.0.113.5", "not the password");
    const guesser = await from("203.0.113.5", PASSWORD);
    assert.deepEqual([guesser.status, guesser.json.code], [429, "too_many_attempts"]);
    assert.ok(Number(guesser.headers["retry-after"]) >= 1);
    assert.equal((await from("192.168.1.9", PASSWORD)).status, 201);
  });
});

suite("nothing sends a browser elsewhere", () => {
  test("the only redirect is to the page's own folder, relative, whatever the request asks for", async () => {
    await using house = await openPage(() => ({}), { basePath: "hooks" });
    const headers = { Host: "evil.example" };
    const moved = await call(house, "GET /hooks?next=//evil.example", { key: null, headers });
    assert.equal(moved.headers.location, "hooks/");
    for (const path of ["//evil.example", "/hooks//evil.example", "/hooks/..//evil.example"]) {
      const answer = await call(house, `GET ${path}`, { key: null });
      assert.deepEqual([answer.status, answer.headers.location], [404, undefined], path);
    }
  });
});

suite("a viewer", () => {
  test("is refused by every route of the document that changes something but what is their own", async () => {
    await using house = await openPage();
    const admin = await setUp(house);
    const account = { name: "kim", role: "viewer", password: PASSWORD };
    await call(house, "POST /v1/accounts", asPage(admin, { body: account }));
    const signedIn = await signIn(house, { name: "kim", password: PASSWORD });
    const kim = cookieOf(signedIn.headers["set-cookie"]);
    const { paths } = (await call(house, "GET /v1/openapi.json")).json;
    let refused = 0;
    for (const [path, methods] of Object.entries<object>(paths)) {
      // Where one sets up, signs in and out, and looks after one's own sessions.
      if (/^\/v1\/(?:setup$|sessions?(?:\/|$))/.test(path)) continue;
      for (const method of Object.keys(methods)) {
        if (!["post", "put", "patch", "delete"].includes(method)) continue;
        const line = `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, "x")}`;
        const { status, text } = await call(house, line, asPage(kim, { body: {} }));
        assert.equal(status, 403, `${line} ${text}`);
        refused += 1;
      }
    }
    assert.ok(refused > 20, `${refused}`);
  });
});
