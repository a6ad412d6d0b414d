import { HMAC_SHA256 } from "./algorithms.ts";
import { ED25519 } from "./asymmetric.ts";
import { BASE64, WHSEC } from "./codec.ts";
import type { Form } from "./codec.ts";
import { listed } from "./listed.ts";
import type { ReadySignature } from "./ready-scheme.ts";
import type { Algorithm, SecretSource } from "./spec.ts";
import { timed } from "./timed.ts";
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
export type StandardHeaders = (part: "id" | "timestamp" | "signature") => string;

export const WEBHOOK_HEADERS: StandardHeaders = (part) => `webhook-${part}`;
export const SVIX_HEADERS: StandardHeaders = (part) => `svix-${part}`;

/** One kind of signature, and which option has its key. A value, so that whoever has one kind does not carry the other. */
export interface StandardKind {
  readonly option: "secret" | "publicKey";
  readonly secretForm: Form | readonly Form[];
  readonly prefix: string;
  readonly algorithm: Algorithm;
}

export const V1: StandardKind = {
  option: "secret",
  secretForm: WHSEC,
  prefix: "v1,",
  algorithm: HMAC_SHA256,
};

export const V1A: StandardKind = {
  option: "publicKey",
  secretForm: {
    name: "whpk",
    wanted: "whpk_ and base64 of 32 bytes",
    decode: (text) => BASE64.decode(text.replace(/^whpk_/, "")),
  },
  prefix: "v1a,",
  algorithm: ED25519,
};

/**
 * Standard Webhooks 1.0 under each set of header names. The three headers of one set belong together: an id out of the other
 * set would be one that nobody signed. `v1` is only ever checked with a secret and `v1a` only with a public key.
 */
export function standardSchemes(
  options: StandardOptions,
  headerSets: readonly StandardHeaders[],
  kinds: readonly StandardKind[],
): ReadySignature[] {
  const { toleranceS } = options;
  const schemes = headerSets.flatMap((name) =>
    kinds.flatMap(({ option, ...kind }): ReadySignature[] => {
      const secret = options[option];
      if (secret === undefined) return [];
      return [
        {
          ...kind,
          kind: "signature",
          secret,
          id: { header: name("id") },
          signature: { header: name("signature") },
          ...listed(" "),
          encoding: BASE64,
          signed: "{id}.{timestamp}.{body}",
          timestamp: timed({ header: name("timestamp") }, "s", toleranceS),
        },
      ];
    }),
  );
  if (schemes.length > 0) return schemes;
  const names = kinds.map(({ option }) => option).join(" or ");
  throw expected("SECRET_MISSING", `${names} to be given`, "none");
}
