import type { SecretSource } from "./spec.ts";
import { expected } from "./webhook-error.ts";

/** What every factory with a secret takes. */
export interface SecretOptions {
  /** At most 8; during a rotation give the old and the new one. */
  readonly secret: SecretSource;
}

export interface TimedOptions extends SecretOptions {
  /** How far the signed time may be from the clock, in seconds, before or after. */
  readonly toleranceS?: number | undefined;
}

/** Throws `CONFIG_INVALID` for an option that the factory does not know: a misspelt one would be silently without effect. */
export function assertOptions(name: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).filter((key) => !known.includes(key));
  if (unknown.length > 0) {
    throw expected(
      "CONFIG_INVALID",
      `the options of ${name} to be of ${known.join(", ")}`,
      unknown.join(", "),
    );
  }
  const { toleranceS } = options as { readonly toleranceS?: unknown };
  if (toleranceS === undefined) return;
  if (typeof toleranceS !== "number" || !(toleranceS > 0 && toleranceS < Infinity)) {
    throw expected(
      "CONFIG_INVALID",
      "toleranceS to be a number over 0",
      JSON.stringify(toleranceS),
    );
  }
}
