import { statSync } from "node:fs";

/** Which file stands under this path now, whatever its name; null where none does. */
export function fileIdentity(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev}:${found.ino}`;
}
