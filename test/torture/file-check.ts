import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import SqliteDatabase from "better-sqlite3";

/** What the database file says, with no daemon in between. */
export interface FileCheck {
  /** `ok`, or what SQLite's full integrity check complains of. */
  readonly integrity: string;
  readonly deliveries: Readonly<Record<string, number>>;
}

/**
 * Looks at a copy: opening the file itself would replay its write-ahead log, and the next daemon would not find what the kill
 * left behind.
 */
export function checkFile(path: string): FileCheck {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-file-check-"));
  try {
    const copy = join(folder, "copy.db");
    copyFileSync(path, copy);
    if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${copy}-wal`);
    const file = new SqliteDatabase(copy);
    try {
      const integrity = file.prepare("pragma integrity_check").pluck().all().join("; ");
      const rows = file
        .prepare<[], [string, number]>("select state, count(*) from delivery group by state")
        .raw()
        .all();
      return { integrity, deliveries: Object.fromEntries(rows) };
    } finally {
      file.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
