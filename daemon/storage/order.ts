import type { CountChanges } from "./counts.ts";
import type { Connection } from "./open.ts";

/**
 * Strict order per (endpoint, ordering key), at endpoints that are ordered: of the deliveries that have not ended at most one
 * is pending, the others are held; and where none is pending, the first is not held for `order`. The rows are the queue;
 * nothing of it lives in memory.
 */
export interface OrderKeeper {
  /** Deliveries carry their event's ordering key everywhere, for `release_latest`; only ordered endpoints make them wait by it. */
  isOrdered(endpointSeq: number): boolean;
  /** Lets the key's first delivery go when it is held for `order` and none is pending. Call it where one has ended. */
  releaseNext(
    endpointSeq: number,
    orderingKey: string,
    nowMs: number,
    counts: CountChanges,
  ): boolean;
  hasPending(endpointSeq: number, orderingKey: string): boolean;
  /** Whether this held delivery may be let go: none of its key is pending, and none before it is held. */
  isNext(endpointSeq: number, orderingKey: string, seq: number): boolean;
  hasLater(endpointSeq: number, orderingKey: string, seq: number): boolean;
}

interface HeldRow {
  seq: number;
  hold: string;
}

export function createOrderKeeper({ file }: Connection): OrderKeeper {
  // Said as the index says it, word for word; else SQLite does not see that the index holds these rows.
  const open = `from delivery
    where endpoint_seq = ? and ordering_key = ? and state in ('pending', 'held')`;
  const ordered = file
    .prepare<[number], number>(
      "select json_extract(settings_json, '$.isOrdered') from endpoint where seq = ?",
    )
    .pluck();
  const pending = file.prepare<[number, string]>(`select 1 ${open} and state = 'pending' limit 1`);
  const firstHeld = file.prepare<[number, string], HeldRow>(
    `select seq, hold ${open} and state = 'held' order by seq limit 1`,
  );
  const later = file.prepare<[number, string, number]>(`select 1 ${open} and seq > ? limit 1`);
  const release = file.prepare(
    "update delivery set state = 'pending', hold = null, due_at_ms = ? where seq = ?",
  );

  function hasPending(endpointSeq: number, orderingKey: string): boolean {
    return pending.get(endpointSeq, orderingKey) !== undefined;
  }

  return {
    isOrdered: (endpointSeq) => ordered.get(endpointSeq) === 1,
    releaseNext(endpointSeq, orderingKey, nowMs, counts) {
      // Not only the first: one that was sent again stands before the one that is pending.
      if (hasPending(endpointSeq, orderingKey)) return false;
      const next = firstHeld.get(endpointSeq, orderingKey);
      if (next?.hold !== "order") return false;
      release.run(nowMs, next.seq);
      counts.add(endpointSeq, "held", -1);
      counts.add(endpointSeq, "pending", 1);
      return true;
    },
    hasPending,
    isNext(endpointSeq, orderingKey, seq) {
      if (hasPending(endpointSeq, orderingKey)) return false;
      const first = firstHeld.get(endpointSeq, orderingKey);
      return first === undefined || first.seq >= seq;
    },
    hasLater: (endpointSeq, key, seq) => later.get(endpointSeq, key, seq) !== undefined,
  };
}
