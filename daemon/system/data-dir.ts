import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";

import { StartRefused } from "../domain/errors.ts";

/** Where each thing lies in a data directory. */
export interface DataDir {
  readonly path: string;
  readonly database: string;
  readonly key: string;
  readonly backups: string;
  readonly plugins: string;
}

export function dataDirAt(path: string): DataDir {
  return {
    path,
    database: join(path, "posthorn.db"),
    key: join(path, "secret.key"),
    backups: join(path, "backups"),
    plugins: join(path, "plugins"),
  };
}

/**
 * Makes the data directory where it is missing, for this user only (0700), and makes sure that
 * files can be made in it. Throws `StartRefused` with a sentence. An existing folder keeps its
 * mode: on some home servers a group is meant to see it.
 */
export function openDataDir(path: string): DataDir {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (!statSync(path).isDirectory()) throw new Error("a file");
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StartRefused(
      `expected ${path} to be a folder that this user can write to, got ${reasonOf(error)}`,
      { cause: error },
    );
  }
  return dataDirAt(path);
}

/**
 * What an unprivileged user may still write on the path's file system. Rejects where the path does
 * not exist.
 */
export async function diskFreeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? error.code : null;
  switch (code) {
    case "EACCES":
    case "EPERM":
      return "one without that permission";
    case "EROFS":
      return "one on a read-only file system";
    case "EEXIST":
    case "ENOTDIR":
      return "a file";
    default:
      return error.message;
  }
}
