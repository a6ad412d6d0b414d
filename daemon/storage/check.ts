import { existsSync, statSync } from "node:fs";

import SqliteDatabase from "better-sqlite3";

/** What a look at a database file found, while no daemon uses it. */
export type DatabaseCheck =
  | { readonly kind: "missing" }
  | { readonly kind: "good"; readonly schemaVersion: number; readonly bytes: number }
  /** The first faults, as SQLite words them. */
  | { readonly kind: "damaged"; readonly problems: readonly string[] };

const PROBLEMS_MAX = 10;

/** Something sealed in the database, with its owner: for trying a key on it. Null where nothing is, or it can't be read. */
export function sealedSample(path: string): { owner: string; sealed: Uint8Array } | null {
  if (!existsSync(path)) return null;
  let file: SqliteDatabase.Database | undefined;
  try {
    file = new SqliteDatabase(path, { readonly: true, fileMustExist: true });
    const row = file
      .prepare<[], { id: string; sealed: string }>(
        `select id, secrets_json ->> '$[0].sealed' as sealed from endpoint
         where secrets_json <> '[]' limit 1`,
      )
      .get();
    return row === undefined ? null : { owner: row.id, sealed: Buffer.from(row.sealed, "base64") };
  } catch {
    return null;
  } finally {
    file?.close();
  }
}

/** Reads the whole file and changes nothing. Takes seconds for each gigabyte. */
export function checkDatabase(path: string): DatabaseCheck {
  if (!existsSync(path)) return { kind: "missing" };
  let file: SqliteDatabase.Database | undefined;
  try {
    file = new SqliteDatabase(path, { readonly: true, fileMustExist: true });
    const rows = file.prepare(`pragma quick_check(${PROBLEMS_MAX})`).pluck().all();
    const problems = rows.map(String).filter((row) => row !== "ok");
    if (problems.length > 0) return { kind: "damaged", problems };
    const schemaVersion = Number(file.pragma("user_version", { simple: true }));
    return { kind: "good", schemaVersion, bytes: statSync(path).size };
  } catch (error) {
    return { kind: "damaged", problems: [error instanceof Error ? error.message : String(error)] };
  } finally {
    file?.close();
  }
}
