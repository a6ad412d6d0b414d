import type { RecoverQuery } from "../domain/stores.ts";
import type { CountChanges } from "./counts.ts";
import type { Connection } from "./open.ts";
import type { MovingRow, PutBack } from "./put-back.ts";
import { MOVING } from "./put-back.ts";

interface ExhaustedRow extends MovingRow {
  readonly settled_at_ms: number;
}

/**
 * Puts back what failed, a chunk at a call. First what is exhausted, oldest first; the number of the last row that was looked at is
 * where the next call goes on. Then what waits for a retry, which is what is due later than now: that needs no number, since a row
 * that was moved is no longer among them.
 */
export function createRecoverer({ file }: Connection, putBack: PutBack) {
  const exists = file.prepare<[number]>("select 1 from endpoint where seq = ?");
  const createdAt = file
    .prepare<[number], number>("select created_at_ms from delivery where seq = ?")
    .pluck();
  const exhausted = file.prepare<[number, number, number, number], ExhaustedRow>(
    `select seq, endpoint_seq, state, ordering_key, settled_at_ms from delivery
     where endpoint_seq = ? and state = 'exhausted' and (created_at_ms, seq) > (?, ?)
     order by created_at_ms, seq limit ?`,
  );
  const waiting = file.prepare<[number, number, number], MovingRow>(
    `${MOVING} where endpoint_seq = ? and due_at_ms is not null and due_at_ms > ?
     order by due_at_ms, seq limit ?`,
  );

  return (query: RecoverQuery, counts: CountChanges): { moved: number; next: number | null } => {
    const { endpointSeq, sinceMs, afterSeq, limit, hold, nowMs } = query;
    if (exists.get(endpointSeq) === undefined) return { moved: 0, next: null };
    const looked = exhausted.all(endpointSeq, createdAt.get(afterSeq) ?? 0, afterSeq, limit);
    const failed = looked.filter((row) => row.settled_at_ms >= sinceMs);
    const later = waiting.all(endpointSeq, nowMs, limit - looked.length);
    for (const row of failed) putBack(row, hold, nowMs, counts);
    for (const row of later) putBack(row, hold, nowMs, counts);
    const isDone = looked.length + later.length < limit;
    return {
      moved: failed.length + later.length,
      next: isDone ? null : (looked.at(-1)?.seq ?? afterSeq),
    };
  };
}
