import { createDeque } from "./deque.ts";
import type { Kind } from "./lane.ts";

/** An attempt under way, as the slots see it. */
export interface Slot {
  readonly startedAtMs: number;
  readonly kind: Kind;
  /** Called when it has become old without an answer. */
  readonly onParked: () => void;
  place: "active" | "parked" | "ended";
}

/**
 * Who may start an attempt. Only young attempts count against the limit: one that is older than a second waits for its receiver,
 * holds a socket and costs nothing, so it is parked and its slot is free again. Otherwise a few dozen hanging endpoints would
 * hold every slot for as long as their time limits last. Endpoints that have not answered lately share half of the slots, so that
 * however many of them there are, the others find the rest free; and half of that half is for the first attempt of each.
 */
export interface Slots {
  isFree(kind: Kind): boolean;
  take(kind: Kind, nowMs: number, onParked: () => void): Slot;
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
  const firstMax = Math.max(Math.floor(concurrencyMax / 2), 1);
  const silentMax = Math.max(Math.floor(concurrencyMax / 4), 1);
  const parkedMax = concurrencyMax * PARKED_FACTOR;
  let active = 0;
  let unproven = 0;
  let parked = 0;

  function leave(slot: Slot, to: Slot["place"]): void {
    if (slot.place === "parked") parked -= 1;
    if (slot.place === "active") {
      active -= 1;
      if (slot.kind !== "proven") unproven -= 1;
    }
    if (to === "parked") parked += 1;
    slot.place = to;
  }

  return {
    isFree(kind) {
      if (active >= concurrencyMax || active + parked >= parkedMax + concurrencyMax) return false;
      if (kind === "proven") return true;
      return unproven < (kind === "first" ? firstMax : silentMax) && parked < parkedMax;
    },
    take(kind, nowMs, onParked) {
      const slot: Slot = { startedAtMs: nowMs, kind, onParked, place: "active" };
      active += 1;
      if (kind !== "proven") unproven += 1;
      order.push(slot);
      return slot;
    },
    give: (slot) => leave(slot, "ended"),
    age(nowMs) {
      for (let first = order.peek(); first !== undefined; first = order.peek()) {
        const isOver = first.place === "ended";
        if (!isOver && nowMs - first.startedAtMs < YOUNG_MS) return;
        order.shift();
        if (isOver) continue;
        leave(first, "parked");
        first.onParked();
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
