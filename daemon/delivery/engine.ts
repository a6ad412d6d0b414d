import { longestDelayMs } from "../domain/backoff.ts";
import type { Endpoint } from "../domain/endpoint.ts";
import { backoffTable } from "../domain/endpoint.ts";
import type { Admission, Dispatcher } from "../domain/ports.ts";
import type { DueDelivery } from "../domain/stores.ts";
import { createAttempts } from "./attempts.ts";
import type { Lane } from "./lane.ts";
import { createLane, doubt, gate, isProven, kindOf, policyOf, prove, takeNext } from "./lane.ts";
import { createMover } from "./mover.ts";
import type { EngineNeeds } from "./needs.ts";
import { createReader } from "./reader.ts";
import { createRotation } from "./rotation.ts";
import type { Slot } from "./slots.ts";
import { createSlots } from "./slots.ts";
import { createWindow } from "./window.ts";

export interface Engine extends Dispatcher {
  /** Takes up everything that is not final. Call it once, before the first `admit`. */
  start(): Promise<void>;
  /** Once a second: looks for what has become due, in case a wake-up was lost. */
  tick(): void;
  /** Starts nothing new, waits for the attempts under way at most `waitMs`, records what ended. May be called twice. */
  stop(waitMs: number): Promise<void>;
  /** Deliveries ready at endpoints that answer: those that wait for the daemon, and not for a receiver. */
  readyAtProven(): number;
  /** True while outcomes can't be recorded. */
  readonly isBlocked: boolean;
}

/** Endpoints that one tick asks the store about, in turns, though nothing says that something of them is due. */
const RECHECKED_PER_TICK = 200;
/** Lanes are looked through for room at most this often. */
const MAKE_ROOM_EVERY_MS = 100;

/**
 * The loop of the post office. It starts attempts while there is a free slot and a lane whose gate is open, and is pumped
 * by whatever may have changed that: an admission, an ended attempt, a read from the store, the clock.
 */
