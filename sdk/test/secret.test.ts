import assert from "node:assert/strict";
import { test } from "node:test";
import type { Shape } from "../src/wire/envelope.ts";
import { decodeSecret, makeKeyPair, makeSecret, publicKeyOf } from "../src/wire/secret.ts";
import type { SigningKey } from "../src/wire/secret.ts";

const BYTES = Buffer.from(Array.from({ length: 64 }, (_, at) => (at * 37 + 11) % 256));

function key(profile: Shape, secret: string): SigningKey {
  const decoded = decodeSecret(profile, secret);
  assert.ok(decoded.kind === "key", JSON.stringify(decoded));
  return decoded.key;
}

function hmacBytes(profile: Shape, secret: string): Buffer {
  const { kind, key: object } = key(profile, secret);
  assert.equal(kind, "hmac");
  return object.export();
}

function problem(profile: Shape, secret: string): string {
  const decoded = decodeSecret(profile, secret);
  assert.ok(decoded.kind === "problem");
  return decoded.message;
}

test("a new secret is whsec_ and the random bytes in base64, and decodes to them", () => {
  for (const length of [24, 25, 26, 32, 64]) {
    const bytes = BYTES.subarray(0, length);
    const secret = makeSecret(bytes);
    assert.match(secret, /^whsec_[A-Za-z0-9+/]+={0,2}$/);
    assert.deepEqual(hmacBytes("standard", secret), bytes);
  }
});

test("a secret is not made of too few or too many random bytes", () => {
  for (const length of [0, 23, 65]) {
    assert.throws(() => makeSecret(Buffer.alloc(length)), {
      name: "RangeError",
      message: `expected randomBytes to be 24 to 64 bytes, got ${length}`,
    });
  }
  assert.throws(() => makeKeyPair(Buffer.alloc(31)), RangeError);
});

test("the standard profile imports a secret with whsec_, with v1,whsec_ and as bare base64", () => {
  const base64 = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const bytes = Buffer.from(base64, "base64");
  for (const text of [`whsec_${base64}`, `v1,whsec_${base64}`, base64]) {
    assert.deepEqual(hmacBytes("standard", text), bytes);
  }
});

test("the other profiles take the secret as text, whsec_ included", () => {
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  for (const profile of ["timestamped", "digest", "topic"] as const) {
    assert.deepEqual(hmacBytes(profile, secret), Buffer.from(secret));
    assert.deepEqual(
      hmacBytes(profile, "It's a Secret to Everybody é"),
      Buffer.from("It's a Secret to Everybody é"),
    );
  }
});

test("an ed25519 pair from the same seed is always the same, and both halves belong together", () => {
  // RFC 8032, section 7.1, test 1.
  const seed = Buffer.from(
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "hex",
  );
  const publicHalf = Buffer.from(
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "hex",
  );
  const pair = makeKeyPair(seed);
  assert.equal(pair.secret, `whsk_${Buffer.concat([seed, publicHalf]).toString("base64")}`);
  assert.equal(pair.publicKey, `whpk_${publicHalf.toString("base64")}`);
  assert.equal(publicKeyOf(key("standard", pair.secret)), pair.publicKey);
  assert.equal(publicKeyOf(key("standard", `whsk_${seed.toString("base64")}`)), pair.publicKey);
});

test("an HMAC secret has no public key to show", () => {
  assert.equal(publicKeyOf(key("standard", makeSecret(BYTES))), null);
});

test("a secret that can't be meant is refused, with what was expected and what was there", () => {
  const refusals: readonly [Shape, string, RegExp][] = [
    ["standard", "", /24 to 64 bytes in base64, got 0 bytes$/],
    ["standard", "whsec_", /got 0 bytes$/],
    ["standard", `whsec_${BYTES.toString("base64", 0, 23)}`, /got 23 bytes$/],
    ["standard", `whsec_${Buffer.alloc(65).toString("base64")}`, /got 65 bytes$/],
    ["standard", "not base64 at all, but quite long all the same", /are not base64$/],
    ["standard", ` ${makeSecret(BYTES)}`, /are not base64$/],
    ["standard", makeSecret(BYTES.subarray(0, 25)).replace("=", ""), /are not base64$/],
    ["standard", Buffer.alloc(32, 255).toString("base64url"), /are not base64$/],
    ["standard", makeKeyPair(BYTES.subarray(0, 32)).publicKey, /got a public key/],
    ["standard", `whsk_${BYTES.toString("base64", 0, 33)}`, /got 33 bytes$/],
    ["standard", "whsk_!", /are not base64$/],
    ["standard", `whsk_${BYTES.toString("base64")}`, /got a public key of another seed$/],
    ["timestamped", "", /expected the secret to be text, got nothing$/],
    ["digest", "secret\n", /without white space at its ends/],
    ["digest", " secret", /without white space at its ends/],
    ["topic", "x".repeat(1025), /at most 1024 bytes, got 1025$/],
    ["topic", "\ud800", /got half of a surrogate pair$/],
  ];
  for (const [profile, secret, sentence] of refusals) {
    assert.match(problem(profile, secret), sentence);
    assert.match(problem(profile, secret), /^expected the secret to be /);
  }
});

test("no message about a secret holds the secret", () => {
  for (const secret of ["hunter2hunter2hunter2!", `whsk_${BYTES.toString("base64")}`]) {
    assert.ok(!problem("standard", secret).includes(secret.slice(5)));
  }
  assert.ok(!problem("digest", " hunter2").includes("hunter2"));
});
