import type { SecretSource } from "./spec.ts";
import { expected, kindOf, type WebhookError } from "./webhook-error.ts";

/** What every factory with a secret takes. */
export interface SecretOptions {
  /** At most 8; during a rotation give the old and the new one. */
  readonly secret: SecretSource;
}

export interface TimedOptions extends SecretOptions {
  /** How far the signed time may be from the clock, in seconds, before or after. */
  readonly toleranceS?: number | undefined;
}

/**
 * Throws `CONFIG_INVALID` for what are no options, and for one that the factory does not know: a misspelt one would be silently
 * without effect.
 */
export function assertOptions(name: string, options: object, known: readonly string[]): void {
  const what = `the options of ${name}`;
  // Shown by its kind alone: it may be the secret itself.
  const kind = kindOf(options);
  if (kind !== "object") throw wrong(`${what} to be an object`, kind);
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw wrong(`${what} to be of ${known.join(", ")}`, key);
  }
  const { toleranceS = 1 } = options as { readonly toleranceS?: unknown };
  if (!Number.isFinite(toleranceS) || Number(toleranceS) <= 0) {
    throw wrong("toleranceS to be a number over 0", JSON.stringify(toleranceS));
  }
}

function wrong(wanted: string, got: string): WebhookError {
  return expected("CONFIG_INVALID", wanted, got);
}
