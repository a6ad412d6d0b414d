import { HMAC_SHA256 } from "./algorithms.ts";
import type { Encoding } from "./codec.ts";
import type { SecretSource, SignatureScheme } from "./spec.ts";

/** The commonest scheme: one header with the HMAC-SHA256 of the body, under the secret's text. */
export function bodySignature(
  secret: SecretSource,
  header: string,
  encoding: Encoding,
  prefix = "",
): SignatureScheme {
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
