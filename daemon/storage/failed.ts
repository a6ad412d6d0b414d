import type { RecoverPlace, RecoverQuery } from "../domain/motion-store.ts";
import type { Connection } from "./open.ts";
import type { MovingRow } from "./put-back.ts";

/** A row that was looked at, with its place in its index. */
export interface LookedRow extends MovingRow {
  readonly id: string;
  readonly last_error: string | null;
  readonly at_ms: number;
  /** Null where it did not fail, or is a test. */
  readonly failed_at_ms: number | null;
}

type Looking = [endpointSeq: number, atMs: number, seq: number, limit: number];

/** Of the next rows those that failed as the query says, and where the next chunk begins. */
export type LookAtFailed = (query: Omit<RecoverQuery, "hold">) => {
  failed: LookedRow[];
  next: RecoverPlace | null;
};

/**
 * Looks for what failed, a chunk at a call: first what is exhausted, oldest first, then what waits for a retry, which is what is
 * due later than now. A chunk is what is looked at and not what is found: asking for so many that failed since then would walk
 * over a million older ones in one go, at each call anew. When a waiting one last failed is known by its last attempt alone; a
 * column of its own would be written with every attempt, for this question.
 */
export function createFailedLooker({ file }: Connection): LookAtFailed {
  const columns = "seq, endpoint_seq, state, ordering_key, id, last_error";
  const exhausted = file.prepare<Looking, LookedRow>(
    `select ${columns}, created_at_ms as at_ms,
       case when is_test = 0 then settled_at_ms end as failed_at_ms
     from delivery
     where endpoint_seq = ? and state = 'exhausted' and (created_at_ms, seq) > (?, ?)
     order by created_at_ms, seq limit ?`,
  );
  const waiting = file.prepare<Looking, LookedRow>(
    `select ${columns}, due_at_ms as at_ms,
       case when is_test = 0 then (
         select a.started_at_ms + a.duration_ms from attempt a
         where a.delivery_seq = delivery.seq and a.number = delivery.attempt_count
       ) end as failed_at_ms
     from delivery
     where endpoint_seq = ? and due_at_ms is not null and (due_at_ms, seq) > (?, ?)
     order by due_at_ms, seq limit ?`,
  );

  return ({ endpointSeq, sinceMs, error, after, limit, nowMs }) => {
    const isWaiting = after?.part === "waiting";
    const { atMs, seq } = after ?? { atMs: 0, seq: 0 };
    const ended = isWaiting ? [] : exhausted.all(endpointSeq, atMs, seq, limit);
    // What is put back is due now, so it never comes up among those that wait.
    const from = isWaiting ? after : { atMs: nowMs, seq: Number.MAX_SAFE_INTEGER };
    const left = limit - ended.length;
    const later = waiting.all(endpointSeq, from.atMs, from.seq, left);
    const failed = [...ended, ...later].filter(
      (row) =>
        row.failed_at_ms !== null &&
        row.failed_at_ms >= sinceMs &&
        (error === undefined || row.last_error === error),
    );
    return { failed, next: later.length < left ? null : placeAfter(ended, later) };
  };
}

function placeAfter(ended: readonly LookedRow[], later: readonly LookedRow[]): RecoverPlace | null {
  const last = later.at(-1) ?? ended.at(-1);
  if (last === undefined) return null;
  return { part: later.length > 0 ? "waiting" : "exhausted", atMs: last.at_ms, seq: last.seq };
}
