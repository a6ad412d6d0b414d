import { errorCode } from "../domain/attempt.ts";
import type { Directory } from "../domain/directory.ts";
import type { Flow, FlowMeter } from "../domain/flow.ts";
import { createFlowMeter } from "../domain/flow.ts";
import type { Clock, Log, Timers } from "../domain/ports.ts";
import type { ChartPlan, StatisticStore, Subject, Tally, Trouble } from "../domain/statistics.ts";
import {
  addTally,
  createTally,
  HOUR_MS,
  HOURS_KEPT_MS,
  MINUTE_MS,
  MINUTES_KEPT_MS,
  STATISTIC_ROWS_MAX,
  subjectOfApplication,
  tallyAttempt,
} from "../domain/statistics.ts";
import type { AttemptRecord } from "../domain/stores.ts";
import type { Minutes } from "./minutes.ts";
import { createMinutes } from "./minutes.ts";
import type { Strips } from "./strips.ts";

const FORGOTTEN_PER_COMMIT = 1_000;
const TROUBLES_MAX = 5_000;
const DAY_MS = 24 * HOUR_MS;

export interface StatisticsNeeds {
  readonly store: StatisticStore;
  readonly directory: Directory;
  readonly strips: Pick<Strips, "note" | "forget">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly timers: Pick<Timers, "soon">;
  readonly log: Log;
}

/**
 * Counts what happens, by endpoint, application and minute. In memory until the minute is over: a crash loses the statistics of
 * the last one or two minutes, and nothing else, since deliveries are counted for themselves in their own commits.
 */
export interface Statistics {
  /** After their commit. Cheap enough for each attempt there is. */
  attempted(attempts: readonly AttemptRecord[]): void;
  accepted(applicationSeq: number, events: number): void;
  /** Since the daemon started, and over the last sixty seconds. */
  flowOf(applicationSeq: number): { readonly total: Flow; readonly lastMinute: Flow };
  /** The last twenty-four hours, begun at a full hour; what happened a moment ago is in it. */
  lastDay(subject: Subject): Promise<Tally>;
  /** The spans of a chart that hold anything, oldest first, the present minute among them. */
  spans(subject: Subject, plan: ChartPlan, toMs: number): Promise<{ atMs: number; tally: Tally }[]>;
  /** What happened in the last day that a person must know, by endpoint. */
  troubles(): Promise<ReadonlyMap<number, Trouble>>;
  /** Writes the minutes that are over. Rejects with `StoreUnavailable`; then nothing of them is forgotten. */
  flush(): Promise<void>;
  /** Writes the present minute, too: for the end, which must not fail because of it. */
  flushAll(): Promise<void>;
  forget(): Promise<void>;
}

/** An endpoint's tally of the present minute, and its application's, found with one look. */
interface Place {
  readonly own: Tally;
  readonly application: Tally | null;
  readonly meter: FlowMeter | null;
}

