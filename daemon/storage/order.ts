import type { CountChanges } from "./counts.ts";
import type { Connection } from "./open.ts";

/**
 * Strict order per (endpoint, ordering key): of the deliveries that have not ended at most the first is pending, the others
 * are held for `order`. The rows are the queue; nothing of it lives in memory.
 */
export interface OrderKeeper {
  /** Lets the key's first held delivery go when none is pending. True when one was released. Call it where one has ended. */
  releaseNext(endpointSeq: number, orderingKey: string, nowMs: number, counts: CountChanges): boolean;
  hasEarlier(endpointSeq: number, orderingKey: string, seq: number): boolean;
  hasLater(endpointSeq: number, orderingKey: string, seq: number): boolean;
}

interface HeadRow {
  seq: number;
  hold: string | null;
}

export function createOrderKeeper({ file }: Connection): OrderKeeper {
  const open = `from delivery where endpoint_seq = ? and ordering_key = ? and state in ('pending', 'held')`;
  const head = file.prepare<[number, string], HeadRow>(
    `select seq, hold ${open} order by seq limit 1`,
  );
  const earlier = file.prepare<[number, string, number], number>(
    `select 1 ${open} and seq < ? limit 1`,
  );
  const later = file.prepare<[number, string, number], number>(
    `select 1 ${open} and seq > ? limit 1`,
  );
  const release = file.prepare(
    `update delivery set state = 'pending', hold = null, due_at_ms = ? where seq = ?`,
  );
  return {
    releaseNext(endpointSeq, orderingKey, nowMs, counts) {
      const next = head.get(endpointSeq, orderingKey);
      if (next === undefined || next.hold !== "order") return false;
      release.run(nowMs, next.seq);
      counts.add(endpointSeq, "held", -1);
      counts.add(endpointSeq, "pending", 1);
      return true;
    },
    hasEarlier: (endpointSeq, key, seq) => earlier.get(endpointSeq, key, seq) !== undefined,
    hasLater: (endpointSeq, key, seq) => later.get(endpointSeq, key, seq) !== undefined,
  };
}
