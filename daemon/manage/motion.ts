import type { Delivery } from "../domain/delivery.ts";
import type { RecoverPlace, RecoverQuery } from "../domain/motion-store.ts";
import type { DeliveryRow, OfficeStore } from "../domain/stores.ts";
import type { Bulk } from "./bulk.ts";
import { createBulk } from "./bulk.ts";
import type { Failures } from "./failures.ts";
import { createFailures } from "./failures.ts";
import { changeOf } from "./change.ts";
import { giveWay } from "./give-way.ts";
import { endpointOf, unknown } from "./lookup.ts";
import type { MotionNeeds } from "./motion-rules.ts";
import { conflict, holdAt, inFuture, whyNotResent } from "./motion-rules.ts";

const CHUNK = 500;

/**
 * Deliveries put back in motion or called off by a person. Another application's delivery or
 * endpoint is `not_found`.
 */
export interface Motion extends Bulk, Failures {
  /**
   * Due now, its backoff table from the start; at an endpoint that is not active it is held like a
   * new one. `conflict` for one that is under way, waits for its endpoint or its turn, is a test,
   * or has lost its endpoint.
   */
  resend(applicationSeq: number, deliveryId: string): Promise<Delivery>;
  /**
   * Nothing more is sent, but an attempt under way can't be called back: where `isAttemptUnderWay`,
   * it may still deliver, and the delivery will then say so. `conflict` for one that has ended.
   */
  cancel(
    applicationSeq: number,
    deliveryId: string,
  ): Promise<{ delivery: Delivery; isAttemptUnderWay: boolean }>;
  /**
   * Everything of the endpoint whose last failure is not before that time (given up, or waiting for a retry) is due
   * now, tests excepted; a rehearsal only counts it. `invalid_request` for a time in the future.
   */
  recover(
    applicationSeq: number,
    endpointId: string,
    query: RecoverWish,
  ): Promise<{ recovered: number }>;
  /** All that waits at the endpoint now, held or not; what arrives meanwhile may stay. */
  cancelWaiting(applicationSeq: number, endpointId: string): Promise<{ cancelled: number }>;
}

interface RecoverWish {
  readonly sinceMs: number;
  /** Only what last failed with this error; undefined for all. */
  readonly error?: string | undefined;
  readonly isRehearsal?: boolean | undefined;
}

export function createMotion(needs: MotionNeeds): Motion {
  return {
    ...createBulk(needs),
    ...createFailures(needs),
    resend: (applicationSeq, deliveryId) => resend(needs, applicationSeq, deliveryId),
    cancel: (applicationSeq, deliveryId) => cancel(needs, applicationSeq, deliveryId),
    recover: (applicationSeq, endpointId, wish) =>
      recover(needs, endpointOf(needs.directory, applicationSeq, endpointId).seq, wish),
    cancelWaiting: (applicationSeq, endpointId) =>
      cancelWaiting(needs, endpointOf(needs.directory, applicationSeq, endpointId).seq),
  };
}

async function resend(needs: MotionNeeds, applicationSeq: number, id: string): Promise<Delivery> {
  const { store, directory, dispatcher, clock } = needs;
  const row = await deliveryOf(needs, applicationSeq, id);
  const endpoint = directory.endpoint(row.endpointSeq);
  const refusal = whyNotResent(row, endpoint, dispatcher);
  if (refusal !== null) throw refusal;
  const hold = endpoint === undefined ? null : holdAt(endpoint);
  const delivery = await store.resend(row.seq, hold, clock.nowMs());
  if (delivery === null) throw unknown("delivery", id);
  dispatcher.endpointChanged(row.endpointSeq);
  announce(needs, delivery, row);
  return delivery;
}

async function cancel(
  needs: MotionNeeds,
  applicationSeq: number,
  id: string,
): Promise<{ delivery: Delivery; isAttemptUnderWay: boolean }> {
  const row = await deliveryOf(needs, applicationSeq, id);
  if (row.state !== "pending" && row.state !== "held") {
    throw conflict("one that waits", `one that is ${row.state}`, "there is nothing to call off");
  }
  const delivery = await needs.store.cancel(row.seq, needs.clock.nowMs());
  if (delivery === null) throw unknown("delivery", id);
  const isAttemptUnderWay = needs.dispatcher.isInFlight(row.seq);
  stirEndpoint(needs, row.endpointSeq);
  announce(needs, delivery, row);
  return { delivery, isAttemptUnderWay };
}

async function recover(
  needs: MotionNeeds,
  endpointSeq: number,
  { sinceMs, error, isRehearsal = false }: RecoverWish,
): Promise<{ recovered: number }> {
  const { directory, dispatcher, clock, timers } = needs;
  if (sinceMs > clock.nowMs()) throw inFuture(sinceMs);
  let recovered = 0;
  let after: RecoverPlace | null = null;
  do {
    // Asked again for each chunk: the endpoint may be paused or deleted while this goes on.
    const endpoint = directory.endpoint(endpointSeq);
    if (endpoint === undefined) break;
    const hold = holdAt(endpoint);
    const nowMs = clock.nowMs();
    const query = { endpointSeq, sinceMs, after, limit: CHUNK, hold, nowMs };
    const narrowed = error === undefined ? query : { ...query, error };
    const chunk = await recoverChunk(needs, narrowed, isRehearsal);
    recovered += chunk.moved;
    after = chunk.next;
    if (chunk.moved > 0 && !isRehearsal) dispatcher.endpointChanged(endpointSeq);
    if (after !== null) await giveWay(timers);
  } while (after !== null);
  return { recovered };
}

async function recoverChunk(
  { store }: MotionNeeds,
  query: RecoverQuery,
  isRehearsal: boolean,
): ReturnType<OfficeStore["recoverChunk"]> {
  if (!isRehearsal) return store.recoverChunk(query);
  const { rows, next } = await store.failedChunk(query);
  return { moved: rows.length, next };
}

async function cancelWaiting(
  needs: MotionNeeds,
  endpointSeq: number,
): Promise<{ cancelled: number }> {
  const { store, clock, timers } = needs;
  // No more than wait now: going on until none is left would never end at a busy endpoint.
  const { pending, held } = await store.counts(endpointSeq);
  let cancelled = 0;
  while (cancelled < pending + held) {
    const count = await store.cancelChunk(endpointSeq, "cancelled", CHUNK, clock.nowMs());
    cancelled += count;
    if (count === 0) break;
    stirEndpoint(needs, endpointSeq);
    await giveWay(timers);
  }
  return { cancelled };
}

/**
 * What the engine has ready of the endpoint may be cancelled now, and what waited for it may go.
 */
function stirEndpoint({ dispatcher }: MotionNeeds, endpointSeq: number): void {
  dispatcher.endpointChanged(endpointSeq);
  dispatcher.wake(endpointSeq);
}

async function deliveryOf(
  { store }: MotionNeeds,
  applicationSeq: number,
  id: string,
): Promise<DeliveryRow> {
  const row = await store.delivery(applicationSeq, id);
  if (row === null) throw unknown("delivery", id);
  return row;
}

function announce({ feed }: MotionNeeds, delivery: Delivery, row: DeliveryRow): void {
  feed.publish([changeOf(delivery, row)]);
}
