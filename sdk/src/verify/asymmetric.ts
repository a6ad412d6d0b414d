import { ecdsaP256, ed25519, rsa } from "#crypto";
import type { Awaitable, RsaHashName, Verifier } from "./crypto.ts";
import type { Algorithm, KeyCheck } from "./spec.ts";

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
  return { name: `rsa-${hash}`, prepare: async (key) => checked(await rsa(hash, key)) };
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
