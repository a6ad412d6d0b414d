import { createDeque } from "./deque.ts";

/** An attempt under way, as the slots see it. */
export interface Slot {
  readonly startedAtMs: number;
  readonly isProven: boolean;
  place: "active" | "parked" | "ended";
}

/**
 * Who may start an attempt. Only young attempts count against the limit: one that is older than a second waits for its receiver,
 * holds a socket and costs nothing, so it is parked and its slot is free again. Otherwise a few dozen hanging endpoints would
 * hold every slot for as long as their time limits last. Endpoints that have not answered lately (`isProven` false) share half of
 * the slots, so that however many of them there are, the others find the rest free.
 */
export interface Slots {
  isFree(isProven: boolean): boolean;
  take(isProven: boolean, nowMs: number): Slot;
  give(slot: Slot): void;
  /** Parks what has become old. */
  age(nowMs: number): void;
  /** When the oldest active attempt will be parked; Infinity for none. */
  nextAgingMs(): number;
  /** Active and parked. */
  readonly size: number;
}

/** How long an attempt counts as young. Receivers that are well answer in a fraction of it. */
const YOUNG_MS = 1_000;
/** Parked attempts, as a multiple of the limit: what bounds sockets. */
const PARKED_FACTOR = 3;

export function createSlots(concurrencyMax: number): Slots {
  const order = createDeque<Slot>();
  const unprovenMax = Math.max(Math.floor(concurrencyMax / 2), 1);
  const parkedMax = concurrencyMax * PARKED_FACTOR;
  let active = 0;
  let unproven = 0;
  let parked = 0;

  function leave(slot: Slot, to: Slot["place"]): void {
    if (slot.place === "parked") parked -= 1;
    if (slot.place === "active") {
      active -= 1;
      if (!slot.isProven) unproven -= 1;
    }
    if (to === "parked") parked += 1;
    slot.place = to;
  }

  return {
    isFree(isProven) {
      if (active >= concurrencyMax || active + parked >= parkedMax + concurrencyMax) return false;
      return isProven || (unproven < unprovenMax && parked < parkedMax);
    },
    take(isProven, nowMs) {
      const slot: Slot = { startedAtMs: nowMs, isProven, place: "active" };
      active += 1;
      if (!isProven) unproven += 1;
      order.push(slot);
      return slot;
    },
    give: (slot) => leave(slot, "ended"),
    age(nowMs) {
      for (let first = order.peek(); first !== undefined; first = order.peek()) {
        const isOver = first.place === "ended";
        if (!isOver && nowMs - first.startedAtMs < YOUNG_MS) return;
        order.shift();
        if (!isOver) leave(first, "parked");
      }
    },
    nextAgingMs() {
      const first = order.peek();
      return first === undefined ? Infinity : first.startedAtMs + YOUNG_MS;
    },
    get size() {
      return active + parked;
    },
  };
}
