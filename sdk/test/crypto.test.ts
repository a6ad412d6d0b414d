import assert from "node:assert/strict";
import { createHash, createHmac, generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import type { CryptoPort, Part, Verifier } from "../src/verify/crypto.ts";
import * as node from "../src/verify/crypto-node.ts";
import * as web from "../src/verify/crypto-web.ts";

const PORTS: readonly (readonly [name: string, port: CryptoPort])[] = [
  ["node:crypto", node],
  ["WebCrypto", web],
];
const PARTS = fc.array(fc.oneof(fc.string({ unit: "binary" }), fc.uint8Array({ maxLength: 80 })), {
  maxLength: 4,
});

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (value: Uint8Array): string => Buffer.from(value).toString("hex");
const repeated = (byte: number, length: number): Uint8Array => new Uint8Array(length).fill(byte);

test("what one runtime has of cryptography, the others have too", () => {
  assert.deepEqual(Object.keys(node).toSorted(), Object.keys(web).toSorted());
});

test("under Node nothing waits: a promise for each step costs more than the hash", () => {
  const seed = repeated(1, 32);
  const results = [
    node.hmac("sha256", seed)(["a"]),
    node.digest("sha256", ["a"]),
    node.sha256Hex(["a"]),
    node.ed25519(seed)?.(repeated(0, 64), ["a"]),
    node.ed25519Signer(seed)(["a"]),
  ];
  for (const result of results) assert.ok(!(result instanceof Promise));
});

// RFC 4231, test cases 1 to 3, 6 and 7; the SHA-1 column is RFC 2202's.
const HMACS: readonly (readonly [key: Uint8Array, text: Part, sha1: string, sha256: string])[] = [
  [
    repeated(0x0b, 20),
    "Hi There",
    "b617318655057264e28bc0b6fb378c8ef146be00",
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  ],
  [
    Buffer.from("Jefe"),
    "what do ya want for nothing?",
    "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  ],
  [
    repeated(0xaa, 20),
    repeated(0xdd, 50),
    "125d7342b9ac11cd91a39af48aa17b4f63f175d3",
    "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
  ],
  [
    repeated(0xaa, 131),
    "Test Using Larger Than Block-Size Key - Hash Key First",
    "90d0dace1c1bdc957339307803160335bde6df2b",
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  ],
];
const JEFE_SHA512 =
  "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737";

// RFC 8032, section 7.1, tests 1 to 3: seed, public key, message, signature.
const ED25519 = [
  [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
] as const;

const P256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
const P256_SPKI = P256.publicKey.export({ format: "der", type: "spki" });
const P256_PKCS8 = P256.privateKey.export({ format: "der", type: "pkcs8" });
const RSA = generateKeyPairSync("rsa", { modulusLength: 2048 });
const RSA_SPKI = RSA.publicKey.export({ format: "der", type: "spki" });
const RSA_PKCS8 = RSA.privateKey.export({ format: "der", type: "pkcs8" });

/** SendGrid's published key and signature. */
const SENDGRID_KEY = Buffer.from(
  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==",
  "base64",
);
const SENDGRID_SIGNATURE = Buffer.from(
  "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
  "base64",
);
const SENDGRID_PARTS = [
  "1600112502",
  '[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n',
];

function some<T>(value: T | null): T {
  assert.ok(value !== null);
  return value;
}

for (const [name, port] of PORTS) {
  test(`${name}: HMAC gives what the RFCs print`, async () => {
    for (const [key, text, sha1, sha256] of HMACS) {
      assert.equal(hex(await port.hmac("sha1", key)([text])), sha1);
      assert.equal(hex(await port.hmac("sha256", key)([text])), sha256);
    }
    const jefe = port.hmac("sha512", Buffer.from("Jefe"));
    assert.equal(hex(await jefe(["what do ya want ", "for nothing?"])), JEFE_SHA512);
  });

  test(`${name}: a key is taken at once, so that the caller may wipe its array`, async () => {
    const secret = Uint8Array.from(Buffer.from("Jefe"));
    const jefe = port.hmac("sha512", secret);
    secret.fill(0);
    assert.equal(hex(await jefe(["what do ya want for nothing?"])), JEFE_SHA512);
  });

  test(`${name}: the parts count as their bytes, however they are cut`, async () => {
    const key = Buffer.from("key");
    await fc.assert(
      fc.asyncProperty(PARTS, async (parts) => {
        const whole = Buffer.concat(parts.map((part) => Buffer.from(part)));
        for (const hash of ["sha1", "sha256", "sha512"] as const) {
          const mac = createHmac(hash, key).update(whole).digest();
          assert.deepEqual(Buffer.from(await port.hmac(hash, key)(parts)), mac);
          const digest = createHash(hash).update(whole).digest();
          assert.deepEqual(Buffer.from(await port.digest(hash, parts)), digest);
        }
        const digestHex = createHash("sha256").update(whole).digest("hex");
        assert.equal(await port.sha256Hex(parts), digestHex);
      }),
    );
  });

  test(`${name}: Ed25519 signs and verifies what RFC 8032 prints`, async () => {
    for (const [seed, publicKey, message, signature] of ED25519) {
      const parts = [bytes(message)];
      assert.equal(hex(await port.ed25519Signer(bytes(seed))(parts)), signature);
      const verify = some(port.ed25519(bytes(publicKey)));
      assert.equal(await verify(bytes(signature), parts), true);
      assert.equal(await verify(bytes(signature), [...parts, "x"]), false);
      assert.equal(await verify(bytes(signature).subarray(1), parts), false);
    }
    assert.equal(port.ed25519(repeated(1, 31)), null);
    assert.equal(port.ed25519(repeated(1, 33)), null);
  });

  test(`${name}: ECDSA verifies what SendGrid prints`, async () => {
    const verify = some(port.ecdsaP256(SENDGRID_KEY));
    assert.equal(await verify(SENDGRID_SIGNATURE, SENDGRID_PARTS), true);
    assert.equal(
      await verify(SENDGRID_SIGNATURE, ["1600112503", ...SENDGRID_PARTS.slice(1)]),
      false,
    );
  });

  test(`${name}: a key that is no P-256 or RSA key in a SPKI is not taken`, async () => {
    const key = Uint8Array.from(P256_SPKI);
    const compressed = key.slice();
    compressed[26] = 2;
    for (const wrong of [
      compressed,
      key.subarray(1),
      key.subarray(0, 90),
      RSA_SPKI,
      repeated(0, 91),
    ]) {
      assert.equal(port.ecdsaP256(wrong), null);
    }
    const cut = RSA_SPKI.subarray(0, 200);
    for (const wrong of [P256_SPKI, cut, repeated(0, 294), new Uint8Array()]) {
      assert.equal(await port.rsa("sha256", wrong), null);
    }
  });

  test(`${name}: bytes are compared by all of them`, () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        assert.equal(port.isEqual(a, b), Buffer.compare(a, b) === 0);
        assert.equal(port.isEqual(a, a.slice()), true);
      }),
    );
    const mac = repeated(7, 32);
    for (let bit = 0; bit < 256; bit++) assert.equal(port.isEqual(mac, flipped(mac, bit)), false);
  });
}

