import { ecdsaP256, ed25519, rsa } from "#crypto";
import type { Awaitable, RsaHashName, Verifier } from "./crypto.ts";
import type { Algorithm, KeyCheck } from "./spec.ts";
import { expected } from "./webhook-error.ts";

/** The secret is the public key's 32 bytes. */
export const ED25519: Algorithm = {
  name: "ed25519",
  prepare: (key) => checked(ed25519(key)),
};

/** The secret is the public key as SPKI; signatures are DER. */
export const ECDSA_P256: Algorithm = {
  name: "ecdsa-p256",
  prepare: (key) => checked(ecdsaP256(key)),
};

/** The secret is the public key as SPKI. */
export const RSA_SHA1: Algorithm = /* @__PURE__ */ rsaAlgorithm("sha1");
export const RSA_SHA256: Algorithm = /* @__PURE__ */ rsaAlgorithm("sha256");

function rsaAlgorithm(hash: RsaHashName): Algorithm {
  return {
    name: `rsa-${hash}`,
    prepare(key) {
      const verifier = rsa(hash, key);
      return verifier instanceof Promise ? late(verifier) : checked(verifier);
    },
  };
}

/** WebCrypto only says at the first request whether the bytes are a key. */
function late(verifier: Promise<Verifier | null>): KeyCheck {
  return async (signatures, parts) => {
    const check = checked(await verifier);
    if (check === null) throw expected("SECRET_INVALID", "the secret to be an RSA key", "another");
    return check(signatures, parts);
  };
}

function checked(verifier: Verifier | null): KeyCheck | null {
  if (verifier === null) return null;
  return async (signatures, parts) => {
    for (const signature of signatures) {
      const isGenuine: Awaitable<boolean> = verifier(signature, parts);
      if (await isGenuine) return true;
    }
    return false;
  };
}
