import { createDeque } from "./deque.ts";
import type { Lane } from "./lane.ts";
import { gate, isProven } from "./lane.ts";

/**
 * Round-robin over the lanes that have something to send: each turn takes one delivery of one endpoint, so that an endpoint with
 * a million waiting gets the same share as one with a single delivery. Endpoints that answer and those that don't go round in
 * rings of their own, which take turns: where no slot is free for the silent ones, they are not even looked at. Lanes whose
 * gate is shut leave; those that wait for a time are looked at again then.
 */
export interface Rotation {
  /** The lane may have become ready: look at it in its turn. */
  enter(lane: Lane): void;
  leave(lane: Lane): void;
  /** The next lane that may start an attempt now, of the kinds for which a slot is free; it stays in the rotation. */
  next(nowMs: number, isFree: (isProven: boolean) => boolean): Lane | undefined;
  /** When the first of the lanes that wait for a time may go on; Infinity for none. */
  nextOpeningMs(): number;
  /** Brings back the lanes whose time has come. */
  open(nowMs: number): void;
}

const SILENT_FIRST = ["silent", "proven"] as const;
const PROVEN_FIRST = ["proven", "silent"] as const;

/** `onHungry`: the lane could go on, but has to be read from the store first; it has left the rotation. */
export function createRotation(onHungry: (lane: Lane) => void): Rotation {
  const rings = { proven: createDeque<Lane>(), silent: createDeque<Lane>() };
  const waiting = new Map<Lane, number>();
  let earliestMs = Infinity;
  let isSilentsTurn = false;

  function enter(lane: Lane): void {
    if (lane.isInRotation) return;
    waiting.delete(lane);
    lane.isInRotation = true;
    // Sorted when it is looked at: what it is may change until then.
    rings.proven.push(lane);
  }

  function wait(lane: Lane, untilMs: number | null): void {
    lane.isInRotation = false;
    if (untilMs === null) return;
    waiting.set(lane, untilMs);
    earliestMs = Math.min(earliestMs, untilMs);
  }

  /** Looks at each lane of the ring once at most. */
  function nextOf(name: keyof typeof rings, nowMs: number): Lane | undefined {
    const ring = rings[name];
    for (let left = ring.length; left > 0; left--) {
      const lane = ring.shift();
      if (lane === undefined) return undefined;
      const state = gate(lane, nowMs);
      if (state.kind === "shut") wait(lane, state.untilMs);
      else if (state.kind === "hungry") {
        lane.isInRotation = false;
        onHungry(lane);
      } else {
        const kind = isProven(lane, nowMs) ? "proven" : "silent";
        rings[kind].push(lane);
        if (kind === name) return lane;
      }
    }
    return undefined;
  }

  return {
    enter,
    leave: (lane) => void waiting.delete(lane),
    next(nowMs, isFree) {
      isSilentsTurn = !isSilentsTurn;
      const [first, second] = isSilentsTurn ? SILENT_FIRST : PROVEN_FIRST;
      // Twice: a lane that has become the other kind moves to the other ring when it is looked at.
      for (const name of [first, second, first, second]) {
        const lane = isFree(name === "proven") ? nextOf(name, nowMs) : undefined;
        if (lane !== undefined) return lane;
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
