import { TOKEN } from "./algorithms.ts";
import { TEXT } from "./codec.ts";
import type { Form } from "./codec.ts";
import type { ReadySignature } from "./ready-scheme.ts";
import type { SecretSource, Source } from "./spec.ts";

/** A shared secret that always stands in the same place. It proves nothing about the body. */
export function tokenIn(
  signature: Source,
  secret: SecretSource,
  secretForm: Form = TEXT,
): ReadySignature {
  return {
    kind: "signature",
    secret,
    secretForm,
    signature,
    encoding: TEXT,
    algorithm: TOKEN,
    signed: "",
  };
}
