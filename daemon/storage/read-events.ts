import type { Selectable } from "kysely";
import { sql } from "kysely";

import type { Event, EventBody } from "../domain/event.ts";
import type { EventQuery, Page, Rest } from "../domain/stores.ts";
import type { Place } from "./cursor.ts";
import type { Connection } from "./open.ts";
import { eventOf } from "./rows.ts";
import type { EventTable } from "./schema.ts";
import type { Condition } from "./sql.ts";
import { allOf, contains, inSpan, inBody, written } from "./sql.ts";
import type { End, Walk } from "./walk.ts";
import { readPage, ROWS_PATIENCE, TEXT_PATIENCE } from "./walk.ts";

type CountedEvent = Event & { deliveryCount: number };
type EventRow = Selectable<EventTable> & { delivery_count: number };

const DELIVERY_COUNT = sql<number>`(select count(*) from delivery d where d.event_seq = e.seq)`;

/** Events of one application, newest first by (accepted_at_ms, seq). */
export function createEventReader(connection: Connection) {
  return {
    async page(query: EventQuery, rest: Rest): Promise<Page<CountedEvent>> {
      const page = await readPage(eventWalk(connection, query), query, rest);
      return { rows: page.rows.map(countedEvent), next: page.next };
    },
    one(applicationSeq: number, id: string): (CountedEvent & { body: EventBody }) | null {
      const row = connection.first(
        written<EventRow & { bytes: Uint8Array }>(
          connection,
          sql`select e.*, b.bytes, ${DELIVERY_COUNT} as delivery_count
            from event e cross join event_body b on b.event_seq = e.seq
            where e.id = ${id} and e.application_seq = ${applicationSeq}`,
        ),
      );
      if (row === undefined) return null;
      return { ...countedEvent(row), body: { bytes: row.bytes, dataStart: row.data_start } };
    },
  };
}

function countedEvent(row: EventRow): CountedEvent {
  return { ...eventOf(row), deliveryCount: row.delivery_count };
}

function eventWalk(connection: Connection, query: EventQuery): Walk<EventRow> {
  const passed = (columns: Condition, after: Place | null, bounds: Condition) =>
    sql`select ${columns} from event e
      where ${allOf([
        sql`e.application_seq = ${query.applicationSeq}`,
        ...inSpan(sql`e.accepted_at_ms`, sql`e.seq`, query, after),
      ])}
      order by e.accepted_at_ms desc, e.seq desc ${bounds}`;
  return {
    name: "events",
    placeLength: 2,
    patience: query.text === undefined ? ROWS_PATIENCE : TEXT_PATIENCE,
    wanted: (after, look, limit) =>
      connection.all(
        written<EventRow>(
          connection,
          sql`select e.*, ${DELIVERY_COUNT} as delivery_count
            from (${passed(sql`e.seq`, after, sql`limit ${look}`)}) w
            cross join event e on e.seq = w.seq
            where ${allOf(filters(query))} limit ${limit}`,
        ),
      ),
    end: (after, look) =>
      query.text === undefined
        ? endByIndex(connection, passed(PLACE, after, sql`limit 1 offset ${look - 1}`))
        : endWithBytes(
            connection,
            passed(sql`${PLACE}, e.body_bytes as bytes`, after, sql`limit ${look}`),
            look,
          ),
    placeOf: (row) => [row.accepted_at_ms, row.seq],
  };
}

const PLACE = sql`e.accepted_at_ms as time, e.seq`;

interface PassedRow {
  time: number;
  seq: number;
}

function endByIndex(connection: Connection, last: Condition): End {
  const row = connection.first(written<PassedRow>(connection, last));
  return { place: row === undefined ? null : [row.time, row.seq], bytes: 0 };
}

function endWithBytes(connection: Connection, all: Condition, look: number): End {
  const rows = connection.all(written<PassedRow & { bytes: number }>(connection, all));
  const last = rows.length < look ? undefined : rows.at(-1);
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
  return { place: last === undefined ? null : [last.time, last.seq], bytes };
}

function filters(query: EventQuery): Condition[] {
  const conditions = [sql`true`];
  if (query.type !== undefined) conditions.push(sql`e.type = ${query.type}`);
  if (query.tenant !== undefined) conditions.push(sql`e.tenant = ${query.tenant}`);
  if (query.text !== undefined) {
    const { text } = query;
    const shown = contains([sql`e.id`, sql`e.type`, sql`e.tenant`, sql`e.ordering_key`], text);
    conditions.push(sql`(${shown} or ${inBody(text)})`);
  }
  return conditions;
}
