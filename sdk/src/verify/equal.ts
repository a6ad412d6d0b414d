import { isEqual } from "#crypto";
import { utf8 } from "./codec.ts";

/** Compares texts in a time that depends on their lengths alone. */
export function isSameText(a: string, b: string): boolean {
  return isEqual(utf8(a), utf8(b));
}
