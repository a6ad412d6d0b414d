/** What stands open by default, and to whom: where one sets up or signs in, and what shows a secret. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { call } from "./support/api-call.ts";
import { asPage, openPage, PASSWORD, setUp } from "./support/api-page.ts";

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
