import { digest, hmac, isEqual } from "#crypto";
import { after } from "./crypto.ts";
import type { HashName, Hmac } from "./crypto.ts";
import type { Algorithm, KeyCheck, SymmetricAlgorithm } from "./spec.ts";
import { expected } from "./webhook-error.ts";

export const HMAC_SHA1: SymmetricAlgorithm = /* @__PURE__ */ hmacAlgorithm("sha1");
export const HMAC_SHA256: SymmetricAlgorithm = /* @__PURE__ */ hmacAlgorithm("sha256");
export const HMAC_SHA512: SymmetricAlgorithm = /* @__PURE__ */ hmacAlgorithm("sha512");
/** A digest of text that has the secret in it (`{secret}` in the template): older than HMAC, and weaker. */
export const SHA256: SymmetricAlgorithm = /* @__PURE__ */ keyed(
  "sha256",
  () => (parts) => digest("sha256", parts),
);

/**
 * For a sender that signs nothing: what stands where a signature would is the secret itself, in its `encoding`. It proves
 * nothing about the body, so `signed` is the empty text.
 */
export const TOKEN: Algorithm = {
  name: "token",
  prepare: (secret) => (given) => isAmong(given, secret),
  mismatch: () => expected("TOKEN_MISMATCH", "the token to be the secret", "another"),
};

function hmacAlgorithm(hash: HashName): SymmetricAlgorithm {
  return keyed(`hmac-${hash}`, (secret) => hmac(hash, secret));
}

function keyed(name: string, sign: (secret: Uint8Array) => Hmac): SymmetricAlgorithm {
  return { name, sign, prepare: (secret) => compared(sign(secret)) };
}

/** One MAC for all signatures of the request; every one of them is compared, so that no time tells which one fitted. */
function compared(mac: Hmac): KeyCheck {
  return (signatures, parts) => after(mac(parts), (wanted) => isAmong(signatures, wanted));
}

function isAmong(signatures: readonly Uint8Array[], wanted: Uint8Array): boolean {
  let isFound = false;
  for (const signature of signatures) isFound = isEqual(signature, wanted) || isFound;
  return isFound;
}
