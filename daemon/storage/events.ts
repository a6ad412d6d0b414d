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
import { createCountChanges } from "./counts.ts";
import { createNewRows } from "./new-rows.ts";
import type { Connection } from "./open.ts";
import { createOrderKeeper } from "./order.ts";

/**
 * Accepting events: the hot path in. One commit per batch, and its rows are written many at a time. `removed` are the endpoints
 * that went while an event for them may have been on its way here; nobody would look for what waits at them.
 */
export function createEventStore(connection: Connection, removed: ReadonlySet<number>): EventStore {
  const statements = prepareStatements(connection);
  const order = createOrderKeeper(connection);
  const isActive = createActiveCheck(connection);
  const openBatch = createBatches(connection);

  function accept(entry: NewEvent, batch: Batch): Accepted {
    const { event } = entry;
    const repeated = entry.idempotency && earlierAnswer(event.applicationSeq, entry.idempotency);
    if (repeated) return repeated;
    const eventSeq = batch.lastEventSeq + 1;
    if (!addEvent(eventSeq, entry, batch)) {
      return conflict(`the id ${event.id} is taken by another event`);
    }
    batch.lastEventSeq = eventSeq;
    batch.counts.addEvents(1);
    const deliveries = entry.deliveries.map((delivery) =>
      addDelivery(eventSeq, event.applicationSeq, delivery, event.acceptedAtMs, batch),
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

  /** False where the event's id is taken. */
  function addEvent(eventSeq: number, entry: NewEvent, batch: Batch): boolean {
    const { event, body } = entry;
    const row = [
      eventSeq,
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
    ] as const;
    // Only a producer's id can be there already, so only such a row is worth a question of its own.
    if (entry.idempotency === null) batch.events.add(row);
    else if (statements.insertEvent.run(...row).changes === 0) return false;
    batch.bodies.add([eventSeq, body.bytes]);
    for (const { shape, bytes } of entry.variants) batch.variants.add([eventSeq, shape, bytes]);
    return true;
  }

  function mustWait(endpointSeq: number, orderingKey: string, batch: Batch): boolean {
    // Of two events of one batch with one key exactly the first is free to go, so its row has to be there.
    batch.deliveries.write();
    const before = statements.findBefore.get(endpointSeq, orderingKey);
    return before === 1 && order.isOrdered(endpointSeq);
  }

  function addDelivery(
    eventSeq: number,
    applicationSeq: number,
    delivery: NewDelivery,
    nowMs: number,
    batch: Batch,
  ): AcceptedDelivery {
    const { id, endpointSeq, orderingKey, isTest } = delivery;
    const waits = orderingKey !== null && mustWait(endpointSeq, orderingKey, batch);
    const away = delivery.hold === null || isActive(endpointSeq) ? null : delivery.hold;
    const hold = away ?? (waits ? "order" : null);
    const isPending = hold === null;
    batch.lastDeliverySeq += 1;
    const seq = batch.lastDeliverySeq;
    batch.deliveries.add([
      seq,
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
    ]);
    if (removed.has(endpointSeq)) {
      batch.deliveries.write();
      statements.endDelivery.run(nowMs, seq);
      batch.counts.add(endpointSeq, "cancelled", 1);
      return { seq, id, endpointSeq, isPending: false, orderingKey, isTest };
    }
    batch.counts.add(endpointSeq, isPending ? "pending" : "held", 1);
    return { seq, id, endpointSeq, isPending, orderingKey, isTest };
  }

  return {
    async acceptEvents(entries) {
      return connection.commit(() => {
        const batch = openBatch();
        const answers = entries.map((entry) => accept(entry, batch));
        batch.events.write();
        batch.bodies.write();
        batch.variants.write();
        batch.deliveries.write();
        batch.counts.write();
        return answers;
      });
    },
  };
}

function conflict(message: string): Accepted {
  return { kind: "conflict", message };
}

type Batch = ReturnType<ReturnType<typeof createBatches>>;

const EVENT_COLUMNS = [
  "seq",
  "id",
  "application_seq",
  "type",
  "tenant",
  "ordering_key",
  "occurred_at_ms",
  "accepted_at_ms",
  "content_type",
  "body_bytes",
  "data_start",
] as const;

const DELIVERY_COLUMNS = [
  "seq",
  "id",
  "event_seq",
  "endpoint_seq",
  "application_seq",
  "state",
  "hold",
  "due_at_ms",
  "ordering_key",
  "is_test",
  "created_at_ms",
] as const;

/** What one commit gathers. Rows are numbered here and not by SQLite, so that those that belong to one another can be written apart. */
function createBatches(connection: Connection) {
  const { file } = connection;
  const lastEvent = file.prepare<[], number | null>("select max(seq) from event").pluck();
  const lastDelivery = file.prepare<[], number | null>("select max(seq) from delivery").pluck();
  const newEvents = createNewRows(connection, "event", EVENT_COLUMNS);
  const newBodies = createNewRows(connection, "event_body", ["event_seq", "bytes"]);
  const newVariants = createNewRows(connection, "event_variant", ["event_seq", "shape", "bytes"]);
  const newDeliveries = createNewRows(connection, "delivery", DELIVERY_COLUMNS);
  const countChanges = createCountChanges(connection);
  return () => ({
    lastEventSeq: lastEvent.get() ?? 0,
    lastDeliverySeq: lastDelivery.get() ?? 0,
    events: newEvents(),
    bodies: newBodies(),
    variants: newVariants(),
    deliveries: newDeliveries(),
    counts: countChanges(),
  });
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
      `insert into event (${EVENT_COLUMNS.join(", ")})
       values (${EVENT_COLUMNS.map(() => "?").join(", ")})
       on conflict do nothing`,
    ),
    findBefore: file
      .prepare<[number, string], number>(
        `select 1 from delivery
         where endpoint_seq = ? and ordering_key = ? and state in ('pending', 'held') limit 1`,
      )
      .pluck(),
    endDelivery: file.prepare(
      `update delivery set state = 'cancelled', hold = null, due_at_ms = null, settled_at_ms = ?,
         end_reason = 'endpoint_deleted'
       where seq = ?`,
    ),
  };
}
