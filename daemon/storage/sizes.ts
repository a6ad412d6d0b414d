import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { DatabaseSize, TableSize } from "../domain/database-size.ts";
import type { Connection } from "./open.ts";

/** Adding up this much takes a second or two, on a memory card half a minute; beyond it the answer is not worth the reading. */
const BYTES_MAX = 1024 * 1_048_576;

const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";
const PROGRAM = fileURLToPath(new URL(`./sizes-thread.${EXTENSION}`, import.meta.url));

/** How large the file is; its tables only where it has at most `bytesMax`. Never takes the daemon's own thread for it. */
export async function databaseSize(
  { file }: Connection,
  bytesMax: number = BYTES_MAX,
): Promise<DatabaseSize> {
  const [pages, free, pageBytes] = ["page_count", "freelist_count", "page_size"].map((name) =>
    Number(file.pragma(name, { simple: true })),
  ) as [number, number, number];
  const bytes = pages * pageBytes;
  const sizes = { bytes, freeBytes: free * pageBytes, walBytes: bytesOf(`${file.name}-wal`) };
  if (file.memory) return { ...sizes, tables: [], note: "the database is in memory" };
  if (bytes > bytesMax) {
    return { ...sizes, tables: [], note: `not added up for a file of more than ${bytesMax} bytes` };
  }
  try {
    return { ...sizes, tables: await addUp(file.name), note: null };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ...sizes, tables: [], note: `could not be added up: ${why}` };
  }
}

function addUp(path: string): Promise<readonly TableSize[]> {
  return new Promise((resolve, reject) => {
    // Nothing of the daemon's environment, where keys and passwords may stand.
    const thread = new Worker(PROGRAM, { workerData: path, env: {} });
    thread.unref();
    thread.on("message", (sizes: readonly TableSize[]) => resolve(sizes));
    thread.on("error", reject);
    thread.on("exit", (code) => reject(new Error(`the thread ended with ${code}`)));
  });
}

function bytesOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0; // there is none while nothing was written
  }
}
