import { HMAC_SHA256 } from "./algorithms.ts";
import type { Encoding } from "./codec.ts";
import type { ReadySignature } from "./ready-scheme.ts";
import type { SecretSource } from "./spec.ts";

/** The commonest scheme: one header with the HMAC-SHA256 of the body, under the secret's text. */
export function bodySignature(
  secret: SecretSource,
  header: string,
  encoding: Encoding,
  prefix = "",
): ReadySignature {
  return {
    kind: "signature",
    secret,
    signature: { header },
    prefix,
    encoding,
    algorithm: HMAC_SHA256,
    signed: "{body}",
  };
}
