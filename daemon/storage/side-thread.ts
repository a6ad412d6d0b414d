/** The program of the thread that does a part of the deliveries' store beside the loop, on a connection of its own. */
import { parentPort, workerData } from "node:worker_threads";
import SqliteDatabase from "better-sqlite3";
import type { DueQuery, StoreTrouble } from "../domain/stores.ts";
import { createCountChanges } from "./counts.ts";
import { createDueReader } from "./due.ts";
import { type DueColumns, dueColumnsOf } from "./due-columns.ts";
import { fileIdentity } from "./file-identity.ts";
import { createRecordWriter } from "./records.ts";
import { type SuccessColumns, successesOf } from "./success-columns.ts";
import { createTurns } from "./turns.ts";
import { commit, setPragmas, troubleOf } from "./writing.ts";

/** What the thread is made with. */
export interface SideThreadData {
  readonly path: string;
  /** Of the file that the first connection has open. */
  readonly identity: string | null;
  /** The memory of the first connection's `Turns`. */
  readonly turns: SharedArrayBuffer;
}

/** What it is asked, one after the other. */
export type SideTask =
  | { readonly kind: "record"; readonly columns: SuccessColumns }
  | { readonly kind: "read"; readonly query: DueQuery }
  | { readonly kind: "end" };

/** The first says that the thread is ready; the others answer the tasks in their order. */
export interface SideAnswer {
  /** What was read. */
  readonly columns: DueColumns | null;
  readonly trouble: StoreTrouble | null;
  /** In words, where nothing was written or read. */
  readonly fault: string | null;
}

/** What it writes is beside what it wrote last, and what it reads beside what it read, so it needs few pages in memory. */
const CACHE_KIB = 8_192;

const { path, identity, turns: memory } = workerData as SideThreadData;
const file = new SqliteDatabase(path, { fileMustExist: true });
// Before anything is read: to a file that was put in its place, what is in the log beside it does not belong.
if (fileIdentity(path) !== identity)
  throw new Error(`expected ${path} to be the open file, got another one`);
setPragmas(file);
file.pragma(`cache_size = -${CACHE_KIB}`);
const turns = createTurns(memory);
const countChanges = createCountChanges({ file });
const writer = createRecordWriter({ file });
const due = createDueReader({ file });
const WELL: SideAnswer = { columns: null, trouble: null, fault: null };

parentPort?.on("message", (task: SideTask) => {
  if (task.kind === "end") {
    file.close();
    parentPort?.close();
    return;
  }
  const answer = answerTo(task);
  const bodies = answer.columns?.chunks.map((chunk) => chunk.buffer) ?? [];
  parentPort?.postMessage(answer, bodies);
});
parentPort?.postMessage(WELL, []);

function answerTo(task: Exclude<SideTask, { kind: "end" }>): SideAnswer {
  try {
    if (task.kind === "read") return { ...WELL, columns: dueColumnsOf(due.deliveries(task.query)) };
    commit(file, turns, () => write(task.columns));
    return WELL;
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    return { columns: null, trouble: troubleOf(error), fault };
  }
}

function write(columns: SuccessColumns): void {
  const counts = countChanges();
  for (const each of successesOf(columns)) writer.record(each, columns.nowMs, counts);
  counts.write();
}
