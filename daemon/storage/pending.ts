import type { Place } from "./cursor.ts";
import type { Connection } from "./open.ts";

export interface DueRow {
  readonly dueAtMs: number;
  readonly seq: number;
}

/** Rows of one lane that are read at once while lanes are merged: with thousands of lanes few are wanted of each. */
const READ_AHEAD_ROWS = 8;

/**
 * The next `count` pending deliveries of one endpoint, or of all endpoints of the application, by (due_at_ms, seq). What is due
 * is indexed per endpoint, so the lanes are merged here; an index over all would be two more writes for each delivery. Only the
 * `count` lanes whose first rows are the earliest can have a part in it: ten thousand lanes cost three looks into the index each.
 */
export function earliestDue(
  connection: Connection,
  owner: { applicationSeq: number; endpointSeq?: number },
  after: Place | null,
  count: number,
): DueRow[] {
  const [dueAtMs = 0, seq = 0] = after ?? [];
  const start = { dueAtMs, seq };
  const readAfter = createLaneReader(connection);
  if (owner.endpointSeq !== undefined) return readAfter(owner.endpointSeq, start, count);
  const lanes = firstRows(connection, owner.applicationSeq, start)
    .map(({ endpointSeq, first }): Lane => ({ endpointSeq, rows: [first], next: 0 }))
    .toSorted(compareLanes)
    .slice(0, count);
  return merged(lanes, count, (lane, last) => readAfter(lane.endpointSeq, last, READ_AHEAD_ROWS));
}

/** What is pending of one endpoint, from `next` on; there is always a row there. */
interface Lane {
  readonly endpointSeq: number;
  rows: DueRow[];
  next: number;
}

type ReadAfter = (endpointSeq: number, after: DueRow, count: number) => DueRow[];

function createLaneReader({ file }: Connection): ReadAfter {
  // In two parts, since SQLite seeks by the time alone: after a recovery a million rows may be due at one instant.
  const [same, later] = ["due_at_ms = ? and seq > ?", "due_at_ms > ?"].map((which) =>
    file.prepare<number[], DueRow>(
      `select due_at_ms as dueAtMs, seq from delivery
       where endpoint_seq = ? and due_at_ms is not null and ${which}
       order by due_at_ms, seq limit ?`,
    ),
  );
  return (endpointSeq, { dueAtMs, seq }, count) => {
    const now = same?.all(endpointSeq, dueAtMs, seq, count) ?? [];
    if (now.length === count) return now;
    return [...now, ...(later?.all(endpointSeq, dueAtMs, count - now.length) ?? [])];
  };
}

interface First {
  readonly endpointSeq: number;
  readonly first: DueRow;
}

interface FirstRow {
  readonly endpointSeq: number;
  readonly sameSeq: number | null;
  readonly dueAtMs: number | null;
  readonly seq: number | null;
}

/** The first row after the place of each endpoint that has one. */
function firstRows({ file }: Connection, applicationSeq: number, after: DueRow): First[] {
  const later = "delivery d where d.endpoint_seq = e.seq and d.due_at_ms > ?";
  const rows = file
    .prepare<number[], FirstRow>(
      `select e.seq as endpointSeq,
         (select d.seq from delivery d
          where d.endpoint_seq = e.seq and d.due_at_ms = ? and d.seq > ?
          order by d.seq limit 1) as sameSeq,
         (select d.due_at_ms from ${later} order by d.due_at_ms limit 1) as dueAtMs,
         (select d.seq from ${later} order by d.due_at_ms, d.seq limit 1) as seq
       from endpoint e cross join endpoint_count c on c.endpoint_seq = e.seq
       where e.application_seq = ? and c.pending > 0`,
    )
    .all(after.dueAtMs, after.seq, after.dueAtMs, after.dueAtMs, applicationSeq);
  return rows.flatMap(({ endpointSeq, sameSeq, dueAtMs, seq }) => {
    if (sameSeq !== null) {
      return [{ endpointSeq, first: { dueAtMs: after.dueAtMs, seq: sameSeq } }];
    }
    return dueAtMs === null || seq === null ? [] : [{ endpointSeq, first: { dueAtMs, seq } }];
  });
}

/** The first rows of all lanes together; `lanes` come in the order of their first rows, and as a heap they stay. */
function merged(
  lanes: Lane[],
  count: number,
  readAfter: (lane: Lane, last: DueRow) => DueRow[],
): DueRow[] {
  const found: DueRow[] = [];
  for (let lane = lanes[0]; lane !== undefined && found.length < count; lane = lanes[0]) {
    const row = headOf(lane);
    found.push(row);
    lane.next += 1;
    if (lane.next === lane.rows.length && found.length < count) {
      lane.rows = readAfter(lane, row);
      lane.next = 0;
      if (lane.rows.length === 0) dropFirst(lanes);
    }
    sink(lanes);
  }
  return found;
}

function dropFirst(lanes: Lane[]): void {
  const last = lanes.pop();
  if (last !== undefined && lanes.length > 0) lanes[0] = last;
}

/** Moves the first lane of the heap down to where it belongs now. */
function sink(lanes: Lane[]): void {
  for (let at = 0; ;) {
    const lane = lanes[at];
    const under = earlierOf(lanes, 2 * at + 1, 2 * at + 2);
    const other = lanes[under];
    if (lane === undefined || other === undefined || compareLanes(lane, other) <= 0) return;
    lanes[at] = other;
    lanes[under] = lane;
    at = under;
  }
}

function earlierOf(lanes: readonly Lane[], left: number, right: number): number {
  const [one, other] = [lanes[left], lanes[right]];
  if (one === undefined || other === undefined) return left;
  return compareLanes(one, other) <= 0 ? left : right;
}

function compareLanes(one: Lane, other: Lane): number {
  const [left, right] = [headOf(one), headOf(other)];
  return left.dueAtMs - right.dueAtMs || left.seq - right.seq;
}

const NEVER: DueRow = { dueAtMs: Infinity, seq: Infinity };

function headOf({ rows, next }: Lane): DueRow {
  return rows[next] ?? NEVER;
}
