import type {
  StatisticRow,
  StatisticStore,
  StoredAttempt,
  Subject,
  Tally,
  Trouble,
  WaitingAt,
} from "../domain/statistics.ts";
import {
  addTally,
  HOUR_MS,
  MINUTE_MS,
  packDurations,
  unpackDurations,
} from "../domain/statistics.ts";
import type { Connection } from "./open.ts";

interface Row {
  readonly at_ms: number;
  readonly accepted: number;
  readonly delivered: number;
  readonly failed: number;
  readonly exhausted: number;
  readonly blocked: number;
  readonly durations: Uint8Array;
  readonly causes_json: string | null;
}

const COLUMNS = "at_ms, accepted, delivered, failed, exhausted, blocked, durations, causes_json";

/** What was counted over time, and what the page's first screen looks up. Each query is bounded by the caller's span or limit. */
export function createStatisticStore(connection: Connection): StatisticStore {
  const { file } = connection;
  const addTo = createAdder(connection);
  const forget = createForgetter(connection);
  const span = file.prepare<[number, number, number, number], Row>(
    `select ${COLUMNS} from statistic
     where subject = ? and span_ms = ? and at_ms >= ? and at_ms < ? order by at_ms`,
  );
  const troubled = file.prepare<[number, number], Trouble>(
    `select subject as endpointSeq, exhausted, blocked from statistic indexed by statistic_trouble
     where span_ms = ${HOUR_MS} and (exhausted > 0 or blocked > 0) and subject > 0 and at_ms >= ?
     order by at_ms desc limit ?`,
  );
  return {
    async addStatistics(atMs, tallies) {
      connection.commit(() => {
        for (const [subject, tally] of tallies) {
          addTo(subject, MINUTE_MS, atMs, tally);
          addTo(subject, HOUR_MS, Math.floor(atMs / HOUR_MS) * HOUR_MS, tally);
        }
      });
    },
    statistics: async ({ subject, spanMs, fromMs, toMs }): Promise<StatisticRow[]> =>
      span
        .all(subject, spanMs, fromMs, toMs)
        .map((row) => ({ atMs: row.at_ms, tally: tallyOf(row) })),
    troubles: async (sinceMs, limit) => troubled.all(sinceMs, limit),
    forgetStatistics: async (query) => connection.commit(() => forget(query)),
    ...createWaitingReader(connection),
  };
}

function tallyOf(row: Row): Tally {
  const { accepted, delivered, failed, exhausted, blocked, causes_json: causes } = row;
  return {
    accepted,
    delivered,
    failed,
    exhausted,
    blocked,
    durations: unpackDurations(row.durations),
    causes: causes === null ? null : new Map(JSON.parse(causes) as [string, number][]),
  };
}

/** How many rows there are is kept beside them: counting a million takes longer than anybody may be kept waiting. */
const counterOf = (spanMs: number): string =>
  spanMs === MINUTE_MS ? "statistic minutes" : "statistic hours";

function createAdder({ file }: Connection) {
  const find = file.prepare<[Subject, number, number], Row>(
    `select ${COLUMNS} from statistic where subject = ? and span_ms = ? and at_ms = ?`,
  );
  const put = file.prepare(
    `insert into statistic (subject, span_ms, ${COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (subject, span_ms, at_ms) do update set
       accepted = excluded.accepted, delivered = excluded.delivered, failed = excluded.failed,
       exhausted = excluded.exhausted, blocked = excluded.blocked,
       durations = excluded.durations, causes_json = excluded.causes_json`,
  );
  const count = file.prepare("update counter set value = value + 1 where name = ?");

  return (subject: Subject, spanMs: number, atMs: number, added: Tally): void => {
    const before = find.get(subject, spanMs, atMs);
    if (before === undefined) count.run(counterOf(spanMs));
    const tally = before === undefined ? added : tallyOf(before);
    if (before !== undefined) addTally(tally, added);
    const { accepted, delivered, failed, exhausted, blocked, causes } = tally;
    put.run(
      subject,
      spanMs,
      atMs,
      accepted,
      delivered,
      failed,
      exhausted,
      blocked,
      packDurations(tally.durations),
      causes === null ? null : JSON.stringify([...causes]),
    );
  };
}

