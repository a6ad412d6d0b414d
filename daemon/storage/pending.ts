import type { Rest } from "../domain/stores.ts";
import type { Place } from "./cursor.ts";
import type { Connection } from "./open.ts";

export interface DueRow {
  readonly dueAtMs: number;
  readonly seq: number;
}

/** Rows of one lane that are read at once while lanes are merged: with thousands of lanes few are wanted of each. */
const READ_AHEAD_ROWS = 8;
/** Of all lanes together at least so many, or a single one would be asked for eight rows a time. */
const READ_TOGETHER_ROWS = 100;
/** Endpoints whose first rows are looked up at one step: three looks into the index each. */
const LANES_PER_STEP = 500;

/** What is pending, by (due_at_ms, seq). Each row comes once, also where it was put off while somebody read on. */
export interface DueRows {
  /** The next `count`, or what is left. */
  next(count: number): DueRow[];
}

/**
 * The pending deliveries of one endpoint, or of all endpoints of the application. What is due is indexed per endpoint, so the lanes
 * are merged here; an index over all would be two more writes for each delivery. Ten thousand lanes cost three looks into the index
 * each before the first row is known: 15 ms, and seconds where the file has to be read from the disk, so they come in steps.
 */
export async function openDueRows(
  connection: Connection,
  owner: { applicationSeq: number; endpointSeq?: number },
  after: Place | null,
  rest: Rest,
): Promise<DueRows> {
  const [dueAtMs = 0, seq = 0] = after ?? [];
  const start = { dueAtMs, seq };
  const readAfter = createLaneReader(connection);
  const { endpointSeq } = owner;
  const lanes =
    endpointSeq === undefined
      ? await firstLanes(connection, owner.applicationSeq, start, rest)
      : [{ endpointSeq, rows: readAfter(endpointSeq, start, READ_TOGETHER_ROWS), next: 0 }];
  const aheadRows = Math.max(READ_AHEAD_ROWS, Math.ceil(READ_TOGETHER_ROWS / (lanes.length || 1)));
  return merged(lanes, (lane, last) => readAfter(lane.endpointSeq, last, aheadRows));
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

interface FirstRow {
  readonly endpointSeq: number;
  readonly sameSeq: number | null;
  readonly dueAtMs: number | null;
  readonly seq: number | null;
}

/** The lanes that have a row after the place, each with its first one. */
async function firstLanes(
  connection: Connection,
  applicationSeq: number,
  after: DueRow,
  rest: Rest,
): Promise<Lane[]> {
  const firstRows = createFirstReader(connection, applicationSeq, after);
  // The last of the next endpoints, so that those of which nothing is pending count as well.
  const lastOfNext = connection.file
    .prepare<number[], number>(
      `select seq from endpoint indexed by endpoint_application
       where application_seq = ? and seq > ? order by seq limit 1 offset ?`,
    )
    .pluck();
  const lanes: Lane[] = [];
  for (let from = 0; ;) {
    const to = lastOfNext.get(applicationSeq, from, LANES_PER_STEP - 1);
    for (const row of firstRows(from, to ?? Number.MAX_SAFE_INTEGER)) {
      const first = firstOf(row, after);
      if (first !== null) lanes.push({ endpointSeq: row.endpointSeq, rows: [first], next: 0 });
    }
    if (to === undefined) return lanes;
    from = to;
    await rest();
  }
}

function createFirstReader({ file }: Connection, applicationSeq: number, after: DueRow) {
  const later = "delivery d where d.endpoint_seq = e.seq and d.due_at_ms > ?";
  const statement = file.prepare<number[], FirstRow>(
    `select e.seq as endpointSeq,
       (select d.seq from delivery d
        where d.endpoint_seq = e.seq and d.due_at_ms = ? and d.seq > ?
        order by d.seq limit 1) as sameSeq,
       (select d.due_at_ms from ${later} order by d.due_at_ms limit 1) as dueAtMs,
       (select d.seq from ${later} order by d.due_at_ms, d.seq limit 1) as seq
     from endpoint e indexed by endpoint_application
       cross join endpoint_count c on c.endpoint_seq = e.seq
     where e.application_seq = ? and e.seq > ? and e.seq <= ? and c.pending > 0`,
  );
  const { dueAtMs, seq } = after;
  return (from: number, to: number): FirstRow[] =>
    statement.all(dueAtMs, seq, dueAtMs, dueAtMs, applicationSeq, from, to);
}

function firstOf({ sameSeq, dueAtMs, seq }: FirstRow, after: DueRow): DueRow | null {
  if (sameSeq !== null) return { dueAtMs: after.dueAtMs, seq: sameSeq };
  return dueAtMs === null || seq === null ? null : { dueAtMs, seq };
}

/** The rows of all lanes together. The lanes are kept as a heap: at its head is the lane whose next row is the earliest. */
function merged(lanes: Lane[], readAfter: (lane: Lane, last: DueRow) => DueRow[]): DueRows {
  const given = new Set<number>();
  for (let at = Math.floor(lanes.length / 2); at >= 0; at--) sink(lanes, at);

  function take(lane: Lane): DueRow {
    const row = headOf(lane);
    lane.next += 1;
    if (lane.next >= lane.rows.length) {
      lane.rows = readAfter(lane, row);
      lane.next = 0;
      if (lane.rows.length === 0) dropFirst(lanes);
    }
    sink(lanes, 0);
    return row;
  }

  return {
    next(count) {
      const found: DueRow[] = [];
      for (let lane = lanes[0]; lane !== undefined && found.length < count; lane = lanes[0]) {
        if (lane.rows.length === 0) return found;
        const row = take(lane);
        if (!given.has(row.seq)) found.push(row);
        given.add(row.seq);
      }
      return found;
    },
  };
}

function dropFirst(lanes: Lane[]): void {
  const last = lanes.pop();
  if (last !== undefined && lanes.length > 0) lanes[0] = last;
}

/** Moves a lane of the heap down to where it belongs now. */
function sink(lanes: Lane[], from: number): void {
  for (let at = from; ;) {
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
