import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import type { Reconciliation } from "../../sdk/src/receiver/reconcile.ts";
import { daemonClient, TEST_KEY, type DaemonClient } from "../support/daemon-client.ts";
import { freePort, startDaemon, type DaemonProcess } from "../support/daemon-process.ts";
import { createSeeded } from "../support/seeded.ts";
import { countOpen, readBooks, reconcileFile, type Books, type Sender } from "./books.ts";
import { type Mode, TYPE } from "./job.ts";
import { createReceiverLives, type Heard, type ReceiverLives } from "./lives.ts";

export interface ReceiverTortureOptions {
  readonly mode: Mode;
  readonly events: number;
  readonly kills: number;
  /** Plays the same dice; what the operating system does with them is its own affair. */
  readonly seed: number;
  /**
   * How much further the receiver's clock goes ahead with each life. A minute ends the leases that a killed worker leaves behind
   * at once; with 0 the next life waits for their end.
   */
  readonly aheadMsPerLife: number;
  readonly say: (line: string) => void;
}

export interface ReceiverTortureReport extends Pick<
  ReceiverTortureOptions,
  "mode" | "events" | "seed"
> {
  /** Fewer than were asked for where the daemon had nothing left to send: what it gave up is found by reconciliation. */
  readonly kills: number;
  /** Kills that came before the receiver listened. */
  readonly killsAtStart: number;
  readonly durationMs: number;
  readonly heard: Heard;
  /** Genuine requests beyond the first of each event. */
  readonly repeats: number;
  readonly books: Books;
  /** After the last kill: what the daemon had given up by then is sent again. */
  readonly reconciliation: Reconciliation;
  /** After that: it has to say that nothing is missing. */
  readonly proof: Reconciliation;
  readonly violations: readonly string[];
}

interface Bench {
  readonly options: ReceiverTortureOptions;
  readonly client: DaemonClient;
  readonly lives: ReceiverLives;
  readonly file: string;
  readonly sender: Sender;
  readonly violations: string[];
}

const ROOT = join(import.meta.dirname, "..", "..");
const BATCH = 100;
const STALL_MS_MAX = 180_000;
/** Of the looks at the progress, those that also ask whether anything is left. */
const LOOK_EVERY = 500;
/** Of all kills, those that don't wait until the receiver listens: they fall into its recovery from the one before. */
const KILLED_AT_START = 0.2;
const START_MS_MAX = 250;
const DAWDLE_MS_MAX = 20;

