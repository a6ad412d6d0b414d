import { until } from "./children.ts";
import { openOffice } from "./office.ts";
import { rawLoop } from "./raw.ts";
import type { Finding, Scale } from "./report.ts";
import { paired } from "./report.ts";
import { hasNginx, NGINX_MISSING, startSink } from "./sink.ts";

const CONCURRENCY = 64;
const ENDPOINTS = 4;
const PATIENCE_MS = 120_000;

/** (a) A full office drains its backlog, against a loop that only signs and posts. */
export async function benchDrain({ pairs, isQuick }: Scale): Promise<Finding> {
  if (!hasNginx) return { kind: "skipped", sentence: NGINX_MISSING };
  const events = isQuick ? 4_000 : 40_000;
  const sink = await startSink();
  try {
    const figure = await paired({
      name: `drain ${CONCURRENCY} at once, each attempt durable, to a bare sign-and-POST loop`,
      wanted: { atLeast: 0.5 },
      pairs,
      ours: () => drain(sink.url, events, CONCURRENCY),
      theirs: () => rawLoop(sink.url, events, CONCURRENCY),
      unit: "deliveries/s",
    });
    return { kind: "measured", figures: [figure] };
  } finally {
    await sink.stop();
  }
}

/** Deliveries per second of one office with four endpoints, from its start to its last record. */
export async function drain(url: string, events: number, concurrency: number): Promise<number> {
  const settings = Array.from({ length: ENDPOINTS }, () => ({
    url,
    concurrencyMax: concurrency / ENDPOINTS,
  }));
  // Twice as many slots as are used: the last quarter is kept for endpoints that hold none, and would not be filled here.
  const office = await openOffice(settings, { concurrencyMax: concurrency * 2 });
  try {
    await office.prefill(events);
    const pending = office.connection.file
      .prepare("select sum(pending) from endpoint_count")
      .pluck();
    const startedAtMs = performance.now();
    await office.engine.start();
    const isDone = () => office.ended() >= events && pending.get() === 0;
    await until("the backlog to be drained", isDone, { patienceMs: PATIENCE_MS });
    return events / ((performance.now() - startedAtMs) / 1_000);
  } finally {
    await office.close();
  }
}
