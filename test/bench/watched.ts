import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { WebSocket } from "ws";

import { createFeed } from "../../daemon/domain/feed.ts";
import { createLive } from "../../daemon/live/server.ts";
import { openChance } from "../../daemon/system/chance.ts";
import { openClock } from "../../daemon/system/clock.ts";
import { openTimers } from "../../daemon/system/timers.ts";
import { openInsight } from "../../daemon/upkeep/insight.ts";
import { end, endWithParent, launchFile, nextMessage, tellParent, until } from "./children.ts";
import type { BenchOffice } from "./office.ts";
import { openOffice } from "./office.ts";
import type { Finding, Scale } from "./report.ts";
import { paired } from "./report.ts";
import { hasNginx, NGINX_MISSING, startSink } from "./sink.ts";

const WATCHERS = 100;
const ENDPOINTS = 4;
const CONCURRENCY = 64;
const PATIENCE_MS = 120_000;
const TOPICS = ["totals", "deliveries", "endpoints"];
const log = { info: () => undefined, warn: console.warn, error: console.error };

/** (w) A full office drains its backlog before a hundred pages that show everything live, against the same before nobody. */
export async function benchWatched({ pairs, isQuick }: Scale): Promise<Finding> {
  if (!hasNginx) return { kind: "skipped", sentence: NGINX_MISSING };
  const events = isQuick ? 8_000 : 60_000;
  const sink = await startSink();
  try {
    const figure = await paired({
      name: `drain with ${WATCHERS} watchers of the live feed, to none`,
      wanted: { atLeast: 0.95 },
      pairs,
      ours: () => drainBefore(sink.url, events, WATCHERS),
      theirs: () => drainBefore(sink.url, events, 0),
      unit: "deliveries/s",
    });
    return { kind: "measured", figures: [figure] };
  } finally {
    await sink.stop();
  }
}

async function drainBefore(url: string, events: number, watchers: number): Promise<number> {
  const settings = Array.from({ length: ENDPOINTS }, () => ({
    url,
    concurrencyMax: CONCURRENCY / ENDPOINTS,
  }));
  const feed = createFeed(console.error);
  const office = await openOffice(settings, { concurrencyMax: CONCURRENCY * 2 }, feed);
  await office.prefill(events);
  const stopLive = await openFeed(office, feed, watchers);
  try {
    const pending = office.connection.file
      .prepare("select sum(pending) from endpoint_count")
      .pluck();
    const startedAtMs = performance.now();
    await office.engine.start();
    const isDone = () => office.ended() >= events && pending.get() === 0;
    await until("the backlog to be drained", isDone, { patienceMs: PATIENCE_MS });
    return events / ((performance.now() - startedAtMs) / 1_000);
  } finally {
    await stopLive();
    await office.close();
  }
}

/** The feed on a port of its own, with so many watchers in a process of theirs, all subscribed when this resolves. */
async function openFeed(
  { store, engine, directory }: BenchOffice,
  feed: ReturnType<typeof createFeed>,
  watchers: number,
): Promise<() => Promise<void>> {
  if (watchers === 0) return async () => undefined;
  const clock = openClock();
  const timers = openTimers();
  const insight = openInsight({
    store: store.statistics,
    directory,
    load: engine.load,
    clock,
    timers,
    log,
  });
  const live = createLive({
    directory,
    feed,
    clock,
    timers,
    log,
    chance: openChance(),
    build: "bench",
    totals: insight.totals,
    flowOf: insight.statistics.flowOf,
    waitingAt: store.statistics.waitingAt,
  });
  const server = createServer();
  server.on("upgrade", (request, socket, head) => {
    live.connect(request, socket, head, { applicationSeq: null, isGood: () => true });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const child = launchFile(import.meta.filename, [String(port), String(watchers)]);
  await nextMessage(child, PATIENCE_MS);
  return async () => {
    await live.stop();
    server.close();
    await end(child);
  };
}

/** Pages read what they are sent; what they do with it is their own machine's. */
async function watchAll(port: string, count: number): Promise<void> {
  const all = Array.from({ length: count }, async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/live`);
    await once(socket, "open");
    socket.send(JSON.stringify({ t: "subscribe", topics: TOPICS }));
    await once(socket, "message");
  });
  await Promise.all(all);
}

if (import.meta.main) {
  endWithParent();
  await watchAll(process.argv[2] ?? "", Number(process.argv[3]));
  tellParent(1);
}
