import type { EgressPolicy } from "../domain/attempt.ts";
import type { Endpoint, EndpointHealth } from "../domain/endpoint.ts";
import { createDeque } from "./deque.ts";
import type { Deque } from "./deque.ts";
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
  /** The read that is under way. */
  reading: Reading | null;
  /** The last read found many: the next is worth a thread. */
  isDeep: boolean;
  /** When the earliest delivery that is not due yet will be; Infinity for none known. */
  nextDueAtMs: number;
  /** Until then it counts as an endpoint that answers. */
  provenUntilMs: number;
  /** By the rate limit, the next attempt may start then. */
  nextStartAtMs: number;
  /** An answer disables the endpoint and is about to be recorded: nothing more starts. */
  isCondemned: boolean;
  /** The ring of the rotation in which it stands; null for none. */
  ring: Kind | null;
}

export interface Reading {
  /** Something happened since it began that the rows may not know: they are read again. */
  isOutdated: boolean;
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
    reading: null,
    isDeep: false,
    nextDueAtMs: Infinity,
    provenUntilMs: 0,
    nextStartAtMs: 0,
    isCondemned: false,
    ring: null,
  };
}

export function policyOf(endpoint: Endpoint): EgressPolicy {
  const { connectTimeoutMs, timeoutMs, egressAllow, ca, verifiesCertificate } = endpoint.settings;
  return { connectTimeoutMs, timeoutMs, grants: egressAllow, ca, verifiesCertificate };
}

/**
 * Whether the lane may start its next attempt now. `hungry`: it could, but what it has is still in the store. Of a shut one
 * `untilMs` says when to look again; null where something other than time must change.
 */
export type Gate =
  | { readonly kind: "open" }
  | { readonly kind: "hungry" }
  | { readonly kind: "shut"; readonly untilMs: number | null };

const OPEN: Gate = { kind: "open" };
const HUNGRY: Gate = { kind: "hungry" };
const SHUT: Gate = { kind: "shut", untilMs: null };

/** Pure. */
export function gate(lane: Lane, nowMs: number): Gate {
  if (lane.tests.length > 0) return OPEN;
  if (lane.isCondemned || lane.endpoint.state !== "active") return SHUT;
  if (lane.inFlight >= capOf(lane, nowMs)) return SHUT;
  const untilMs = Math.max(lane.health.slowedUntilMs ?? 0, lane.nextStartAtMs);
  if (nowMs < untilMs) return { kind: "shut", untilMs };
  if (lane.queue.length > 0) return OPEN;
  return lane.hasMore ? HUNGRY : SHUT;
}

/** For so long an answer, whatever its status, shows that somebody is there. */
const PROVEN_MS = 5_000;

/** The endpoint has answered: it may use all of its slots for a while. */
export function prove(lane: Lane, nowMs: number): void {
  lane.provenUntilMs = nowMs + PROVEN_MS;
}

export function isProven(lane: Lane, nowMs: number): boolean {
  return nowMs < lane.provenUntilMs;
}

/** It let an attempt become old: what it answered before counts no more. */
export function doubt(lane: Lane): void {
  lane.provenUntilMs = 0;
}

/** `proven`: it answers. `first`: it has not answered lately, and nothing of it is under way. `silent`: something is. */
export type Kind = "proven" | "first" | "silent";

export function kindOf(lane: Lane, nowMs: number): Kind {
  if (isProven(lane, nowMs)) return "proven";
  return lane.inFlight === 0 ? "first" : "silent";
}

/** What an endpoint gets until it has answered; one answer is enough to get all. */
const UNPROVEN_CAP = 4;
/** After this many failures in a row an endpoint is taken for broken, and gets few slots until something succeeds. */
const BROKEN_AFTER = 10;

/** A slowed endpoint, or one that is silent and broken, gets one attempt at a time: a probe, not a stampede. */
function capOf(lane: Lane, nowMs: number): number {
  const { slowCount, failedInARow } = lane.health;
  const { concurrencyMax } = lane.endpoint.settings;
  const isBroken = failedInARow >= BROKEN_AFTER;
  if (slowCount > 0) return 1;
  if (!isProven(lane, nowMs)) return isBroken ? 1 : Math.min(UNPROVEN_CAP, concurrencyMax);
  return isBroken ? Math.min(UNPROVEN_CAP, concurrencyMax) : concurrencyMax;
}

/** Lateness that a high rate makes up for: timers have whole milliseconds and fire late, and it must be reached all the same. */
const CATCH_UP_MS = 10;

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
    const catchUpMs = spacingMs < CATCH_UP_MS ? CATCH_UP_MS : 1;
    lane.nextStartAtMs = Math.max(lane.nextStartAtMs, nowMs - catchUpMs) + spacingMs;
  }
  return lane.queue.shift();
}
