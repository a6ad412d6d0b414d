/** What each connection that writes does alike. Without what builds queries, which takes a thread longer to load than all else. */
import SqliteDatabase from "better-sqlite3";

import type { StoreTrouble } from "../domain/stores.ts";
import { StoreUnavailable } from "../domain/stores.ts";
import type { Turns } from "./turns.ts";

/** How each connection that writes is set. */
export function setPragmas(file: SqliteDatabase.Database): void {
  // Must come before the first table is made; later it needs a full VACUUM.
  file.pragma("auto_vacuum = INCREMENTAL");
  // Pages stay at SQLite's 4 KiB: with 8 or 16 KiB an accept takes as long, and a fifth or a half more is written for it.
  file.pragma("journal_mode = WAL");
  // FULL: the log is on the disk when a commit returns. NORMAL gains little once commits are grouped, and loses the last ones with the power.
  file.pragma("synchronous = FULL");
  file.pragma("wal_autocheckpoint = 4000");
  // After a burst the log is cut back to this instead of staying as large as it ever was.
  file.pragma("journal_size_limit = 67108864");
  file.pragma("cache_size = -32768");
  file.pragma("temp_store = MEMORY");
  file.pragma("foreign_keys = ON");
  file.pragma("busy_timeout = 2000");
}

/** All or nothing, durable when it returns. Throws `StoreUnavailable` when the disk or the file refuses. */
export function commit<Result>(
  file: SqliteDatabase.Database,
  turns: Turns,
  work: () => Result,
): Result {
  // A commit inside a commit joins it: public methods open transactions, helpers never do.
  if (file.inTransaction) return work();
  turns.take();
  try {
    file.exec("begin immediate");
    const result = work();
    file.exec("commit");
    return result;
  } catch (error) {
    // SQLite rolls back by itself on some errors (a full disk among them).
    if (file.inTransaction) file.exec("rollback");
    throw asUnavailable(error);
  } finally {
    turns.give();
  }
}

/** Also another program that holds the file locked, and damage: nothing was written, and the daemon must say so and live on. */
const FILE_TROUBLE = /^SQLITE_(?:IOERR|CANTOPEN|BUSY|CORRUPT|NOTADB)/;

/** The store's trouble behind an error, or null where it is something else (a fault of ours). */
export function troubleOf(error: unknown): StoreTrouble | null {
  if (error instanceof StoreUnavailable) return error.trouble;
  if (!(error instanceof SqliteDatabase.SqliteError)) return null;
  if (error.code === "SQLITE_FULL") return "disk_full";
  if (error.code.startsWith("SQLITE_READONLY")) return "read_only";
  return FILE_TROUBLE.test(error.code) ? "io_error" : null;
}

function asUnavailable(error: unknown): unknown {
  const trouble = troubleOf(error);
  return trouble === null ? error : new StoreUnavailable(trouble, error);
}
