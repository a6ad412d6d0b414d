import { hexOf } from "./codec.ts";
import { ed25519Pkcs8, isP256Spki, joined } from "./crypto.ts";
import type { CryptoPort, HashName, Part, RsaHashName, Verifier } from "./crypto.ts";

type CryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;
type Algorithm = Parameters<typeof crypto.subtle.importKey>[2];
type SignAlgorithm = Parameters<typeof crypto.subtle.sign>[0];

const ED25519 = { name: "Ed25519" };
const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

export const hmac: CryptoPort["hmac"] = (hash, secret) => {
  // Copied: the import may happen after the caller has used the array for something else.
  const raw = secret.slice();
  const key = once(() =>
    crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: webName(hash) }, false, ["sign"]),
  );
  return async (parts) =>
    new Uint8Array(await crypto.subtle.sign("HMAC", await key(), joined(parts)));
};

export const digest = async (hash: HashName, parts: readonly Part[]): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest(webName(hash), joined(parts)));

export const sha256Hex: CryptoPort["sha256Hex"] = async (parts) =>
  hexOf(await digest("sha256", parts));

export const ed25519: CryptoPort["ed25519"] = (publicKey) =>
  publicKey.length === 32 ? verifier(publicKeyOf("raw", publicKey, ED25519), ED25519) : null;

export const ecdsaP256: CryptoPort["ecdsaP256"] = (spki) => {
  if (!isP256Spki(spki)) return null;
  const verify = verifier(publicKeyOf("spki", spki, ECDSA), ECDSA);
  return (signature, parts) => {
    const raw = rawFromDer(signature);
    return raw !== null && verify(raw, parts);
  };
};

export const rsa: CryptoPort["rsa"] = async (hash, spki) => {
  const key = publicKeyOf("spki", spki, rsaAlgorithm(hash));
  try {
    await key();
  } catch {
    return null;
  }
  return verifier(key, rsaAlgorithm(hash));
};

export const ed25519Signer: CryptoPort["ed25519Signer"] = (seed) =>
  signer(ed25519Pkcs8(seed), ED25519);

export const ecdsaP256Signer: CryptoPort["ecdsaP256Signer"] = (pkcs8) => {
  const sign = signer(pkcs8, ECDSA);
  return async (parts) => derFromRaw(await sign(parts));
};

export const rsaSigner: CryptoPort["rsaSigner"] = (hash, pkcs8) =>
  signer(pkcs8, rsaAlgorithm(hash));

export const isEqual: CryptoPort["isEqual"] = (a, b) => {
  if (a.length !== b.length) return false;
  return a.reduce((difference, byte, index) => difference | (byte ^ (b[index] ?? 0)), 0) === 0;
};

function rsaAlgorithm(hash: RsaHashName): { name: string; hash: string } {
  return { name: "RSASSA-PKCS1-v1_5", hash: webName(hash) };
}

/** `SHA-256` for `sha256`. */
function webName(hash: HashName): string {
  return hash.replace("sha", "SHA-");
}

/** Asks for the value at the first call and never again: keys are imported by the first request, as constructors can't wait. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

function publicKeyOf(
  format: "raw" | "spki",
  bytes: Uint8Array,
  algorithm: Algorithm,
): () => Promise<CryptoKey> {
  const copy = bytes.slice();
  return once(() => crypto.subtle.importKey(format, copy, algorithm, false, ["verify"]));
}

function verifier(key: () => Promise<CryptoKey>, algorithm: SignAlgorithm): Verifier {
  return async (signature, parts) => {
    try {
      return await crypto.subtle.verify(algorithm, await key(), signature, joined(parts));
    } catch {
      return false;
    }
  };
}

function signer(
  pkcs8: Uint8Array,
  algorithm: Algorithm & SignAlgorithm,
): (parts: readonly Part[]) => Promise<Uint8Array> {
  const copy = pkcs8.slice();
  const key = once(() => crypto.subtle.importKey("pkcs8", copy, algorithm, false, ["sign"]));
  return async (parts) =>
    new Uint8Array(await crypto.subtle.sign(algorithm, await key(), joined(parts)));
}

/** r and s side by side, 32 bytes each, or null: SEQUENCE of two positive INTEGERs in their shortest form, and no byte more. */
function rawFromDer(der: Uint8Array): Uint8Array | null {
  const raw = new Uint8Array(64);
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || der.length > 72) return null;
  let at = 2;
  for (const end of [32, 64]) {
    const length = der[at + 1] ?? 0;
    if (der[at] !== 0x02 || length === 0 || at + 2 + length > der.length) return null;
    const first = der[at + 2] ?? 0;
    const isPadded = first === 0 && length > 1;
    if (first > 0x7f || (isPadded && (der[at + 3] ?? 0) < 0x80)) return null;
    const digits = der.subarray(at + 2 + (isPadded ? 1 : 0), at + 2 + length);
    if (digits.length > 32) return null;
    raw.set(digits, end - digits.length);
    at += 2 + length;
  }
  return at === der.length ? raw : null;
}

function derFromRaw(raw: Uint8Array): Uint8Array {
  const integers = [raw.subarray(0, 32), raw.subarray(32)].map((half) => {
    const firstDigit = half.findIndex((byte) => byte !== 0);
    const digits = half.subarray(firstDigit === -1 ? 31 : firstDigit);
    const pad = (digits[0] ?? 0) > 0x7f ? [0] : [];
    return [0x02, pad.length + digits.length, ...pad, ...digits];
  });
  const content = integers.flat();
  return Uint8Array.from([0x30, content.length, ...content]);
}
