import type { Clock, Log } from "../domain/ports.ts";
import type { DeliveryStore, DueDelivery } from "../domain/stores.ts";
import type { Lane } from "./lane.ts";
import type { Window } from "./window.ts";

/** Read again once fewer than this are ready: often enough that a fast endpoint never runs dry. */
const QUEUE_LOW = 64;
const READ_MAX = 512;
/** So that each of many lanes gets something of a nearly full window. */
const READ_BYTES_MAX = 1_048_576;

export interface ReaderNeeds {
  readonly store: DeliveryStore;
  readonly window: Window;
  readonly clock: Clock;
  readonly log: Log;
  readonly onRead: (lane: Lane) => void;
}

/**
 * Brings due deliveries of a lane from the store into memory. It reads from the earliest each time and leaves out what is
 * claimed, rather than going on from a cursor: a cursor misses rows that become due behind it, and what is left out is little.
 */
export interface Reader {
  /** Starts a read where the lane runs low and the store may have more. */
  refill(lane: Lane): void;
  enqueue(lane: Lane, delivery: DueDelivery): void;
  /** Forgets what is queued, so that it is read again; what is under way stays claimed. */
  unclaimQueue(lane: Lane): void;
}

export function createReader(needs: ReaderNeeds): Reader {
  const { store, window, clock } = needs;

  function enqueue(lane: Lane, delivery: DueDelivery): void {
    if (lane.claimed.has(delivery.seq)) return;
    lane.claimed.add(delivery.seq);
    window.take(lane, delivery);
    (delivery.isTest ? lane.tests : lane.queue).push(delivery);
  }

  function refill(lane: Lane): void {
    const isWanted = lane.hasMore && !lane.isReading && lane.queue.length < QUEUE_LOW;
    if (!isWanted || lane.endpoint.state !== "active" || window.bytesLeft === 0) return;
    lane.isReading = true;
    read(lane)
      .catch((error: unknown) => {
        needs.log.error("due deliveries can't be read", { endpoint: lane.endpoint.id, error });
        lane.hasMore = true;
      })
      .finally(() => {
        lane.isReading = false;
        needs.onRead(lane);
      });
  }

  async function read(lane: Lane): Promise<void> {
    const before = lane.endpoint;
    // Cleared before the read: whatever is admitted or woken while it runs sets it again.
    lane.hasMore = false;
    const found = await store.dueDeliveries({
      endpointSeq: lane.endpointSeq,
      shape: before.settings.profile.kind,
      nowMs: clock.nowMs(),
      limit: READ_MAX,
      bytesMax: Math.min(window.bytesLeft, READ_BYTES_MAX),
      except: lane.claimed,
    });
    if (lane.endpoint !== before) {
      lane.hasMore = true;
      return;
    }
    for (const delivery of found) enqueue(lane, delivery);
    if (found.length > 0) lane.hasMore = true;
    else await lookAhead(lane);
  }

  async function lookAhead(lane: Lane): Promise<void> {
    const dueAtMs = await store.nextDueAtMs(lane.endpointSeq, lane.claimed);
    if (dueAtMs !== null) lane.nextDueAtMs = Math.min(lane.nextDueAtMs, dueAtMs);
  }

  return {
    refill,
    enqueue,
    unclaimQueue(lane) {
      for (const delivery of lane.queue.drain()) {
        lane.claimed.delete(delivery.seq);
        window.give(lane, delivery);
      }
      lane.hasMore = true;
    },
  };
}
