import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { test } from "node:test";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { envelope } from "../src/wire/envelope.ts";
import { makeKeyPair, makeSecret } from "../src/wire/secret.ts";
import { NOW_S, signInput, signedHeaders, vector } from "./signing.ts";

const OLD = makeSecret(Buffer.alloc(24, 1));
const NEW = makeSecret(Buffer.alloc(32, 2));
const STRANGER = makeSecret(Buffer.alloc(32, 3));
const PAIR = makeKeyPair(Buffer.alloc(32, 4));
const STANDARD = { kind: "standard" } as const;
const SVIX = {
  kind: "standard",
  headers: { id: "svix-id", timestamp: "svix-timestamp", signature: "svix-signature" },
} as const;

const BODY = Buffer.from(
  envelope("standard", {
    id: "evt_01k",
    type: "invoice.paid",
    occurredAtMs: NOW_S * 1000 - 5_250,
    data: Buffer.from(`{"n": 12345678901234567890, "name":"Zoë 😀 $& $$"}`),
  }).body,
);

/** Both official libraries, each from secret, body and headers to a throw or nothing. */
const OFFICIAL = [
  {
    name: "standardwebhooks",
    profile: STANDARD,
    verify: (secret: string, body: Buffer, headers: Record<string, string>) =>
      new StandardWebhook(secret).verify(body, headers),
  },
  {
    name: "svix",
    profile: STANDARD,
    verify: (secret: string, body: Buffer, headers: Record<string, string>) =>
      new SvixWebhook(secret).verify(body, headers),
  },
  {
    name: "svix, under its own header names",
    profile: SVIX,
    verify: (secret: string, body: Buffer, headers: Record<string, string>) =>
      new SvixWebhook(secret).verify(body, headers),
  },
];

for (const official of OFFICIAL) {
  test(`${official.name} accepts what the standard profile signs`, (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: NOW_S * 1000 });
    official.verify(NEW, BODY, signedHeaders(official.profile, signInput(BODY), [NEW]));
  });

  test(`${official.name} accepts with either secret while both sign, and with no third`, (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: NOW_S * 1000 });
    const headers = signedHeaders(official.profile, signInput(BODY), [PAIR.secret, NEW, OLD]);
    official.verify(NEW, BODY, headers);
    official.verify(OLD, BODY, headers);
    assert.throws(() => official.verify(STRANGER, BODY, headers), /No matching signature/);
  });

  test(`${official.name} refuses a changed body, id or time`, (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: NOW_S * 1000 });
    const headers = signedHeaders(official.profile, signInput(BODY), [NEW]);
    const flipped = Buffer.from(BODY);
    flipped.writeUInt8(flipped.readUInt8(20) ^ 1, 20);
    assert.throws(() => official.verify(NEW, flipped, headers), /No matching signature/);
    const [id, timestamp] = Object.keys(headers);
    for (const [name, value] of [
      [id, "evt_02k"],
      [timestamp, `${NOW_S + 1}`],
    ] as const) {
      const changed = { ...headers, [name ?? ""]: value };
      assert.throws(() => official.verify(NEW, BODY, changed), /No matching signature/);
    }
  });
}

test("the published vector of Standard Webhooks comes out byte for byte", () => {
  const known = vector("standard-webhooks-01");
  const input = signInput(known.body ?? "", {
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestampS: 1_614_265_330,
  });
  assert.deepEqual(
    { "content-type": "application/json", ...signedHeaders(STANDARD, input, [known.secret ?? ""]) },
    known.headers,
  );
});

test("the published vector with v1 and v1a comes out byte for byte", () => {
  const known = vector("standard-webhooks-24");
  // The private half as the source of the vector prints it (svix-server,
  // test_asymmetric_key_signing).
  const pair = makeKeyPair(Buffer.from("6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=", "base64"));
  assert.equal(pair.publicKey, known.publicKey);
  const input = signInput(known.body ?? "", {
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestampS: 1_614_265_330,
  });
  const secrets = [vector("standard-webhooks-01").secret ?? "", pair.secret];
  assert.equal(
    signedHeaders(STANDARD, input, secrets)["webhook-signature"],
    known.headers["webhook-signature"],
  );
});

test("a v1a signature verifies with the public key that is shown, and only over these bytes", () => {
  const header = signedHeaders(STANDARD, signInput(BODY), [PAIR.secret])["webhook-signature"] ?? "";
  assert.match(header, /^v1a,[A-Za-z0-9+/]{86}==$/);
  const signature = Buffer.from(header.slice("v1a,".length), "base64");
  const key = createPublicKey({
    key: {
      kty: "OKP",
      crv: "Ed25519",
      x: Buffer.from(PAIR.publicKey.slice("whpk_".length), "base64").toString("base64url"),
    },
    format: "jwk",
  });
  const signed = Buffer.concat([Buffer.from(`evt_01k.${NOW_S}.`), BODY]);
  assert.ok(verify(null, signed, key, signature));
  assert.ok(!verify(null, signed.subarray(1), key, signature));
});

test("the newest secret's signature comes first, one for each secret", () => {
  const header = (secrets: readonly string[]): string =>
    signedHeaders(STANDARD, signInput(BODY), secrets)["webhook-signature"] ?? "";
  assert.equal(
    header([NEW, PAIR.secret, OLD]),
    [[NEW], [PAIR.secret], [OLD]].map(header).join(" "),
  );
});

test("each attempt signs its own time under the same id", () => {
  const first = signedHeaders(STANDARD, signInput(BODY), [NEW]);
  const second = signedHeaders(STANDARD, signInput(BODY, { timestampS: NOW_S + 5 }), [NEW]);
  assert.equal(second["webhook-id"], first["webhook-id"]);
  assert.equal(second["webhook-timestamp"], `${NOW_S + 5}`);
  assert.notEqual(second["webhook-signature"], first["webhook-signature"]);
});

test("an id that would blur the border of id and timestamp is not signed", () => {
  for (const id of ["", "evt.1", "evt 1", "evt\n1", "évt"]) {
    assert.throws(() => signedHeaders(STANDARD, signInput(BODY, { id }), [NEW]), {
      name: "SdkError",
      code: "id_invalid",
    });
  }
});

test("nothing is signed without a key, or at a time that is not whole seconds", () => {
  assert.throws(() => signedHeaders(STANDARD, signInput(BODY), []), { code: "key_missing" });
  for (const timestampS of [-1, 1.5, Number.NaN, 2 ** 53]) {
    assert.throws(() => signedHeaders(STANDARD, signInput(BODY, { timestampS }), [NEW]), {
      code: "time_invalid",
    });
  }
});
