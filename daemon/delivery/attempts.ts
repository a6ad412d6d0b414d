import { envelope } from "../../sdk/src/wire/envelope.ts";
import type { Outcome, OutgoingRequest } from "../domain/attempt.ts";
import { lastOutcome, settle } from "../domain/delivery.ts";
import { backoffTable } from "../domain/endpoint.ts";
import { healthAfter } from "../domain/health.ts";
import type { Change } from "../domain/ports.ts";
import type { AttemptRecord, DueDelivery, HealthRecord, Released } from "../domain/stores.ts";
import type { Lane } from "./lane.ts";
import type { EngineNeeds } from "./needs.ts";
import { createRecorder } from "./recorder.ts";
import { dataOf, headerLines, signedRequest } from "./request.ts";
import type { Slot } from "./slots.ts";

/** A success is written with the endpoint at most this often; failures are always. */
const HEALTH_EVERY_MS = 5_000;

export interface AttemptsNeeds extends EngineNeeds {
  /** The slot is free again. The delivery stays claimed until its record is committed. */
  readonly onEnded: (lane: Lane, slot: Slot, isAnswered: boolean, nowMs: number) => void;
  readonly onRecorded: (
    lane: Lane | undefined,
    deliverySeq: number,
    dueAtMs: number | null,
  ) => void;
  readonly onDisabled: (endpointSeq: number) => void;
  /** Deliveries that waited for one of these to end may go. */
  readonly onReleased: (endpointSeq: number) => void;
}

/** One attempt under way. `startedAtMs` is the calendar's time, for people; the slot has the engine's, for rules. */
interface Sent {
  readonly lane: Lane;
  readonly delivery: DueDelivery;
  readonly slot: Slot;
  readonly startedAtMs: number;
}

export interface Attempts {
  begin(lane: Lane, delivery: DueDelivery, slot: Slot): void;
  /** From its beginning to the commit of its record: until then its row does not tell the truth. */
  isUnderWay(deliverySeq: number): boolean;
  /** Drops a verdict that is not recorded yet: somebody changed the endpoint's state meanwhile, or it is gone. */
  pardon(endpointSeq: number): void;
  readonly isBlocked: boolean;
  /** From now on outcomes are dropped. */
  closeDoor(): void;
  flush(): Promise<void>;
}

