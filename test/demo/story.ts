import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import type { DaemonClient } from "../support/daemon-client.ts";
import { daemonClient, TEST_KEY } from "../support/daemon-client.ts";
import type { DaemonProcess } from "../support/daemon-process.ts";
import { startDaemon } from "../support/daemon-process.ts";
import type { DemoEvent } from "./payloads.ts";
import { recordedEvents } from "./payloads.ts";
import type { DemoReceiver } from "./receivers.ts";
import { createReceiver } from "./receivers.ts";
import type { LedgerRow, Painter, Row, Scene } from "./screen.ts";
import { ledgerLines, wrapped } from "./screen.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** One of the four, with its endpoint. */
interface Character {
  readonly receiver: DemoReceiver;
  readonly endpointId: string;
  readonly isSubscribed: (type: string) => boolean;
  mood: string;
}

interface EndpointSettings {
  readonly event_types: readonly string[];
  readonly backoff?: readonly number[];
  readonly timeout_ms?: number;
}

interface Stage {
  readonly client: DaemonClient;
  readonly painter: Painter;
  readonly characters: readonly Character[];
  /** Event ids by their type, as the daemon acknowledged them. */
  readonly accepted: Map<string, string>;
  readonly startedAtMs: number;
  readonly signal: AbortSignal;
}

const OFF_MS = 7_000;
const FRAME_MS = 250;
const CHUNK = 8;
const CHUNK_EVERY_MS = 120;
const PATIENCE_MS = 55_000;

/**
 * Plays the whole story and takes everything away again, also when `signal` ends it early. Resolves with the ledger, counted
 * from what the receivers wrote down.
 */