for (const [signerName, signer] of PORTS) {
  for (const [verifierName, verifier] of PORTS) {
    test(`${verifierName} accepts what ${signerName} signs, and nothing else`, async () => {
      const pairs: (readonly [Verifier, Uint8Array])[] = [];
      const parts = ["id.", repeated(3, 100)];
      pairs.push([
        some(verifier.ecdsaP256(P256_SPKI)),
        await signer.ecdsaP256Signer(P256_PKCS8)(parts),
      ]);
      for (const hash of ["sha1", "sha256"] as const) {
        const verify = some(await verifier.rsa(hash, RSA_SPKI));
        pairs.push([verify, await signer.rsaSigner(hash, RSA_PKCS8)(parts)]);
      }
      for (const [verify, signature] of pairs) {
        assert.equal(await verify(signature, parts), true);
        assert.equal(await verify(signature, [...parts, "x"]), false);
        for (let bit = 0; bit < signature.length * 8; bit += 5) {
          assert.equal(await verify(flipped(signature, bit), parts), false, `bit ${bit}`);
        }
      }
    });
  }
}

test("ECDSA signatures of every length of r and s go from DER to WebCrypto and back", async () => {
  const parts = ["x"];
  const verify = some(web.ecdsaP256(P256_SPKI));
  const verifyNode = some(node.ecdsaP256(P256_SPKI));
  const lengths = new Set<number>();
  for (let turn = 0; turn < 600; turn++) {
    const der = await node.ecdsaP256Signer(P256_PKCS8)(parts);
    lengths.add(der.length);
    assert.equal(await verify(der, parts), true, hex(der));
  }
  for (let turn = 0; turn < 300; turn++) {
    assert.equal(await verifyNode(await web.ecdsaP256Signer(P256_PKCS8)(parts), parts), true);
  }
  assert.ok(lengths.size >= 3, [...lengths].join());
});