function createForgetter({ file }: Connection) {
  const counted = file
    .prepare<[string], number>("select value from counter where name = ?")
    .pluck();
  const uncount = file.prepare("update counter set value = value - ? where name = ?");
  const forget = file.prepare(
    `delete from statistic where (subject, span_ms, at_ms) in
       (select subject, span_ms, at_ms from statistic indexed by statistic_age
        where span_ms = ? and at_ms < ? order by at_ms limit ?)`,
  );

  return (query: Parameters<StatisticStore["forgetStatistics"]>[0]): number => {
    const { spanMs, beforeMs, rowsMax, limit } = query;
    const old = forget.run(spanMs, beforeMs, limit).changes;
    const surplus = (counted.get(counterOf(spanMs)) ?? 0) - old - rowsMax;
    const many =
      old > 0 || surplus <= 0
        ? 0
        : forget.run(spanMs, Number.MAX_SAFE_INTEGER, Math.min(surplus, limit)).changes;
    uncount.run(old + many, counterOf(spanMs));
    return old + many;
  };
}

function createWaitingReader({
  file,
}: Connection): Pick<StatisticStore, "attemptsAt" | "waiting" | "waitingAt"> {
  // The newest deliveries are found by the index; behind a long backlog that was never tried there may be no attempt among them.
  const newest = file.prepare<[number, number], Omit<StoredAttempt, "isExhausted"> & Ended>(
    `select a.started_at_ms as atMs, a.duration_ms as durationMs, a.status, a.error_code as error,
       w.id as deliveryId, w.state = 'exhausted' and a.number = w.attempt_count as isExhausted
     from (select seq, id, state, attempt_count from delivery indexed by delivery_newest
           where endpoint_seq = ? order by created_at_ms desc limit ?) w
     cross join attempt a on a.delivery_seq = w.seq`,
  );
  const counts = file.prepare<[number], { pending: number; held: number }>(
    `select ifnull(sum(c.pending), 0) as pending, ifnull(sum(c.held), 0) as held
     from endpoint e indexed by endpoint_application
     cross join endpoint_count c on c.endpoint_seq = e.seq where e.application_seq = ?`,
  );
  // Only where something is pending: one look into the index for each of those, however much waits there.
  const oldest = file
    .prepare<[number], number | null>(
      `select min((select due_at_ms from delivery d indexed by delivery_due
                   where d.endpoint_seq = e.seq and d.due_at_ms is not null
                   order by d.due_at_ms limit 1))
       from endpoint e indexed by endpoint_application
       cross join endpoint_count c on c.endpoint_seq = e.seq
       where e.application_seq = ? and c.pending > 0`,
    )
    .pluck();
  const countsAt = file.prepare<[number], WaitingAt>(
    "select pending, held from endpoint_count where endpoint_seq = ?",
  );
  return {
    attemptsAt: async (endpointSeq, deliveriesMax) =>
      newest
        .all(endpointSeq, deliveriesMax)
        .map((row) => ({ ...row, isExhausted: row.isExhausted === 1 })),
    async waiting(applicationSeq) {
      const { pending, held } = counts.get(applicationSeq) ?? { pending: 0, held: 0 };
      return { pending, held, oldestDueAtMs: oldest.get(applicationSeq) ?? null };
    },
    async waitingAt(endpointSeqs) {
      const found = new Map<number, WaitingAt>();
      for (const seq of endpointSeqs) {
        const row = countsAt.get(seq);
        if (row !== undefined) found.set(seq, row);
      }
      return found;
    },
  };
}

interface Ended {
  readonly isExhausted: number;
}
