import type { DueDelivery } from "../domain/stores.ts";
import type { Lane } from "./lane.ts";

/** One lane's share of the window, so that no endpoint's backlog takes the memory of all. */
interface Share {
  readonly rowsMax: number;
  readonly bytesMax: number;
}

/** An endpoint that answers is read ahead far enough to keep it busy; a silent one only as far as it can go. */
const SHARES = {
  proven: { rowsMax: 1_024, bytesMax: 4 * 1_048_576 },
  silent: { rowsMax: 64, bytesMax: 262_144 },
} as const;

/**
 * The deliveries that are ready in memory, bounded by the bytes of their bodies. An event's body that several deliveries share
 * is counted for each: the bound is then kept too early, never too late.
 */
export interface Window {
  readonly count: number;
  readonly bytesLeft: number;
  hasRoom(lane: Lane, isProven: boolean): boolean;
  share(isProven: boolean): Share;
  take(lane: Lane, delivery: DueDelivery): void;
  give(lane: Lane, delivery: DueDelivery): void;
  /** Sets bytes aside for a read that is under way, so that two at once don't both count on the same room. Returns how to end it. */
  reserve(bytes: number): () => void;
}

export function createWindow(bytesMax: number): Window {
  let count = 0;
  let bytes = 0;
  return {
    get count() {
      return count;
    },
    get bytesLeft() {
      return Math.max(bytesMax - bytes, 0);
    },
    hasRoom(lane, isProven) {
      const share = isProven ? SHARES.proven : SHARES.silent;
      const { queue, queuedBytes } = lane;
      return bytes < bytesMax && queue.length < share.rowsMax && queuedBytes < share.bytesMax;
    },
    share: (isProven) => (isProven ? SHARES.proven : SHARES.silent),
    take(lane, delivery) {
      count += 1;
      bytes += delivery.event.body.length;
      lane.queuedBytes += delivery.event.body.length;
    },
    give(lane, delivery) {
      count -= 1;
      bytes -= delivery.event.body.length;
      lane.queuedBytes -= delivery.event.body.length;
    },
    reserve(reserved) {
      bytes += reserved;
      return () => {
        bytes -= reserved;
      };
    },
  };
}
