/** Checks of options that not every factory has, so that those without carry none. What is shown is never a secret's place. */
import { isSources, SOURCES_WANTED } from "./source-check.ts";
import { expected, kindOf } from "./webhook-error.ts";

/** Throws `CONFIG_INVALID` for a value that does not pass. Text is shown, being the likeliest mistake. */
export function assertThat(
  name: string,
  value: unknown,
  passes: (value: unknown) => boolean,
  wanted: string,
): void {
  if (passes(value)) return;
  const got = typeof value === "string" ? JSON.stringify(value.slice(0, 100)) : kindOf(value);
  throw expected("CONFIG_INVALID", `${name} to be ${wanted}`, got);
}

export function assertOneOf(name: string, value: unknown, known: readonly string[]): void {
  const isKnown = (one: unknown): boolean => typeof one === "string" && known.includes(one);
  assertThat(name, value, isKnown, `one of ${known.join(", ")}`);
}

export function assertText(name: string, value: unknown): void {
  assertThat(name, value, isText, "text");
}

/** A header's, in all cases that there are. */
export function assertName(name: string, value: unknown): void {
  assertThat(name, value, isName, "a name");
}

/** The options that `hmac` and `token` have in common. */
export function assertReading(options: {
  readonly methods?: unknown;
  readonly id?: unknown;
  readonly type?: unknown;
}): void {
  const { methods = ["POST"], id = [], type = [] } = options;
  const areMethods = (value: unknown): boolean =>
    Array.isArray(value) && value.length > 0 && value.every(isName);
  assertThat("methods", methods, areMethods, `a list of methods such as "POST"`);
  assertThat("id", id, isSources, SOURCES_WANTED);
  assertThat("type", type, isSources, SOURCES_WANTED);
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isName(value: unknown): boolean {
  return isText(value) && value !== "";
}
