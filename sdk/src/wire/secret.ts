import { createPrivateKey, createPublicKey, createSecretKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { Shape } from "./envelope.ts";

/** A secret made ready once, for signing many times. */
export type SigningKey =
  | { readonly kind: "hmac"; readonly key: KeyObject }
  | { readonly kind: "ed25519"; readonly key: KeyObject };

export type DecodedSecret =
  | { readonly kind: "key"; readonly key: SigningKey }
  /** The message is of the form *expected … got …* and never holds the secret. */
  | { readonly kind: "problem"; readonly message: string };

/** Bytes of an HMAC secret by Standard Webhooks 1.0 ("Signature scheme": 192 to 512 bits). */
const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;
/** Bytes of chance that an ed25519 pair is made from (RFC 8032: the private key). */
const SEED_BYTES = 32;
/** Longest secret that is used as text, in bytes of UTF-8. */
const TEXT_SECRET_BYTES_MAX = 1024;

// What stands before the 32 bytes of an ed25519 private key in PKCS #8 (RFC 8410, section 7).
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * `whsec_` and 24 to 64 random bytes in base64: fit for every profile. Throws `RangeError` for
 * another length.
 */
export function makeSecret(randomBytes: Uint8Array): string {
  const length = randomBytes.length;
  if (length < SECRET_BYTES_MIN || length > SECRET_BYTES_MAX) {
    throw new RangeError(
      `expected randomBytes to be ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes, got ${length}`,
    );
  }
  return `whsec_${Buffer.from(randomBytes).toString("base64")}`;
}

/**
 * An ed25519 pair from 32 random bytes: `whsk_` (the seed and the public key, 64 bytes in base64)
 * is what signs, `whpk_` (32 bytes) what a receiver verifies with. Throws `RangeError` for another
 * number of bytes.
 */
export function makeKeyPair(randomBytes: Uint8Array): {
  readonly secret: string;
  readonly publicKey: string;
} {
  if (randomBytes.length !== SEED_BYTES) {
    throw new RangeError(
      `expected randomBytes to be ${SEED_BYTES} bytes, got ${randomBytes.length}`,
    );
  }
  const publicBytes = publicKeyBytes(privateKey(randomBytes));
  const both = Buffer.concat([randomBytes, publicBytes]);
  return {
    secret: `whsk_${both.toString("base64")}`,
    publicKey: `whpk_${publicBytes.toString("base64")}`,
  };
}

/** The `whpk_` text that receivers verify with, or null: an HMAC key has no public half. */
export function publicKeyOf(key: SigningKey): string | null {
  if (key.kind === "hmac") return null;
  return `whpk_${publicKeyBytes(key.key).toString("base64")}`;
}

/**
 * What a secret's text stands for under a profile.
 *
 * `standard`: `whsec_` and base64 (also bare base64, and `v1,whsec_…` as some services print it) is
 * the HMAC key of `v1`; `whsk_` and base64 (64 bytes, or the 32-byte seed alone) is the ed25519 key
 * of `v1a`. Base64 is read strictly: with padding, nothing else in between, since a lenient reader
 * turns a mistyped secret into a short key.
 *
 * The others: the text itself in UTF-8, prefix included, as GitHub and Stripe have it.
 */
export function decodeSecret(profile: Shape, secret: string): DecodedSecret {
  if (profile !== "standard") return decodeText(secret);
  if (secret.startsWith("whsk_")) return decodeEd25519(secret.slice("whsk_".length));
  if (secret.startsWith("whpk_")) {
    return problem("a private key (whsk_…) or an HMAC secret (whsec_…)", "a public key (whpk_…)");
  }
  return decodeHmac(secret.replace(/^(v1,)?whsec_/, ""));
}

function decodeText(secret: string): DecodedSecret {
  const bytes = Buffer.from(secret);
  if (bytes.length === 0) return problem("text", "nothing");
  if (bytes.length > TEXT_SECRET_BYTES_MAX) {
    return problem(`at most ${TEXT_SECRET_BYTES_MAX} bytes`, `${bytes.length}`);
  }
  // Nearly always the line end of a file or a copied cell; signing with it makes every delivery
  // fail for no visible cause.
  if (secret.trim() !== secret) return problem("without white space at its ends", "some");
  if (!secret.isWellFormed()) return problem("Unicode text", "half of a surrogate pair");
  return { kind: "key", key: { kind: "hmac", key: createSecretKey(bytes) } };
}

function decodeHmac(text: string): DecodedSecret {
  const bytes = decodeBase64(text);
  if (bytes === null) return notBase64(text);
  if (bytes.length < SECRET_BYTES_MIN || bytes.length > SECRET_BYTES_MAX) {
    return problem(
      `${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes in base64`,
      `${bytes.length} bytes`,
    );
  }
  return { kind: "key", key: { kind: "hmac", key: createSecretKey(bytes) } };
}

function decodeEd25519(text: string): DecodedSecret {
  const bytes = decodeBase64(text);
  if (bytes === null) return notBase64(text);
  if (bytes.length !== SEED_BYTES && bytes.length !== 2 * SEED_BYTES) {
    return problem(
      `${2 * SEED_BYTES} bytes in base64 after whsk_ (or the ${SEED_BYTES} of the seed alone)`,
      `${bytes.length} bytes`,
    );
  }
  const key = privateKey(bytes.subarray(0, SEED_BYTES));
  // A wrong character in the second half would sign well today and give receivers a public key that
  // never verifies.
  if (bytes.length > SEED_BYTES && !publicKeyBytes(key).equals(bytes.subarray(SEED_BYTES))) {
    return problem("a seed and its own public key", "a public key of another seed");
  }
  return { kind: "key", key: { kind: "ed25519", key } };
}

function decodeBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : null;
}

function notBase64(text: string): DecodedSecret {
  return problem(
    "whsec_ or whsk_ and base64 with padding",
    `${text.length} characters that are not base64`,
  );
}

function problem(wanted: string, got: string): DecodedSecret {
  return { kind: "problem", message: `expected the secret to be ${wanted}, got ${got}` };
}

function privateKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({
    key: Buffer.concat([PKCS8_HEAD, seed]),
    format: "der",
    type: "pkcs8",
  });
}

function publicKeyBytes(key: KeyObject): Buffer {
  // The last 32 bytes of an ed25519 SubjectPublicKeyInfo are the key (RFC 8410, section 4).
  return createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
}
