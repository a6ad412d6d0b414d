import type { Lane } from "./lane.ts";
import { createDeque, gate } from "./lane.ts";

/**
 * Round-robin over the lanes that have something to send: each turn takes one delivery of one endpoint, so that an endpoint with
 * a million waiting gets the same share as one with a single delivery. Lanes whose gate is shut leave the rotation; those that
 * wait for a time are looked at again then.
 */
export interface Rotation {
  /** The lane may have become ready: look at it in its turn. */
  enter(lane: Lane): void;
  leave(lane: Lane): void;
  /** The next lane that may start an attempt now and has fewer than `inFlightMax` under way; it stays in the rotation. */
  next(nowMs: number, inFlightMax: number): Lane | undefined;
  /** When the first of the lanes that wait for a time may go on; Infinity for none. */
  nextOpeningMs(): number;
  /** Brings back the lanes whose time has come. */
  open(nowMs: number): void;
}

/** Lanes passed over for having too much under way, at one call: with ten thousand of them a call must stay short. */
const PASSED_OVER_MAX = 32;

export function createRotation(): Rotation {
  const ring = createDeque<Lane>();
  const waiting = new Map<Lane, number>();
  let earliestMs = Infinity;

  function enter(lane: Lane): void {
    if (lane.isInRotation) return;
    waiting.delete(lane);
    lane.isInRotation = true;
    ring.push(lane);
  }

  function wait(lane: Lane, untilMs: number | null): void {
    lane.isInRotation = false;
    if (untilMs === null) return;
    waiting.set(lane, untilMs);
    earliestMs = Math.min(earliestMs, untilMs);
  }

  return {
    enter,
    leave: (lane) => void waiting.delete(lane),
    next(nowMs, inFlightMax) {
      let passedOver = 0;
      while (ring.length > passedOver && passedOver < PASSED_OVER_MAX) {
        const lane = ring.shift();
        if (lane === undefined) return undefined;
        const state = gate(lane, nowMs);
        if (!state.isOpen) {
          wait(lane, state.untilMs);
          continue;
        }
        ring.push(lane);
        if (lane.inFlight < inFlightMax) return lane;
        passedOver += 1;
      }
      return undefined;
    },
    nextOpeningMs: () => earliestMs,
    open(nowMs) {
      if (nowMs < earliestMs) return;
      earliestMs = Infinity;
      for (const [lane, untilMs] of waiting) {
        if (untilMs <= nowMs) enter(lane);
        else earliestMs = Math.min(earliestMs, untilMs);
      }
    },
  };
}
