import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { EndpointInput } from "../daemon/manage/endpoints.ts";
import { addEndpoint, openDesk, refusal } from "./support/desk.ts";

async function pathsOf(input: EndpointInput): Promise<string[]> {
  const desk = await openDesk();
  const { code, paths } = await refusal(() => addEndpoint(desk, input));
  assert.equal(code, "invalid_request");
  return paths;
}

test("all that is wrong with an endpoint is told at once, each at its place, and nothing is made", async () => {
  const desk = await openDesk();
  const wrong = {
    settings: {
      url: "ftp://example.com",
      description: "x".repeat(1_001),
      eventTypes: ["invoice.*", "in voice", "*.paid"],
      tenant: "",
      filter: { amount: { $near: 1 } },
      profile: { kind: "digest", name: "bad name", headers: {} },
      backoff: [1_000, 999, 8 * 86_400_000, 1_000.5],
      timeoutMs: 999,
      connectTimeoutMs: 60_001,
      concurrencyMax: 0,
      ratePerSecond: 10_001,
      autoDisableDays: 366,
      headers: { Host: "elsewhere" },
      ca: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
      egressAllow: ["192.168.1.5:8080", "bad"],
    },
    auth: { kind: "basic", username: "a:b", password: "line\nend" },
    signature: "v1a",
    secret: " padded",
  } as const;
  const { code, paths } = await refusal(() => addEndpoint(desk, wrong));
  assert.equal(code, "invalid_request");
  assert.deepEqual(
    new Set(paths),
    new Set([
      "/url",
      "/description",
      "/event_types/1",
      "/event_types/2",
      "/tenant",
      "/filter",
      "/profile/name",
      "/profile/headers/event",
      "/profile/headers/delivery",
      "/profile/headers/signature",
      "/profile/headers/signatureNext",
      "/backoff/1",
      "/backoff/2",
      "/backoff/3",
      "/timeout_ms",
      "/connect_timeout_ms",
      "/concurrency_max",
      "/rate_per_second",
      "/auto_disable_days",
      "/headers/Host",
      "/ca",
      "/egress_allow/1",
      "/auth/username",
      "/auth/password",
      "/signature",
      "/secret",
    ]),
  );
  assert.deepEqual(desk.endpoints.list(desk.application.seq), []);
  assert.deepEqual(await desk.office.endpoints(), []);
});

test("an endpoint asks for at least one pattern, and for 100 at most", async () => {
  assert.deepEqual(await pathsOf({ settings: { eventTypes: [] } }), ["/event_types"]);
  const many = Array.from({ length: 101 }, (_, at) => `type.${at}`);
  assert.deepEqual(await pathsOf({ settings: { eventTypes: many } }), ["/event_types"]);
  const desk = await openDesk();
  await addEndpoint(desk, { settings: { eventTypes: many.slice(1) } });
});

test("a table has 0 to 20 steps; a preset must be one of ours", async () => {
  assert.deepEqual(await pathsOf({ settings: { backoff: Array(21).fill(1_000) } }), ["/backoff"]);
  assert.deepEqual(await pathsOf({ settings: { backoff: "toString" as "appliance" } }), [
    "/backoff",
  ]);
  const desk = await openDesk();
  await addEndpoint(desk, { settings: { backoff: [] } });
  await addEndpoint(desk, { settings: { backoff: Array(20).fill(7 * 86_400_000) } });
});

const OWNED = [
  "host",
  "Content-Length",
  "CONTENT-TYPE",
  "Content-Encoding",
  "connection",
  "transfer-encoding",
  "te",
  "trailer",
  "upgrade",
  "keep-alive",
  "Proxy-Authorization",
  "expect",
  "user-agent",
  "Posthorn-Attempt",
  "webhook-id",
  "Webhook-Signature",
];
for (const name of OWNED) {
  test(`the header ${name} is not the endpoint's to set`, async () => {
    assert.deepEqual(await pathsOf({ settings: { headers: { [name]: "x" } } }), [
      `/headers/${name}`,
    ]);
  });
}

