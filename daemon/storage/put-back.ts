import type { CountChanges } from "./counts.ts";
import type { Connection } from "./open.ts";
import type { OrderKeeper } from "./order.ts";

/** What moving a delivery must know of it. */
export interface MovingRow {
  readonly seq: number;
  readonly endpoint_seq: number;
  readonly state: "pending" | "held" | "delivered" | "exhausted" | "cancelled";
  readonly ordering_key: string | null;
}

export const MOVING = "select seq, endpoint_seq, state, ordering_key from delivery";

export type PutBack = (
  row: MovingRow,
  hold: "paused" | "disabled" | null,
  nowMs: number,
  counts: CountChanges,
) => void;

/**
 * Puts a delivery back in motion, whatever state it has: due at once and with its whole table before it, or held where its
 * endpoint is away, or held for `order` while another one of its key is pending.
 */
export function createPutBack({ file }: Connection, order: OrderKeeper): PutBack {
  const update = file.prepare(
    `update delivery set state = ?, hold = ?, due_at_ms = ?, table_start = attempt_count,
       settled_at_ms = null, end_reason = null
     where seq = ?`,
  );

  function mustWait({ endpoint_seq, state, ordering_key }: MovingRow): boolean {
    if (ordering_key === null || state === "pending") return false;
    return order.isOrdered(endpoint_seq) && order.hasPending(endpoint_seq, ordering_key);
  }

  return (row, hold, nowMs, counts) => {
    const why = hold ?? (mustWait(row) ? "order" : null);
    const state = why === null ? "pending" : "held";
    update.run(state, why, why === null ? nowMs : null, row.seq);
    counts.add(row.endpoint_seq, row.state, -1);
    counts.add(row.endpoint_seq, state, 1);
  };
}