test("both read DER alike: an encoding that is not the shortest is refused, and nothing throws", async () => {
  const verifiers = [some(node.ecdsaP256(SENDGRID_KEY)), some(web.ecdsaP256(SENDGRID_KEY))];
  const r = SENDGRID_SIGNATURE.subarray(4, 36);
  const s = SENDGRID_SIGNATURE.subarray(38);
  const ones = [0x02, 1, 1];
  const rest = [0x02, s.length, ...s];
  const malformed = [
    [],
    [0x30],
    [0x30, 0],
    [0x30, 0x81, 71, ...SENDGRID_SIGNATURE.subarray(2)],
    [0x30, 0x80, ...SENDGRID_SIGNATURE.subarray(2), 0, 0],
    [...SENDGRID_SIGNATURE, 0],
    [...SENDGRID_SIGNATURE.subarray(0, -1)],
    [0x31, ...SENDGRID_SIGNATURE.subarray(1)],
    [0x30, 70, 0x02, 33, 0, ...r, ...rest],
    [0x30, 69, 0x03, 32, ...r, ...rest],
    [0x30, 71, 0x02, 34, 0, 0, ...r, ...rest],
    [0x30, 36 + rest.length, 0x02, 34, 1, 1, ...r, ...rest],
    [0x30, 5, 0x02, 0, ...ones],
    [0x30, 6, 0x02, 1, 0, 0x02, 1, 0],
    [0x30, 6, 0x02, 1, 0xff, 0x02, 1, 1],
    [0x30, 7, 0x02, 5, 1, 0x02, 1, 1, 1],
    [0x30, 9, ...ones, ...ones, ...ones],
  ];
  for (const verify of verifiers) {
    for (const one of malformed) {
      assert.equal(await verify(Uint8Array.from(one), SENDGRID_PARTS), false, one.join());
    }
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), async (junk) => {
        assert.equal(await verify(junk, SENDGRID_PARTS), false);
      }),
    );
  }
});

function flipped(value: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(value);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

test("an HMAC is the same on both sides of what counts as short, whatever the key's length", async () => {
  for (const hash of ["sha1", "sha256", "sha512"] as const) {
    for (const keyBytes of [1, 64, 65, 128, 129, 300]) {
      const secret = repeated(0x5a, keyBytes);
      for (const length of [0, 1, 1_024, 8_063, 8_064, 8_127, 8_128, 8_129, 9_000]) {
        const body = repeated(0xe9, length);
        const wanted = createHmac(hash, secret).update("é.").update(body).digest("hex");
        assert.equal(hex(await node.hmac(hash, secret)(["é.", body])), wanted);
      }
    }
  }
});
