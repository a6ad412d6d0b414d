import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { verify as verifyGithub, verifyWithFallback } from "@octokit/webhooks-methods";
import fc from "fast-check";
import { Stripe } from "stripe";
import { envelope } from "../src/wire/envelope.ts";
import type { Shape } from "../src/wire/envelope.ts";
import { makeKeyPair, makeSecret } from "../src/wire/secret.ts";
import { profileHeaders } from "../src/wire/sign.ts";
import { NOW_S, signInput, signedHeaders, signingKey, vector } from "./signing.ts";

const OLD = "It's a Secret to Everybody";
const NEW = makeSecret(Buffer.alloc(32, 2));
const NEWEST = makeSecret(Buffer.alloc(32, 3));

const EVENT = {
  id: "evt_01k",
  type: "invoice.paid",
  occurredAtMs: NOW_S * 1000 - 5_250,
  data: Buffer.from(`{"z": [1, {"y": "Zoë 😀", "x": null}], "a": true, "10": 1, "9": 2}`),
};

function body(shape: Shape): string {
  return Buffer.from(envelope(shape, EVENT).body).toString();
}

function sha256(secret: string, text: string | Uint8Array): string {
  return `sha256=${createHmac("sha256", secret).update(text).digest("hex")}`;
}

test("stripe's verifier accepts what the timestamped profile signs", () => {
  const text = body("timestamped");
  const headers = signedHeaders({ kind: "timestamped" }, signInput(text), [NEW]);
  assert.deepEqual(Object.keys(headers), [
    "x-webhook-id",
    "x-webhook-event",
    "x-webhook-signature",
  ]);
  assert.equal(headers["x-webhook-id"], "evt_01k");
  assert.equal(headers["x-webhook-event"], "invoice.paid");
  assert.match(headers["x-webhook-signature"] ?? "", /^t=1795320306,v1=[0-9a-f]{64}$/);
  assert.equal(constructEvent(text, headers, NEW).id, "evt_01k");
});

test("stripe's verifier accepts with either secret while both sign, and with no third", () => {
  const text = body("timestamped");
  const headers = signedHeaders({ kind: "timestamped" }, signInput(text), [NEW, OLD]);
  assert.equal(constructEvent(text, headers, NEW).id, "evt_01k");
  assert.equal(constructEvent(text, headers, OLD).id, "evt_01k");
  assert.throws(() => constructEvent(text, headers, NEWEST), /No signatures found matching/);
  assert.throws(() => constructEvent(`${text} `, headers, NEW), /No signatures found matching/);
});

function constructEvent(
  text: string,
  headers: Record<string, string>,
  secret: string,
): { id: string } {
  const header = headers["x-webhook-signature"] ?? "";
  const at = NOW_S * 1000;
  return Stripe.webhooks.constructEvent(text, header, secret, 300, undefined, at);
}

test("GitHub's verifier accepts what the digest profile signs", async () => {
  const text = body("digest");
  const headers = signedHeaders({ kind: "digest" }, signInput(text), [NEW]);
  const signature = headers["x-posthorn-signature"] ?? "";
  assert.deepEqual(headers, {
    "x-posthorn-event": "invoice.paid",
    "x-posthorn-delivery": "evt_01k",
    "x-posthorn-signature": signature,
  });
  assert.ok(await verifyGithub(NEW, text, signature));
  assert.ok(!(await verifyGithub(OLD, text, signature)));
  assert.ok(!(await verifyGithub(NEW, `${text} `, signature)));
});

test("the published vector of GitHub comes out under GitHub's header names", () => {
  const known = vector("github-01");
  const profile = {
    kind: "digest",
    name: "GitHub",
    headers: { signature: "X-Hub-Signature-256" },
  } as const;
  const input = signInput(known.body ?? "", {
    id: "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    type: "push",
  });
  assert.deepEqual(
    { "content-type": "application/json", ...signedHeaders(profile, input, [known.secret ?? ""]) },
    known.headers,
  );
});

