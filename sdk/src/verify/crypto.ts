import { hexOf, utf8 } from "./codec.ts";

/** A result that Node has at once and WebCrypto promises. `await` serves both. */
export type Awaitable<T> = T | Promise<T>;

/** Goes on at once where there is nothing to wait for: each `await` costs a request a tenth of a microsecond. */
export function after<T, R>(value: Awaitable<T>, goOn: (value: T) => Awaitable<R>): Awaitable<R> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}

/** One piece of what is signed; text counts as its UTF-8 bytes. Pieces are joined with nothing between them. */
export type Part = string | Uint8Array;

export type HashName = "sha1" | "sha256" | "sha512";
/** What RSA signatures are made over; SHA-1 only because SNS still signs version 1 with it. */
export type RsaHashName = "sha1" | "sha256";

/** The MAC of the parts under the key that it was made with. */
export type Hmac = (parts: readonly Part[]) => Awaitable<Uint8Array>;
/** Whether the signature over the parts is genuine. Never throws or rejects, whatever bytes it is given. */
export type Verifier = (signature: Uint8Array, parts: readonly Part[]) => Awaitable<boolean>;
/** A signature over the parts. For test kits: a receiver only verifies. */
export type Signer = (parts: readonly Part[]) => Awaitable<Uint8Array>;

/**
 * The cryptography that schemes need, with each key prepared once. `#crypto` is `crypto-node.ts` under Node, where all of it
 * is synchronous, and `crypto-web.ts` elsewhere. One common WebCrypto implementation would do, but costs Node a promise and a
 * thread's turn for each signature, which is several times the hashing of a kilobyte.
 */
export interface CryptoPort {
  /** `secret` must not be empty. */
  hmac(hash: HashName, secret: Uint8Array): Hmac;
  digest(hash: HashName, parts: readonly Part[]): Awaitable<Uint8Array>;
  /** Lower-case hexadecimal. */
  sha256Hex(parts: readonly Part[]): Awaitable<string>;
  /** From the 32 bytes of a public key; null for any other length. Signatures have 64 bytes. */
  ed25519(publicKey: Uint8Array): Verifier | null;
  /**
   * P-256 with SHA-256, from a SPKI with an uncompressed point; null for anything else. Signatures are DER, strictly. Whether
   * the point lies on the curve only Node says here; elsewhere a key with such a point verifies nothing.
   */
  ecdsaP256(spki: Uint8Array): Verifier | null;
  /** PKCS #1 v1.5, from a SPKI; null where that is none. */
  rsa(hash: RsaHashName, spki: Uint8Array): Awaitable<Verifier | null>;
  /** From the 32 bytes of a seed. */
  ed25519Signer(seed: Uint8Array): Signer;
  /** From PKCS #8; makes DER. */
  ecdsaP256Signer(pkcs8: Uint8Array): Signer;
  /** From PKCS #8. */
  rsaSigner(hash: RsaHashName, pkcs8: Uint8Array): Signer;
  /** Compares in a time that depends on the lengths alone. */
  isEqual(a: Uint8Array, b: Uint8Array): boolean;
}

const P256_SPKI_BYTES = 91;
// SEQUENCE { SEQUENCE { ecPublicKey, prime256v1 }, BIT STRING { 0x04 …
const P256_SPKI_HEAD = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";

/** Whether this is the one shape that a P-256 public key with an uncompressed point has. */
export function isP256Spki(spki: Uint8Array): boolean {
  return spki.length === P256_SPKI_BYTES && hexOf(spki).startsWith(P256_SPKI_HEAD);
}

// PKCS #8 around a 32-byte Ed25519 seed.
const ED25519_PKCS8_HEAD = [
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

export function ed25519Pkcs8(seed: Uint8Array): Uint8Array {
  return joined([Uint8Array.from(ED25519_PKCS8_HEAD), seed]);
}

/** The parts as one array; the part itself where there is only one and it is bytes. */
export function joined(parts: readonly Part[]): Uint8Array {
  const chunks = parts.map((part) => (typeof part === "string" ? utf8(part) : part));
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  const all = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
