import { HMAC_SHA256 } from "./algorithms.ts";
import { ED25519 } from "./asymmetric.ts";
import { BASE64, WHSEC } from "./codec.ts";
import type { Form } from "./codec.ts";
import type { Algorithm, SecretSource, SignatureScheme } from "./spec.ts";
import { expected } from "./webhook-error.ts";

export interface StandardOptions {
  /** `whsec_` and base64, also without the prefix or as `v1,whsec_…`. For signatures `v1`. */
  readonly secret?: SecretSource | undefined;
  /** `whpk_` and base64, or the 32 bytes. For signatures `v1a`. */
  readonly publicKey?: SecretSource | undefined;
  /** How far the signed time may be from the clock, in seconds, before or after; default 300. */
  readonly toleranceS?: number | undefined;
}

/** The names of the three headers. */
export interface StandardHeaders {
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
}

export const WEBHOOK_HEADERS: StandardHeaders = {
  id: "webhook-id",
  timestamp: "webhook-timestamp",
  signature: "webhook-signature",
};
export const SVIX_HEADERS: StandardHeaders = {
  id: "svix-id",
  timestamp: "svix-timestamp",
  signature: "svix-signature",
};

/**
 * Standard Webhooks 1.0 under each set of header names. The three headers of one set belong together: an id out of the other
 * set would be one that nobody signed. `v1` is only ever checked with a secret and `v1a` only with a public key.
 */
export function standardSchemes(
  { secret, publicKey, toleranceS }: StandardOptions,
  headerSets: readonly StandardHeaders[],
  secretForm: Form | readonly Form[] = WHSEC,
): SignatureScheme[] {
  if (secret === undefined && publicKey === undefined) {
    throw expected("SECRET_MISSING", "secret or publicKey", "neither");
  }
  return headerSets.flatMap((headers) => {
    const scheme = (
      key: SecretSource | undefined,
      form: Form | readonly Form[],
      prefix: string,
      algorithm: Algorithm,
    ): SignatureScheme[] =>
      key === undefined
        ? []
        : [
            {
              kind: "signature",
              secret: key,
              secretForm: form,
              id: { header: headers.id },
              signature: { header: headers.signature },
              separator: " ",
              prefix,
              encoding: BASE64,
              algorithm,
              signed: "{id}.{timestamp}.{body}",
              timestamp: { from: { header: headers.timestamp }, unit: "s", toleranceS },
            },
          ];
    return [
      ...scheme(secret, secretForm, "v1,", HMAC_SHA256),
      ...scheme(publicKey, WHPK, "v1a,", ED25519),
    ];
  });
}

const WHPK: Form = {
  name: "whpk",
  decode: (text) => BASE64.decode(text.replace(/^whpk_/, "")),
};
