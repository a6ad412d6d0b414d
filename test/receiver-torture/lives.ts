/** One receiver after another on the same database and port, and what they said. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

import type { ReceiverJob } from "./job.ts";

export interface Heard {
  /** Genuine requests of each event, in all lives. */
  readonly requests: ReadonlyMap<string, number>;
  /** Events that a life said it had handled. */
  readonly handled: ReadonlySet<string>;
  /** How often each word was said: `received`, `handled`, `duplicate`, … */
  readonly words: ReadonlyMap<string, number>;
  /** What should not have been said at all. */
  readonly complaints: readonly string[];
}

export interface ReceiverLives extends Heard {
  readonly count: number;
  /** Grows with every request and every handled event. */
  readonly progress: number;
  begin(): void;
  /** Resolves when the present life listens; rejects when it ends before. */
  ready(): Promise<void>;
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** Ends it whatever its state. */
  abandon(): Promise<void>;
}

interface Life {
  readonly child: ChildProcess;
  readonly isReady: Promise<void>;
  readonly ended: Promise<unknown>;
}

const CHILD = join(import.meta.dirname, "child.ts");
const COMPLAINTS_MAX = 50;

/** `aheadMsPerLife`: how much further each life's clock goes ahead. */
export function createReceiverLives(
  job: Omit<ReceiverJob, "life" | "aheadMs">,
  aheadMsPerLife: number,
  compileCache: string,
): ReceiverLives {
  const heard = createHeard();
  let life: Life | null = null;
  let count = 0;

  function present(): Life {
    if (life === null) throw new Error("expected a receiver to be alive, got none");
    return life;
  }

  async function end(signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
    const { child, ended } = present();
    child.kill(signal);
    await ended;
    return child.exitCode;
  }

  return {
    ...heard,
    get count() {
      return count;
    },
    get progress() {
      return (heard.words.get("received") ?? 0) + (heard.words.get("handled") ?? 0);
    },
    begin() {
      count += 1;
      life = startLife({ ...job, life: count, aheadMs: aheadMsPerLife * count }, heard, {
        ...process.env,
        NODE_COMPILE_CACHE: compileCache,
      });
    },
    ready: () => present().isReady,
    async kill() {
      const { child } = present();
      if (child.exitCode !== null) heard.complain(`life ${count} ended by itself`);
      await end("SIGKILL");
    },
    stop: () => end("SIGTERM"),
    async abandon() {
      if (life !== null) await end("SIGKILL");
    },
  };
}

function startLife(job: ReceiverJob, heard: HeardBook, env: NodeJS.ProcessEnv): Life {
  const child = spawn(process.execPath, [CHILD, JSON.stringify(job)], { stdio: "pipe", env });
  const ready = Promise.withResolvers<void>();
  let wailed = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (wailed += chunk));
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line === "ready") ready.resolve();
    else heard.hear(line);
  });
  const ended = once(child, "close").then(() => {
    if (wailed !== "") heard.complain(`life ${job.life} wailed: ${wailed}`);
    ready.reject(new Error(`expected life ${job.life} to get ready, got:\n${wailed}`));
  });
  ready.promise.catch(() => {});
  return { child, isReady: ready.promise, ended };
}

interface HeardBook extends Heard {
  hear(line: string): void;
  complain(what: string): void;
}

function createHeard(): HeardBook {
  const requests = new Map<string, number>();
  const handled = new Set<string>();
  const words = new Map<string, number>();
  const complaints: string[] = [];

  function complain(what: string): void {
    if (complaints.length < COMPLAINTS_MAX) complaints.push(what);
  }

  return {
    requests,
    handled,
    words,
    complaints,
    complain,
    hear(line) {
      const [word = "", id = "", code = ""] = line.split(" ");
      words.set(word, (words.get(word) ?? 0) + 1);
      if (word === "received") requests.set(id, (requests.get(id) ?? 0) + 1);
      if (word === "handled") {
        if (handled.has(id)) complain(`event ${id} was said to be handled twice`);
        handled.add(id);
      }
      // Busy is no failure of anybody: another delivery of the same moment had the file.
      const isBad = word === "dead" || word === "refused" || (word === "failed" && code !== "BUSY");
      if (isBad) complain(`the receiver said: ${line}`);
    },
  };
}
