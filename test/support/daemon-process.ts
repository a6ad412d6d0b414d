/** A real daemon in a process of its own, on a free port of this machine, with a data directory of the test's. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

export interface DaemonProcess {
  /** `127.0.0.1:<port>`. */
  readonly address: string;
  /** Stops it as an operator would, and waits for its end. */
  stop(): Promise<void>;
}

export interface DaemonOptions {
  /** What is started, for example `["packaging/posthorn", "serve"]`. */
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly dataDir: string;
}

const READY_TIMEOUT_MS = 20_000;
const READY_POLL_MS = 25;
const STOP_TIMEOUT_MS = 10_000;

/** Resolves when `/readyz` answers 200. Rejects with what the daemon said when it ends before, or never gets there. */
export async function startDaemon(options: DaemonOptions): Promise<DaemonProcess> {
  const address = `127.0.0.1:${await freePort()}`;
  const [command, ...words] = options.command;
  const child = spawn(command, words, {
    cwd: options.cwd,
    env: { ...options.env, POSTHORN_LISTEN: address, POSTHORN_DATA_DIR: options.dataDir },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
  }
  try {
    await untilReady(child, address);
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`expected ${options.command.join(" ")} to get ready, got:\n${said}`, {
      cause: error,
    });
  }
  return { address, stop: () => stop(child) };
}

/** Free in this moment: between here and the daemon somebody else could take it, which would fail loudly. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function untilReady(child: ChildProcess, address: string): Promise<void> {
  const failed = once(child, "error").then(([error]) => Promise.reject(error as Error));
  const ended = once(child, "exit").then(() => Promise.reject(new Error("it has ended")));
  const over = new AbortController();
  const patience = AbortSignal.any([over.signal, AbortSignal.timeout(READY_TIMEOUT_MS)]);
  try {
    await Promise.race([failed, ended, answers(`http://${address}/readyz`, patience)]);
  } finally {
    over.abort();
  }
}

async function answers(url: string, patience: AbortSignal): Promise<void> {
  for (;;) {
    patience.throwIfAborted();
    const response = await fetch(url, { signal: patience }).catch(() => null);
    await response?.body?.cancel();
    if (response?.status === 200) return;
    await pause(READY_POLL_MS);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}
