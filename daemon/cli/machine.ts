import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";

import { openClock } from "../system/clock.ts";
import { pause } from "../system/timers.ts";
import type { World } from "./world.ts";

/** The machine's own world around the rooms that the command line may not know. */
export function openWorld(
  rooms: Pick<World, "version" | "startApp" | "checkKey" | "checkDatabase" | "openAdminDesk">,
  verb: string | undefined,
): World {
  // The reader has seen enough (`| head`): not worth a stack.
  process.stdout.on("error", () => {
    // The daemon's greeting was for whoever has gone; its work is not.
    if (verb !== "serve") process.exit();
  });
  return {
    ...rooms,
    out: (words) => void process.stdout.write(words),
    err: (words) => void process.stderr.write(words),
    readInput: () => text(process.stdin),
    readSecret,
    clock: openClock(),
    pause,
    interrupted: interruption(verb),
  };
}

async function readSecret(question: string): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) return (await text(stdin)).replace(/\r?\n$/, "");
  stderr.write(question);
  // What readline would show of the line goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true });
  try {
    return await new Promise<string>((resolve) => {
      lines.once("SIGINT", () => process.exit(130));
      lines.once("close", () => resolve(""));
      lines.question("", resolve);
    });
  } finally {
    lines.close();
    stderr.write("\n");
  }
}

/** `serve` listens for itself, and a verb that only asks the daemon has nothing to finish. */
function interruption(verb: string | undefined): AbortSignal {
  const controller = new AbortController();
  if (verb === "tail") process.once("SIGINT", () => controller.abort());
  return controller.signal;
}
