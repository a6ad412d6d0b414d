import type { AttemptRecord, DeliveryStore, DueDelivery, Released } from "../domain/stores.ts";
import { createActiveCheck } from "./active.ts";
import { createCountChanges } from "./counts.ts";
import { createDueReader } from "./due.ts";
import { createHealthWriter } from "./health.ts";
import { createHeldMover } from "./held.ts";
import type { Connection } from "./open.ts";
import { createOrderKeeper } from "./order.ts";
import { createRecordWriter } from "./records.ts";

/** The engine's side of the store: what is due, what came of it, and moving what is held. */
export function createDeliveryStore(connection: Connection): DeliveryStore {
  const countChanges = createCountChanges(connection);
  const recorder = createRecordWriter(connection);
  const writeHealth = createHealthWriter(connection);
  const order = createOrderKeeper(connection);
  const due = createDueReader(connection);
  const moveChunk = createHeldMover(connection, order);
  const isActive = createActiveCheck(connection);
  // Nothing for an event that was forgotten meanwhile.
  const insertVariant = connection.file.prepare(
    `insert into event_variant (event_seq, shape, bytes)
     select seq, ?, ? from event where seq = ? on conflict do nothing`,
  );

  const pullForward = connection.file.prepare(
    "update delivery set due_at_ms = ? where endpoint_seq = ? and due_at_ms > ?",
  );

  return {
    pendingLanes: async () => due.lanes(),
    dueDeliveries: async (query): Promise<DueDelivery[]> => due.deliveries(query),
    nextDueAtMs: async (endpointSeq, except) => due.nextDueAtMs(endpointSeq, except),
    async recordAttempts(attempts, health, nowMs) {
      return connection.commit(() => {
        const counts = countChanges();
        const released: Released[] = [];
        // First, so that what is held for a verdict of this very commit finds its endpoint disabled.
        for (const record of health) writeHealth(record, nowMs);
        for (const attempt of attempts) {
          const { variant } = attempt;
          if (variant !== null) insertVariant.run(variant.shape, variant.bytes, variant.eventSeq);
          const isResumed = attempt.settlement.hold !== null && isActive(attempt.endpointSeq);
          if (isResumed) released.push({ endpointSeq: attempt.endpointSeq, dueAtMs: nowMs });
          const now = isResumed ? dueAgain(attempt, nowMs) : attempt;
          const isFinal = recorder.record(now, nowMs, counts);
          if (isFinal && attempt.orderingKey !== null) {
            if (order.releaseNext(attempt.endpointSeq, attempt.orderingKey, nowMs, counts)) {
              released.push({ endpointSeq: attempt.endpointSeq, dueAtMs: nowMs });
            }
          }
        }
        counts.write();
        return released;
      });
    },
    async pullForward(endpointSeq, latestMs) {
      connection.commit(() => pullForward.run(latestMs, endpointSeq, latestMs));
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

function dueAgain(attempt: AttemptRecord, nowMs: number): AttemptRecord {
  const settlement = {
    ...attempt.settlement,
    state: "pending",
    hold: null,
    dueAtMs: nowMs,
  } as const;
  return { ...attempt, settlement };
}
