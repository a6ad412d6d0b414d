import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import SqliteDatabase from "better-sqlite3";

import { StartRefused } from "../domain/errors.ts";

/** A data directory that is ours until `release`, or until this process ends, however it ends. */
export interface DataDirLock {
  release(): void;
}

/** Long enough for a winner to write its number down before the loser reads it. */
const BUSY_MS = 200;

/**
 * Takes the data directory for this process. Throws `StartRefused`, with the holder's process id
 * where it is known, while another has it.
 *
 * Node offers no file lock, SQLite has one: the reserved lock of a file `posthorn.lock` that stays
 * empty. The kernel gives it to one of two that ask in the same instant, and takes it back the
 * moment its holder dies, `kill -9` included. A file with a process id alone can do neither: after
 * a crash (or in a container, where each daemon is process 7) the number is another program's. Not
 * the database's own lock, because backups and `doctor` read that file while the daemon runs.
 */
export function lockDataDir(dataDir: string, pid: number): DataDirLock {
  const path = join(dataDir, "posthorn.lock");
  const pidPath = join(dataDir, "posthorn.pid");
  const file = openLockFile(path);
  try {
    file.exec("begin immediate");
  } catch (error) {
    file.close();
    throw refusal(error, dataDir, pidPath);
  }
  // Only for the sentence that others are refused with; the lock does not depend on it.
  writeFileSync(pidPath, `${pid}\n`, { mode: 0o600 });
  return {
    release() {
      if (!file.open) return;
      rmSync(pidPath, { force: true });
      file.close();
    },
  };
}

function openLockFile(path: string): SqliteDatabase.Database {
  try {
    return new SqliteDatabase(path, { timeout: BUSY_MS });
  } catch (error) {
    throw new StartRefused(`expected ${path} to be usable as a lock, got ${messageOf(error)}`);
  }
}

function refusal(error: unknown, dataDir: string, pidPath: string): StartRefused {
  const isHeld = error instanceof SqliteDatabase.SqliteError && error.code === "SQLITE_BUSY";
  if (!isHeld) {
    return new StartRefused(
      `expected ${dataDir} to be lockable, got ${messageOf(error)}; a data directory needs a local file system`,
    );
  }
  const pid = readPid(pidPath);
  const holder = pid === null ? "another process" : `process ${pid}`;
  return new StartRefused(
    `expected ${dataDir} to be free, got one that a Posthorn uses already (${holder}); stop that one, or choose another POSTHORN_DATA_DIR`,
  );
}

function readPid(path: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(path, "utf8"), 10);
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
