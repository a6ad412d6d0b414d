import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

import type { Outcome } from "../domain/attempt.ts";

/**
 * What the daemon counts about itself. Each method costs an addition or two; the text is made when
 * somebody asks for it.
 */
export interface Metrics {
  eventsAccepted(count: number): void;
  /** A request was refused; `code` is an `ErrorCode`. */
  rejected(code: string): void;
  attempted(outcome: Outcome): void;
  deliveryEnded(state: "delivered" | "exhausted" | "cancelled"): void;
  /** The page for Prometheus, and its Content-Type. */
  page(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** What is looked up when the page is made, and only then. */
export interface Gauges {
  /** Kept counts, never a look over the history. */
  deliveries(): { readonly pending: number; readonly held: number; readonly inFlight: number };
  /** Deliveries ready in memory. */
  readyDeliveries(): number;
  diskFreeBytes(): Promise<number>;
  databaseBytes(): Promise<number>;
}

/**
 * Classes, not codes: a receiver chooses its status codes, and must not be able to choose how many
 * series there are.
 */
export type OutcomeClass = "2xx" | "3xx" | "4xx" | "5xx" | "other" | "failed" | "blocked";

/** The default of 10 ms wakes an idle machine a hundred times a second. */
const LAG_RESOLUTION_MS = 100;
const DURATION_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60];

/** One registry per daemon, so that two in one process do not count into each other. */
export function createMetrics(gauges: Gauges): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_RESOLUTION_MS });
  const accepted = tally(registry, "posthorn_events_accepted_total", "Events committed", null);
  const rejected = tally(
    registry,
    "posthorn_requests_rejected_total",
    "Requests refused, by the code of the answer",
    "code",
  );
  const attempts = tally(
    registry,
    "posthorn_attempts_total",
    "Attempts made, by class of outcome",
    "outcome",
  );
  const ended = tally(
    registry,
    "posthorn_deliveries_ended_total",
    "Deliveries that reached a final state",
    "state",
  );
  const duration = new Histogram({
    name: "posthorn_attempt_duration_seconds",
    help: "Time from the first look-up to the last byte read of an attempt",
    buckets: DURATION_BUCKETS_S,
    registers: [registry],
  });
  addGauges(registry, gauges);
  return {
    eventsAccepted: (count) => accepted("", count),
    rejected: (code) => rejected(code, 1),
    attempted(outcome) {
      attempts(outcomeClass(outcome), 1);
      duration.observe(outcome.durationMs / 1_000);
    },
    deliveryEnded: (state) => ended(state, 1),
    page: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

export function outcomeClass(outcome: Outcome): OutcomeClass {
  if (outcome.kind !== "answered") return outcome.kind;
  const hundreds = Math.floor(outcome.status / 100);
  const classes: Readonly<Record<number, OutcomeClass>> = {
    2: "2xx",
    3: "3xx",
    4: "4xx",
    5: "5xx",
  };
  return classes[hundreds] ?? "other";
}

/**
 * A counter that is a plain number until it is asked for. prom-client's own hashes the labels at
 * each step.
 */
function tally(registry: Registry, name: string, help: string, label: string | null) {
  const counts = new Map<string, number>();
  registry.registerMetric(
    new Counter({
      name,
      help,
      registers: [],
      labelNames: label === null ? [] : [label],
      collect() {
        this.reset();
        for (const [value, count] of counts) {
          if (label === null) this.inc(count);
          else this.inc({ [label]: value }, count);
        }
      },
    }),
  );
  return (value: string, count: number): void => {
    counts.set(value, (counts.get(value) ?? 0) + count);
  };
}

function addGauges(registry: Registry, gauges: Gauges): void {
  registry.registerMetric(
    new Gauge({
      name: "posthorn_deliveries_waiting",
      help: "Deliveries that are not final, by state; those in flight are pending as well",
      labelNames: ["state"],
      registers: [],
      collect() {
        const { pending, held, inFlight } = gauges.deliveries();
        this.set({ state: "pending" }, pending);
        this.set({ state: "held" }, held);
        this.set({ state: "in_flight" }, inFlight);
      },
    }),
  );
  addGauge(registry, "posthorn_window_deliveries", "Deliveries ready in memory", async () =>
    gauges.readyDeliveries(),
  );
  addGauge(registry, "posthorn_disk_free_bytes", "Free space for the data directory", () =>
    gauges.diskFreeBytes(),
  );
  addGauge(registry, "posthorn_database_bytes", "Size of the database and its log", () =>
    gauges.databaseBytes(),
  );
}

function addGauge(
  registry: Registry,
  name: string,
  help: string,
  read: () => Promise<number>,
): void {
  registry.registerMetric(
    new Gauge({
      name,
      help,
      registers: [],
      async collect() {
        // One unreadable value must not cost the whole page, which is wanted most when something is
        // wrong.
        this.set(await read().catch(() => Number.NaN));
      },
    }),
  );
}