export function createEngine(needs: EngineNeeds): Engine {
  const { clock, directory, timers } = needs;
  const lanes = new Map<number, Lane>();
  const rotation = createRotation((lane) => reader.want(lane));
  const window = createWindow(needs.limits.windowBytesMax);
  const slots = createSlots(needs.limits.concurrencyMax);
  let recheck = directory.allEndpoints();
  let madeRoomAtMs = -Infinity;
  let isStopping = false;
  let isPumpScheduled = false;
  let isPumping = false;
  let alarmAtMs = Infinity;
  let cancelAlarm: (() => void) | null = null;
  let onIdle: (() => void) | null = null;

  const reader = createReader({ ...needs, window, onRead, makeRoom });
  const mover = createMover({ ...needs, onMoved: wake });
  const attempts = createAttempts({
    ...needs,
    onEnded,
    onRecorded,
    onDisabled: endpointChanged,
    onReleased: wake,
  });

  function laneOf(endpointSeq: number): Lane | undefined {
    const known = lanes.get(endpointSeq);
    if (known !== undefined) return known;
    const endpoint = directory.endpoint(endpointSeq);
    if (endpoint === undefined) return undefined;
    const lane = createLane(endpoint);
    lanes.set(endpointSeq, lane);
    return lane;
  }

  function admit(admissions: readonly Admission[]): void {
    const nowMs = clock.nowMs();
    for (const { delivery, eventSeq, event } of admissions) {
      const lane = delivery.isPending ? laneOf(delivery.endpointSeq) : undefined;
      if (lane === undefined) continue;
      const due: DueDelivery = {
        seq: delivery.seq,
        id: delivery.id,
        endpointSeq: delivery.endpointSeq,
        eventSeq,
        attemptCount: 0,
        tableStart: 0,
        orderingKey: delivery.orderingKey,
        isTest: delivery.isTest,
        event,
      };
      // Behind others that wait in the store it must wait there, too, or it would overtake them.
      const othersWait = lane.hasMore || lane.reading !== null;
      const hasRoom = !othersWait && window.hasRoom(lane, isProven(lane, nowMs));
      if (due.isTest || hasRoom) reader.enqueue(lane, due);
      else lane.hasMore = true;
      rotation.enter(lane, nowMs);
    }
    soonPump();
  }

  function onRead(lane: Lane): void {
    rotation.enter(lane, clock.nowMs());
    soonPump();
  }

  function wake(endpointSeq: number): void {
    const lane = laneOf(endpointSeq);
    if (lane === undefined) return;
    lane.hasMore = true;
    rotation.enter(lane, clock.nowMs());
    soonPump();
  }

  function endpointChanged(endpointSeq: number): void {
    const endpoint = directory.endpoint(endpointSeq);
    const lane = lanes.get(endpointSeq);
    if (endpoint === undefined) {
      if (lane !== undefined) removeLane(lane);
      return;
    }
    if (lane !== undefined) refreshLane(lane, endpoint);
    if (endpoint.transition !== null) mover.move(endpointSeq);
    wake(endpointSeq);
  }

  function refreshLane(lane: Lane, endpoint: Endpoint): void {
    const hasNewSettings = lane.endpoint.settings !== endpoint.settings;
    const isReactivated = lane.endpoint.state !== "active" && endpoint.state === "active";
    const hasNewState = lane.endpoint.state !== endpoint.state;
    lane.endpoint = endpoint;
    if (hasNewState) {
      lane.isCondemned = false;
      attempts.pardon(endpoint.seq);
    }
    // Only a person's change sets the health back; otherwise the lane knows newer attempts than the directory.
    if (hasNewSettings || isReactivated) lane.health = endpoint.health;
    if (hasNewSettings) {
      needs.sender.forget(lane.policy);
      lane.policy = policyOf(endpoint);
      lane.nextStartAtMs = 0;
    }
    // What is queued was read for the old state and body shape, and some of it may be cancelled; the rest is read again.
    reader.unclaimQueue(lane);
  }

  function removeLane(lane: Lane): void {
    reader.unclaimQueue(lane);
    for (const test of lane.tests.drain()) window.give(lane, test);
    attempts.pardon(lane.endpointSeq);
    // Whoever comes back to it late finds it shut.
    lane.isCondemned = true;
    rotation.leave(lane);
    needs.sender.forget(lane.policy);
    lanes.delete(lane.endpointSeq);
  }

  function soonPump(): void {
    if (isPumpScheduled) return;
    isPumpScheduled = true;
    timers.soon(() => {
      isPumpScheduled = false;
      pump(clock.nowMs());
    });
  }

  function pump(nowMs: number): void {
    if (isStopping || attempts.isBlocked) return;
    isPumping = true;
    slots.age(nowMs);
    for (;;) {
      const lane = rotation.next(nowMs, slots.isFree);
      if (lane === undefined) break;
      startNext(lane, nowMs);
    }
    setAlarm(nowMs);
    isPumping = false;
  }

  function startNext(lane: Lane, nowMs: number): void {
    const kind = kindOf(lane, nowMs);
    const delivery = takeNext(lane, nowMs);
    if (delivery === undefined) return;
    window.give(lane, delivery);
    reader.refill(lane);
    lane.inFlight += 1;
    const slot = slots.take(kind, nowMs, () => doubt(lane));
    attempts.begin(lane, delivery, slot);
  }

  function onEnded(lane: Lane, slot: Slot, isAnswered: boolean, nowMs: number): void {
    lane.inFlight -= 1;
    slots.give(slot);
    if (isAnswered) prove(lane, nowMs);
    rotation.enter(lane, nowMs);
    if (slots.size === 0) onIdle?.();
    // At once, so that a connection gets its next request before it is put away; but never one inside another.
    if (isPumping) soonPump();
    else pump(nowMs);
  }

  function onRecorded(lane: Lane | undefined, deliverySeq: number, dueAtMs: number | null): void {
    if (lane === undefined) return;
    lane.claimed.delete(deliverySeq);
    if (dueAtMs !== null) lane.nextDueAtMs = Math.min(lane.nextDueAtMs, dueAtMs);
  }

  /** One alarm for the first thing that waits for a time shorter than the next tick; the tick serves the rest. */
  function setAlarm(nowMs: number): void {
    const isWaitingForSlot = !slots.isFree("proven") || !slots.isFree("silent");
    const agingMs = isWaitingForSlot ? slots.nextAgingMs() : Infinity;
    const atMs = Math.min(rotation.nextOpeningMs(), agingMs);
    if (atMs >= alarmAtMs || atMs - nowMs > 1_000) return;
    cancelAlarm?.();
    alarmAtMs = atMs;
    cancelAlarm = timers.after(Math.max(atMs - nowMs, 1), () => {
      alarmAtMs = Infinity;
      cancelAlarm = null;
      rotation.open(clock.nowMs());
      soonPump();
    });
  }

  function tick(): void {
    const nowMs = clock.nowMs();
    rotation.open(nowMs);
    for (const lane of lanes.values()) {
      if (lane.nextDueAtMs <= nowMs) {
        lane.hasMore = true;
        lane.nextDueAtMs = Infinity;
      }
      if (lane.hasMore || lane.queue.length > 0) rotation.enter(lane, nowMs);
    }
    recheckSome(nowMs);
    reader.serve();
    soonPump();
  }

  /** Trusts nobody: whatever wake-up was lost, in turns each endpoint is asked for what is due. */
  function recheckSome(nowMs: number): void {
    for (let left = RECHECKED_PER_TICK; left > 0; left--) {
      const { value: endpoint, done } = recheck.next();
      if (done === true) {
        recheck = directory.allEndpoints();
        return;
      }
      if (endpoint.state !== "active") continue;
      const lane = laneOf(endpoint.seq);
      if (lane === undefined || lane.hasMore || lane.queue.length > 0) continue;
      lane.hasMore = true;
      rotation.enter(lane, nowMs);
    }
  }

  /** Endpoints that can't send now give their share of the window back; their deliveries are read again when they can. */
  function makeRoom(): boolean {
    const nowMs = clock.nowMs();
    if (nowMs - madeRoomAtMs < MAKE_ROOM_EVERY_MS) return false;
    madeRoomAtMs = nowMs;
    let hasMade = false;
    for (const lane of lanes.values()) {
      if (lane.queue.length === 0 || gate(lane, nowMs).kind !== "shut") continue;
      reader.unclaimQueue(lane);
      hasMade = true;
    }
    return hasMade;
  }

  /** Deliveries ready at endpoints that answer: those that wait for the daemon, and not for a receiver. */
  function readyAtProven(): number {
    const nowMs = clock.nowMs();
    let ready = 0;
    for (const lane of lanes.values()) if (isProven(lane, nowMs)) ready += lane.queue.length;
    return ready;
  }

  async function start(): Promise<void> {
    for (const endpoint of directory.allEndpoints()) mendSlowDown(endpoint);
    for (const { endpointSeq, dueAtMs } of await needs.store.pendingLanes()) {
      const lane = laneOf(endpointSeq);
      if (lane === undefined) continue;
      const latestMs = latestOf(lane.endpoint);
      await needs.store.pullForward(endpointSeq, latestMs);
      lane.nextDueAtMs = Math.min(dueAtMs, latestMs);
      holdWhereInactive(lane.endpoint);
    }
    for (const endpoint of directory.allEndpoints()) {
      if (endpoint.transition !== null) mover.move(endpoint.seq);
    }
    tick();
  }

  /** A calendar that ran ahead before the last stop must not keep retries waiting now: nothing is due later than this. */
  function latestOf({ settings }: Endpoint): number {
    return clock.nowMs() + longestDelayMs(backoffTable(settings.backoff));
  }

  function mendSlowDown(endpoint: Endpoint): void {
    const { health } = endpoint;
    if (health.slowedUntilMs === null || health.slowedUntilMs <= latestOf(endpoint)) return;
    directory.putEndpoint({ ...endpoint, health: { ...health, slowedUntilMs: null } });
  }

  /** A test that a crash left pending at a paused endpoint would wait unseen; it is held like the others. */
  function holdWhereInactive(endpoint: Endpoint): void {
    if (endpoint.state === "active" || endpoint.transition !== null) return;
    directory.putEndpoint({ ...endpoint, transition: "hold" });
  }

  let stopped: Promise<void> | null = null;

  async function drainAndStop(waitMs: number): Promise<void> {
    isStopping = true;
    cancelAlarm?.();
    reader.stop();
    mover.stop();
    if (slots.size > 0) {
      await new Promise<void>((resolve) => {
        const cancel = timers.after(waitMs, resolve);
        onIdle = () => {
          cancel();
          resolve();
        };
      });
    }
    // An attempt cut short by the stop is no failure of the receiver: it is not recorded and is due again at the next start.
    attempts.closeDoor();
    await attempts.flush();
  }

  return {
    admit,
    wake,
    endpointChanged,
    isInFlight: attempts.isUnderWay,
    load(endpointSeq) {
      if (endpointSeq === null) return { inFlight: slots.size, ready: window.count };
      const lane = lanes.get(endpointSeq);
      return { inFlight: lane?.inFlight ?? 0, ready: lane?.queue.length ?? 0 };
    },
    readyAtProven,
    start,
    tick,
    stop: (waitMs) => (stopped ??= drainAndStop(waitMs)),
    get isBlocked() {
      return attempts.isBlocked;
    },
  };
}