/** Kills a receiver again and again while a real daemon sends to it, and counts the effects in the receiver's own database. */
export async function tortureReceiver(
  options: ReceiverTortureOptions,
): Promise<ReceiverTortureReport> {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-receiver-torture-"));
  const daemon = await startDaemon({
    command: [join(ROOT, "packaging", "posthorn"), "serve"],
    cwd: folder,
    env: {
      PATH: process.env["PATH"],
      POSTHORN_BOOTSTRAP_API_KEY: TEST_KEY,
      POSTHORN_EGRESS_ALLOW: "127.0.0.0/8",
    },
    dataDir: join(folder, "data"),
  });
  let bench: Bench | null = null;
  try {
    bench = await openBench(options, daemon, folder);
    return await run(bench);
  } finally {
    await bench?.lives.abandon();
    await daemon.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function openBench(
  options: ReceiverTortureOptions,
  { address }: DaemonProcess,
  folder: string,
): Promise<Bench> {
  const client = daemonClient(address);
  const port = await freePort();
  const sinceMs = Date.now() - 60_000;
  const { id, secret } = (await client.must("POST /v1/endpoints", {
    url: `http://127.0.0.1:${port}/hooks`,
    // Short, so that a run ends soon. With many kills some deliveries use it up: then reconciliation has something to find.
    backoff: Array.from({ length: 20 }, () => 1),
  })) as { id: string; secret: string };
  const file = join(folder, "receiver.db");
  const job = { file, port, secret, mode: options.mode };
  const lives = createReceiverLives(job, options.aheadMsPerLife, join(folder, "compiled"));
  const sender = { address, endpointId: id, sinceMs };
  return { options, client, lives, file, sender, violations: [] };
}

async function run(bench: Bench): Promise<ReceiverTortureReport> {
  const { options, lives, file, violations } = bench;
  const { mode, events, seed } = options;
  const startedAtMs = performance.now();
  lives.begin();
  await lives.ready();
  const [kills] = await Promise.all([killAll(bench), feed(bench)]);
  await untilDrained(bench);
  const reconciliation = await reconcileFile(file, bench.sender);
  await untilDrained(bench);
  const proof = await reconcileFile(file, bench.sender);
  const durationMs = performance.now() - startedAtMs;
  const exitCode = await lives.stop();
  if (exitCode !== 0) violations.push(`the last life ended with ${exitCode}`);
  const books = readBooks(file, events);
  violations.push(...lives.complaints, ...faultsOf(books, proof, events));
  const requests = lives.words.get("received") ?? 0;
  const repeats = requests - lives.requests.size;
  const told = { mode, events, seed, ...kills, durationMs };
  return { ...told, heard: lives, repeats, books, reconciliation, proof, violations };
}

async function feed({ client, options: { events } }: Bench): Promise<void> {
  for (let from = 1; from <= events; from += BATCH) {
    const count = Math.min(BATCH, events - from + 1);
    const batch = Array.from({ length: count }, (_, at) => ({
      type: TYPE,
      data: { number: from + at },
    }));
    await client.must("POST /v1/events/batch", { events: batch });
  }
}

/** Spread over the whole run by what has happened, not by time: each kill falls among requests and handlers. */
async function killAll(bench: Bench): Promise<{ kills: number; killsAtStart: number }> {
  const { options, lives } = bench;
  const { events, seed, say } = options;
  const seeded = createSeeded(seed);
  const marks = Array.from({ length: options.kills }, () =>
    seeded.whole(1, Math.floor(events * 1.9)),
  );
  let kills = 0;
  let killsAtStart = 0;
  for (const [at, mark] of marks.toSorted((left, right) => left - right).entries()) {
    const isAtStart = at > 0 && seeded.happens(KILLED_AT_START);
    if (isAtStart) {
      killsAtStart += 1;
      await pause(seeded.whole(0, START_MS_MAX));
    } else {
      await lives.ready();
      if (!(await getsTo(bench, mark))) break;
      await pause(seeded.whole(0, DAWDLE_MS_MAX));
    }
    await lives.kill();
    kills += 1;
    const when = isAtStart ? "while it started" : "at work";
    say(`kill ${kills} of ${options.kills} ${when}: ${lives.handled.size} events handled`);
    lives.begin();
  }
  await lives.ready();
  return { kills, killsAtStart };
}

/** False where nothing is left that could get it there. */
async function getsTo(bench: Bench, mark: number): Promise<boolean> {
  const { lives, violations } = bench;
  const givenUpAtMs = performance.now() + STALL_MS_MAX;
  for (let tries = 1; lives.progress < mark; tries += 1) {
    if (tries % LOOK_EVERY === 0 && (await isDrained(bench))) return false;
    if (performance.now() > givenUpAtMs) {
      violations.push(`nothing went on: ${lives.progress} steps, waited for ${mark}`);
      return false;
    }
    await pause(1);
  }
  return true;
}

/** Until the daemon has no delivery open and the inbox no event. */
async function untilDrained(bench: Bench): Promise<void> {
  bench.options.say("no more kills; waiting until everything is delivered and handled");
  const givenUpAtMs = performance.now() + STALL_MS_MAX;
  while (performance.now() < givenUpAtMs) {
    if (await isDrained(bench)) return;
    await pause(100);
  }
  bench.violations.push("what was sent was not handled in three minutes");
}

async function isDrained({ client, sender, file }: Bench): Promise<boolean> {
  const stats = await client.must(`GET /v1/endpoints/${sender.endpointId}/stats`);
  return stats.pending + stats.held === 0 && countOpen(file) === 0;
}

function faultsOf(books: Books, reconciliation: Reconciliation, events: number): string[] {
  const { integrity, effects, twice, never, states } = books;
  const { checked, known, missing, stillMissing } = reconciliation;
  const first = (numbers: readonly (number | string)[]) => numbers.slice(0, 10).join(", ");
  const rules: [isBroken: boolean, what: string][] = [
    [integrity !== "ok", `the receiver's file: ${integrity}`],
    [effects !== events, `${events} events had ${effects} effects`],
    [twice.length > 0, `${twice.length} events had more than one effect: ${first(twice)}`],
    [never.length > 0, `${never.length} events had no effect: ${first(never)}`],
    [states["done"] !== events, `the inbox has ${JSON.stringify(states)}`],
    [checked !== events, `the daemon has ${checked} deliveries of ${events} events`],
    [known !== events, `reconciliation knows ${known} of ${events} events`],
    [missing.length > 0, `reconciliation misses ${first(missing)}`],
    [stillMissing.length > 0, `and could not have them sent: ${first(stillMissing)}`],
  ];
  return rules.filter(([isBroken]) => isBroken).map(([, what]) => what);
}
