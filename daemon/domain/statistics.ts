/**
 * What is counted over time, for an endpoint or for an application: how many, how long they took, and why they failed. A tally
 * is a minute of it, or an hour, or a day: tallies can be added up, percentiles included.
 */

/** A quarter of a doubling each, so that a percentile is off by a tenth at most; from a quarter of a millisecond to a minute. */
const DURATION_BUCKETS = 72;
const STEPS_PER_DOUBLING = 4;
const SHORTEST_MS = 0.25;
/** Beyond these, codes are counted as `other`: receivers choose their statuses. */
const CAUSES_MAX = 16;
const OTHER_CAUSE = "other";

export interface Tally {
  /** Events; none for an endpoint, since an event belongs to all that it goes to. */
  accepted: number;
  /** Deliveries. */
  delivered: number;
  /** Attempts. */
  failed: number;
  /** Deliveries that were given up. */
  exhausted: number;
  /** Attempts that the egress guard refused. */
  blocked: number;
  /** Of every attempt, failed or not, by `bucketOf`. */
  readonly durations: Uint32Array;
  /** Failed attempts by their error code; null while there was none. */
  causes: Map<string, number> | null;
}

export function createTally(): Tally {
  return {
    accepted: 0,
    delivered: 0,
    failed: 0,
    exhausted: 0,
    blocked: 0,
    durations: new Uint32Array(DURATION_BUCKETS),
    causes: null,
  };
}

function bucketOf(durationMs: number): number {
  if (durationMs < SHORTEST_MS) return 0;
  const bucket = Math.floor(Math.log2(durationMs / SHORTEST_MS) * STEPS_PER_DOUBLING);
  return Math.min(bucket, DURATION_BUCKETS - 1);
}

/** One ended attempt. `error` is null where it was answered with 2xx. Allocates nothing, except for an endpoint's first failure. */
export function tallyAttempt(
  tally: Tally,
  durationMs: number,
  error: string | null,
  isExhausted: boolean,
): void {
  const bucket = bucketOf(durationMs);
  tally.durations[bucket] = (tally.durations[bucket] ?? 0) + 1;
  if (error === null) {
    tally.delivered += 1;
    return;
  }
  tally.failed += 1;
  if (isExhausted) tally.exhausted += 1;
  if (error === "egress_blocked") tally.blocked += 1;
  addCause(tally, error, 1);
}

function addCause(tally: Tally, error: string, count: number): void {
  const causes = (tally.causes ??= new Map());
  const isKnown = causes.has(error) || causes.size < CAUSES_MAX;
  const cause = isKnown ? error : OTHER_CAUSE;
  causes.set(cause, (causes.get(cause) ?? 0) + count);
}

export function addTally(sum: Tally, part: Readonly<Tally>): void {
  sum.accepted += part.accepted;
  sum.delivered += part.delivered;
  sum.failed += part.failed;
  sum.exhausted += part.exhausted;
  sum.blocked += part.blocked;
  for (const [bucket, count] of part.durations.entries()) {
    sum.durations[bucket] = (sum.durations[bucket] ?? 0) + count;
  }
  for (const [cause, count] of part.causes ?? []) addCause(sum, cause, count);
}

/** The duration that the share of attempts did not exceed, in milliseconds and three digits; null where there was no attempt. */
export function percentileMs(durations: Uint32Array, share: number): number | null {
  let total = 0;
  for (const count of durations) total += count;
  if (total === 0) return null;
  const wanted = Math.max(1, Math.ceil(total * share));
  let seen = 0;
  for (const [bucket, count] of durations.entries()) {
    seen += count;
    if (seen >= wanted) return middleMs(bucket);
  }
  return null;
}

function middleMs(bucket: number): number {
  return Number((SHORTEST_MS * 2 ** ((bucket + 0.5) / STEPS_PER_DOUBLING)).toPrecision(3));
}

/** A few buckets hold all: each that does as its number and its count, seven bits a byte, the lowest first. */
export function packDurations(durations: Uint32Array): Uint8Array {
  const bytes: number[] = [];
  for (const [bucket, count] of durations.entries()) {
    if (count === 0) continue;
    bytes.push(bucket);
    let rest = count;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
    bytes.push(rest);
  }
  return Uint8Array.from(bytes);
}

