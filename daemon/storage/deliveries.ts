import { errorCode } from "../domain/attempt.ts";
import type { AttemptRecord, DeliveryStore, DueDelivery, Released } from "../domain/ports.ts";
import type { CountChanges } from "./counts.ts";
import { createCountChanges } from "./counts.ts";
import { createDueReader } from "./due.ts";
import { createHealthWriter } from "./health.ts";
import { createHeldMover } from "./held.ts";
import type { Connection } from "./open.ts";
import { createOrderKeeper } from "./order.ts";

/** The engine's side of the store: what is due, what came of it, and moving what is held. */
export function createDeliveryStore(connection: Connection): DeliveryStore {
  const countChanges = createCountChanges(connection);
  const recorder = createRecorder(connection);
  const writeHealth = createHealthWriter(connection);
  const order = createOrderKeeper(connection);
  const due = createDueReader(connection);
  const moveChunk = createHeldMover(connection, order);
  const insertVariant = connection.file.prepare(
    "insert into event_variant (event_seq, shape, bytes) values (?, ?, ?) on conflict do nothing",
  );

  const pullForward = connection.file.prepare(
    "update delivery set due_at_ms = ?2 where endpoint_seq = ?1 and due_at_ms > ?2",
  );

  return {
    pendingLanes: async () => due.lanes(),
    dueDeliveries: async (query): Promise<DueDelivery[]> => due.deliveries(query),
    nextDueAtMs: async (endpointSeq, except) => due.nextDueAtMs(endpointSeq, except),
    async recordAttempts(attempts, health, nowMs) {
      return connection.commit(() => {
        const counts = countChanges();
        const released: Released[] = [];
        for (const attempt of attempts) {
          const isFinal = recorder.record(attempt, nowMs, counts);
          if (isFinal && attempt.orderingKey !== null) {
            if (order.releaseNext(attempt.endpointSeq, attempt.orderingKey, nowMs, counts)) {
              released.push({ endpointSeq: attempt.endpointSeq, dueAtMs: nowMs });
            }
          }
        }
        for (const record of health) writeHealth(record, nowMs);
        counts.write();
        return released;
      });
    },
    async pullForward(endpointSeq, latestMs) {
      connection.commit(() => pullForward.run(endpointSeq, latestMs));
    },
    async saveVariant(eventSeq, shape, bytes) {
      connection.commit(() => insertVariant.run(eventSeq, shape, bytes));
    },
    async moveHeld(query) {
      return connection.commit(() => {
        const counts = countChanges();
        const result = moveChunk(query, counts);
        counts.write();
        return result;
      });
    },
  };
}

/** Writes one attempt and what it means for its delivery. Returns whether the delivery is final now. */
function createRecorder({ file }: Connection) {
  const insertAttempt = file.prepare(
    `insert into attempt
       (delivery_seq, number, id, started_at_ms, duration_ms, status, error_code, error_message,
        request_headers, response_headers, response_excerpt, is_response_cut)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict do nothing`,
  );
  // An operator may have ended the delivery while its attempt was under way: that stands, unless it was delivered after all.
  const update = file.prepare(
    `update delivery set state = ?, hold = ?, due_at_ms = ?, attempt_count = ?, settled_at_ms = ?,
       last_status = ?, last_error = ?, end_reason = ?
     where seq = ? and state = 'pending'`,
  );
  const state = file.prepare<[number], string>("select state from delivery where seq = ?").pluck();
  const overrule = file.prepare(
    `update delivery set state = ?, hold = null, due_at_ms = null, attempt_count = ?,
       settled_at_ms = ?, last_status = ?, last_error = ?, end_reason = ?
     where seq = ?`,
  );
  const noteAttempt = file.prepare(
    "update delivery set attempt_count = ?, last_status = ?, last_error = ? where seq = ?",
  );

  function addAttempt(record: AttemptRecord, error: string | null): void {
    const { outcome } = record;
    const response = outcome.kind === "answered" ? outcome.response : null;
    insertAttempt.run(
      record.deliverySeq,
      record.number,
      record.attemptId,
      record.startedAtMs,
      Math.round(outcome.durationMs),
      outcome.kind === "answered" ? outcome.status : null,
      error,
      outcome.kind === "answered" ? null : outcome.message,
      record.requestHeaders,
      response === null ? null : headerLines(response.headers),
      response === null || response.excerpt.length === 0 ? null : response.excerpt,
      response?.isCut === true ? 1 : 0,
    );
  }

  function settleOther(
    record: AttemptRecord,
    error: string | null,
    nowMs: number,
    counts: CountChanges,
  ): boolean {
    const before = state.get(record.deliverySeq);
    if (before === undefined) return false;
    const { state: after, endReason } = record.settlement;
    const status = record.outcome.kind === "answered" ? record.outcome.status : null;
    const isHeldAndFinal = before === "held" && endReason !== null;
    if (after !== "delivered" && !isHeldAndFinal) {
      noteAttempt.run(record.number, status, error, record.deliverySeq);
      return false;
    }
    overrule.run(after, record.number, nowMs, status, error, endReason, record.deliverySeq);
    counts.add(record.endpointSeq, before as "held", -1);
    counts.add(record.endpointSeq, after, 1);
    return true;
  }

  function record(entry: AttemptRecord, nowMs: number, counts: CountChanges): boolean {
    const { settlement, outcome } = entry;
    const error = errorCode(outcome);
    addAttempt(entry, error);
    counts.add(entry.endpointSeq, "attempts", 1);
    if (error !== null) counts.add(entry.endpointSeq, "failedAttempts", 1);
    const isFinal = settlement.endReason !== null;
    const { changes } = update.run(
      settlement.state,
      settlement.hold,
      settlement.dueAtMs,
      entry.number,
      isFinal ? nowMs : null,
      outcome.kind === "answered" ? outcome.status : null,
      error,
      settlement.endReason,
      entry.deliverySeq,
    );
    if (changes === 0) return settleOther(entry, error, nowMs, counts);
    if (settlement.state !== "pending") {
      counts.add(entry.endpointSeq, "pending", -1);
      counts.add(entry.endpointSeq, settlement.state, 1);
    }
    return isFinal;
  }

  return { record };
}

function headerLines(headers: readonly (readonly [string, string])[]): string {
  return headers.map(([name, value]) => `${name}: ${value}`).join("\n");
}
