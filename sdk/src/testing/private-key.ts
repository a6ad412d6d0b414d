import { ecdsaP256Signer, ed25519Signer, rsaSigner } from "#crypto";
import { BASE64, HEX } from "../verify/codec.ts";
import type { Encoding } from "../verify/codec.ts";
import type { Signer } from "../verify/crypto.ts";
import { WebhookError } from "../verify/webhook-error.ts";

const SEED_BYTES = 32;
const PEM = /-----BEGIN PRIVATE KEY-----([\sA-Za-z0-9+/=]+)-----END PRIVATE KEY-----/;

/**
 * What signs for an algorithm whose verifier can't. `privateKey`: PKCS #8 as DER or PEM; for ed25519 also the 32 bytes of the
 * seed, as bytes, hex, base64 or `whsk_…`.
 */
export function signerOf(algorithm: string, privateKey: string | Uint8Array): Signer {
  const bytes = typeof privateKey === "string" ? bytesOf(privateKey) : privateKey;
  try {
    // The seed ends a PKCS #8 of ed25519 and begins what Svix writes after `whsk_`.
    if (algorithm === "ed25519")
      return ed25519Signer(
        bytes.length === 48 ? bytes.slice(-SEED_BYTES) : bytes.slice(0, SEED_BYTES),
      );
    if (algorithm === "ecdsa-p256") return ecdsaP256Signer(bytes);
    if (algorithm === "rsa-sha1") return rsaSigner("sha1", bytes);
    if (algorithm === "rsa-sha256") return rsaSigner("sha256", bytes);
  } catch (cause) {
    throw new WebhookError(
      "SECRET_INVALID",
      `expected privateKey to be one for ${algorithm}, got another`,
      { cause },
    );
  }
  throw new WebhookError("CONFIG_INVALID", `expected an algorithm that can sign, got ${algorithm}`);
}

function bytesOf(text: string): Uint8Array {
  const base64 = PEM.exec(text)?.[1]?.replace(/\s/g, "");
  const forms: readonly (readonly [Encoding, string])[] =
    base64 === undefined
      ? [
          [HEX, text],
          [BASE64, text.replace(/^whsk_/, "")],
        ]
      : [[BASE64, base64]];
  for (const [encoding, each] of forms) {
    const bytes = encoding.decode(each);
    if (bytes !== null && bytes.length >= SEED_BYTES) return bytes;
  }
  throw new WebhookError(
    "SECRET_INVALID",
    "expected privateKey to be PEM, hex, base64 or whsk_…, got other text",
  );
}
