import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import type { DaemonClient } from "../support/daemon-client.ts";
import { daemonClient } from "../support/daemon-client.ts";
import { freePort } from "../support/daemon-process.ts";
import type { Seeded } from "../support/seeded.ts";
import { createSeeded } from "../support/seeded.ts";
import type { FileCheck } from "./file-check.ts";
import { checkFile } from "./file-check.ts";
import type { EndpointAccount, Ledger } from "./ledger.ts";
import { createLedger } from "./ledger.ts";
import type { Lives } from "./lives.ts";
import { createLives } from "./lives.ts";
import type { Producers } from "./producers.ts";
import { FLOOD, startProducers, TRICKLE } from "./producers.ts";
import type { TortureReceivers } from "./receivers.ts";
import { openReceivers } from "./receivers.ts";

export interface TortureOptions {
  readonly kills: number;
  /** Plays the same dice; what the operating system does with them is its own affair. */
  readonly seed: number;
  /** The longest that the daemon is left alone between two kills. */
  readonly lifeMsMax: number;
  /** Large batches to quick receivers only, so that successes are recorded many at a time, beside the loop. */
  readonly isFlood: boolean;
  readonly say: (line: string) => void;
}

export interface TortureReport {
  readonly seed: number;
  readonly kills: number;
  /** Kills that came before the daemon was ready. */
  readonly killsAtStart: number;
  readonly acknowledged: number;
  readonly producerRepeats: number;
  readonly accounts: readonly EndpointAccount[];
  readonly unrecordedMsMax: number;
  readonly readyMs: readonly number[];
  readonly afterLastKill: FileCheck;
  readonly atEnd: FileCheck;
  readonly drainMs: number;
  readonly violations: readonly string[];
}

interface Bench {
  readonly options: TortureOptions;
  readonly seeded: Seeded;
  readonly ledger: Ledger;
  readonly lives: Lives;
  readonly client: DaemonClient;
  readonly database: string;
}

const DRAIN_MS_MAX = 180_000;
const LIFE_MS_MIN = 50;
/** Of all kills, those that don't wait until the daemon is up: they fall into its recovery from the one before. */
const KILLED_AT_START = 0.2;

/** Kills a daemon under load again and again, and keeps count outside. */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-torture-"));
  const address = `127.0.0.1:${await freePort()}`;
  const ledger = createLedger();
  const bench: Bench = {
    options,
    seeded: createSeeded(options.seed),
    ledger,
    lives: createLives(folder, address, ledger),
    client: daemonClient(address),
    database: join(folder, "data", "posthorn.db"),
  };
  let receivers: TortureReceivers | null = null;
  try {
    bench.lives.begin();
    if (!(await bench.lives.ready())) throw new Error(ledger.violations.join("\n"));
    const seeded = createSeeded(options.seed + 1);
    receivers = await openReceivers(bench.client, ledger, seeded, options.isFlood);
    return await underLoad(bench, receivers);
  } finally {
    await bench.lives.abandon();
    await receivers?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function underLoad(bench: Bench, receivers: TortureReceivers): Promise<TortureReport> {
  const { options, ledger, lives } = bench;
  const producers = startProducers(
    bench.client,
    ledger,
    createSeeded(options.seed + 2),
    options.isFlood ? FLOOD : TRICKLE,
  );
  let killsAtStart = 0;
  for (let kill = 1; kill <= options.kills; kill++) {
    if (await killOnce(bench, kill, producers)) killsAtStart += 1;
    if (kill < options.kills) lives.begin();
  }
  const afterLastKill = checkFile(bench.database);
  if (afterLastKill.integrity !== "ok") ledger.violate(`after a kill: ${afterLastKill.integrity}`);
  lives.begin();
  await lives.ready();
  const { drainMs, atEnd } = await drain(bench, producers, receivers);
  const { accounts, unrecordedMsMax } = ledger.close(receivers.endpoints);
  compare(ledger, accounts, atEnd);
  return {
    seed: options.seed,
    kills: options.kills,
    killsAtStart,
    acknowledged: ledger.acknowledgedCount,
    producerRepeats: producers.repeatCount,
    accounts,
    unrecordedMsMax,
    readyMs: lives.readyMs,
    afterLastKill,
    atEnd,
    drainMs,
    violations: ledger.violations,
  };
}

/** True where the kill came before the daemon was ready. */
async function killOnce(bench: Bench, kill: number, producers: Producers): Promise<boolean> {
  const { options, seeded, lives, ledger } = bench;
  const isAtStart = kill > 1 && seeded.happens(KILLED_AT_START);
  const readyBefore = lives.readyMs.length;
  if (!isAtStart && lives.count > 1) await lives.ready();
  await pause(isAtStart ? seeded.whole(0, 400) : seeded.whole(LIFE_MS_MIN, options.lifeMsMax));
  await lives.kill();
  const readyMs = lives.readyMs.length > readyBefore ? lives.readyMs.at(-1) : undefined;
  const life = readyMs === undefined ? "" : `, ready after ${Math.round(readyMs)} ms`;
  const when = isAtStart ? "while it started" : `under load${life}`;
  const counts = `${ledger.acknowledgedCount} events acknowledged, ${ledger.requestCount} requests`;
  const again = `${producers.repeatCount} repeated by producers`;
  options.say(`kill ${kill} of ${options.kills} ${when}: ${counts}, ${again}`);
  return isAtStart;
}

/** Lets the daemon finish in peace; what is left over then is a violation. */
async function drain(bench: Bench, producers: Producers, receivers: TortureReceivers) {
  const { lives, ledger, options } = bench;
  const startedAtMs = performance.now();
  await producers.stop();
  options.say(`no more events; waiting until every delivery is final`);
  while (performance.now() - startedAtMs < DRAIN_MS_MAX) {
    if ((await openCount(bench, receivers)) === 0) break;
    await pause(100);
  }
  const drainMs = performance.now() - startedAtMs;
  await lives.stop();
  const atEnd = checkFile(bench.database);
  if (atEnd.integrity !== "ok") ledger.violate(`at the end: ${atEnd.integrity}`);
  return { drainMs, atEnd };
}

async function openCount({ client, ledger }: Bench, receivers: TortureReceivers): Promise<number> {
  let open = 0;
  for (const { id } of receivers.endpoints) {
    const answer = await client.ask(`GET /v1/endpoints/${id}/stats`).catch((error: unknown) => {
      ledger.violate(`the daemon does not answer: ${String(error)}`);
      return null;
    });
    if (answer === null) return 0;
    open += answer.json.pending + answer.json.held;
  }
  return open;
}

/** The daemon's own books against the ledger: neither may claim what the other does not know. */
function compare(ledger: Ledger, accounts: readonly EndpointAccount[], atEnd: FileCheck): void {
  const owed = accounts.reduce((sum, account) => sum + account.owed, 0);
  for (const [state, count] of Object.entries(atEnd.deliveries)) {
    if (state !== "delivered") ledger.violate(`${count} deliveries are ${state} at the end`);
  }
  const delivered = atEnd.deliveries["delivered"] ?? 0;
  if (delivered !== owed) {
    ledger.violate(`the daemon delivered ${delivered}, the ledger expected ${owed}`);
  }
}
