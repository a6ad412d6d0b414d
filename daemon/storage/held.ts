import type { MoveQuery } from "../domain/stores.ts";
import type { CountChanges } from "./counts.ts";
import type { Connection } from "./open.ts";
import type { OrderKeeper } from "./order.ts";

interface HeldRow {
  seq: number;
  ordering_key: string | null;
}

type Fate = "pending" | "order" | "skipped";

/**
 * Works off an endpoint's transition, a chunk at a call: into `held` when it is paused or disabled, out of it by the choice
 * that was made at resume. Each chunk leaves fewer rows for the next one, so it ends, and a crash between two loses nothing.
 */
export function createHeldMover(connection: Connection, order: OrderKeeper) {
  const { file } = connection;
  const pending = file.prepare<[number, number], HeldRow>(
    `select seq, ordering_key from delivery
     where endpoint_seq = ? and due_at_ms is not null order by due_at_ms, seq limit ?`,
  );
  const held = file.prepare<[number, string, number], HeldRow>(
    `select seq, ordering_key from delivery
     where endpoint_seq = ? and hold = ? order by seq limit ?`,
  );
  const hold = file.prepare(
    "update delivery set state = 'held', hold = ?, due_at_ms = null where seq = ?",
  );
  const release = file.prepare(
    "update delivery set state = 'pending', hold = null, due_at_ms = ? where seq = ?",
  );
  const skip = file.prepare(
    `update delivery set state = 'cancelled', hold = null, end_reason = 'skipped', settled_at_ms = ?
     where seq = ?`,
  );
  const finish = file.prepare(
    "update endpoint set transition = null where seq = ? and transition = ?",
  );

  function holdChunk(query: MoveQuery, counts: CountChanges): number {
    const rows = pending.all(query.endpointSeq, query.limit);
    for (const row of rows) hold.run(query.hold, row.seq);
    counts.add(query.endpointSeq, "pending", -rows.length);
    counts.add(query.endpointSeq, "held", rows.length);
    if (rows.length > 0) return rows.length;
    const waiting = held.all(query.endpointSeq, "order", query.limit);
    for (const row of waiting) hold.run(query.hold, row.seq);
    return waiting.length;
  }

  function releaseChunk(query: MoveQuery, counts: CountChanges): number {
    let rows = held.all(query.endpointSeq, "paused", query.limit);
    if (rows.length === 0) rows = held.all(query.endpointSeq, "disabled", query.limit);
    for (const row of rows) apply(query, row, fate(query, row), counts);
    return rows.length;
  }

  function fate(query: MoveQuery, row: HeldRow): Fate {
    const { endpointSeq, transition } = query;
    if (transition === "release_none") return "skipped";
    const key = row.ordering_key;
    if (key === null) return "pending";
    if (transition === "release_latest" && order.hasLater(endpointSeq, key, row.seq)) {
      return "skipped";
    }
    if (!order.isOrdered(endpointSeq)) return "pending";
    return order.isNext(endpointSeq, key, row.seq) ? "pending" : "order";
  }

  function apply(query: MoveQuery, row: HeldRow, to: Fate, counts: CountChanges): void {
    if (to === "order") {
      hold.run("order", row.seq);
      return;
    }
    if (to === "skipped") skip.run(query.nowMs, row.seq);
    else release.run(query.nowMs, row.seq);
    counts.add(query.endpointSeq, "held", -1);
    counts.add(query.endpointSeq, to === "skipped" ? "cancelled" : "pending", 1);
    // What came in since the resume stands behind it, held for `order`, and nobody else would let it go.
    if (to === "skipped" && row.ordering_key !== null) {
      order.releaseNext(query.endpointSeq, row.ordering_key, query.nowMs, counts);
    }
  }

  return (query: MoveQuery, counts: CountChanges): { moved: number; isDone: boolean } => {
    const move = query.transition === "hold" ? holdChunk : releaseChunk;
    const moved = move(query, counts);
    if (moved === 0) finish.run(query.endpointSeq, query.transition);
    return { moved, isDone: moved === 0 };
  };
}