export function createStatistics(needs: StatisticsNeeds): Statistics {
  const { strips, clock } = needs;
  const minutes = createMinutes(needs);
  const meterOf = createMeters();
  let places = new Map<number, Place>();

  function turnTo(nowMs: number): void {
    if (minutes.turnTo(nowMs)) places = new Map();
  }

  function placeOf(endpointSeq: number): Place {
    const known = places.get(endpointSeq);
    if (known !== undefined) return known;
    // Of an endpoint that is gone already only its own numbers are kept.
    const applicationSeq = needs.directory.endpoint(endpointSeq)?.applicationSeq ?? null;
    const isKnown = applicationSeq !== null;
    const place = {
      own: minutes.tallyOf(endpointSeq),
      application: isKnown ? minutes.tallyOf(subjectOfApplication(applicationSeq)) : null,
      meter: isKnown ? meterOf(applicationSeq) : null,
    };
    places.set(endpointSeq, place);
    return place;
  }

  function note(record: AttemptRecord, nowMs: number): void {
    const { outcome, settlement, endpointSeq } = record;
    const error = errorCode(outcome);
    const isExhausted = settlement.state === "exhausted";
    const { own, application, meter } = placeOf(endpointSeq);
    tallyAttempt(own, outcome.durationMs, error, isExhausted);
    if (application !== null) tallyAttempt(application, outcome.durationMs, error, isExhausted);
    meter?.add(nowMs, 0, error === null ? 1 : 0, error === null ? 0 : 1);
    strips.note(record, error);
  }

  return {
    attempted(attempts) {
      const nowMs = clock.nowMs();
      turnTo(nowMs);
      for (const record of attempts) note(record, nowMs);
    },
    accepted(applicationSeq, events) {
      const nowMs = clock.nowMs();
      turnTo(nowMs);
      minutes.tallyOf(subjectOfApplication(applicationSeq)).accepted += events;
      meterOf(applicationSeq).add(nowMs, events, 0, 0);
    },
    flowOf(applicationSeq) {
      const meter = meterOf(applicationSeq);
      return { total: meter.total(), lastMinute: meter.lastMinute(clock.nowMs()) };
    },
    ...createLooks(needs, minutes),
    async flush() {
      turnTo(clock.nowMs());
      await minutes.flush();
    },
    async flushAll() {
      minutes.close();
      places = new Map();
      await minutes.flush().catch((error: unknown) => {
        needs.log.error("the last statistics were not written", { error });
      });
    },
    async forget() {
      strips.forget();
      await forgetSpan(needs, MINUTE_MS, MINUTES_KEPT_MS);
      await forgetSpan(needs, HOUR_MS, HOURS_KEPT_MS);
    },
  };
}

function createMeters(): (applicationSeq: number) => FlowMeter {
  const meters = new Map<number, FlowMeter>();
  return (applicationSeq) => {
    let meter = meters.get(applicationSeq);
    if (meter === undefined) {
      meter = createFlowMeter();
      meters.set(applicationSeq, meter);
    }
    return meter;
  };
}

/** What is stored, and what is not yet. */
function createLooks(
  { store, clock }: StatisticsNeeds,
  minutes: Minutes,
): Pick<Statistics, "lastDay" | "spans" | "troubles"> {
  return {
    async lastDay(subject) {
      const sum = createTally();
      const toMs = clock.nowMs() + MINUTE_MS;
      const day = { subject, spanMs: HOUR_MS, fromMs: toMs - DAY_MS, toMs };
      const rows = await store.statistics(day);
      for (const { tally } of [...rows, ...minutes.unwrittenOf(subject)]) addTally(sum, tally);
      return sum;
    },
    async spans(subject, { spanMs, fromMs }, toMs) {
      const rows = await store.statistics({ subject, spanMs, fromMs, toMs });
      const isIn = ({ atMs }: { atMs: number }) => atMs >= fromMs && atMs < toMs;
      return [...rows, ...minutes.unwrittenOf(subject).filter(isIn)];
    },
    async troubles() {
      const found = new Map<number, Trouble>();
      const stored = await store.troubles(clock.nowMs() - DAY_MS, TROUBLES_MAX);
      for (const trouble of stored) addTrouble(found, trouble);
      for (const [subject, { exhausted, blocked }] of minutes.unwritten()) {
        if (subject <= 0 || exhausted + blocked === 0) continue;
        addTrouble(found, { endpointSeq: subject, exhausted, blocked });
      }
      return found;
    },
  };
}

async function forgetSpan(
  { store, clock, timers }: StatisticsNeeds,
  spanMs: number,
  keptMs: number,
): Promise<void> {
  const bounds = { spanMs, rowsMax: STATISTIC_ROWS_MAX, limit: FORGOTTEN_PER_COMMIT };
  for (;;) {
    const gone = await store.forgetStatistics({ ...bounds, beforeMs: clock.nowMs() - keptMs });
    if (gone === 0) return;
    await new Promise<void>((resolve) => timers.soon(resolve));
  }
}

function addTrouble(found: Map<number, Trouble>, { endpointSeq, exhausted, blocked }: Trouble) {
  const before = found.get(endpointSeq);
  found.set(endpointSeq, {
    endpointSeq,
    exhausted: (before?.exhausted ?? 0) + exhausted,
    blocked: (before?.blocked ?? 0) + blocked,
  });
}
