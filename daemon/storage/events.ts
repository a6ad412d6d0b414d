import { keyInWords } from "../domain/event.ts";
import type {
  Accepted,
  AcceptedDelivery,
  EventStore,
  IdempotencyClaim,
  NewDelivery,
  NewEvent,
} from "../domain/stores.ts";
import { createActiveCheck } from "./active.ts";
import type { CountChanges } from "./counts.ts";
import { createCountChanges } from "./counts.ts";
import type { Connection } from "./open.ts";
import { createOrderKeeper } from "./order.ts";

/**
 * Accepting events: the hot path in. One prepared statement per kind of row, one commit per batch. `removed` are the endpoints
 * that went while an event for them may have been on its way here; nobody would look for what waits at them.
 */
export function createEventStore(connection: Connection, removed: ReadonlySet<number>): EventStore {
  const statements = prepareStatements(connection);
  const countChanges = createCountChanges(connection);
  const order = createOrderKeeper(connection);
  const isActive = createActiveCheck(connection);

  function accept(entry: NewEvent, counts: CountChanges): Accepted {
    const { event } = entry;
    const repeated = entry.idempotency && earlierAnswer(event.applicationSeq, entry.idempotency);
    if (repeated) return repeated;
    const eventSeq = insertEvent(entry);
    if (eventSeq === null) return conflict(`the id ${event.id} is taken by another event`);
    counts.addEvents(1);
    const deliveries = entry.deliveries.map((delivery) =>
      insertDelivery(eventSeq, event.applicationSeq, delivery, event.acceptedAtMs, counts),
    );
    if (entry.idempotency !== null) rememberAnswer(entry, entry.idempotency);
    return { kind: "accepted", eventSeq, eventId: event.id, deliveries };
  }

  function earlierAnswer(applicationSeq: number, claim: IdempotencyClaim): Accepted | null {
    const known = statements.findKey.get(applicationSeq, claim.key);
    if (known === undefined) return null;
    if (!known.fingerprint.equals(claim.fingerprint)) {
      return conflict(`the ${keyInWords(claim.key)} was used with another request`);
    }
    return { kind: "repeated", eventId: known.event_id, deliveryCount: known.delivery_count };
  }

  function rememberAnswer(entry: NewEvent, claim: IdempotencyClaim): void {
    const { event } = entry;
    statements.insertKey.run(
      event.applicationSeq,
      claim.key,
      claim.fingerprint,
      event.id,
      entry.deliveries.length,
      event.acceptedAtMs,
    );
  }

  function insertEvent(entry: NewEvent): number | null {
    const { event, body } = entry;
    const inserted = statements.insertEvent.run(
      event.id,
      event.applicationSeq,
      event.type,
      event.tenant,
      event.orderingKey,
      event.occurredAtMs,
      event.acceptedAtMs,
      event.contentType,
      event.bodyBytes,
      body.dataStart,
    );
    if (inserted.changes === 0) return null;
    const eventSeq = Number(inserted.lastInsertRowid);
    statements.insertBody.run(eventSeq, body.bytes);
    for (const { shape, bytes } of entry.variants) {
      statements.insertVariant.run(eventSeq, shape, bytes);
    }
    return eventSeq;
  }

  function mustWait(endpointSeq: number, orderingKey: string): boolean {
    const before = statements.findBefore.get(endpointSeq, orderingKey);
    return before === 1 && order.isOrdered(endpointSeq);
  }

  function insertDelivery(
    eventSeq: number,
    applicationSeq: number,
    delivery: NewDelivery,
    nowMs: number,
    counts: CountChanges,
  ): AcceptedDelivery {
    const { id, endpointSeq, orderingKey, isTest } = delivery;
    // Asked inside the commit, so that of two events with one key exactly the first is free to go.
    const waits = orderingKey !== null && mustWait(endpointSeq, orderingKey);
    const away = delivery.hold === null || isActive(endpointSeq) ? null : delivery.hold;
    const hold = away ?? (waits ? "order" : null);
    const isPending = hold === null;
    const inserted = statements.insertDelivery.run(
      id,
      eventSeq,
      endpointSeq,
      applicationSeq,
      isPending ? "pending" : "held",
      hold,
      isPending ? nowMs : null,
      orderingKey,
      isTest ? 1 : 0,
      nowMs,
    );
    const seq = Number(inserted.lastInsertRowid);
    if (removed.has(endpointSeq)) {
      statements.endDelivery.run(nowMs, seq);
      counts.add(endpointSeq, "cancelled", 1);
      return { seq, id, endpointSeq, isPending: false, orderingKey, isTest };
    }
    counts.add(endpointSeq, isPending ? "pending" : "held", 1);
    return { seq, id, endpointSeq, isPending, orderingKey, isTest };
  }

  return {
    async acceptEvents(batch) {
      return connection.commit(() => {
        const counts = countChanges();
        const answers = batch.map((entry) => accept(entry, counts));
        counts.write();
        return answers;
      });
    },
  };
}

function conflict(message: string): Accepted {
  return { kind: "conflict", message };
}

interface KeyRow {
  fingerprint: Buffer;
  event_id: string;
  delivery_count: number;
}

function prepareStatements({ file }: Connection) {
  return {
    findKey: file.prepare<[number, string], KeyRow>(
      `select fingerprint, event_id, delivery_count from idempotency
       where application_seq = ? and key = ?`,
    ),
    insertKey: file.prepare(
      `insert into idempotency
         (application_seq, key, fingerprint, event_id, delivery_count, created_at_ms)
       values (?, ?, ?, ?, ?, ?)`,
    ),
    insertEvent: file.prepare(
      `insert into event
         (id, application_seq, type, tenant, ordering_key, occurred_at_ms, accepted_at_ms,
          content_type, body_bytes, data_start)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict do nothing`,
    ),
    insertBody: file.prepare("insert into event_body (event_seq, bytes) values (?, ?)"),
    insertVariant: file.prepare(
      "insert into event_variant (event_seq, shape, bytes) values (?, ?, ?) on conflict do nothing",
    ),
    findBefore: file
      .prepare<[number, string], number>(
        `select 1 from delivery
         where endpoint_seq = ? and ordering_key = ? and state in ('pending', 'held') limit 1`,
      )
      .pluck(),
    insertDelivery: file.prepare(
      `insert into delivery
         (id, event_seq, endpoint_seq, application_seq, state, hold, due_at_ms, ordering_key,
          is_test, created_at_ms)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    endDelivery: file.prepare(
      `update delivery set state = 'cancelled', hold = null, due_at_ms = null, settled_at_ms = ?,
         end_reason = 'endpoint_deleted'
       where seq = ?`,
    ),
  };
}
