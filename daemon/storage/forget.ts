import type { UpkeepStore } from "../domain/stores.ts";
import type { Connection } from "./open.ts";

type ForgetQuery = Parameters<UpkeepStore["forgetEvents"]>[0];
type Forgotten = Awaited<ReturnType<UpkeepStore["forgetEvents"]>>;

/** One event may have thousands of deliveries; once this many rows went, the chunk ends with the event that it is at. */
const ROWS_MAX = 5_000;

interface LookedRow {
  seq: number;
  accepted_at_ms: number;
  is_waiting: number;
}

/**
 * Deletes events with all that hangs on them. The counts of their endpoints stay as they are: they tell what happened since the
 * endpoint was made, not what is still on file.
 */
export function createForgetter({ file }: Connection) {
  const look = file.prepare<[number, number], LookedRow>(
    `select e.seq, e.accepted_at_ms, exists
       (select 1 from delivery d where d.event_seq = e.seq and d.end_reason is null) as is_waiting
     from event e where e.seq > ? order by e.seq limit ?`,
  );
  const parts = [
    "delete from attempt where delivery_seq in (select seq from delivery where event_seq = ?)",
    "delete from delivery where event_seq = ?",
    "delete from event_variant where event_seq = ?",
    "delete from event_body where event_seq = ?",
    "delete from event where seq = ?",
  ].map((text) => file.prepare<[number]>(text));

  function forget(seq: number): number {
    return parts.reduce((rows, part) => rows + part.run(seq).changes, 0);
  }

  return ({ beforeMs, afterSeq, limit }: ForgetQuery): Forgotten => {
    const looked = look.all(afterSeq, limit);
    let forgotten = 0;
    let rows = 0;
    for (const { seq, accepted_at_ms, is_waiting } of looked) {
      if (accepted_at_ms >= beforeMs || is_waiting === 1) continue;
      rows += forget(seq);
      forgotten += 1;
      if (rows >= ROWS_MAX) return { forgotten, next: seq };
    }
    // Where all are too young, so are those behind them. One alone says little: a clock may have been wrong for a while.
    const isDone = looked.length < limit || looked.every((row) => row.accepted_at_ms >= beforeMs);
    return { forgotten, next: isDone ? null : (looked.at(-1)?.seq ?? null) };
  };
}
