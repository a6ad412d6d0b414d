import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeSecret } from "../sdk/src/wire/secret.ts";
import { headerLines, signedRequest } from "../daemon/delivery/request.ts";
import { newEndpoint } from "./support/store-desk.ts";

const EVENT = {
  id: "evt_1",
  type: "a.b",
  occurredAtMs: 0,
  contentType: null,
  body: Buffer.from("{}"),
  dataStart: 0,
  shape: "standard",
} as const;

const DELIVERY = {
  seq: 1,
  id: "dlv_1",
  endpointSeq: 1,
  eventSeq: 1,
  attemptCount: 0,
  tableStart: 0,
  orderingKey: null,
  isTest: false,
  event: EVENT,
};

function requestWith(extra: Readonly<Record<string, string>>, auth: null | "bearer") {
  const decoded = decodeSecret("standard", `whsec_${Buffer.alloc(32).toString("base64")}`);
  if (decoded.kind === "problem") throw new Error(decoded.message);
  return signedRequest({
    delivery: DELIVERY,
    body: EVENT.body,
    // As stored: sealed, and never to be sent.
    endpoint: { ...newEndpoint("ep_1", 1, { headers: { "X-Api-Key": "sealed:AAAA" } }), seq: 1 },
    keys: [decoded.key],
    auth: auth === null ? null : { kind: auth, token: "hunter4" },
    extra,
    userAgent: "Posthorn/test",
    attemptNumber: 1,
    wallMs: 0,
  });
}

test("extra headers are sent with their values and kept without them, whatever their names", () => {
  const extra = { "X-Api-Key": "hunter2", Authorization: "Custom hunter3" };
  const request = requestWith(extra, null);
  assert.deepEqual(request.headers.slice(-2), Object.entries(extra));
  const lines = headerLines(request, extra);
  assert.doesNotMatch(lines, /hunter|sealed/);
  assert.match(lines, /\nX-Api-Key: \*\*\*\nAuthorization: \*\*\*$/);
  assert.match(lines, /\nwebhook-id: evt_1\n/);
});

test("credentials are sent, and kept as three asterisks", () => {
  const request = requestWith({}, "bearer");
  assert.deepEqual(request.headers.at(-1), ["authorization", "Bearer hunter4"]);
  assert.match(headerLines(request, {}), /\nauthorization: \*\*\*$/);
});
