/** The program of the thread that writes records of successes, on a connection of its own. */
import { parentPort, workerData } from "node:worker_threads";
import SqliteDatabase from "better-sqlite3";
import type { StoreTrouble } from "../domain/stores.ts";
import { createCountChanges } from "./counts.ts";
import { createRecordWriter } from "./records.ts";
import { type SuccessColumns, successesOf } from "./success-columns.ts";
import { createTurns } from "./turns.ts";
import { commit, setPragmas, troubleOf } from "./writing.ts";

/** What the thread is made with. */
export interface SuccessThreadData {
  readonly path: string;
  /** The memory of the first connection's `Turns`. */
  readonly turns: SharedArrayBuffer;
}

/** The first says that the thread is ready, each other how one batch ended: with null, written. */
export interface SuccessAnswer {
  readonly trouble: StoreTrouble | null;
  /** In words, where it was not written. */
  readonly fault: string | null;
}

/** What it writes is beside what it wrote last, so it needs fewer pages in memory than the first connection. */
const CACHE_KIB = 8_192;

const { path, turns: memory } = workerData as SuccessThreadData;
const file = new SqliteDatabase(path, { fileMustExist: true });
setPragmas(file);
file.pragma(`cache_size = -${CACHE_KIB}`);
const turns = createTurns(memory);
const countChanges = createCountChanges({ file });
const writer = createRecordWriter({ file });
const WELL: SuccessAnswer = { trouble: null, fault: null };

parentPort?.on("message", (columns: SuccessColumns | null) => {
  if (columns !== null) {
    parentPort?.postMessage(answerTo(columns), []);
    return;
  }
  file.close();
  parentPort?.close();
});
parentPort?.postMessage(WELL, []);

function answerTo(columns: SuccessColumns): SuccessAnswer {
  try {
    commit(file, turns, () => write(columns));
    return WELL;
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    return { trouble: troubleOf(error), fault };
  }
}

function write(columns: SuccessColumns): void {
  const counts = countChanges();
  for (const each of successesOf(columns)) writer.record(each, columns.nowMs, counts);
  counts.write();
}
