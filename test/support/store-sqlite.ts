import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Connection } from "../../daemon/storage/open.ts";
import { openDatabase } from "../../daemon/storage/open.ts";
import type { Store } from "../../daemon/storage/store.ts";
import { openStore, storeOn } from "../../daemon/storage/store.ts";

/** A store on SQLite with ids and times that are always the same. */
export function openTestStore(path: string): Store {
  return openStore({
    path,
    nowMs: () => 1,
    newId: (prefix) => `${prefix}_${"0".repeat(26)}`,
    beforeMigration: () => undefined,
  });
}

/** A folder of its own for one test file. */
export function createFolder(): { path(name: string): string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-storage-"));
  return {
    path: (name) => join(folder, name),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface OpenTable {
  readonly store: Store;
  readonly connection: Connection;
}

/** The store, and the connection behind it for what no port does: harm. */
export function openTable(path: string): OpenTable {
  if (path !== ":memory:") openTestStore(path).close();
  const connection = openDatabase({ path, beforeMigration: () => undefined });
  if (path === ":memory:") connection.file.exec(DEFAULT_APPLICATION);
  return { connection, store: storeOn(connection) };
}

const DEFAULT_APPLICATION = `insert into application (id, name, created_at_ms) values ('app_1', 'default', 1)`;

/**
 * Stores in files that don't wait for the disk: what is tested with hundreds of them is the file, not the power cut. They are
 * copies of one, since making the tables takes longer than most tests.
 */
export function createQuickFiles(path: (name: string) => string): () => Store {
  const template = path("template.db");
  openTestStore(template).close();
  let count = 0;
  return () => {
    count += 1;
    const copy = path(`${count}.db`);
    copyFileSync(template, copy);
    const connection = openDatabase({ path: copy, beforeMigration: () => undefined });
    connection.file.pragma("synchronous = OFF");
    return storeOn(connection);
  };
}
