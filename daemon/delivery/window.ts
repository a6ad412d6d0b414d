import type { DueDelivery } from "../domain/stores.ts";
import type { Lane } from "./lane.ts";

/** One lane's share of the window, so that no endpoint's backlog takes the memory of all. */
const LANE_QUEUE_MAX = 1_024;
const LANE_BYTES_MAX = 4 * 1_048_576;

/**
 * The deliveries that are ready in memory, bounded by the bytes of their bodies. An event's body that several deliveries share
 * is counted for each: the bound is then kept too early, never too late.
 */
export interface Window {
  readonly count: number;
  readonly bytesLeft: number;
  hasRoom(lane: Lane): boolean;
  take(lane: Lane, delivery: DueDelivery): void;
  give(lane: Lane, delivery: DueDelivery): void;
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
    hasRoom: (lane) =>
      bytes < bytesMax && lane.queue.length < LANE_QUEUE_MAX && lane.queuedBytes < LANE_BYTES_MAX,
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
  };
}
