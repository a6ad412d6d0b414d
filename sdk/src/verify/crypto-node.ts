import nodeCrypto from "node:crypto";
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  createSign,
  createVerify,
  sign,
  timingSafeEqual,
  verify,
} from "node:crypto";
import type { KeyObject } from "node:crypto";
import { ed25519Pkcs8, isP256Spki, joined } from "./crypto.ts";
import type { CryptoPort, HashName, Part, Verifier } from "./crypto.ts";

// Only what node:crypto has had since Node 12, but for what is asked for at run time: no raw keys (24).
/** Node 20.12 and newer. */
const hashAtOnce: typeof nodeCrypto.hash | undefined = nodeCrypto.hash;
const BLOCK_BYTES: Readonly<Record<HashName, number>> = { sha1: 64, sha256: 64, sha512: 128 };
/** Above that, copying the message costs more than an Hmac. */
const SHORT_BYTES_MAX = 8_192;
/** Where short messages are put together: nothing waits in between, so one is enough for all. */
const SCRATCH = Buffer.alloc(SHORT_BYTES_MAX);

export const hmac: CryptoPort["hmac"] = (hash, secret) => {
  const key = createSecretKey(secret);
  const short = hashAtOnce === undefined ? null : shortHmac(hashAtOnce, hash, secret);
  return (parts) => short?.(parts) ?? bytesOf(fed(createHmac(hash, key), parts).digest("binary"));
};

/**
 * HMAC (RFC 2104) by two hashes at once, or null where the message is long: the object that `createHmac` makes costs more than
 * hashing a kilobyte, so that this takes 60 % of the time.
 */
function shortHmac(
  hashOf: typeof nodeCrypto.hash,
  name: HashName,
  secret: Uint8Array,
): (parts: readonly Part[]) => Uint8Array | null {
  const block = BLOCK_BYTES[name];
  const key = secret.length > block ? createHash(name).update(secret).digest() : secret;
  const inner = padded(key, block, 0x36);
  const outer = Buffer.concat([padded(key, block, 0x5c), createHash(name).digest()]);
  return (parts) => {
    let bytesMax = block;
    for (const part of parts) bytesMax += typeof part === "string" ? 3 * part.length : part.length;
    if (bytesMax > SHORT_BYTES_MAX) return null;
    SCRATCH.set(inner);
    let at = block;
    for (const part of parts) {
      if (typeof part === "string") at += SCRATCH.write(part, at);
      else {
        SCRATCH.set(part, at);
        at += part.length;
      }
    }
    const message = new Uint8Array(SCRATCH.buffer, SCRATCH.byteOffset, at);
    outer.write(hashOf(name, message, "binary"), block, "latin1");
    return bytesOf(hashOf(name, outer, "binary"));
  };
}

function padded(key: Uint8Array, blockBytes: number, pad: number): Buffer {
  const padding = Buffer.alloc(blockBytes, pad);
  for (const [at, byte] of key.entries()) padding[at] = byte ^ pad;
  return padding;
}

export const digest: CryptoPort["digest"] = (hash, parts) => fed(createHash(hash), parts).digest();

export const sha256Hex: CryptoPort["sha256Hex"] = (parts) =>
  fed(createHash("sha256"), parts).digest("hex");

export const ed25519: CryptoPort["ed25519"] = (publicKey) => {
  if (publicKey.length !== 32) return null;
  const x = Buffer.from(publicKey).toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  return (signature, parts) =>
    signature.length === 64 && isTrue(() => verify(null, joined(parts), key, signature));
};

export const ecdsaP256: CryptoPort["ecdsaP256"] = (spki) => {
  const key = isP256Spki(spki) ? publicKeyOf(spki) : null;
  return key === null ? null : verifier("sha256", key);
};

export const rsa: CryptoPort["rsa"] = (hash, spki) => {
  const key = publicKeyOf(spki);
  return key?.asymmetricKeyType === "rsa" ? verifier(hash, key) : null;
};

export const ed25519Signer: CryptoPort["ed25519Signer"] = (seed) => {
  const key = privateKeyOf(ed25519Pkcs8(seed));
  return (parts) => sign(null, joined(parts), key);
};

export const ecdsaP256Signer: CryptoPort["ecdsaP256Signer"] = (pkcs8) => signer("sha256", pkcs8);

export const rsaSigner: CryptoPort["rsaSigner"] = (hash, pkcs8) => signer(hash, pkcs8);

export const isEqual: CryptoPort["isEqual"] = (a, b) =>
  a.length === b.length && timingSafeEqual(a, b);

function fed<T extends { update(part: Part): unknown }>(sink: T, parts: readonly Part[]): T {
  for (const part of parts) sink.update(part);
  return sink;
}

/** By way of text: the Buffer that `digest()` makes costs a quarter of a kilobyte's HMAC. */
function bytesOf(binary: string): Uint8Array {
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

function verifier(hash: HashName, key: KeyObject): Verifier {
  return (signature, parts) => isTrue(() => fed(createVerify(hash), parts).verify(key, signature));
}

/** A policy of the machine that forbids a hash (SHA-1 on some) makes OpenSSL throw. */
function isTrue(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}

function signer(hash: HashName, pkcs8: Uint8Array): (parts: readonly Part[]) => Uint8Array {
  const key = privateKeyOf(pkcs8);
  return (parts) => fed(createSign(hash), parts).sign(key);
}

function privateKeyOf(pkcs8: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
}

function publicKeyOf(spki: Uint8Array): KeyObject | null {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  } catch {
    return null;
  }
}
