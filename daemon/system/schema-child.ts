import { fork } from "node:child_process";
import { getCompileCacheDir } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import type { SchemaAnswer, SchemaTask } from "./schema-tasks.ts";
import { MEMORY_MIB_MAX } from "./schema-tasks.ts";

/** A process that runs schemas. */
export interface SchemaChild {
  send(task: SchemaTask): void;
  /** Ends it at once, whatever it does; `ended` is not told. */
  kill(): void;
}

export interface SchemaChildNeeds {
  /** One empty answer when it is ready, then one for each task. */
  readonly onAnswer: (answer: SchemaAnswer) => void;
  /** It ended by itself, or could not be started; `how` for the log. Told once. */
  readonly onEnd: (how: string) => void;
}

const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";
const PROGRAM = fileURLToPath(new URL(`./schema-process.${EXTENSION}`, import.meta.url));

/** Starts one. It does not keep the daemon alive, and ends with it even where the daemon is killed. */
export function startSchemaChild({ onAnswer, onEnd }: SchemaChildNeeds): SchemaChild {
  const child = fork(PROGRAM, [], {
    serialization: "advanced",
    // What it would say is a stack of the engine's own when the memory is used up, in the middle of the daemon's log.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    execArgv: [`--max-old-space-size=${MEMORY_MIB_MAX}`],
    env: environment(),
  });
  child.unref();
  child.channel?.unref();
  let isOver = false;
  const end = (how: string): void => {
    if (!isOver) onEnd(how);
    isOver = true;
  };
  child.on("message", (answer) => {
    if (!isOver) onAnswer(answer as unknown as SchemaAnswer);
  });
  child.on("error", (error) => end(error.message));
  child.on("exit", (code, signal) => end(signal ?? `exit code ${code}`));
  return {
    // A failure to send is followed by the end.
    send: (task) => void child.send(task, () => undefined),
    kill() {
      isOver = true;
      child.kill("SIGKILL");
    },
  };
}

/** Nothing of the daemon's own, where keys and passwords may stand. */
function environment(): Record<string, string> {
  const cache = getCompileCacheDir();
  return cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) };
}
