import type { Selectable } from "kysely";
import { sql } from "kysely";

import type { DeliveryQuery, DeliveryRow, Page, Rest } from "../domain/stores.ts";
import type { Place } from "./cursor.ts";
import type { Way } from "./delivery-ways.ts";
import { chooseWay } from "./delivery-ways.ts";
import type { Connection } from "./open.ts";
import { deliveryOf } from "./rows.ts";
import type { DeliveryTable } from "./schema.ts";
import type { Condition } from "./sql.ts";
import { allOf, contains, inBody, written } from "./sql.ts";
import type { End, Walk } from "./walk.ts";
import { readPage, TEXT_PATIENCE } from "./walk.ts";

type ShownRow = Selectable<DeliveryTable> & {
  shown_event_id: string;
  type: string;
  tenant: string | null;
};
interface PlaceRow {
  p0: number;
  p1: number;
  p2: number;
}

const SHOWN = sql`d.*, e.id as shown_event_id, e.type, e.tenant`;

/** Deliveries of one application, each list in the order of the index that its filters allow (see delivery-ways.ts). */
export function createDeliveryReader(connection: Connection) {
  return {
    async page(query: DeliveryQuery, rest: Rest): Promise<Page<DeliveryRow>> {
      const page = await readPage(deliveryWalk(connection, query), query, rest);
      return { rows: page.rows.map(deliveryRow), next: page.next };
    },
    one(applicationSeq: number, id: string): DeliveryRow | null {
      const row = connection.first(
        written<ShownRow>(
          connection,
          sql`select ${SHOWN} from delivery d cross join event e on e.seq = d.event_seq
            where d.id = ${id} and d.application_seq = ${applicationSeq}`,
        ),
      );
      return row === undefined ? null : deliveryRow(row);
    },
  };
}

function deliveryRow(row: ShownRow): DeliveryRow {
  const { shown_event_id: eventId, type: eventType, tenant } = row;
  return { ...deliveryOf(row), eventId, eventType, tenant };
}

function deliveryWalk(connection: Connection, query: DeliveryQuery): Walk<ShownRow & PlaceRow> {
  const way = chooseWay(connection, query);
  const place = (row: PlaceRow) => [row.p0, row.p1, row.p2].slice(0, way.placeLength);
  return {
    name: way.name,
    placeLength: way.placeLength,
    patience: query.text === undefined ? way.patience : TEXT_PATIENCE,
    begin: (after, rest) => way.begin?.(after, rest) ?? Promise.resolve(),
    // `cross join`, so that the way is walked as it is and the other rows are looked up by their numbers.
    wanted: (after, look, limit) =>
      connection.all(
        written<ShownRow & PlaceRow>(
          connection,
          sql`select ${SHOWN}, w.p0, w.p1, w.p2 from (${way.passed(after, look)} limit ${look}) w
            cross join delivery d on d.seq = w.delivery_seq
            cross join event e on e.seq = d.event_seq
            where ${allOf(filters(query, way))} limit ${limit}`,
        ),
      ),
    end(after, look) {
      if (query.text !== undefined) return endWithBytes(connection, way, after, look);
      const last = sql`${way.passed(after, look)} limit 1 offset ${look - 1}`;
      const row = connection.first(written<PlaceRow>(connection, last));
      return { place: row === undefined ? null : place(row), bytes: 0 };
    },
    placeOf: place,
  };
}

/** An event's body is searched once for each of its deliveries, so it counts as often. */
function endWithBytes(connection: Connection, way: Way, after: Place | null, look: number): End {
  const passed = sql`select w.p0, w.p1, w.p2, ifnull(e.body_bytes, 0) as bytes
    from (${way.passed(after, look)} limit ${look}) w
      left join delivery d on d.seq = w.delivery_seq
      left join event e on e.seq = d.event_seq`;
  const rows = connection.all(written<PlaceRow & { bytes: number }>(connection, passed));
  const last = rows.length < look ? undefined : rows.at(-1);
  return {
    place: last === undefined ? null : [last.p0, last.p1, last.p2].slice(0, way.placeLength),
    bytes: rows.reduce((sum, row) => sum + row.bytes, 0),
  };
}

const TEXT_COLUMNS = [
  sql`d.id`,
  sql`e.id`,
  sql`e.type`,
  sql`e.tenant`,
  sql`d.ordering_key`,
  sql`d.last_error`,
  sql`(select p.id from endpoint p where p.seq = d.endpoint_seq)`,
];

function filters(query: DeliveryQuery, way: Way): Condition[] {
  const conditions = [sql`d.application_seq = ${query.applicationSeq}`];
  const equals: [Condition, number | string | undefined][] = [
    [sql`d.state`, query.state],
    [sql`d.event_seq`, query.eventSeq],
    [sql`d.endpoint_seq`, query.endpointSeq],
    [sql`d.last_error`, query.lastError],
    [sql`e.type`, query.type],
    [sql`e.tenant`, query.tenant],
  ];
  for (const [column, value] of equals) {
    if (value !== undefined) conditions.push(sql`${column} = ${value}`);
  }
  conditions.push(...searched(query));
  if (way.keepsSpan) return conditions;
  if (query.fromMs !== undefined) conditions.push(sql`d.created_at_ms >= ${query.fromMs}`);
  if (query.toMs !== undefined) conditions.push(sql`d.created_at_ms < ${query.toMs}`);
  return conditions;
}

function searched({ lastStatus, isTest, text }: DeliveryQuery): Condition[] {
  const conditions: Condition[] = [];
  if (isTest !== undefined) conditions.push(sql`d.is_test = ${isTest ? 1 : 0}`);
  if (lastStatus === "none") {
    conditions.push(sql`d.attempt_count > 0 and d.last_status is null`);
  } else if (lastStatus !== undefined) {
    conditions.push(sql`d.last_status between ${lastStatus.from} and ${lastStatus.to}`);
  }
  if (text !== undefined) {
    conditions.push(sql`(${contains(TEXT_COLUMNS, text)} or ${inBody(text)})`);
  }
  return conditions;
}
