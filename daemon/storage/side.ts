import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { SideStore } from "../domain/stores.ts";
import { StoreUnavailable } from "../domain/stores.ts";
import { type DueColumns, dueDeliveriesOf } from "./due-columns.ts";
import { fileIdentity } from "./file-identity.ts";
import type { Connection } from "./open.ts";
import type { SideAnswer, SideTask, SideThreadData } from "./side-thread.ts";
import { columnsOf, isSuccess } from "./success-columns.ts";

const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";
const PROGRAM = fileURLToPath(new URL(`./side-thread.${EXTENSION}`, import.meta.url));

/** Room for a batch of full answers many times over; what is young is soon let go, and costs memory only. */
const LIMITS = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256 };

const BATCH_MIN = 64;

/** More than this would only wait for one another: for each read its room in memory is kept, and a record waits behind them. */
const ASKED_MAX = 4;

/** A task under way, until its answer. */
interface Asked {
  readonly resolve: (columns: DueColumns | null) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Works in a thread beside the daemon's. It is started when it is first asked for something, and takes some when it is ready.
 * Where it ended by itself, what it had under way is refused as `StoreUnavailable`, and another is started for the next.
 */
export function createSideStore({ file, turns, copies }: Connection): SideStore {
  let thread: Worker | null = null;
  let isReady = false;
  let isEnding = false;
  const identity = file.memory ? null : fileIdentity(file.name);
  // No thread reads what is in memory only, and one that could not even begin will not the next time.
  let isPossible = identity !== null;
  /** In the order in which the thread was asked, which is that of its answers. */
  let asked: Asked[] = [];

  /** Null where there can be none. */
  function begun(): Worker | null {
    if (thread !== null || !isPossible) return thread;
    try {
      thread = start();
    } catch {
      // At the system's limit of threads. Whoever asks has the loop for it, and records to keep.
      isPossible = false;
    }
    return thread;
  }

  function start(): Worker {
    const workerData: SideThreadData = { path: file.name, identity, turns: turns.memory };
    // Nothing of the daemon's environment, where keys and passwords may stand.
    const started = new Worker(PROGRAM, { workerData, env: {}, resourceLimits: LIMITS });
    started.unref();
    started.on("message", (answer: SideAnswer) => {
      // The first says that it is ready, and answers nothing that was asked before.
      if (isReady) take(answer);
      isReady = true;
    });
    const gone = (error: unknown): void => {
      const lost = asked;
      asked = [];
      thread = null;
      isPossible &&= isReady;
      isReady = false;
      for (const { reject } of lost) reject(new StoreUnavailable("io_error", error));
    };
    // An error is followed by the exit.
    let fault: unknown = null;
    started.on("error", (error) => (fault = error));
    started.on("exit", (code) => gone(fault ?? new Error(`the thread ended with ${code}`)));
    return started;
  }

  function take(answer: SideAnswer): void {
    const first = asked.shift();
    // Only what is under way keeps the process alive.
    if (asked.length === 0) thread?.unref();
    const error = errorOf(answer);
    if (error === null) first?.resolve(answer.columns);
    else first?.reject(error);
  }

  function ask(task: SideTask): Promise<DueColumns | null> {
    return new Promise((resolve, reject) => {
      const running = begun();
      if (running === null) throw new StoreUnavailable("io_error", new Error("there is no thread"));
      running.ref();
      running.postMessage(task, []);
      // Last: what was not asked gets no answer, and would take that of another.
      asked.push({ resolve, reject });
    });
  }

  function isThere(): boolean {
    if (isEnding) return false;
    return begun() !== null && isReady;
  }

  return {
    batchMin: BATCH_MIN,
    // A copy begins anew whenever another connection than its own has written, and would never end.
    takes: (record) => copies.underWay === 0 && isSuccess(record) && isThere(),
    async recordSuccesses(successes, nowMs) {
      await ask({ kind: "record", columns: columnsOf(successes, nowMs) });
    },
    dueDeliveries(query) {
      if (!isThere() || asked.length >= ASKED_MAX) return null;
      return ask({ kind: "read", query }).then((columns) =>
        columns === null ? [] : dueDeliveriesOf(columns, query),
      );
    },
    stop() {
      isEnding = true;
      const ending = thread;
      if (ending === null) return Promise.resolve();
      return new Promise((resolve) => {
        ending.once("exit", () => resolve());
        ending.ref();
        ending.postMessage({ kind: "end" } satisfies SideTask, []);
      });
    },
  };
}

function errorOf({ trouble, fault }: SideAnswer): Error | null {
  if (fault === null) return null;
  const cause = new Error(fault);
  return trouble === null ? cause : new StoreUnavailable(trouble, cause);
}
