import type { Delivery } from "../domain/delivery.ts";
import type { Directory } from "../domain/directory.ts";
import type { Endpoint } from "../domain/endpoint.ts";
import { AppError, expected } from "../domain/errors.ts";
import type { Clock, Dispatcher, Feed, Timers } from "../domain/ports.ts";
import type { DeliveryRow, OfficeStore, ReadStore, RecoverPlace } from "../domain/stores.ts";
import { giveWay } from "./give-way.ts";
import { endpointOf, unknown } from "./lookup.ts";

const CHUNK = 500;

/**
 * Deliveries put back in motion or called off by a person. Another application's delivery or
 * endpoint is `not_found`.
 */
export interface Motion {
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
   * now, tests excepted. `invalid_request` for a time in the future.
   */
  recover(
    applicationSeq: number,
    endpointId: string,
    sinceMs: number,
  ): Promise<{ recovered: number }>;
  /** All that waits at the endpoint now, held or not; what arrives meanwhile may stay. */
  cancelWaiting(applicationSeq: number, endpointId: string): Promise<{ cancelled: number }>;
}

export interface MotionNeeds {
  readonly store: Pick<OfficeStore, "resend" | "cancel" | "recoverChunk" | "cancelChunk"> &
    Pick<ReadStore, "delivery" | "counts">;
  readonly directory: Directory;
  readonly dispatcher: Pick<Dispatcher, "wake" | "endpointChanged" | "isInFlight">;
  readonly feed: Pick<Feed, "publish">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly timers: Pick<Timers, "soon">;
}

export function createMotion(needs: MotionNeeds): Motion {
  return {
    resend: (applicationSeq, deliveryId) => resend(needs, applicationSeq, deliveryId),
    cancel: (applicationSeq, deliveryId) => cancel(needs, applicationSeq, deliveryId),
    recover: (applicationSeq, endpointId, sinceMs) =>
      recover(needs, endpointOf(needs.directory, applicationSeq, endpointId).seq, sinceMs),
    cancelWaiting: (applicationSeq, endpointId) =>
      cancelWaiting(needs, endpointOf(needs.directory, applicationSeq, endpointId).seq),
  };
}

/** What a delivery is held for that is put in motion at this endpoint now. */
export function holdAt({ state }: Endpoint): "paused" | "disabled" | null {
  return state === "active" ? null : state;
}

async function resend(needs: MotionNeeds, applicationSeq: number, id: string): Promise<Delivery> {
  const { store, directory, dispatcher, clock } = needs;
  const row = await deliveryOf(needs, applicationSeq, id);
  if (dispatcher.isInFlight(row.seq)) {
    throw conflict("at rest", "an attempt under way", "wait until it has ended");
  }
  const endpoint = directory.endpoint(row.endpointSeq);
  if (endpoint === undefined) {
    throw conflict(
      "one of a present endpoint",
      "one whose endpoint was deleted",
      "nobody takes it",
    );
  }
  refuseHeld(row, endpoint);
  const delivery = await store.resend(row.seq, holdAt(endpoint), clock.nowMs());
  if (delivery === null) throw unknown("delivery", id);
  dispatcher.endpointChanged(row.endpointSeq);
  announce(needs, delivery);
  return delivery;
}

/** What resending could not help, with what would. */
function refuseHeld(row: DeliveryRow, { state }: Endpoint): void {
  if (row.isTest) throw conflict("no test", "a test", "test the endpoint once more");
  if (row.state !== "held") return;
  if (row.hold === "order") {
    const advice = "it follows when the one before it has ended or is cancelled";
    throw conflict("first of its ordering key", "one that waits for another", advice);
  }
  if (state === "active") return;
  const advice = state === "paused" ? "resume the endpoint" : "enable the endpoint";
  throw conflict("at an active endpoint", `one held at a ${state} endpoint`, advice);
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
  announce(needs, delivery);
  return { delivery, isAttemptUnderWay };
}

async function recover(
  needs: MotionNeeds,
  endpointSeq: number,
  sinceMs: number,
): Promise<{ recovered: number }> {
  const { store, directory, dispatcher, clock, timers } = needs;
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
    const chunk: { moved: number; next: RecoverPlace | null } = await store.recoverChunk(query);
    recovered += chunk.moved;
    after = chunk.next;
    if (chunk.moved > 0) dispatcher.endpointChanged(endpointSeq);
    if (after !== null) await giveWay(timers);
  } while (after !== null);
  return { recovered };
}

/** Nothing can have failed then: a slip of the pen that would be answered with 0 recovered, as if all were well. */
function inFuture(sinceMs: number): AppError {
  const message = expected("since", "a time that is past", new Date(sinceMs).toISOString());
  return new AppError("invalid_request", message, { problems: [{ path: "/since", message }] });
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

function announce({ feed }: MotionNeeds, { id, endpointSeq, state }: Delivery): void {
  feed.publish([{ kind: "changed", deliveryId: id, endpointSeq, state }]);
}

function conflict(wanted: string, got: string, advice: string): AppError {
  return new AppError("conflict", `expected the delivery to be ${wanted}, got ${got}: ${advice}`);
}
