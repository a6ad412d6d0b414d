import type { RecoverPlace, RecoverQuery } from "../domain/stores.ts";
import type { CountChanges } from "./counts.ts";
import type { Connection } from "./open.ts";
import type { MovingRow, PutBack } from "./put-back.ts";

/** A row that was looked at, with its place in its index. */
interface LookedRow extends MovingRow {
  readonly at_ms: number;
  readonly has_failed: number;
}

type Looking = [sinceMs: number, endpointSeq: number, atMs: number, seq: number, limit: number];

/**
 * Puts back what failed, a chunk at a call: first what is exhausted, oldest first, then what waits for a retry, which is what is
 * due later than now. A chunk is what is looked at and not what is moved: asking for so many that failed since then would walk
 * over a million older ones in one go, at each call anew. When a waiting one last failed is known by its last attempt alone; a
 * column of its own would be written with every attempt, for this question.
 */
export function createRecoverer({ file }: Connection, putBack: PutBack) {
  const exists = file.prepare<[number]>("select 1 from endpoint where seq = ?");
  const exhausted = file.prepare<Looking, LookedRow>(
    `select seq, endpoint_seq, state, ordering_key, created_at_ms as at_ms,
       settled_at_ms >= ? and is_test = 0 as has_failed
     from delivery
     where endpoint_seq = ? and state = 'exhausted' and (created_at_ms, seq) > (?, ?)
     order by created_at_ms, seq limit ?`,
  );
  const waiting = file.prepare<Looking, LookedRow>(
    `select seq, endpoint_seq, state, ordering_key, due_at_ms as at_ms,
       is_test = 0 and exists (
         select 1 from attempt a where a.delivery_seq = delivery.seq
           and a.number = delivery.attempt_count and a.started_at_ms + a.duration_ms >= ?
       ) as has_failed
     from delivery
     where endpoint_seq = ? and due_at_ms is not null and (due_at_ms, seq) > (?, ?)
     order by due_at_ms, seq limit ?`,
  );

  return (
    query: RecoverQuery,
    counts: CountChanges,
  ): { moved: number; next: RecoverPlace | null } => {
    const { endpointSeq, sinceMs, after, limit, hold, nowMs } = query;
    if (exists.get(endpointSeq) === undefined) return { moved: 0, next: null };
    const isWaiting = after?.part === "waiting";
    const { atMs, seq } = after ?? { atMs: 0, seq: 0 };
    const ended = isWaiting ? [] : exhausted.all(sinceMs, endpointSeq, atMs, seq, limit);
    // What this moves is due now, so it never comes up among those that wait.
    const from = isWaiting ? after : { atMs: nowMs, seq: Number.MAX_SAFE_INTEGER };
    const left = limit - ended.length;
    const later = waiting.all(sinceMs, endpointSeq, from.atMs, from.seq, left);
    const failed = [...ended, ...later].filter(({ has_failed: hasFailed }) => hasFailed === 1);
    for (const row of failed) putBack(row, hold, nowMs, counts);
    const isDone = later.length < left;
    return { moved: failed.length, next: isDone ? null : placeAfter(ended, later) };
  };
}

function placeAfter(ended: readonly LookedRow[], later: readonly LookedRow[]): RecoverPlace | null {
  const last = later.at(-1) ?? ended.at(-1);
  if (last === undefined) return null;
  return { part: later.length > 0 ? "waiting" : "exhausted", atMs: last.at_ms, seq: last.seq };
}
