import { TEXT } from "./codec.ts";
import type { Form } from "./codec.ts";
import type { Awaitable } from "./crypto.ts";
import type { ReadRequest } from "./read-request.ts";
import type { Algorithm, KeyCheck, SecretSource, SecretValue } from "./spec.ts";
import { WebhookError } from "./webhook-error.ts";

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
  let lastKeys: Awaitable<readonly Key[]> = [];
  return async (request) => {
    const value = await lookUp(source, request);
    // Bytes and lists are never the same: who holds them may have changed them.
    if (typeof value !== "string" || value !== last) lastKeys = keysOf(value, formList, algorithm);
    last = value;
    return lastKeys;
  };
}

async function lookUp(
  source: (request: ReadRequest) => SecretValue | Promise<SecretValue>,
  request: ReadRequest,
): Promise<SecretValue> {
  try {
    return await source(request);
  } catch (cause) {
    if (cause instanceof WebhookError) throw cause;
    throw new WebhookError("KEY_UNAVAILABLE", "expected the secret, got an error", {
      cause,
    });
  }
}

function keysOf(
  value: SecretValue,
  forms: readonly Form[],
  algorithm: Algorithm,
): Awaitable<readonly Key[]> {
  const all = Array.isArray(value) ? (value as readonly (string | Uint8Array)[]) : [value];
  if (all.length === 0) throw missing("none");
  if (all.length > SECRETS_MAX) {
    throw new WebhookError(
      "CONFIG_INVALID",
      `expected at most ${SECRETS_MAX} secrets, got ${all.length}`,
    );
  }
  const found = all
    .flatMap((one) => secretBytes(one as string | Uint8Array, forms))
    .map((secret) => {
      const check = algorithm.prepare(secret);
      return check instanceof Promise
        ? check.then((late) => key(secret, late))
        : key(secret, check);
    });
  const isReady = found.every((one): one is Key => !(one instanceof Promise));
  return isReady ? found : Promise.all(found.map(async (one) => one));
}

function key(secret: Uint8Array, check: KeyCheck | null): Key {
  if (check === null) throw invalid("a key of the scheme's kind", "another");
  return { secret, check };
}

/** The bytes under each form that the text has: nearly always one. */
function secretBytes(secret: string | Uint8Array, forms: readonly Form[]): Uint8Array[] {
  if (typeof secret !== "string") {
    if (!ArrayBuffer.isView(secret)) throw missing(secret === null ? "null" : typeof secret);
    if (secret.length === 0) throw missing("no bytes");
    return [new Uint8Array(secret)]; // not slice(): a Buffer would share its memory
  }
  if (secret === "") throw missing("an empty text");
  // Nearly always the line end of a file or a copied cell, and every delivery would fail for no visible cause.
  if (secret.trim() !== secret) throw invalid("without white space at its ends", "some");
  const found = forms.flatMap((form) => form.decode(secret) ?? []);
  if (found.some((bytes) => bytes.length === 0) || found.length === 0) {
    throw invalid(forms.map((form) => form.name).join(" or "), "another");
  }
  return found;
}

function missing(got: string): WebhookError {
  return new WebhookError("SECRET_MISSING", `expected a secret, got ${got}`);
}

function invalid(wanted: string, got: string): WebhookError {
  return new WebhookError("SECRET_INVALID", `expected the secret to be ${wanted}, got ${got}`);
}
