import { WebhookError } from "../verify/webhook-error.ts";

/** An error that a constructor throws. `got` is shown, so it must not be a secret. */
export function fail(name: string, wanted: string, got: unknown): WebhookError {
  return new WebhookError("CONFIG_INVALID", `expected ${name} to be ${wanted}, got ${shown(got)}`);
}

/** Throws where the value is there (or has to be) and does not pass. */
export function check(
  name: string,
  value: unknown,
  passes: (value: unknown) => boolean,
  wanted: string,
  mayBeMissing = true,
): void {
  if (value === undefined && mayBeMissing) return;
  if (!passes(value)) throw fail(name, wanted, value);
}

/** Throws for a name that is not in the list. */
export function checkNames(what: string, object: object, names: readonly string[]): void {
  for (const name of Object.keys(object)) {
    if (!names.includes(name)) throw fail(what, `one of ${names.join(", ")}`, name);
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

export function isOneOf(...values: readonly unknown[]): (value: unknown) => boolean {
  return (value) => values.includes(value);
}

export function isNumberIn(min: number, max: number): (value: unknown) => boolean {
  return (value) => typeof value === "number" && value >= min && value <= max;
}

export function isIntegerIn(min: number, max: number): (value: unknown) => boolean {
  return (value) => Number.isSafeInteger(value) && isNumberIn(min, max)(value);
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 100));
  // Its source is nobody's help: it is a factory that was not called, most of the time.
  if (typeof value === "function") return "a function";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
