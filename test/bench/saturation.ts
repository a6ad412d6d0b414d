import { makeFolder, pause, until } from "./children.ts";
import type { BenchDaemon, Counters } from "./daemon.ts";
import { startDaemon } from "./daemon.ts";
import { hasWrk, runLoad } from "./load.ts";
import type { Figure, Finding, Scale } from "./report.ts";
import { measure, median, shown } from "./report.ts";
import { hasNginx, NGINX_MISSING, startSink } from "./sink.ts";

const CONCURRENCY = 64;
const TYPES = ["order.one", "order.two", "order.three", "order.four"];
const WARM_UP_S = 2;
/** The load goes on while the counters are read: without it, what waits would be delivered meanwhile. */
const AFTER_S = 1;
const DRAIN_PATIENCE_MS = 120_000;

interface Window {
  readonly acceptedPerSecond: number;
  readonly deliveredPerSecond: number;
  /** Accepted and not delivered at the end of the window, the load still on. */
  readonly waiting: number;
  /** From the end of the load to the last delivery's commit. */
  readonly drainedAfterMs: number;
}

/** (c) Ingest at its limit: is what comes in delivered meanwhile, or does it pile up? Each event goes to one of four endpoints. */
export async function benchSaturation({ pairs, isQuick }: Scale): Promise<Finding> {
  if (!hasNginx) return { kind: "skipped", sentence: NGINX_MISSING };
  const seconds = isQuick ? 2 : 10;
  const sink = await startSink();
  const folder = makeFolder("saturation");
  // Twice as many slots as are used: the last quarter is kept for endpoints that hold none, and would not be filled here.
  const settings = { POSTHORN_CONCURRENCY_MAX: `${CONCURRENCY * 2}` };
  const daemon = await startDaemon(folder.path, settings);
  try {
    for (const type of TYPES) {
      const concurrency = CONCURRENCY / TYPES.length;
      await daemon.createEndpoint({ url: sink.url, event_types: [type], concurrency });
    }
    await saturate(daemon, WARM_UP_S);
    const windows: Window[] = [];
    for (let i = 0; i < pairs; i++) windows.push(await saturate(daemon, seconds));
    return { kind: "measured", figures: figuresOf(windows, seconds) };
  } finally {
    await daemon.stop();
    await sink.stop();
    folder.remove();
  }
}

async function saturate(daemon: BenchDaemon, seconds: number): Promise<Window> {
  const { url, key } = daemon;
  const load = runLoad({ url, key, types: TYPES, seconds: WARM_UP_S + seconds + AFTER_S });
  await pause(WARM_UP_S * 1_000);
  const from = await daemon.counters();
  await pause(seconds * 1_000);
  const to = await daemon.counters();
  await load;
  const loadEndedAtMs = performance.now();
  let last: Counters = to;
  const isDrained = async () => {
    last = await daemon.counters();
    return last.delivered >= last.accepted;
  };
  await until("the rest to be delivered", isDrained, { patienceMs: DRAIN_PATIENCE_MS });
  const passedS = (to.atMs - from.atMs) / 1_000;
  return {
    acceptedPerSecond: (to.accepted - from.accepted) / passedS,
    deliveredPerSecond: (to.delivered - from.delivered) / passedS,
    waiting: to.accepted - to.delivered,
    drainedAfterMs: last.atMs - loadEndedAtMs,
  };
}

function figuresOf(windows: readonly Window[], seconds: number): Figure[] {
  const of = (key: keyof Window) => windows.map((window) => window[key]);
  const shares = windows.map((each) => each.deliveredPerSecond / each.acceptedPerSecond);
  const delivered = median(of("deliveredPerSecond"));
  const rates = `${shown(delivered)} of ${shown(median(of("acceptedPerSecond")))}/s over ${seconds} s, load by ${hasWrk ? "wrk" : "Node"}`;
  const lagS = windows.map((each) => each.waiting / each.deliveredPerSecond);
  const waiting = shown(median(of("waiting")));
  const drainedS = of("drainedAfterMs").map((ms) => ms / 1_000);
  return [
    measure("saturating ingest: delivered of accepted, in the same seconds", shares, {
      unit: "×",
      wanted: { atLeast: 0.8 },
      note: rates,
    }),
    measure("saturating ingest: what waits at the end, at the delivery rate", lagS, {
      unit: "s",
      wanted: null,
      note: `${waiting} deliveries`,
    }),
    measure("saturating ingest: all delivered after the load's end", drainedS, {
      unit: "s",
      wanted: { atMost: 2 },
    }),
  ];
}
