import type { BenchOffice } from "./office.ts";
import { until } from "./children.ts";
import { openOffice } from "./office.ts";
import { rawLoop } from "./raw.ts";
import type { Finding, Scale } from "./report.ts";
import { interleave, ratio } from "./report.ts";
import { hasNginx, NGINX_MISSING, startSink } from "./sink.ts";

const CONCURRENCY = 64;
const ENDPOINTS = 4;
const PATIENCE_MS = 120_000;

/**
 * (a) An office at work drains its backlog, against a loop that only signs and posts. And out of a start, with the thread that it has
 * to start for it, and what that thread runs as slow as code is at first.
 */
export async function benchDrain({ pairs, isQuick }: Scale): Promise<Finding> {
  if (!hasNginx) return { kind: "skipped", sentence: NGINX_MISSING };
  const events = isQuick ? 4_000 : 40_000;
  const sink = await startSink();
  try {
    const { atWork, atStart, bare } = await interleave(pairs, {
      atWork: () => drain(sink.url, events, CONCURRENCY, "at work"),
      bare: () => rawLoop(sink.url, events, CONCURRENCY),
      atStart: () => drain(sink.url, events, CONCURRENCY, "at its start"),
    });
    const common = { theirs: bare, unit: "deliveries/s" };
    return {
      kind: "measured",
      figures: [
        ratio({
          ...common,
          name: `drain ${CONCURRENCY} at once, each attempt durable, to a bare sign-and-POST loop`,
          wanted: { atLeast: 0.5 },
          ours: atWork,
        }),
        ratio({ ...common, name: "the same, out of a start", wanted: null, ours: atStart }),
      ],
    };
  } finally {
    await sink.stop();
  }
}

/** Deliveries that an office makes before it counts as being at work. */
export const WARM_UP = 20_000;

/** Deliveries per second of one office with four endpoints, until its last record. */
export async function drain(
  url: string,
  events: number,
  concurrency: number,
  when: "at work" | "at its start",
): Promise<number> {
  const settings = Array.from({ length: ENDPOINTS }, () => ({
    url,
    concurrencyMax: concurrency / ENDPOINTS,
  }));
  // Twice as many slots as are used: the last quarter is kept for endpoints that hold none, and would not be filled here.
  const office = await openOffice(settings, { concurrencyMax: concurrency * 2 });
  try {
    if (when === "at work") await warmUp(office, Math.min(events, WARM_UP));
    const before = office.ended();
    await office.prefill(events);
    const startedAtMs = performance.now();
    if (when === "at work") office.resume();
    else await office.engine.start();
    await drained(office, before + events);
    return events / ((performance.now() - startedAtMs) / 1_000);
  } finally {
    await office.close();
  }
}

/** Leaves it started and paused. */
async function warmUp(office: BenchOffice, events: number): Promise<void> {
  await office.prefill(events);
  await office.engine.start();
  await drained(office, events);
  office.pause();
}

async function drained(office: BenchOffice, ended: number): Promise<void> {
  const pending = office.connection.file.prepare("select sum(pending) from endpoint_count").pluck();
  const isDone = () => office.ended() >= ended && pending.get() === 0;
  await until("the backlog to be drained", isDone, { patienceMs: PATIENCE_MS });
}
