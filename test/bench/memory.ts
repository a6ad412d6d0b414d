import { join } from "node:path";

import { createIdMaker } from "../../daemon/domain/id.ts";
import { openStore } from "../../daemon/storage/store.ts";
import { openChance } from "../../daemon/system/chance.ts";
import { openClock } from "../../daemon/system/clock.ts";
import { makeFolder, pause, until } from "./children.ts";
import { startDaemon } from "./daemon.ts";
import { startOddReceiver } from "./odd-receiver.ts";
import { prefill } from "./office.ts";
import type { Finding, Scale } from "./report.ts";
import { measure } from "./report.ts";

/** Enough that their queues fill the window of 64 MiB: with a few endpoints less would be in memory. */
const ENDPOINTS = 100;
const SETTLING_MS = 5_000;
const PATIENCE_MS = 60_000;

interface Start {
  readonly readyAfterMs: number;
  readonly settledMb: number;
  readonly peakMb: number;
}

/** (g) A daemon that starts with a long backlog: how much memory it takes, and when it is ready. */
export async function benchMemory({ pairs, isQuick }: Scale): Promise<Finding> {
  const pending = isQuick ? 50_000 : 1_000_000;
  const folder = makeFolder("memory");
  const receiver = await startOddReceiver("busy");
  try {
    await makeEndpoints(folder.path, receiver.url);
    await makeBacklog(folder.path, pending);
    const starts: Start[] = [];
    for (let i = 0; i < pairs; i++) starts.push(await startOnce(folder.path, pending));
    return { kind: "measured", figures: figuresOf(starts, pending) };
  } finally {
    await receiver.stop();
    folder.remove();
  }
}

/** Through the API, so that their secrets are sealed with the data directory's key. */
async function makeEndpoints(dataDir: string, url: string): Promise<void> {
  const daemon = await startDaemon(dataDir);
  for (let i = 0; i < ENDPOINTS; i++) await daemon.createEndpoint({ url });
  await daemon.stop();
}

async function makeBacklog(dataDir: string, count: number): Promise<void> {
  const { nowMs } = openClock();
  const ids = createIdMaker(nowMs, openChance().bytes);
  const path = join(dataDir, "posthorn.db");
  const store = openStore({ path, beforeMigration: () => undefined, newId: ids.next, nowMs });
  try {
    await prefill(store.events, await store.office.endpoints(), { count, ids });
  } finally {
    store.close();
  }
}

/** Every endpoint is tried, answers that it wants an hour's rest, and keeps its backlog. */
async function startOnce(dataDir: string, pending: number): Promise<Start> {
  const daemon = await startDaemon(dataDir);
  try {
    await pause(SETTLING_MS);
    const isQuiet = async () => (await daemon.counters()).inFlight === 0;
    await until("the first attempts to end", isQuiet, { patienceMs: PATIENCE_MS, everyMs: 100 });
    const { delivered } = await daemon.counters();
    if (delivered > 0) throw new Error(`expected all ${pending} to wait, got ${delivered} away`);
    const { nowBytes, peakBytes } = daemon.memory();
    const { readyAfterMs } = daemon;
    return { readyAfterMs, settledMb: nowBytes / 1e6, peakMb: peakBytes / 1e6 };
  } finally {
    await daemon.stop();
  }
}

function figuresOf(starts: readonly Start[], pending: number) {
  const of = (key: keyof Start) => starts.map((start) => start[key]);
  const name = `start with ${pending.toLocaleString("en")} pending at ${ENDPOINTS} endpoints`;
  return [
    measure(`${name}: resident memory`, of("settledMb"), { unit: "MB", wanted: { atMost: 400 } }),
    measure(`${name}: resident memory at its peak`, of("peakMb"), { unit: "MB", wanted: null }),
    measure(`${name}: until /readyz is 200`, of("readyAfterMs"), { unit: "ms", wanted: null }),
  ];
}
