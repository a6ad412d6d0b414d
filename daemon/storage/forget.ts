import { keyOfOwnId } from "../domain/event.ts";
import type { UpkeepStore } from "../domain/stores.ts";
import type { Connection } from "./open.ts";

type ForgetQuery = Parameters<UpkeepStore["forgetEvents"]>[0];
type Forgotten = Awaited<ReturnType<UpkeepStore["forgetEvents"]>>;

/** One event may have thousands of deliveries; once this many rows went, the chunk ends with the event that it is at. */
const ROWS_MAX = 5_000;

interface LookedRow {
  seq: number;
  id: string;
  application_seq: number;
  accepted_at_ms: number;
  is_waiting: number;
}

/**
 * Deletes events with all that hangs on them. The counts of their endpoints stay as they are: they tell what happened since the
 * endpoint was made, not what is still on file.
 */
export function createForgetter({ file }: Connection) {
  const look = file.prepare<[number, number], LookedRow>(
    `select e.seq, e.id, e.application_seq, e.accepted_at_ms, exists
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

  const deleteKey = file.prepare<[number, string]>(
    "delete from idempotency where application_seq = ? and key = ?",
  );

  function forget({ seq, id, application_seq }: LookedRow): number {
    deleteKey.run(application_seq, keyOfOwnId(id));
    return parts.reduce((rows, part) => rows + part.run(seq).changes, 0);
  }

  return ({ beforeMs, afterSeq, limit }: ForgetQuery): Forgotten => {
    const looked = look.all(afterSeq, limit);
    let forgotten = 0;
    let rows = 0;
    for (const row of looked) {
      if (row.accepted_at_ms >= beforeMs || row.is_waiting === 1) continue;
      rows += forget(row);
      forgotten += 1;
      if (rows >= ROWS_MAX) return { forgotten, next: row.seq };
    }
    // Where all are too young, so are those behind them. One alone says little: a clock may have been wrong for a while.
    const isDone = looked.length < limit || looked.every((row) => row.accepted_at_ms >= beforeMs);
    return { forgotten, next: isDone ? null : (looked.at(-1)?.seq ?? null) };
  };
}
