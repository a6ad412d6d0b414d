import type { Kind, Lane } from "./lane.ts";
import { gate, kindOf } from "./lane.ts";

/**
 * Round-robin over the lanes that have something to send: each turn takes one delivery of one endpoint, so that an endpoint with
 * a million waiting gets the same share as one with a single delivery. Endpoints that answer and those that don't go round in
 * rings of their own, which take turns: where no slot is free for one kind, its ring is not even looked at. Lanes whose gate is
 * shut leave; those that wait for a time are looked at again then.
 */
export interface Rotation {
  /** The lane may have become ready, or another kind: look at it in its turn. */
  enter(lane: Lane, nowMs: number): void;
  leave(lane: Lane): void;
  /** The next lane that may start an attempt now, of the kinds for which a slot is free; it stays in the rotation. */
  next(nowMs: number, isFree: (kind: Kind) => boolean): Lane | undefined;
  /** When the first of the lanes that wait for a time may go on; Infinity for none. */
  nextOpeningMs(): number;
  /** Brings back the lanes whose time has come. */
  open(nowMs: number): void;
}

/** Whose turn it is, one after another; the others follow in the same order. */
const TURNS = (
  [
    ["proven", "first", "silent"],
    ["first", "silent", "proven"],
    ["proven", "silent", "first"],
    ["silent", "proven", "first"],
  ] satisfies Kind[][]
)
  // Twice: a lane that has become another kind moves to that kind's ring when it is looked at.
  .map((kinds): readonly Kind[] => [...kinds, ...kinds]);

/** `onHungry`: the lane could go on, but has to be read from the store first; it has left the rotation. */
export function createRotation(onHungry: (lane: Lane) => void): Rotation {
  // Sets keep the order in which lanes came, and let one go from the middle: a lane changes its ring when it changes its kind.
  const rings: Record<Kind, Set<Lane>> = { proven: new Set(), first: new Set(), silent: new Set() };
  const waiting = new Map<Lane, number>();
  let earliestMs = Infinity;
  let turn = 0;

  /** Puts the lane at the end of its kind's ring. */
  function queueUp(lane: Lane, kind: Kind): void {
    if (lane.ring !== null) rings[lane.ring].delete(lane);
    lane.ring = kind;
    rings[kind].add(lane);
  }

  function enter(lane: Lane, nowMs: number): void {
    const kind = kindOf(lane, nowMs);
    if (lane.ring === kind) return;
    waiting.delete(lane);
    queueUp(lane, kind);
  }

  function leave(lane: Lane): void {
    waiting.delete(lane);
    if (lane.ring !== null) rings[lane.ring].delete(lane);
    lane.ring = null;
  }

  function wait(lane: Lane, untilMs: number | null): void {
    leave(lane);
    if (untilMs === null) return;
    waiting.set(lane, untilMs);
    earliestMs = Math.min(earliestMs, untilMs);
  }

  /**
   * Looks at each lane of the ring once at most. In one walk: a set keeps the places of those that left until it is made smaller,
   * and whoever begins anew for each lane passes them all again, fifty million for ten thousand lanes that leave.
   */
  function nextOf(name: Kind, nowMs: number): Lane | undefined {
    let left = rings[name].size;
    for (const lane of rings[name]) {
      if (left === 0) return undefined;
      left -= 1;
      const state = gate(lane, nowMs);
      if (state.kind === "shut") wait(lane, state.untilMs);
      else if (state.kind === "hungry") {
        leave(lane);
        onHungry(lane);
      } else {
        const kind = kindOf(lane, nowMs);
        queueUp(lane, kind);
        if (kind === name) return lane;
      }
    }
    return undefined;
  }

  return {
    enter,
    leave,
    next(nowMs, isFree) {
      turn = (turn + 1) % TURNS.length;
      for (const name of TURNS[turn] ?? []) {
        const lane = isFree(name) ? nextOf(name, nowMs) : undefined;
        if (lane !== undefined) return lane;
      }
      return undefined;
    },
    nextOpeningMs: () => earliestMs,
    open(nowMs) {
      if (nowMs < earliestMs) return;
      earliestMs = Infinity;
      for (const [lane, untilMs] of waiting) {
        if (untilMs <= nowMs) enter(lane, nowMs);
        else earliestMs = Math.min(earliestMs, untilMs);
      }
    },
  };
}