test("a header that another profile owns is free: only the endpoint's own counts", async () => {
  const desk = await openDesk();
  await addEndpoint(desk, { settings: { headers: { "X-Posthorn-Event": "x" } } });
  const profile = { kind: "digest", name: null, headers: {} } as const;
  const headers = { "x-posthorn-event": "x" };
  assert.deepEqual(await pathsOf({ settings: { profile, headers } }), [
    "/headers/x-posthorn-event",
  ]);
});

test("an Authorization header is allowed, but not beside credentials that set it", async () => {
  const desk = await openDesk();
  const headers = { Authorization: "Token abc" };
  const { endpoint } = await addEndpoint(desk, { settings: { headers } });
  const auth = { kind: "bearer", token: "abc" } as const;
  const refused = await refusal(() =>
    desk.endpoints.update(desk.application.seq, endpoint.id, { settings: {}, auth }),
  );
  assert.deepEqual(refused.paths, ["/headers/Authorization"]);
});

test("no header value can begin another header: line ends, NUL and wide characters are refused", async () => {
  for (const value of ["a\r\nx: y", "a\nb", "a\0b", "€", " a", "a\t", "\x7f"]) {
    assert.deepEqual(
      await pathsOf({ settings: { headers: { "X-A": value } } }),
      ["/headers/X-A"],
      value,
    );
  }
  const desk = await openDesk();
  await addEndpoint(desk, { settings: { headers: { "X-A": "café au\tlait", "X-B": "" } } });
});

test("a header's name is an RFC 9110 token, and given once whatever its case", async () => {
  assert.deepEqual(await pathsOf({ settings: { headers: { "X A": "1" } } }), ["/headers/X A"]);
  assert.deepEqual(await pathsOf({ settings: { headers: { "a/b~c": "1" } } }), [
    "/headers/a~1b~0c",
  ]);
  assert.deepEqual(await pathsOf({ settings: { headers: { "X-A": "1", "x-a": "2" } } }), [
    "/headers/x-a",
  ]);
});

test("extra headers are at most 32 and 8 KiB", async () => {
  const headers = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-${at}`, "1"]));
  assert.deepEqual(await pathsOf({ settings: { headers: headers(33) } }), ["/headers"]);
  assert.deepEqual(await pathsOf({ settings: { headers: { "x-a": "v".repeat(8_190) } } }), [
    "/headers",
  ]);
  const desk = await openDesk();
  await addEndpoint(desk, { settings: { headers: headers(32) } });
  await addEndpoint(desk, { settings: { headers: { "x-a": "v".repeat(8_189) } } });
});

test("a private key in the place of a certificate is refused and not repeated", async () => {
  const desk = await openDesk();
  const certificate = readFileSync(new URL("fixtures/tls/ca.pem", import.meta.url), "utf8");
  const ca = `${certificate}-----BEGIN PRIVATE KEY-----\nTOPSECRET\n-----END PRIVATE KEY-----`;
  const { message, paths } = await refusal(() => addEndpoint(desk, { settings: { ca } }));
  assert.deepEqual(paths, ["/ca"]);
  assert.ok(!message.includes("TOPSECRET"));
});

test("a bearer token is visible ASCII; a password may be any text but control characters", async () => {
  for (const token of ["", "a b", "é"]) {
    assert.deepEqual(await pathsOf({ settings: {}, auth: { kind: "bearer", token } }), [
      "/auth/token",
    ]);
  }
  const desk = await openDesk();
  await addEndpoint(desk, { auth: { kind: "basic", username: "", password: "pässwörd: €" } });
});

test("certificates of private authorities are taken, one or several; one that is broken is counted", async () => {
  const desk = await openDesk();
  const pem = (name: string) =>
    readFileSync(new URL(`fixtures/tls/${name}`, import.meta.url), "utf8");
  const both = `${pem("ca.pem")}\n${pem("other-ca.pem")}`;
  for (const ca of [pem("ca.pem"), both]) await addEndpoint(desk, { settings: { ca } });
  const broken = pem("other-ca.pem").replace(/\n[^-\n]+\n/, "\nAAAA\n");
  const ca = pem("ca.pem") + broken;
  const { paths, message } = await refusal(() => addEndpoint(desk, { settings: { ca } }));
  assert.deepEqual(paths, ["/ca"]);
  assert.match(message, /number 2/);
  assert.deepEqual(await pathsOf({ settings: { ca: "no certificate" } }), ["/ca"]);
});
