import type { ProfileKind } from "../domain/endpoint.ts";
import type { DueDelivery, DueEvent, DueQuery } from "../domain/stores.ts";
import type { Connection } from "./open.ts";

interface DueRow {
  seq: number;
  id: string;
  event_seq: number;
  attempt_count: number;
  table_start: number;
  ordering_key: string | null;
  is_test: number;
  event_id: string;
  type: string;
  occurred_at_ms: number;
  content_type: string | null;
  data_start: number;
  bytes: Uint8Array;
  variant: Uint8Array | null;
}

/** Reads what may be attempted. A claim writes nothing: what is in memory already is left out by its number. */
export function createDueReader({ file }: Pick<Connection, "file">) {
  const lanes = file.prepare<[], { endpointSeq: number; dueAtMs: number; count: number }>(
    `select endpoint_seq as endpointSeq, min(due_at_ms) as dueAtMs, count(*) as count
     from delivery where due_at_ms is not null group by endpoint_seq`,
  );
  // Answered by the index alone; the rows behind it are read for those that are wanted.
  const dueSeqs = file
    .prepare<[number, number, number], number>(
      `select seq from delivery
       where endpoint_seq = ? and due_at_ms is not null and due_at_ms <= ?
       order by due_at_ms, seq limit ?`,
    )
    .pluck();
  const earliest = file.prepare<[number, number], { seq: number; dueAtMs: number }>(
    `select seq, due_at_ms as dueAtMs from delivery
     where endpoint_seq = ? and due_at_ms is not null order by due_at_ms, seq limit ?`,
  );
  const columns = `d.seq, d.id, d.event_seq, d.attempt_count, d.table_start, d.ordering_key, d.is_test,
    e.id as event_id, e.type, e.occurred_at_ms, e.content_type, e.data_start, b.bytes`;
  const from = `from json_each(?) j cross join delivery d on d.seq = j.value
    join event e on e.seq = d.event_seq join event_body b on b.event_seq = d.event_seq`;
  const plain = file.prepare<[string], DueRow>(`select ${columns}, null as variant ${from}`);
  const withVariant = file.prepare<[string, string], DueRow>(
    `select ${columns}, v.bytes as variant ${from}
     left join event_variant v on v.event_seq = d.event_seq and v.shape = ?`,
  );

  /** One after another, so that reading stops with the row that reaches the bound: bodies may be large. */
  function rowsOf(seqs: readonly number[], shape: ProfileKind): Iterable<DueRow> {
    const list = JSON.stringify(seqs);
    return shape === "standard" ? plain.iterate(list) : withVariant.iterate(list, shape);
  }

  return {
    lanes: () => lanes.all(),
    deliveries(query: DueQuery): DueDelivery[] {
      const { endpointSeq, nowMs, limit, except } = query;
      const read = dueSeqs.all(endpointSeq, nowMs, limit + except.size);
      const wanted = read.filter((seq) => !except.has(seq)).slice(0, limit);
      const found: DueDelivery[] = [];
      let bytes = 0;
      for (const row of rowsOf(wanted, query.shape)) {
        const delivery = dueDelivery(row, endpointSeq, query.shape);
        bytes += delivery.event.body.length;
        found.push(delivery);
        if (bytes >= query.bytesMax) break;
      }
      return found;
    },
    nextDueAtMs(endpointSeq: number, except: ReadonlySet<number>): number | null {
      const rows = earliest.all(endpointSeq, except.size + 1);
      return rows.find((row) => !except.has(row.seq))?.dueAtMs ?? null;
    },
  };
}

function dueDelivery(row: DueRow, endpointSeq: number, shape: ProfileKind): DueDelivery {
  const event: DueEvent = {
    id: row.event_id,
    type: row.type,
    occurredAtMs: row.occurred_at_ms,
    contentType: row.content_type,
    body: row.variant ?? row.bytes,
    dataStart: row.data_start,
    shape: row.content_type !== null ? "raw" : row.variant !== null ? shape : "standard",
  };
  return {
    seq: row.seq,
    id: row.id,
    endpointSeq,
    eventSeq: row.event_seq,
    attemptCount: row.attempt_count,
    tableStart: row.table_start,
    orderingKey: row.ordering_key,
    isTest: row.is_test === 1,
    event,
  };
}
