import { closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";

import type { Database } from "better-sqlite3";

/** A copy on its way: written as `partial`, which has its name only once it is whole and on the disk. */
export interface Copy {
  readonly partial: string;
  /** Takes the place of what stands under the name. */
  publish(): void;
  discard(): void;
}

/** What a copy that was killed left under the partial name is removed, since SQLite writes into no file that exists. */
export function beginCopy(path: string): Copy {
  const partial = `${path}.partial`;
  rmSync(partial, { force: true });
  return {
    partial,
    publish() {
      flush(partial);
      renameSync(partial, path);
      // The name is an entry of the folder, which has a place of its own on the disk.
      flush(dirname(path));
    },
    discard: () => rmSync(partial, { force: true }),
  };
}

/**
 * Copies the whole database in one go, without its free pages; nothing else runs meanwhile. What stands under the name is a whole
 * copy at any moment, an earlier one or this one.
 */
export function copyDatabase(file: Database, path: string): void {
  const copy = beginCopy(path);
  try {
    file.prepare("vacuum into ?").run(copy.partial);
    copy.publish();
  } catch (error) {
    copy.discard();
    throw error;
  }
}

function flush(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
