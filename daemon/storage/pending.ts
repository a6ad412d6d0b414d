import { sql } from "kysely";

import type { Place } from "./cursor.ts";
import type { Connection } from "./open.ts";
import type { Condition } from "./sql.ts";
import { written } from "./sql.ts";

interface DueRow {
  readonly dueAtMs: number;
  readonly seq: number;
}

/** Rows read ahead over all lanes together. */
const READ_AHEAD_ROWS = 1_000;

/**
 * The next `count` pending deliveries of one endpoint, or of all endpoints of the application, by (due_at_ms, seq). What is due
 * is indexed per endpoint, so the lanes are merged here; an index over all would be two more writes for each delivery.
 */
export function earliestDue(
  connection: Connection,
  owner: { applicationSeq: number; endpointSeq?: number },
  after: Place | null,
  count: number,
): DueRow[] {
  const seqs = owner.endpointSeq === undefined ? busyLanes(connection, owner) : [owner.endpointSeq];
  const aheadRows = Math.ceil(READ_AHEAD_ROWS / Math.max(seqs.length, 1));
  const [dueAtMs = 0, seq = 0] = after ?? [];
  const lanes = seqs.map((endpointSeq) =>
    createLane(connection, endpointSeq, aheadRows, { dueAtMs, seq }),
  );
  const found: DueRow[] = [];
  while (found.length < count) {
    const first = firstOf(lanes);
    if (first === null) break;
    found.push(first.take());
  }
  return found;
}

function busyLanes(connection: Connection, owner: { applicationSeq: number }): number[] {
  const rows = connection.all(
    written<{ seq: number }>(
      connection,
      sql`select e.seq from endpoint e cross join endpoint_count c on c.endpoint_seq = e.seq
        where e.application_seq = ${owner.applicationSeq} and c.pending > 0`,
    ),
  );
  return rows.map((row) => row.seq);
}

interface Lane {
  /** Null at the end. */
  head(): DueRow | null;
  take(): DueRow;
}

function createLane(
  connection: Connection,
  endpointSeq: number,
  aheadRows: number,
  start: DueRow,
): Lane {
  let ahead: DueRow[] = [];
  let next = 0;
  let last = start;
  let isAtEnd = false;

  function read(): void {
    // In two parts, since SQLite seeks by the time alone: after a recovery a million rows may be due at one instant.
    const same = dueRows(sql`due_at_ms = ${last.dueAtMs} and seq > ${last.seq}`, aheadRows);
    const later = dueRows(sql`due_at_ms > ${last.dueAtMs}`, aheadRows - same.length);
    ahead = [...same, ...later];
    next = 0;
    isAtEnd = ahead.length < aheadRows;
  }

  function dueRows(which: Condition, count: number): DueRow[] {
    if (count === 0) return [];
    return connection.all(
      written<DueRow>(
        connection,
        sql`select due_at_ms as dueAtMs, seq from delivery
          where endpoint_seq = ${endpointSeq} and due_at_ms is not null and ${which}
          order by due_at_ms, seq limit ${count}`,
      ),
    );
  }

  function head(): DueRow | null {
    if (next >= ahead.length && !isAtEnd) read();
    return ahead[next] ?? null;
  }

  return {
    head,
    take() {
      last = head() ?? last;
      next += 1;
      return last;
    },
  };
}

function firstOf(lanes: readonly Lane[]): Lane | null {
  let first: Lane | null = null;
  let best: DueRow | null = null;
  for (const lane of lanes) {
    const row = lane.head();
    if (row === null) continue;
    if (
      best === null ||
      row.dueAtMs < best.dueAtMs ||
      (row.dueAtMs === best.dueAtMs && row.seq < best.seq)
    ) {
      first = lane;
      best = row;
    }
  }
  return first;
}
