import type { Selectable } from "kysely";
import { sql } from "kysely";

import type { Event, EventBody } from "../domain/event.ts";
import type { NewDelivery, OfficeStore } from "../domain/stores.ts";
import type { CountChanges } from "./counts.ts";
import { createCountChanges } from "./counts.ts";
import type { Connection } from "./open.ts";
import type { OrderKeeper } from "./order.ts";
import { createOrderKeeper } from "./order.ts";
import type { MovingRow } from "./put-back.ts";
import { createPutBack } from "./put-back.ts";
import { eventOf } from "./rows.ts";
import type { EventTable } from "./schema.ts";
import { written } from "./sql.ts";

type Replayer = Pick<OfficeStore, "eventsForReplay" | "deliverAgain" | "rehearseAgain">;
type ReplayQuery = Parameters<OfficeStore["eventsForReplay"]>[0];

/** Sending events that were accepted earlier to an endpoint, as often as one likes: a pair of both has one delivery. */
export function createReplayer(connection: Connection): Replayer {
  const { file } = connection;
  const countChanges = createCountChanges(connection);
  const order = createOrderKeeper(connection);
  const putBack = createPutBack(connection, order);
  const create = createInserter(connection, order);
  const pair = file.prepare<[number, number], MovingRow & { end_reason: string | null }>(
    `select seq, endpoint_seq, state, ordering_key, end_reason from delivery
     where event_seq = ? and endpoint_seq = ?`,
  );
  const exists = file.prepare<[number]>("select 1 from endpoint where seq = ?");

  function again(
    { eventSeq, delivery }: Parameters<Replayer["deliverAgain"]>[0][number],
    nowMs: number,
    isUnderWay: (deliverySeq: number) => boolean,
    counts: CountChanges,
  ) {
    const { endpointSeq } = delivery;
    if (exists.get(endpointSeq) === undefined) return "gone";
    const known = pair.get(eventSeq, endpointSeq);
    if (known === undefined) return create(eventSeq, delivery, nowMs, counts) ? "created" : "gone";
    if (known.end_reason === null || isUnderWay(known.seq)) return "waiting";
    putBack(known, delivery.hold, nowMs, counts);
    return "resent";
  }

  return {
    rehearseAgain: async (endpointSeq, eventSeqs, isUnderWay = () => false) =>
      eventSeqs.map((eventSeq) => {
        const known = pair.get(eventSeq, endpointSeq);
        if (known === undefined) return "created";
        const isWaiting = known.end_reason === null || isUnderWay(known.seq);
        return isWaiting ? "waiting" : "resent";
      }),
    eventsForReplay: async (query) => eventsForReplay(connection, query),
    deliverAgain: async (entries, nowMs, isUnderWay = () => false) =>
      connection.commit(() => {
        const counts = countChanges();
        const answers = entries.map((entry) => again(entry, nowMs, isUnderWay, counts));
        counts.write();
        return answers;
      }),
  };
}

/** Makes the pair's first delivery. False when its event was forgotten meanwhile. */
function createInserter({ file }: Connection, order: OrderKeeper) {
  const insert = file.prepare(
    `insert into delivery
       (id, event_seq, endpoint_seq, application_seq, state, hold, due_at_ms, ordering_key,
        is_test, created_at_ms)
     select ?, seq, ?, application_seq, ?, ?, ?, ?, ?, ? from event where seq = ?`,
  );
  const before = file.prepare<[number, string]>(
    `select 1 from delivery
     where endpoint_seq = ? and ordering_key = ? and state in ('pending', 'held') limit 1`,
  );
  return (
    eventSeq: number,
    delivery: NewDelivery,
    nowMs: number,
    counts: CountChanges,
  ): boolean => {
    const { id, endpointSeq, orderingKey, isTest } = delivery;
    const waits =
      orderingKey !== null &&
      before.get(endpointSeq, orderingKey) !== undefined &&
      order.isOrdered(endpointSeq);
    const hold = delivery.hold ?? (waits ? "order" : null);
    const state = hold === null ? "pending" : "held";
    const dueAtMs = hold === null ? nowMs : null;
    const columns = [endpointSeq, state, hold, dueAtMs, orderingKey, isTest ? 1 : 0, nowMs];
    const { changes } = insert.run(id, ...columns, eventSeq);
    counts.add(endpointSeq, state, changes);
    return changes === 1;
  };
}

/**
 * By (accepted_at_ms, seq), so that a span of time is a span of the index. Where the event that the last chunk ended with was
 * forgotten meanwhile, the span is walked again from its start and what is not behind that event's number is left out.
 */
function eventsForReplay(
  connection: Connection,
  query: ReplayQuery,
): (Event & { body: EventBody })[] {
  const { applicationSeq, fromMs, toMs, afterSeq, limit } = query;
  const last = connection.first(
    connection.build.selectFrom("event").select("accepted_at_ms").where("seq", "=", afterSeq),
  );
  const startMs = last === undefined ? fromMs : Math.max(fromMs, last.accepted_at_ms);
  const startSeq = last === undefined || last.accepted_at_ms < fromMs ? 0 : afterSeq;
  const rows = connection.all(
    written<ReplayRow>(
      connection,
      sql`select e.*, b.bytes from event e cross join event_body b on b.event_seq = e.seq
        where e.application_seq = ${applicationSeq}
          and (e.accepted_at_ms, e.seq) > (${startMs}, ${startSeq}) and e.accepted_at_ms < ${toMs}
          ${last === undefined ? sql`and e.seq > ${afterSeq}` : sql``}
        order by e.accepted_at_ms, e.seq limit ${limit}`,
    ),
  );
  return rows.map(eventWithBody);
}

type ReplayRow = Selectable<EventTable> & { bytes: Uint8Array };

function eventWithBody(row: ReplayRow): Event & { body: EventBody } {
  return { ...eventOf(row), body: { bytes: row.bytes, dataStart: row.data_start } };
}