test("the topic profile signs keys sorted at every depth, and repeats the body's ts", () => {
  const text = body("topic");
  const timestampS = Math.floor(EVENT.occurredAtMs / 1000);
  const expected =
    `{"id":"evt_01k","payload":{"10":1,"9":2,"a":true,"z":[1,{"x":null,"y":"Zoë 😀"}]},` +
    `"topic":"invoice.paid","ts":${timestampS},"type":"invoice.paid","v":1}`;
  assert.deepEqual(signedHeaders({ kind: "topic", name: "Shop" }, signInput(text), [OLD]), {
    "x-shop-event-id": "evt_01k",
    "x-shop-event-topic": "invoice.paid",
    "x-shop-timestamp": `${timestampS}`,
    "x-shop-signature": sha256(OLD, expected),
  });
});

test("the topic profile sends no time that is not a number", () => {
  const input = signInput("{}", { occurredAtMs: Number.NaN });
  assert.throws(() => signedHeaders({ kind: "topic" }, input, [OLD]), { code: "time_invalid" });
});

for (const kind of ["digest", "topic"] as const) {
  test(`${kind}: while two secrets sign, a receiver that reads one header goes on with the old one`, async () => {
    const text = body(kind);
    const headers = signedHeaders({ kind }, signInput(text), [NEW, OLD]);
    const signature = headers["x-posthorn-signature"] ?? "";
    assert.ok(await verifyGithub(OLD, text, signature));
    assert.ok(await verifyWithFallback(NEW, text, signature, [OLD]));
  });

  test(`${kind}: while two secrets sign, a receiver that reads both headers accepts with either`, async () => {
    const text = body(kind);
    const headers = signedHeaders({ kind }, signInput(text), [NEW, OLD]);
    const both = new Set([headers["x-posthorn-signature"], headers["x-posthorn-signature-next"]]);
    for (const secret of [OLD, NEW]) assert.ok(both.has(sha256(secret, text)), secret);
    assert.ok(!both.has(sha256(NEWEST, text)));
  });

  test(`${kind}: once the old secret has expired, the new one signs the header alone`, () => {
    const text = body(kind);
    const headers = signedHeaders({ kind }, signInput(text), [NEW]);
    assert.equal(headers["x-posthorn-signature"], sha256(NEW, text));
    assert.ok(!("x-posthorn-signature-next" in headers));
  });

  test(`${kind}: of three secrets the oldest signs the header, the others follow newest first`, () => {
    const text = body(kind);
    const profile = { kind, headers: { signature: "BTCPay-Sig" } };
    const headers = signedHeaders(profile, signInput(text), [NEWEST, NEW, OLD]);
    assert.equal(headers["btcpay-sig"], sha256(OLD, text));
    assert.equal(headers["btcpay-sig-next"], `${sha256(NEWEST, text)},${sha256(NEW, text)}`);
  });
}

test("a raw body is signed with its own bytes, UTF-8 or not", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const hmac = (secret: string | Buffer, head: string) =>
        createHmac("sha256", secret).update(head).update(bytes);
      const signature = (kind: Shape, name: string): string | undefined =>
        signedHeaders({ kind }, signInput(bytes), [NEW])[name];
      const hex = hmac(NEW, `${NOW_S}.`).digest("hex");
      const base64 = hmac(Buffer.alloc(32, 2), `evt_01k.${NOW_S}.`).digest("base64");
      assert.equal(signature("standard", "webhook-signature"), `v1,${base64}`);
      assert.equal(signature("timestamped", "x-webhook-signature"), `t=${NOW_S},v1=${hex}`);
      assert.equal(signature("digest", "x-posthorn-signature"), sha256(NEW, bytes));
      assert.equal(signature("topic", "x-posthorn-signature"), sha256(NEW, bytes));
    }),
    { numRuns: 30 },
  );
});

test("a type that can't stand in a header is refused where it would, and signed where not", () => {
  for (const type of ["", "a\nb", "a\r\nX-Evil: 1", " a", "a ", "ö"]) {
    const input = signInput("{}", { type });
    for (const kind of ["timestamped", "digest", "topic"] as const) {
      assert.throws(() => signedHeaders({ kind }, input, [OLD]), { code: "type_invalid" });
    }
    signedHeaders({ kind: "standard" }, input, [NEW]);
  }
});

test("a profile with only HMAC in its format refuses an ed25519 key", () => {
  const key = signingKey("standard", makeKeyPair(Buffer.alloc(32, 4)).secret);
  for (const kind of ["timestamped", "digest", "topic"] as const) {
    assert.throws(() => profileHeaders({ kind }, signInput("{}"), [key]), {
      name: "SdkError",
      code: "key_unsuited",
    });
  }
});
