import { TEXT } from "./codec.ts";
import type { Form } from "./codec.ts";
import type { Awaitable } from "./crypto.ts";
import type { ReadRequest } from "./read-request.ts";
import type { Algorithm, KeyCheck, SecretSource, SecretValue } from "./spec.ts";
import { WebhookError, expected, kindOf } from "./webhook-error.ts";

/** A secret ready for use. */
export interface Key {
  readonly secret: Uint8Array;
  readonly check: KeyCheck;
}

export type Keys = (request: ReadRequest) => Awaitable<readonly Key[]>;

const SECRETS_MAX = 8;

/**
 * The keys of a scheme. Throws `WebhookError` (`SECRET_MISSING`, `SECRET_INVALID`, `CONFIG_INVALID`) for secrets that can't be
 * used; what the function of a `SecretSource` gives is judged when it is called, and the promise rejects with such an error.
 */
export function prepareKeys(
  source: SecretSource,
  forms: Form | readonly Form[] | undefined,
  algorithm: Algorithm,
): Keys {
  const formList = [forms ?? TEXT].flat();
  if (typeof source !== "function") {
    const keys = keysOf(source, formList, algorithm);
    return () => keys;
  }
  let last: SecretValue | undefined;
  let lastKeys: readonly Key[] = [];
  return async (request) => {
    let value: SecretValue;
    try {
      value = await source(request);
    } catch (cause) {
      if (cause instanceof WebhookError) throw cause;
      throw expected("KEY_UNAVAILABLE", "the secret", "an error", { cause });
    }
    // Bytes and lists are never the same: who holds them may have changed them.
    if (typeof value !== "string" || value !== last) lastKeys = keysOf(value, formList, algorithm);
    last = value;
    return lastKeys;
  };
}

function keysOf(value: SecretValue, forms: readonly Form[], algorithm: Algorithm): readonly Key[] {
  const all = [value].flat();
  if (all.length === 0) throw missing("none");
  if (all.length > SECRETS_MAX) {
    throw expected("CONFIG_INVALID", `at most ${SECRETS_MAX} secrets`, `${all.length}`);
  }
  return all
    .flatMap((one) => secretBytes(one, forms))
    .map((secret) => {
      const check = algorithm.prepare(secret);
      if (check === null) throw invalid(`a key for ${algorithm.name}`, `${secret.length} bytes`);
      return { secret, check };
    });
}

/** The bytes under each form that the text has: nearly always one. */
function secretBytes(secret: string | Uint8Array, forms: readonly Form[]): Uint8Array[] {
  const isText = typeof secret === "string";
  if (!isText && !ArrayBuffer.isView(secret)) throw missing(kindOf(secret));
  if (secret.length === 0) throw missing("none");
  if (!isText) return [new Uint8Array(secret)]; // not slice(): a Buffer would share its memory
  // Nearly always the line end of a file or a copied cell, and every delivery would fail for no visible cause.
  if (secret.trim() !== secret) throw invalid("without white space at its ends", "some");
  let got = `${secret.length} characters that are not`;
  const found = forms.flatMap(({ decode, bytesMin = 1 }) => {
    const bytes = decode(secret);
    if (bytes === null) return [];
    got = `${bytes.length} bytes`;
    return bytes.length < bytesMin ? [] : bytes;
  });
  if (found.length > 0) return found;
  throw invalid(forms.map(({ wanted, name }) => wanted ?? name).join(" or "), got);
}

function missing(got: string): WebhookError {
  return expected("SECRET_MISSING", "the secret to be text or bytes", got);
}

function invalid(wanted: string, got: string): WebhookError {
  return expected("SECRET_INVALID", `the secret to be ${wanted}`, got);
}
