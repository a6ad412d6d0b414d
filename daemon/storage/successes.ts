import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { AttemptRecord, SuccessStore } from "../domain/stores.ts";
import { StoreUnavailable } from "../domain/stores.ts";
import type { Connection } from "./open.ts";
import { columnsOf, isSuccess } from "./success-columns.ts";
import type { SuccessAnswer, SuccessThreadData } from "./success-thread.ts";

const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";
const PROGRAM = fileURLToPath(new URL(`./success-thread.${EXTENSION}`, import.meta.url));

/** Room for a batch of full answers many times over; what is young is soon let go, and costs memory only. */
const LIMITS = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256 };

/** A batch under way; there is one at a time. */
interface Batch {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Writes successes in a thread beside the daemon's. It is started when the first are offered, and takes some when it is ready.
 * Where it ended by itself, what it had under way is refused as `StoreUnavailable`, and another is started for the next.
 */
export function createSuccessThread({ file, turns }: Connection): SuccessStore {
  let thread: Worker | null = null;
  let isReady = false;
  // No thread reads what is in memory only, and one that could not even begin will not the next time.
  let isPossible = !file.memory;
  let batch: Batch | null = null;

  function start(): Worker {
    const workerData: SuccessThreadData = { path: file.name, turns: turns.memory };
    // Nothing of the daemon's environment, where keys and passwords may stand.
    const started = new Worker(PROGRAM, { workerData, env: {}, resourceLimits: LIMITS });
    started.unref();
    started.on("message", (answer: SuccessAnswer) => {
      // The first says that it is ready, and nothing of a batch that was handed over before.
      if (isReady) end(errorOf(answer));
      isReady = true;
    });
    const gone = (error: unknown): void => {
      thread = null;
      isPossible &&= isReady;
      isReady = false;
      end(new StoreUnavailable("io_error", error));
    };
    // An error is followed by the exit.
    let fault: unknown = null;
    started.on("error", (error) => (fault = error));
    started.on("exit", (code) => gone(fault ?? new Error(`the thread ended with ${code}`)));
    return started;
  }

  function end(error: Error | null): void {
    const ended = batch;
    batch = null;
    // Only what is under way keeps the process alive.
    thread?.unref();
    if (error === null) ended?.resolve();
    else ended?.reject(error);
  }

  return {
    takes(record) {
      if (!isSuccess(record)) return false;
      if (isPossible) thread ??= start();
      return isReady;
    },
    recordSuccesses(successes: readonly AttemptRecord[], nowMs: number) {
      return new Promise((resolve, reject) => {
        batch = { resolve, reject };
        thread ??= start();
        thread.ref();
        thread.postMessage(columnsOf(successes, nowMs), []);
      });
    },
    stop() {
      const ending = thread;
      if (ending === null) return Promise.resolve();
      return new Promise((resolve) => {
        ending.once("exit", () => resolve());
        ending.ref();
        ending.postMessage(null, []);
      });
    },
  };
}

function errorOf({ trouble, fault }: SuccessAnswer): Error | null {
  if (fault === null) return null;
  const cause = new Error(fault);
  return trouble === null ? cause : new StoreUnavailable(trouble, cause);
}
