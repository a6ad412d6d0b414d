import { decode, utf8 } from "./codec.ts";
import { isEqual } from "#crypto";
import { prepareKeys } from "./secrets.ts";
import type { SchemeCheck } from "./signature-scheme.ts";
import { readersOf } from "./sources.ts";
import type { Algorithm, TokenScheme } from "./spec.ts";
import { WebhookError } from "./webhook-error.ts";

/** A token is its own proof: the "signature" is what was sent. */
const TOKEN: Algorithm = {
  name: "token",
  prepare: (secret) => (given) => given.some((one) => isEqual(one, secret)),
};

/** Throws `WebhookError` for secrets that can't be used. */
export function tokenCheck(scheme: TokenScheme): SchemeCheck {
  const readers = readersOf(scheme.token);
  const keysOf = prepareKeys(scheme.secret, scheme.secretForm, TOKEN);
  const isBasic = scheme.form === "basic";
  const prefix = (isBasic ? "basic " : (scheme.prefix ?? "")).toLowerCase();
  const name = readers.map((reader) => reader.name).join(" or ");

  return async (request, event) => {
    const texts = readers.map(({ read }) => read(request, event)).filter((text) => text !== null);
    if (texts.length === 0) return new WebhookError("HEADER_MISSING", `expected ${name}, got none`);
    const given = texts.filter((text) => text.toLowerCase().startsWith(prefix));
    if (given.length === 0) {
      return new WebhookError(
        "SCHEME_UNSUPPORTED",
        `expected ${name} to begin with ${prefix}, got another`,
      );
    }
    const bytes = given.map((text) => {
      const token = text.slice(prefix.length).trim();
      return isBasic ? decode("base64", token) : utf8(token);
    });
    const known = bytes.filter((one) => one !== null);
    for (const key of await keysOf(request)) {
      if (await key.check(known, [])) return { signedAtMs: null, secret: key.secret };
    }
    return new WebhookError("TOKEN_MISMATCH", `expected ${name} to be the secret, got another`);
  };
}
