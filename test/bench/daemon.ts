import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { end, freePort, launch, until } from "./children.ts";

/** The real daemon in a process of its own, started as an operator would. */
export interface BenchDaemon {
  readonly url: string;
  readonly key: string;
  /** From its start to the first 200 of `/readyz`. */
  readonly readyAfterMs: number;
  createEndpoint(settings: Readonly<Record<string, unknown>>): Promise<void>;
  counters(): Promise<Counters>;
  /** Resident memory: now, and at its highest. */
  memory(): { readonly nowBytes: number; readonly peakBytes: number };
  stop(): Promise<void>;
}

/** What it has counted since it was started. */
export interface Counters {
  readonly accepted: number;
  readonly delivered: number;
  readonly inFlight: number;
  /** When it was asked, by this process's clock. */
  readonly atMs: number;
}

const ROOT = dirname(dirname(import.meta.dirname));
const KEY = "a-key-for-benchmarks-only";
const READY_PATIENCE_MS = 60_000;

export async function startDaemon(
  dataDir: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<BenchDaemon> {
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const startedAtMs = performance.now();
  const child = launch(join(ROOT, "packaging/posthorn"), ["serve"], {
    cwd: dataDir,
    env: {
      PATH: process.env["PATH"] ?? "",
      POSTHORN_LISTEN: address,
      POSTHORN_DATA_DIR: dataDir,
      POSTHORN_BOOTSTRAP_API_KEY: KEY,
      POSTHORN_EGRESS_ALLOW: "127.0.0.0/8",
      POSTHORN_LOG_LEVEL: "warn",
      ...settings,
    },
  });
  const isReady = async () => {
    if (child.exitCode !== null) throw new Error("expected the daemon to start, got its end");
    const response = await fetch(`${url}/readyz`).catch(() => null);
    await response?.body?.cancel();
    return response?.status === 200;
  };
  await until("the daemon to be ready", isReady, { patienceMs: READY_PATIENCE_MS });
  return {
    url,
    key: KEY,
    readyAfterMs: performance.now() - startedAtMs,
    createEndpoint: (endpoint) => createEndpoint(url, endpoint),
    counters: () => readCounters(url),
    memory: () => memoryOf(child.pid ?? 0),
    stop: () => end(child, 40_000),
  };
}

const AUTHORIZATION = { authorization: `Bearer ${KEY}` };

async function createEndpoint(url: string, endpoint: object): Promise<void> {
  const response = await fetch(`${url}/v1/endpoints`, {
    method: "POST",
    headers: { ...AUTHORIZATION, "content-type": "application/json" },
    body: JSON.stringify(endpoint),
  });
  const text = await response.text();
  if (response.status === 201) return;
  throw new Error(`expected the endpoint to be created, got ${response.status}: ${text}`);
}

async function readCounters(url: string): Promise<Counters> {
  const response = await fetch(`${url}/metrics`, { headers: AUTHORIZATION });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`expected the metrics, got ${text}`);
  return {
    accepted: valueOf(text, "posthorn_events_accepted_total"),
    delivered: valueOf(text, 'posthorn_deliveries_ended_total{state="delivered"}'),
    inFlight: valueOf(text, 'posthorn_deliveries_waiting{state="in_flight"}'),
    atMs: performance.now(),
  };
}

/** A counter that was never counted up has no line. */
function valueOf(page: string, series: string): number {
  const line = page.split("\n").find((each) => each.startsWith(`${series} `));
  return line === undefined ? 0 : Number(line.slice(series.length + 1));
}

function memoryOf(pid: number): { nowBytes: number; peakBytes: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kib = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]);
  return { nowBytes: kib("VmRSS") * 1_024, peakBytes: kib("VmHWM") * 1_024 };
}
