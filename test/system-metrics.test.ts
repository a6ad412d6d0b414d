import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

import type { Outcome } from "../daemon/domain/attempt.ts";
import type { Gauges } from "../daemon/system/metrics.ts";
import { createMetrics, outcomeClass } from "../daemon/system/metrics.ts";

const gauges: Gauges = {
  deliveries: () => ({ pending: 7, held: 2, inFlight: 3 }),
  readyDeliveries: () => 4,
  diskFreeBytes: async () => 1024,
  databaseBytes: async () => 2048,
};

function answered(status: number): Outcome {
  const response = { headerLines: "", excerpt: new Uint8Array(), isCut: false };
  return { kind: "answered", status, retryAfter: null, control: null, response, durationMs: 30 };
}

const failed: Outcome = { kind: "failed", code: "timeout", message: "", durationMs: 15_000 };

test("the page counts what happened, in Prometheus's words", async () => {
  const metrics = createMetrics(gauges);
  metrics.eventsAccepted(2);
  metrics.eventsAccepted(3);
  metrics.rejected("backlog_full");
  for (const outcome of [answered(200), answered(204), answered(503), failed]) {
    metrics.attempted(outcome);
  }
  metrics.deliveryEnded("delivered");
  const { contentType, text } = await metrics.page();
  assert.match(contentType, /^text\/plain; version=0\.0\.4/);
  for (const line of [
    "posthorn_events_accepted_total 5",
    'posthorn_requests_rejected_total{code="backlog_full"} 1',
    'posthorn_attempts_total{outcome="2xx"} 2',
    'posthorn_attempts_total{outcome="5xx"} 1',
    'posthorn_attempts_total{outcome="failed"} 1',
    'posthorn_deliveries_ended_total{state="delivered"} 1',
    'posthorn_attempt_duration_seconds_bucket{le="0.05"} 3',
    "posthorn_attempt_duration_seconds_count 4",
    'posthorn_deliveries_waiting{state="pending"} 7',
    'posthorn_deliveries_waiting{state="held"} 2',
    'posthorn_deliveries_waiting{state="in_flight"} 3',
    "posthorn_window_deliveries 4",
    "posthorn_disk_free_bytes 1024",
    "posthorn_database_bytes 2048",
  ]) {
    assert.ok(text.split("\n").includes(line), line);
  }
  assert.match(text, /^nodejs_eventloop_lag_p99_seconds /m);
  assert.match(text, /^process_resident_memory_bytes /m);
});

test("asking twice counts nothing twice", async () => {
  const metrics = createMetrics(gauges);
  metrics.eventsAccepted(1);
  await metrics.page();
  assert.match((await metrics.page()).text, /^posthorn_events_accepted_total 1$/m);
});

test("two daemons in one process do not count into each other", async () => {
  const [one, two] = [createMetrics(gauges), createMetrics(gauges)];
  one.eventsAccepted(1);
  assert.doesNotMatch((await two.page()).text, /^posthorn_events_accepted_total [1-9]/m);
});

test("one value that can't be read does not cost the page", async () => {
  const broken = { ...gauges, diskFreeBytes: () => Promise.reject(new Error("gone")) };
  const { text } = await createMetrics(broken).page();
  assert.match(text, /^posthorn_disk_free_bytes Nan$/im);
  assert.match(text, /^posthorn_database_bytes 2048$/m);
});

test("a receiver can't make new series by inventing status codes", () => {
  const classes = new Set<string>();
  for (let status = 100; status < 1000; status++) classes.add(outcomeClass(answered(status)));
  assert.deepEqual([...classes].toSorted(), ["2xx", "3xx", "4xx", "5xx", "other"]);
});

test("metrics alone do not keep a process alive", () => {
  const path = join(import.meta.dirname, "..", "daemon", "system", "metrics.ts");
  const code = `import(${JSON.stringify(path)}).then(({ createMetrics }) => createMetrics({}))`;
  execFileSync(process.execPath, ["-e", code], { timeout: 10_000 });
});
