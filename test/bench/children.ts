import type { ChildProcess } from "node:child_process";
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const living = new Set<ChildProcess>();
const folders = new Set<string>();

// However the run ends: nothing that it started outlives it, and gigabytes don't stay behind.
process.once("exit", () => {
  for (const child of living) child.kill("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

export interface ChildOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdout?: "ignore" | "pipe";
}

/** Starts a program. It ends with `end`, and at the latest with this process. */
export function launch(
  command: string,
  args: readonly string[],
  options: ChildOptions = {},
): ChildProcess {
  const { stdout = "ignore", ...rest } = options;
  return keep(spawn(command, args, { ...rest, stdio: ["ignore", stdout, "inherit"] }));
}

/** Starts one of this folder's files in a process of its own. */
export function launchFile(file: string, args: readonly string[]): ChildProcess {
  return keep(fork(file, args, { execArgv: [] }));
}

/** The same for a file that listens, and says on which port as the first thing. */
export async function launchServer(
  file: string,
  args: readonly string[],
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const child = launchFile(file, args);
  return { child, port: await nextMessage<number>(child, 20_000) };
}

function keep(child: ChildProcess): ChildProcess {
  living.add(child);
  child.once("exit", () => living.delete(child));
  return child;
}

/** What the child says next. Rejects when it ends before, or says nothing for `patienceMs`. */
export async function nextMessage<Message>(
  child: ChildProcess,
  patienceMs: number,
): Promise<Message> {
  const over = new AbortController();
  const { signal } = over;
  const late = setTimeout(() => over.abort(), patienceMs);
  const said = once(child, "message", { signal }).then(([message]) => message as Message);
  const gone = once(child, "exit", { signal }).then(([code]) => {
    throw new Error(`expected the child to go on, got its end with code ${String(code)}`);
  });
  try {
    return await Promise.race([said, gone]);
  } finally {
    clearTimeout(late);
    over.abort();
    await Promise.allSettled([said, gone]);
  }
}

/** Asks the process to end, and kills it when it has not after `patienceMs`. */
export async function end(child: ChildProcess, patienceMs = 15_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
  await ended;
  clearTimeout(timer);
}

/** In a child: says what the parent waits for, and ends when the parent is gone. */
export function tellParent(message: object | number): void {
  process.send?.(message);
}

export function endWithParent(): void {
  process.once("disconnect", () => process.exit(0));
}

/** A folder that `remove` or the end of this process removes. */
export function makeFolder(name: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), `posthorn-bench-${name}-`));
  folders.add(path);
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true });
      folders.delete(path);
    },
  };
}

/** Free in this moment; should somebody else take it before the child does, the run fails loudly. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || address === null) throw new Error("expected a port, got none");
  return address.port;
}

/** Resolves as soon as `isDone` says so, looked at every `everyMs`. Rejects after `patienceMs`. */
export async function until(
  what: string,
  isDone: () => boolean | Promise<boolean>,
  { patienceMs, everyMs = 5 }: { readonly patienceMs: number; readonly everyMs?: number },
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await isDone())) {
    if (performance.now() > deadline) {
      throw new Error(`expected ${what} within ${patienceMs / 1_000} s, got nothing of it`);
    }
    await pause(everyMs);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