/** The way back. Bytes that nobody packed give some durations, but never throw. */
export function unpackDurations(bytes: Uint8Array): Uint32Array {
  const durations = new Uint32Array(DURATION_BUCKETS);
  for (let at = 0; at < bytes.length;) {
    const bucket = bytes[at++] ?? 0;
    let count = 0;
    let factor = 1;
    for (;;) {
      const byte = bytes[at++] ?? 0;
      count += (byte % 0x80) * factor;
      if (byte < 0x80) break;
      factor *= 0x80;
    }
    if (bucket < DURATION_BUCKETS) durations[bucket] = count;
  }
  return durations;
}

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long minutes are kept, and hours: the only two spans that are stored. */
export const MINUTES_KEPT_MS = 2 * DAY_MS;
export const HOURS_KEPT_MS = 90 * DAY_MS;
/** So many of each at most, whatever their age: a row takes about 60 bytes. */
export const STATISTIC_ROWS_MAX = 1_000_000;

const BUCKETS_MS = [
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12, 24, 48].map((hours) => hours * HOUR_MS),
];
const LONGEST_BUCKET_MS = 48 * HOUR_MS;

/** What a chart of that time is made of: how wide a point is, and which of the stored spans it is added up from. */
export interface ChartPlan {
  readonly bucketMs: number;
  readonly spanMs: number;
  /** The first point's time, a whole number of buckets since 1970. */
  readonly fromMs: number;
}

/** The narrowest points of which the time has no more than `pointsMax`; hours where minutes are forgotten already. */
export function planChart(
  fromMs: number,
  toMs: number,
  nowMs: number,
  pointsMax: number,
): ChartPlan {
  const isOld = fromMs < nowMs - MINUTES_KEPT_MS;
  const bucketMs =
    BUCKETS_MS.find((width) => {
      if (isOld && width < HOUR_MS) return false;
      return Math.ceil(toMs / width) - Math.floor(fromMs / width) <= pointsMax;
    }) ?? LONGEST_BUCKET_MS;
  return {
    bucketMs,
    spanMs: bucketMs < HOUR_MS ? MINUTE_MS : HOUR_MS,
    fromMs: Math.floor(fromMs / bucketMs) * bucketMs,
  };
}

/** One stored row: a subject's tally of the span that began at `atMs`. */
export interface StatisticRow {
  readonly atMs: number;
  readonly tally: Tally;
}

/** What statistics are kept of, as one number: an endpoint's own, or an application's with a minus. */
export type Subject = number;

export function subjectOfApplication(applicationSeq: number): Subject {
  return -applicationSeq;
}

/** What an endpoint has had of what a person must know. */
export interface Trouble {
  readonly endpointSeq: number;
  readonly exhausted: number;
  readonly blocked: number;
}

export interface StatisticStore {
  /** Adds to the minute that began at `atMs`, and to its hour, in one durable commit. */
  addStatistics(atMs: number, tallies: ReadonlyMap<Subject, Tally>): Promise<void>;
  /** Oldest first; from `fromMs`, and before `toMs`. */
  statistics(query: {
    subject: Subject;
    spanMs: number;
    fromMs: number;
    toMs: number;
  }): Promise<StatisticRow[]>;
  /** Endpoints with deliveries given up, or attempts blocked, in hours that began at `sinceMs` or later; at most `limit`. */
  troubles(sinceMs: number, limit: number): Promise<Trouble[]>;
  /** Forgets rows from before that time, or else as many of the oldest as are above `rowsMax`; `limit` at most. How many went. */
  forgetStatistics(query: {
    spanMs: number;
    beforeMs: number;
    rowsMax: number;
    limit: number;
  }): Promise<number>;
  /** The newest attempts at the endpoint, the newest delivery first: of its newest `deliveriesMax` deliveries. */
  attemptsAt(endpointSeq: number, deliveriesMax: number): Promise<StoredAttempt[]>;
  /** What waits in one application. */
  waiting(applicationSeq: number): Promise<Waiting>;
  /** What waits at each of these endpoints; none where nothing ever did. */
  waitingAt(endpointSeqs: readonly number[]): Promise<ReadonlyMap<number, WaitingAt>>;
}

export interface StoredAttempt {
  readonly atMs: number;
  readonly durationMs: number;
  readonly status: number | null;
  readonly error: string | null;
  /** It was the last one of a delivery that was given up. */
  readonly isExhausted: boolean;
  readonly deliveryId: string;
}

export interface WaitingAt {
  readonly pending: number;
  readonly held: number;
}

interface Waiting extends WaitingAt {
  /** When the delivery is due that is due first; null where none is pending. */
  readonly oldestDueAtMs: number | null;
}