export async function tellStory(painter: Painter, signal: AbortSignal): Promise<LedgerRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-demo-"));
  const receivers: DemoReceiver[] = [];
  let daemon: DaemonProcess | null = null;
  try {
    daemon = await startDaemon({
      command: [join(ROOT, "packaging", "posthorn"), "serve"],
      cwd: folder,
      env: {
        PATH: process.env["PATH"],
        POSTHORN_BOOTSTRAP_API_KEY: TEST_KEY,
        POSTHORN_EGRESS_ALLOW: "127.0.0.0/8",
        POSTHORN_SHUTDOWN_MS: "1000",
      },
      dataDir: join(folder, "data"),
    });
    signal.throwIfAborted();
    return await play(daemon, painter, signal, receivers);
  } finally {
    painter.end();
    await daemon?.stop();
    await Promise.all(receivers.map((each) => each.close()));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function play(
  daemon: DaemonProcess,
  painter: Painter,
  signal: AbortSignal,
  receivers: DemoReceiver[],
): Promise<LedgerRow[]> {
  const client = daemonClient(daemon.address);
  painter.say(
    `Posthorn is running on ${daemon.address}, in a temporary directory.`,
    "Four receivers: one answers, one fails twice, one is off for a while, one hangs.",
    "",
  );
  let isAwake = false;
  const all = ["*"];
  const archive = await cast(client, receivers, "archive", () => 204, { event_types: all });
  const chatBot = await cast(client, receivers, "chat bot", (n) => (n < 3 ? 500 : 204), {
    event_types: all,
    backoff: [1, 2, 5],
  });
  const homeServer = await cast(client, receivers, "home server", () => 204, {
    event_types: all,
    backoff: [1, 2, 3, 3, 3, 3],
  });
  const deployer = await cast(client, receivers, "deployer", () => (isAwake ? 204 : null), {
    event_types: ["github.release.*"],
    backoff: [1],
    timeout_ms: 2_000,
  });
  const characters = [archive, chatBot, homeServer, deployer];
  const accepted = new Map<string, string>();
  const startedAtMs = performance.now();
  const stage: Stage = { client, painter, characters, accepted, startedAtMs, signal };
  const since = new Date(Date.now() - 1_000).toISOString();

  archive.mood = "answers at once";
  chatBot.mood = "fails twice, then ok";
  homeServer.mood = "switched off";
  deployer.mood = "hangs";
  for (const { receiver } of [archive, chatBot, deployer]) await receiver.open();
  const events = recordedEvents();
  await Promise.all([
    send(stage, events),
    switchOn(stage, homeServer),
    watch(stage, ({ rows, elapsedMs }) => {
      const isSent = accepted.size === events.length && elapsedMs > OFF_MS;
      return isSent && rows.every(({ waiting }) => waiting === 0);
    }),
  ]);

  const path = `/v1/endpoints/${deployer.endpointId}`;
  const reason = await reasonOf(client, deployer.endpointId, { waiting: 0, givenUp: 1 });
  isAwake = true;
  deployer.mood = "awake; recovered";
  const { recovered } = await client.must(`POST ${path}/recover`, { since });
  await watch(stage, ({ rows }) => rows.every(({ delivered, due }) => delivered === due));
  tellEnd(painter, elapsed(stage), recovered, reason ?? "");
  return ledger(stage);
}

async function cast(
  client: DaemonClient,
  receivers: DemoReceiver[],
  name: string,
  temper: (request: number) => number | null,
  settings: EndpointSettings,
): Promise<Character> {
  const receiver = await createReceiver(name, temper);
  receivers.push(receiver);
  const body = { url: receiver.url, description: name, ...settings };
  const { id, secret } = await client.must("POST /v1/endpoints", body);
  receiver.expects(secret);
  const [pattern = "*"] = settings.event_types;
  const isSubscribed = (type: string): boolean =>
    pattern === "*" || type.startsWith(pattern.slice(0, -1));
  return { receiver, endpointId: id, isSubscribed, mood: "" };
}

async function send({ client, accepted, signal }: Stage, events: readonly DemoEvent[]) {
  for (let from = 0; from < events.length; from += CHUNK) {
    signal.throwIfAborted();
    const chunk = events.slice(from, from + CHUNK);
    const { data } = await client.must("POST /v1/events/batch", { events: chunk });
    for (const [index, { type }] of chunk.entries()) accepted.set(data[index].id, type);
    await pause(CHUNK_EVERY_MS, null, { signal });
  }
}

async function switchOn({ signal }: Stage, character: Character): Promise<void> {
  await pause(OFF_MS, null, { signal });
  await character.receiver.open();
  character.mood = "switched on again";
}

/** Shows what happens until the scene is as it should be. */
async function watch(stage: Stage, isOver: (scene: Scene) => boolean): Promise<void> {
  for (;;) {
    stage.signal.throwIfAborted();
    const scene = await look(stage);
    const isLast = isOver(scene);
    stage.painter.show(scene, isLast);
    if (isLast) return;
    if (scene.elapsedMs > PATIENCE_MS) throw new Error("expected the story to end in a minute");
    await pause(FRAME_MS, null, { signal: stage.signal });
  }
}

async function look(stage: Stage): Promise<Scene> {
  const { client, characters, accepted } = stage;
  const rows: Row[] = [];
  const reasons = [];
  for (const character of characters) {
    const { endpointId, receiver, mood } = character;
    const stats = await client.must(`GET /v1/endpoints/${endpointId}/stats`);
    const { name } = receiver;
    const waiting: number = stats.pending + stats.held;
    const due = [...accepted.values()].filter(character.isSubscribed).length;
    const counts = { due, delivered: stats.delivered, waiting, givenUp: stats.exhausted };
    rows.push({ name, mood, ...counts });
    const sentence = await reasonOf(client, endpointId, counts);
    if (sentence !== null) reasons.push({ name, sentence });
  }
  return { elapsedMs: elapsed(stage), accepted: accepted.size, rows, reasons };
}

/** Of one that waits, or else of one that was given up, in the daemon's own words. */
async function reasonOf(
  client: DaemonClient,
  endpointId: string,
  { waiting, givenUp }: Pick<Row, "waiting" | "givenUp">,
): Promise<string | null> {
  if (waiting + givenUp === 0) return null;
  const state = waiting > 0 ? "pending" : "exhausted";
  const { data } = await client.must(
    `GET /v1/deliveries?endpoint_id=${endpointId}&state=${state}&limit=1`,
  );
  return data[0]?.reason.sentence ?? null;
}

function tellEnd(painter: Painter, elapsedMs: number, recovered: number, reason: string): void {
  painter.say(
    "",
    `After ${Math.round(elapsedMs / 1_000)} s everything is delivered. The deployer hung longer than its backoff`,
    `table lasts: ${recovered} deliveries were given up, kept, and sent again by one "recover".`,
    "Of each of them the daemon had said why:",
    ...wrapped(reason, 74).map((line) => `    ${line}`),
    "",
    "The ledger, counted from what the receivers wrote down:",
    "",
  );
}

/** `accepted` is what the daemon acknowledged for this receiver; the rest is what the receiver saw. */
function ledger({ characters, accepted, painter }: Stage): LedgerRow[] {
  const rows = characters.map(({ receiver, isSubscribed }): LedgerRow => {
    const owed = [...accepted].filter(([, type]) => isSubscribed(type)).map(([id]) => id);
    const entries = owed.flatMap((id) => receiver.entries.get(id) ?? []);
    const delivered = entries.filter(({ isAccepted }) => isAccepted).length;
    return {
      name: receiver.name,
      accepted: owed.length,
      delivered,
      // What the official library refuses gets 401 and no entry.
      verified: entries.length,
      repeated: entries.reduce((sum, { requests }) => sum + requests - 1, 0),
      lost: owed.length - delivered,
    };
  });
  painter.say(
    ...ledgerLines(rows),
    "",
    "repeated: requests beyond an event's first one, each after a failing answer or none.",
    "verified: signatures checked by the official standardwebhooks package.",
  );
  return rows;
}

function elapsed({ startedAtMs }: Stage): number {
  return performance.now() - startedAtMs;
}
