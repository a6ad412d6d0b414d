/** A real daemon in a process of its own, on a free port of this machine, with a data directory of the test's. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

export interface DaemonProcess {
  /** `127.0.0.1:<port>`. */
  readonly address: string;
  readonly pid: number;
  /** All that it has said until now, on both streams. */
  output(): string;
  /** Stops it as an operator would, and waits for its end. Resolves with its exit code; null where it had to be killed. */
  stop(): Promise<number | null>;
  /** SIGKILL, and waits for its end. */
  kill(): Promise<void>;
}

export interface DaemonOptions {
  /** What is started, for example `["packaging/posthorn", "serve"]`. */
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly dataDir: string;
  /** Default: a port that is free now. */
  readonly address?: string;
}

const READY_TIMEOUT_MS = 20_000;
const READY_POLL_MS = 25;
const STOP_TIMEOUT_MS = 10_000;

/** Resolves when `/readyz` answers 200. Rejects with what the daemon said when it ends before, or never gets there. */
export async function startDaemon(options: DaemonOptions): Promise<DaemonProcess> {
  const address = options.address ?? `127.0.0.1:${await freePort()}`;
  const daemon = spawnDaemon({ ...options, address });
  try {
    await daemon.ready();
  } catch (error) {
    await daemon.kill();
    const message = `expected ${options.command.join(" ")} to get ready, got:\n${daemon.output()}`;
    throw new Error(message, { cause: error });
  }
  return daemon;
}

/** A daemon that was started, ready or not. */
export interface SpawnedDaemon extends DaemonProcess {
  /** Resolves when `/readyz` answers 200; rejects when it ends before, or takes too long. */
  ready(): Promise<void>;
}

/** As `startDaemon`, without waiting: for those who kill it in its first moments. */
export function spawnDaemon(options: DaemonOptions & { readonly address: string }): SpawnedDaemon {
  const { address } = options;
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
  return {
    address,
    pid: child.pid ?? 0,
    output: () => said,
    ready: () => untilReady(child, `${address}${options.env["POSTHORN_BASE_PATH"] ?? ""}`),
    stop: () => stop(child),
    kill: () => end(child, "SIGKILL"),
  };
}

/** Free in this moment: between here and the daemon somebody else could take it, which would fail loudly. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function untilReady(child: ChildProcess, address: string): Promise<void> {
  if (hasEnded(child)) throw new Error("it has ended");
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

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function stop(child: ChildProcess): Promise<number | null> {
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await end(child, "SIGTERM");
  clearTimeout(timer);
  return child.exitCode;
}

/** `close` and not `exit`: only then everything that it said has arrived. */
async function end(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, "close");
  child.kill(signal);
  await ended;
}
