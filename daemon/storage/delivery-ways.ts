import { sql } from "kysely";

import type { DeliveryQuery, Rest } from "../domain/stores.ts";
import type { Place } from "./cursor.ts";
import type { Connection } from "./open.ts";
import type { DueRow, DueRows } from "./pending.ts";
import { openDueRows } from "./pending.ts";
import type { Condition } from "./sql.ts";
import { allOf, inSpan } from "./sql.ts";
import type { Patience } from "./walk.ts";
import { ROWS_PATIENCE } from "./walk.ts";

/** A way along one index that passes each delivery that a query can want, in the order in which the list shows them. */
export interface Way {
  readonly name: string;
  readonly placeLength: number;
  readonly patience: Patience;
  /** Whether the way itself stays within the query's span of time. */
  readonly keepsSpan: boolean;
  /** What has to be known before the first row is asked for, where there is something. */
  begin?(after: Place | null, rest: Rest): Promise<void>;
  /** Gives `delivery_seq` and the place as `p0`, `p1`, `p2` of the rows after a place; a limit follows. */
  passed(after: Place | null, look: number): Condition;
}

/**
 * Counting on how many rows each way has to pass: an event has as many deliveries as endpoints; what is stuck is little beside what
 * went well; and what waits is bounded by the backlog. Without any of these the events are walked, newest first.
 */
export function chooseWay(connection: Connection, query: DeliveryQuery): Way {
  const { eventSeq, endpointSeq, state } = query;
  if (eventSeq !== undefined) return ofEvent(eventSeq);
  if (state === "pending") return dueFirst(connection, query);
  if (state === "held" || state === "exhausted" || state === "cancelled") {
    return stuck(query, STUCK[state]);
  }
  return endpointSeq === undefined ? ofApplication(query) : ofEndpoint(endpointSeq, query);
}

// Literal, since SQLite takes a partial index only for a state that it knows when it plans.
const STUCK = {
  held: sql`d.state = 'held'`,
  exhausted: sql`d.state = 'exhausted'`,
  cancelled: sql`d.state = 'cancelled'`,
};

/** By endpoint, the youngest first: the pair's index knows no time, and a replay's deliveries belong here as well. */
function ofEvent(eventSeq: number): Way {
  return {
    name: "event",
    placeLength: 1,
    patience: ROWS_PATIENCE,
    keepsSpan: false,
    passed(after) {
      const conditions = [sql`d.event_seq = ${eventSeq}`];
      if (after !== null) conditions.push(sql`d.endpoint_seq < ${after[0]}`);
      return sql`select d.endpoint_seq as p0, 0 as p1, 0 as p2, d.seq as delivery_seq
        from delivery d where ${allOf(conditions)} order by d.endpoint_seq desc`;
    },
  };
}

function ofEndpoint(endpointSeq: number, query: DeliveryQuery): Way {
  return newestFirst("endpoint", [sql`d.endpoint_seq = ${endpointSeq}`], query);
}

function stuck(query: DeliveryQuery, state: Condition): Way {
  const { applicationSeq, endpointSeq } = query;
  const owner =
    endpointSeq === undefined
      ? sql`d.application_seq = ${applicationSeq}`
      : sql`d.endpoint_seq = ${endpointSeq}`;
  return newestFirst("stuck", [owner, state], query);
}

function newestFirst(name: string, conditions: readonly Condition[], query: DeliveryQuery): Way {
  return {
    name,
    placeLength: 2,
    patience: ROWS_PATIENCE,
    keepsSpan: true,
    passed(after) {
      const span = inSpan(sql`d.created_at_ms`, sql`d.seq`, query, after);
      return sql`select d.created_at_ms as p0, d.seq as p1, 0 as p2, d.seq as delivery_seq
        from delivery d where ${allOf([...conditions, ...span])}
        order by d.created_at_ms desc, d.seq desc`;
    },
  };
}

/**
 * By event, newest first, so time here is the event's. An index by application on deliveries would be one more write for each
 * of them; events without deliveries are passed as well, or a million of them would be passed in one step.
 */
function ofApplication(query: DeliveryQuery): Way {
  return {
    name: "application",
    placeLength: 3,
    patience: ROWS_PATIENCE,
    keepsSpan: true,
    passed(after) {
      const [time = 0, eventSeq = 0, endpointSeq = 0] = after ?? [];
      // The event that the last page ended in is passed once more, for the rest of its deliveries.
      const from = after === null ? null : [time, eventSeq + 1];
      const conditions = [
        sql`e.application_seq = ${query.applicationSeq}`,
        ...inSpan(sql`e.accepted_at_ms`, sql`e.seq`, query, from),
      ];
      if (after !== null) {
        conditions.push(sql`(e.seq <> ${eventSeq} or d.endpoint_seq < ${endpointSeq})`);
      }
      return sql`select e.accepted_at_ms as p0, e.seq as p1, coalesce(d.endpoint_seq, 0) as p2,
          d.seq as delivery_seq
        from event e left join delivery d on d.event_seq = e.seq where ${allOf(conditions)}
        order by e.accepted_at_ms desc, e.seq desc, d.endpoint_seq desc`;
    },
  };
}

/** What goes out next stands first. A retry moves its row to a later place, where it is shown again; none is left out by that. */
function dueFirst(connection: Connection, query: DeliveryQuery): Way {
  let due: DueRows = { next: () => [] };
  // Rows that were asked for already, from behind that place on.
  let place: Place = [];
  let ahead: DueRow[] = [];

  function rowsAfter(after: Place, look: number): readonly DueRow[] {
    if (after !== place) {
      const [dueAtMs, seq] = after;
      ahead = ahead.slice(ahead.findIndex((row) => row.seq === seq && row.dueAtMs === dueAtMs) + 1);
      place = after;
    }
    if (ahead.length < look) ahead.push(...due.next(look - ahead.length));
    return ahead.slice(0, look);
  }

  return {
    name: "due",
    placeLength: 2,
    // Few at a step: a delivery of each of a hundred endpoints lies in a hundred pages, and so do their events.
    patience: { stepRows: 100, rowsMax: 4_000, bytesMax: Infinity },
    keepsSpan: false,
    async begin(after, rest) {
      due = await openDueRows(connection, query, after, rest);
      place = after ?? place;
    },
    passed(after, look) {
      const rows = rowsAfter(after ?? place, look).map((row) => [row.dueAtMs, row.seq]);
      return sql`select j.value ->> 0 as p0, j.value ->> 1 as p1, 0 as p2,
        j.value ->> 1 as delivery_seq from json_each(${JSON.stringify(rows)}) j`;
    },
  };
}
