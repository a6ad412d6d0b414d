import type { Selectable } from "kysely";

import type { Delivery } from "../domain/delivery.ts";
import type { FailedRow } from "../domain/motion-store.ts";
import type { OfficeStore } from "../domain/stores.ts";
import type { CountChanges } from "./counts.ts";
import { createCountChanges } from "./counts.ts";
import type { Connection } from "./open.ts";
import type { LookedRow } from "./failed.ts";
import { createFailedLooker } from "./failed.ts";
import { createHeldCounter } from "./held-count.ts";
import type { OrderKeeper } from "./order.ts";
import { createOrderKeeper } from "./order.ts";
import type { MovingRow } from "./put-back.ts";
import { createPutBack, MOVING } from "./put-back.ts";
import { createRecoverer } from "./recover.ts";
import { deliveryOf } from "./rows.ts";
import type { DeliveryTable } from "./schema.ts";

type Motion = Pick<
  OfficeStore,
  | "resend"
  | "cancel"
  | "resendMany"
  | "cancelMany"
  | "recoverChunk"
  | "failedChunk"
  | "heldChunk"
  | "cancelChunk"
>;

/** What an operator does to deliveries. Whoever calls it wakes the endpoint's lane afterwards. */
export function createMotion(connection: Connection): Motion {
  const { file } = connection;
  const countChanges = createCountChanges(connection);
  const order = createOrderKeeper(connection);
  const putBack = createPutBack(connection, order);
  const look = createFailedLooker(connection);
  const recoverChunk = createRecoverer(connection, look, putBack);
  const canceller = createCanceller(connection, order);
  const one = file.prepare<[number], Selectable<DeliveryTable>>(
    "select * from delivery where seq = ?",
  );
  const withEndpoint = file.prepare<[number], MovingRow>(
    `${MOVING} where seq = ? and exists (select 1 from endpoint e where e.seq = endpoint_seq)`,
  );
  const notFinal = file.prepare<[number], MovingRow>(
    `${MOVING} where seq = ? and end_reason is null`,
  );

  function counted<Result>(work: (counts: CountChanges) => Result): Result {
    return connection.commit(() => {
      const counts = countChanges();
      const result = work(counts);
      counts.write();
      return result;
    });
  }

  function delivery(seq: number): Delivery | null {
    const row = one.get(seq);
    return row === undefined ? null : deliveryOf(row);
  }

  function deliveries(seqs: readonly number[]): Delivery[] {
    return seqs.map(delivery).filter((each) => each !== null);
  }

  return {
    heldChunk: createHeldCounter(connection),
    resendMany: async (wanted, nowMs) =>
      counted((counts) => {
        const moved = wanted.filter(({ seq, state, hold }) => {
          const row = withEndpoint.get(seq);
          if (row?.state !== state) return false;
          putBack(row, hold, nowMs, counts);
          return true;
        });
        return deliveries(moved.map(({ seq }) => seq));
      }),
    cancelMany: async (seqs, nowMs) =>
      counted((counts) => {
        const rows = seqs.map((seq) => notFinal.get(seq)).filter((row) => row !== undefined);
        canceller.end(rows, "cancelled", nowMs, counts);
        return deliveries(rows.map(({ seq }) => seq));
      }),
    failedChunk: async (query) => {
      const { failed, next } = look(query);
      return { rows: failed.map(failedRow), next };
    },
    resend: async (seq, hold, nowMs) =>
      counted((counts) => {
        const row = withEndpoint.get(seq);
        if (row === undefined) return null;
        putBack(row, hold, nowMs, counts);
        return delivery(seq);
      }),
    cancel: async (seq, nowMs) =>
      counted((counts) => {
        const row = notFinal.get(seq);
        if (row !== undefined) canceller.end([row], "cancelled", nowMs, counts);
        return delivery(seq);
      }),
    recoverChunk: async (query) => counted((counts) => recoverChunk(query, counts)),
    cancelChunk: async (endpointSeq, reason, limit, nowMs) =>
      counted((counts) => {
        const rows = canceller.waiting(endpointSeq, limit);
        canceller.end(rows, reason, nowMs, counts);
        return rows.length;
      }),
  };
}

function failedRow(row: LookedRow): FailedRow {
  return { id: row.id, lastError: row.last_error, failedAtMs: row.failed_at_ms ?? 0 };
}

function createCanceller({ file }: Connection, order: OrderKeeper) {
  const cancel = file.prepare(
    `update delivery set state = 'cancelled', hold = null, due_at_ms = null, settled_at_ms = ?,
       end_reason = ?
     where seq = ?`,
  );
  const held = file.prepare<[number, number], MovingRow>(
    `${MOVING} where endpoint_seq = ? and hold is not null limit ?`,
  );
  const pending = file.prepare<[number, number], MovingRow>(
    `${MOVING} where endpoint_seq = ? and due_at_ms is not null order by due_at_ms, seq limit ?`,
  );
  return {
    /** What is held comes first: the other way round, each pending one's end would let a held one go. */
    waiting(endpointSeq: number, limit: number): MovingRow[] {
      const rows = held.all(endpointSeq, limit);
      return rows.length > 0 ? rows : pending.all(endpointSeq, limit);
    },
    end(rows: readonly MovingRow[], reason: string, nowMs: number, counts: CountChanges): void {
      for (const row of rows) {
        cancel.run(nowMs, reason, row.seq);
        counts.add(row.endpoint_seq, row.state, -1);
        counts.add(row.endpoint_seq, "cancelled", 1);
      }
      // After all of them, or one that is about to end would be let go first.
      for (const { endpoint_seq, ordering_key } of rows) {
        if (ordering_key !== null) order.releaseNext(endpoint_seq, ordering_key, nowMs, counts);
      }
    },
  };
}