/** One attempt from its request to its record: sign, send, settle, record, announce. */
export function createAttempts(needs: AttemptsNeeds): Attempts {
  const { clock, directory, side } = needs;
  const verdicts = new Map<number, HealthRecord["disables"]>();
  /** Until their record is committed. */
  const underWay = new Map<number, Sent>();
  let isDoorClosed = false;

  const recorder = createRecorder({
    timers: needs.timers,
    clock,
    log: needs.log,
    write: (attempts, health) => needs.store.recordAttempts(attempts, health, clock.nowMs()),
    aside:
      side === null
        ? null
        : {
            batchMin: side.batchMin,
            takes: side.takes,
            write: (attempts) => side.recordSuccesses(attempts, clock.nowMs()),
          },
    healthOf,
    onRecorded,
  });

  function begin(lane: Lane, delivery: DueDelivery, slot: Slot): void {
    const sent: Sent = { lane, delivery, slot, startedAtMs: clock.wallMs() };
    underWay.set(delivery.seq, sent);
    let request: OutgoingRequest;
    let extra: Readonly<Record<string, string>>;
    let variant: AttemptRecord["variant"];
    try {
      variant = variantFor(lane, delivery);
      // Those of this request: a change of the endpoint while it is under way must not show them.
      extra = needs.headersOf(lane.endpoint);
      request = requestOf(sent, variant?.bytes ?? delivery.event.body, extra);
    } catch (error) {
      // Nothing can be signed or made: a fault that the operator must see on the delivery itself.
      const message = error instanceof Error ? error.message : String(error);
      const outcome = { kind: "failed", code: "unsendable", message, durationMs: 0 } as const;
      return end(sent, outcome, "", null);
    }
    void needs.sender
      .post(request, lane.policy)
      .then((outcome) => end(sent, outcome, headerLines(request, extra), variant));
  }

  function requestOf(
    { lane, delivery, startedAtMs }: Sent,
    body: Uint8Array,
    extra: Readonly<Record<string, string>>,
  ): OutgoingRequest {
    const { endpoint } = lane;
    return signedRequest({
      delivery,
      body,
      endpoint,
      keys: needs.keysOf(endpoint, startedAtMs),
      auth: needs.authOf(endpoint),
      extra,
      userAgent: needs.userAgent,
      attemptNumber: delivery.attemptCount + 1,
      wallMs: startedAtMs,
    });
  }

  /** Null where the body is at hand. Otherwise the profile was chosen after the event came: its body is made now, and kept with the record. */
  function variantFor(
    { endpoint }: Lane,
    { event, eventSeq }: DueDelivery,
  ): AttemptRecord["variant"] {
    const shape = endpoint.settings.profile.kind;
    if (event.shape === "raw" || event.shape === shape) return null;
    const { id, type, occurredAtMs } = event;
    const { body } = envelope(shape, { id, type, occurredAtMs, data: dataOf(event) });
    return { eventSeq, shape, bytes: body };
  }

  function end(
    { lane, delivery, slot, startedAtMs }: Sent,
    outcome: Outcome,
    requestHeaders: string,
    variant: AttemptRecord["variant"],
  ): void {
    if (isDoorClosed) return;
    const nowMs = clock.nowMs();
    const number = delivery.attemptCount + 1;
    const { settings } = lane.endpoint;
    const settlement = settle(
      {
        outcome,
        tryNumber: number - delivery.tableStart,
        isTest: delivery.isTest,
        table: backoffTable(settings.backoff),
        retry: settings.retry,
        endpointState: lane.isCondemned ? "disabled" : lane.endpoint.state,
        wallMs: clock.wallMs(),
      },
      nowMs,
      needs.chance.fraction(),
    );
    if (!delivery.isTest) {
      const { autoDisableDays } = settings;
      const when = { begunAtMs: slot.startedAtMs, nowMs };
      const after = healthAfter(lane.health, settlement, autoDisableDays, when);
      lane.health = after.health;
      if (after.disables !== null) condemn(lane, after.disables);
    }
    recorder.add({
      deliverySeq: delivery.seq,
      deliveryId: delivery.id,
      endpointSeq: delivery.endpointSeq,
      attemptId: needs.ids.next("att"),
      number,
      startedAtMs,
      outcome,
      requestHeaders,
      variant,
      settlement,
      orderingKey: delivery.orderingKey,
    });
    needs.onAttempt(outcome);
    needs.onEnded(lane, slot, outcome.kind === "answered", nowMs);
  }

  function condemn(lane: Lane, reason: NonNullable<HealthRecord["disables"]>): void {
    if (lane.endpoint.state === "disabled") return;
    lane.isCondemned = true;
    verdicts.set(lane.endpointSeq, reason);
  }

  /** Worked out anew for each try to write a batch, so that a refused write loses neither health nor verdict. */
  function healthOf(attempts: readonly AttemptRecord[]): HealthRecord[] {
    const nowMs = clock.nowMs();
    const concerned = new Set<Lane>();
    for (const { deliverySeq } of attempts) {
      const sent = underWay.get(deliverySeq);
      if (sent !== undefined) concerned.add(sent.lane);
    }
    const records: HealthRecord[] = [];
    for (const { endpointSeq, health } of concerned) {
      const disables = verdicts.get(endpointSeq) ?? null;
      const written = directory.endpoint(endpointSeq)?.health;
      const isSlowed = health.slowedUntilMs !== written?.slowedUntilMs;
      const isNews = isSlowed || health.failedInARow > 0 || written.failedInARow !== 0;
      const isOld = nowMs - (written?.lastSuccessAtMs ?? -Infinity) >= HEALTH_EVERY_MS;
      if (isNews || isOld || disables !== null) records.push({ endpointSeq, health, disables });
    }
    return records;
  }

  function onRecorded(
    attempts: readonly AttemptRecord[],
    health: readonly HealthRecord[],
    released: readonly Released[],
  ): void {
    const changes: Change[] | null = needs.feed.isWatched() ? [] : null;
    for (const record of attempts) {
      const { deliverySeq, settlement } = record;
      const sent = underWay.get(deliverySeq);
      underWay.delete(deliverySeq);
      needs.onRecorded(sent?.lane, deliverySeq, settlement.dueAtMs);
      if (sent !== undefined) changes?.push(changeOf(record, sent.delivery));
      const { state } = settlement;
      if (state === "delivered" || state === "exhausted") needs.onDeliveryEnded(state);
    }
    for (const record of health) publishHealth(record);
    for (const { endpointSeq } of released) needs.onReleased(endpointSeq);
    needs.onAttemptsRecorded(attempts);
    if (changes !== null) needs.feed.publish(changes);
  }

  function publishHealth({ endpointSeq, health, disables }: HealthRecord): void {
    // Also where somebody was faster: it would strike again once the endpoint is enabled.
    if (disables !== null) verdicts.delete(endpointSeq);
    const endpoint = directory.endpoint(endpointSeq);
    if (endpoint === undefined) return;
    if (disables === null || endpoint.state === "disabled") {
      directory.putEndpoint({ ...endpoint, health });
      return;
    }
    const verdict = { state: "disabled", disabledReason: disables, transition: "hold" } as const;
    const stateChangedAtMs = clock.nowMs();
    const disabled = { ...endpoint, health, ...verdict, stateChangedAtMs };
    directory.putEndpoint(disabled);
    needs.log.warn("endpoint disabled", { endpoint: endpoint.id, reason: disables });
    needs.onEndpointDisabled(disabled);
    needs.onDisabled(endpointSeq);
  }

  return {
    begin,
    isUnderWay: (deliverySeq) => underWay.has(deliverySeq),
    pardon: (endpointSeq) => void verdicts.delete(endpointSeq),
    get isBlocked() {
      return recorder.isBlocked;
    },
    closeDoor() {
      isDoorClosed = true;
    },
    flush: () => recorder.flush(),
  };
}

function changeOf(record: AttemptRecord, { event }: DueDelivery): Change {
  const { settlement, outcome } = record;
  const last = lastOutcome(outcome);
  return {
    kind: "attempted",
    deliveryId: record.deliveryId,
    endpointSeq: record.endpointSeq,
    state: settlement.state,
    eventId: event.id,
    eventType: event.type,
    attemptCount: record.number,
    lastStatus: last.status,
    lastError: last.error,
    dueAtMs: settlement.dueAtMs,
    attempt: { atMs: record.startedAtMs, durationMs: outcome.durationMs },
  };
}
