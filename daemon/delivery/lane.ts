import type { EgressPolicy } from "../domain/attempt.ts";
import type { Endpoint, EndpointHealth } from "../domain/endpoint.ts";
import type { DueDelivery } from "../domain/stores.ts";

/**
 * One endpoint as the engine sees it: what of its deliveries is in memory, and what keeps it from sending. A lane never waits
 * by itself; it says from when it may go on, and the engine comes back then.
 */
export interface Lane {
  readonly endpointSeq: number;
  endpoint: Endpoint;
  policy: EgressPolicy;
  /** Newer than the directory's by at most one flush. */
  health: EndpointHealth;
  /** Ready to be sent, oldest first. */
  readonly queue: Deque<DueDelivery>;
  /** Test deliveries: sent whatever the endpoint's state, since a test is how an operator finds out. */
  readonly tests: Deque<DueDelivery>;
  /** Bodies of what is queued; kept by the window. */
  queuedBytes: number;
  /** In the queue, under way, or ended but not yet recorded: not to be read again. */
  readonly claimed: Set<number>;
  inFlight: number;
  /** The store may hold deliveries that are due now and not claimed. */
  hasMore: boolean;
  isReading: boolean;
  /** When the earliest delivery that is not due yet will be; Infinity for none known. */
  nextDueAtMs: number;
  /** By the rate limit, the next attempt may start then. */
  nextStartAtMs: number;
  /** An answer disables the endpoint and is about to be recorded: nothing more starts. */
  isCondemned: boolean;
  /** It stands in the rotation. */
  isInRotation: boolean;
}

export function createLane(endpoint: Endpoint): Lane {
  return {
    endpointSeq: endpoint.seq,
    endpoint,
    policy: policyOf(endpoint),
    health: endpoint.health,
    queue: createDeque(),
    tests: createDeque(),
    queuedBytes: 0,
    claimed: new Set(),
    inFlight: 0,
    hasMore: false,
    isReading: false,
    nextDueAtMs: Infinity,
    nextStartAtMs: 0,
    isCondemned: false,
    isInRotation: false,
  };
}

export function policyOf(endpoint: Endpoint): EgressPolicy {
  const { connectTimeoutMs, timeoutMs, egressAllow, ca, verifiesCertificate } = endpoint.settings;
  return { connectTimeoutMs, timeoutMs, grants: egressAllow, ca, verifiesCertificate };
}

/** Why a lane can't start an attempt now. `until` is null where something other than time must change. */
export type Gate =
  | { readonly isOpen: true }
  | { readonly isOpen: false; readonly untilMs: number | null };

const OPEN: Gate = { isOpen: true };
const SHUT: Gate = { isOpen: false, untilMs: null };

/** Whether the lane may start its next attempt now. Pure. */
export function gate(lane: Lane, nowMs: number): Gate {
  if (lane.tests.length > 0) return OPEN;
  if (lane.queue.length === 0 || lane.isCondemned || lane.endpoint.state !== "active") return SHUT;
  if (lane.inFlight >= capOf(lane)) return SHUT;
  const { slowedUntilMs } = lane.health;
  if (slowedUntilMs !== null && nowMs < slowedUntilMs)
    return { isOpen: false, untilMs: slowedUntilMs };
  if (nowMs < lane.nextStartAtMs) return { isOpen: false, untilMs: lane.nextStartAtMs };
  return OPEN;
}

/** After this many failures in a row an endpoint is taken for broken, and gets few slots until something succeeds. */
const BROKEN_AFTER = 10;
const BROKEN_CAP = 4;

/** A slowed endpoint gets one attempt at a time until one succeeds: a probe, not a stampede. */
function capOf(lane: Lane): number {
  const { slowCount, failedInARow } = lane.health;
  const { concurrencyMax } = lane.endpoint.settings;
  if (slowCount > 0) return 1;
  return failedInARow >= BROKEN_AFTER ? Math.min(BROKEN_CAP, concurrencyMax) : concurrencyMax;
}

/**
 * Takes the next delivery and charges the rate limit. Attempts are spread evenly: one each 1/rate seconds, so that no second
 * ever holds more than `ratePerSecond` starts. A bucket that saves up tokens would allow nearly twice that.
 */
export function takeNext(lane: Lane, nowMs: number): DueDelivery | undefined {
  const test = lane.tests.shift();
  if (test !== undefined) return test;
  const rate = lane.endpoint.settings.ratePerSecond;
  if (rate !== null) {
    const spacingMs = 1_000 / rate;
    // Lateness of less than one spacing is made up for, so that the clock's whole milliseconds don't lower the rate.
    lane.nextStartAtMs = Math.max(lane.nextStartAtMs, nowMs - Math.min(spacingMs, 1)) + spacingMs;
  }
  return lane.queue.shift();
}

/** A first-in-first-out list whose `shift` does not move the rest. */
export interface Deque<T> {
  readonly length: number;
  push(item: T): void;
  shift(): T | undefined;
  /** Empties it and hands back what was in it. */
  drain(): T[];
}

export function createDeque<T>(): Deque<T> {
  let items: (T | undefined)[] = [];
  let head = 0;
  return {
    get length() {
      return items.length - head;
    },
    push: (item) => void items.push(item),
    shift() {
      if (head === items.length) return undefined;
      const item = items[head];
      items[head] = undefined;
      head += 1;
      // Cut off the empty front once it outweighs the rest: each item is moved less than once on average.
      if (head > 64 && head * 2 > items.length) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
    drain() {
      const rest = items.slice(head) as T[];
      items = [];
      head = 0;
      return rest;
    },
  };
}
