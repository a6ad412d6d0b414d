import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { test } from "node:test";

const FAULTY = join(import.meta.dirname, "fixtures", "faulty-daemon.ts");

interface Faulty {
  readonly child: ChildProcess;
  readonly messages: readonly string[];
  /** Resolves when a message like this was logged. */
  logged(wanted: RegExp): Promise<void>;
  /** Its exit code. */
  ended(): Promise<number | null>;
}

function faulty(context: TestContext, fault: string): Faulty {
  const argv = [FAULTY, fault, "serve", "--log", "json"];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  context.after(() => child.kill("SIGKILL"));
  const exit = once(child, "exit");
  const messages: string[] = [];
  let look = () => {};
  createInterface({ input: child.stdout }).on("line", (line) => {
    messages.push(String(JSON.parse(line).msg));
    look();
  });
  return {
    child,
    messages,
    logged: (wanted) =>
      new Promise((resolve) => {
        look = () => {
          if (messages.some((message) => wanted.test(message))) resolve();
        };
        look();
      }),
    ended: async () => (await exit)[0] as number | null,
  };
}

test("a first signal stops the daemon, and nothing that it left open keeps the process", async (t) => {
  const { child, logged, ended, messages } = faulty(t, "none");
  await logged(/^listening$/);
  child.kill("SIGTERM");
  assert.equal(await ended(), 0);
  assert.deepEqual(messages, ["listening", "stopping on SIGTERM", "stopped"]);
});

test("a second signal ends a stop that takes too long at once", async (t) => {
  const { child, logged, ended, messages } = faulty(t, "hangs");
  await logged(/^listening$/);
  child.kill("SIGINT");
  await logged(/^stopping on SIGINT$/);
  child.kill("SIGTERM");
  assert.equal(await ended(), 1);
  assert.equal(messages.at(-1), "ending at once on a second SIGTERM");
});

test("a rejection that nobody handled ends the daemon with 1, told in the log", async (t) => {
  const { ended, messages } = faulty(t, "rejects");
  assert.equal(await ended(), 1);
  assert.match(messages.at(-1) ?? "", /rejection that nobody handled/);
});

test("a fault while starting ends with 1, told in the log", async (t) => {
  const { ended, messages } = faulty(t, "throws");
  assert.equal(await ended(), 1);
  assert.deepEqual(messages, ["can't start"]);
});
