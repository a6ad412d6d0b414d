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
import type { Strips } from "./strips.ts";

const ROWS_PER_COMMIT = 200;
const FORGOTTEN_PER_COMMIT = 1_000;
/** Minutes that could not be written yet; beyond these the oldest is let go. */
const MINUTES_WAITING_MAX = 10;
const TROUBLES_MAX = 5_000;
const DAY_MS = 24 * HOUR_MS;

export interface StatisticsNeeds {
  readonly store: StatisticStore;
  readonly directory: Directory;
  readonly strips: Pick<Strips, "note">;
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
  /** Writes the present minute, too: for the end. */
  flushAll(): Promise<void>;
  forget(): Promise<void>;
}

interface Minute {
  readonly atMs: number;
  readonly tallies: Map<Subject, Tally>;
}

/** An endpoint's tally of the present minute, and its application's, found with one look. */
interface Place {
  readonly own: Tally;
  readonly application: Tally | null;
  readonly meter: FlowMeter | null;
}

export function createStatistics(needs: StatisticsNeeds): Statistics {
  const { store, directory, strips, clock, timers, log } = needs;
  const meters = new Map<number, FlowMeter>();
  const closed: Minute[] = [];
  let places = new Map<number, Place>();
  let minute = minuteAt(clock.nowMs());

  function turnTo(nowMs: number): void {
    if (nowMs < minute.atMs + MINUTE_MS) return;
    if (minute.tallies.size > 0) closed.push(minute);
    if (closed.length > MINUTES_WAITING_MAX) {
      closed.shift();
      log.error("statistics of a minute are lost: they could not be written for too long");
    }
    minute = minuteAt(nowMs);
    places = new Map();
  }

  function tallyOf(subject: Subject): Tally {
    let tally = minute.tallies.get(subject);
    if (tally === undefined) {
      tally = createTally();
      minute.tallies.set(subject, tally);
    }
    return tally;
  }

  function meterOf(applicationSeq: number): FlowMeter {
    let meter = meters.get(applicationSeq);
    if (meter === undefined) {
      meter = createFlowMeter();
      meters.set(applicationSeq, meter);
    }
    return meter;
  }

  function placeOf(endpointSeq: number): Place {
    const known = places.get(endpointSeq);
    if (known !== undefined) return known;
    // Of an endpoint that is gone already only its own numbers are kept.
    const applicationSeq = directory.endpoint(endpointSeq)?.applicationSeq ?? null;
    const isKnown = applicationSeq !== null;
    const place = {
      own: tallyOf(endpointSeq),
      application: isKnown ? tallyOf(subjectOfApplication(applicationSeq)) : null,
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

  async function write({ atMs, tallies }: Minute): Promise<void> {
    while (tallies.size > 0) {
      const some = new Map([...tallies].slice(0, ROWS_PER_COMMIT));
      await store.addStatistics(atMs, some);
      for (const subject of some.keys()) tallies.delete(subject);
      await new Promise<void>((resolve) => void timers.soon(resolve));
    }
  }

  async function writeClosed(): Promise<void> {
    for (let oldest = closed[0]; oldest !== undefined; oldest = closed[0]) {
      await write(oldest);
      closed.splice(closed.indexOf(oldest), 1);
    }
  }

  let writing: Promise<void> | null = null;
  function flush(): Promise<void> {
    turnTo(clock.nowMs());
    writing ??= writeClosed().finally(() => (writing = null));
    return writing;
  }

  /** What is not in the store yet of that subject. */
  function unwritten(subject: Subject): { atMs: number; tally: Tally }[] {
    return [...closed, minute].flatMap(({ atMs, tallies }) => {
      const tally = tallies.get(subject);
      return tally === undefined ? [] : [{ atMs, tally }];
    });
  }

  async function forgetSpan(spanMs: ChartPlan["spanMs"], keptMs: number): Promise<void> {
    for (;;) {
      const beforeMs = clock.nowMs() - keptMs;
      const query = { spanMs, beforeMs, rowsMax: STATISTIC_ROWS_MAX, limit: FORGOTTEN_PER_COMMIT };
      if ((await store.forgetStatistics(query)) === 0) return;
      await new Promise<void>((resolve) => void timers.soon(resolve));
    }
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
      tallyOf(subjectOfApplication(applicationSeq)).accepted += events;
      meterOf(applicationSeq).add(nowMs, events, 0, 0);
    },
    flowOf(applicationSeq) {
      const meter = meterOf(applicationSeq);
      return { total: meter.total(), lastMinute: meter.lastMinute(clock.nowMs()) };
    },
    async lastDay(subject) {
      const sum = createTally();
      const toMs = clock.nowMs() + MINUTE_MS;
      const rows = await store.statistics({
        subject,
        spanMs: HOUR_MS,
        fromMs: toMs - DAY_MS,
        toMs,
      });
      for (const { tally } of [...rows, ...unwritten(subject)]) addTally(sum, tally);
      return sum;
    },
    async spans(subject, { spanMs, fromMs }, toMs) {
      const rows = await store.statistics({ subject, spanMs, fromMs, toMs });
      const fresh = unwritten(subject).filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
      return [...rows, ...fresh];
    },
    async troubles() {
      const found = new Map<number, Trouble>();
      const sinceMs = clock.nowMs() - DAY_MS;
      for (const trouble of await store.troubles(sinceMs, TROUBLES_MAX)) addTrouble(found, trouble);
      for (const { tallies } of [...closed, minute]) {
        for (const [subject, { exhausted, blocked }] of tallies) {
          if (subject <= 0 || exhausted + blocked === 0) continue;
          addTrouble(found, { endpointSeq: subject, exhausted, blocked });
        }
      }
      return found;
    },
    flush,
    async flushAll() {
      if (minute.tallies.size > 0) closed.push(minute);
      minute = { atMs: minute.atMs, tallies: new Map() };
      places = new Map();
      await flush();
    },
    async forget() {
      await forgetSpan(MINUTE_MS, MINUTES_KEPT_MS);
      await forgetSpan(HOUR_MS, HOURS_KEPT_MS);
    },
  };
}

function minuteAt(nowMs: number): Minute {
  return { atMs: Math.floor(nowMs / MINUTE_MS) * MINUTE_MS, tallies: new Map() };
}

function addTrouble(found: Map<number, Trouble>, { endpointSeq, exhausted, blocked }: Trouble) {
  const before = found.get(endpointSeq);
  found.set(endpointSeq, {
    endpointSeq,
    exhausted: (before?.exhausted ?? 0) + exhausted,
    blocked: (before?.blocked ?? 0) + blocked,
  });
}
