import type { Clock, Log, Timers } from "../domain/ports.ts";
import type { DeliveryStore, DueDelivery, DueQuery, SideStore } from "../domain/stores.ts";
import type { Lane, Reading } from "./lane.ts";
import { isProven } from "./lane.ts";
import type { Window } from "./window.ts";

/** Read again once fewer than this are ready: often enough that a fast endpoint never runs dry. */
const QUEUE_LOW = 64;
/** Lanes read in one turn of the loop; each takes a few milliseconds at most. */
const READS_PER_TURN = 4;
const RETRY_AFTER_MS = 1_000;

const LIMITS = {
  proven: { limit: 512, bytesMax: 1_048_576 },
  silent: { limit: 32, bytesMax: 131_072 },
} as const;

export interface ReaderNeeds {
  readonly store: DeliveryStore;
  readonly side: SideStore | null;
  readonly window: Window;
  readonly clock: Clock;
  readonly timers: Pick<Timers, "soon">;
  readonly log: Log;
  readonly onRead: (lane: Lane) => void;
  /** The window is full: takes back what can't be sent now. False when there was nothing to take. */
  readonly makeRoom: () => boolean;
}

/**
 * Brings due deliveries of a lane from the store into memory, a few lanes a turn. It reads from the earliest each time and leaves
 * out what is claimed, rather than going on from a cursor: a cursor misses rows that become due behind it, and what is left out
 * is little. Many rows are read beside the loop, which goes on meanwhile; what it changes then is not believed of them.
 */
export interface Reader {
  /** The lane has run dry and the store may have more: it is read in its turn. */
  want(lane: Lane): void;
  /** The lane runs low: as `want`, before it is dry. */
  refill(lane: Lane): void;
  /** Goes on with lanes that had to wait for room. */
  serve(): void;
  enqueue(lane: Lane, delivery: DueDelivery): void;
  /** Forgets what is queued or on its way, so that it is read again; what is under way stays claimed. */
  unclaimQueue(lane: Lane): void;
  /** From now on nothing is read: the store may be closed. */
  stop(): void;
}

export function createReader(needs: ReaderNeeds): Reader {
  const { store, side, window, clock } = needs;
  const hungry = new Set<Lane>();
  let readsThisTurn = 0;
  let isTurnEnding = false;
  let isStopped = false;

  function claim(lane: Lane, delivery: DueDelivery): void {
    if (lane.claimed.has(delivery.seq)) return;
    lane.claimed.add(delivery.seq);
    window.take(lane, delivery);
    (delivery.isTest ? lane.tests : lane.queue).push(delivery);
  }

  function want(lane: Lane): void {
    if (lane.reading !== null) return;
    hungry.add(lane);
    serve();
  }

  function serve(): void {
    if (isStopped) return;
    // Before the first is looked for: a set keeps the places of those that left, and each walk from its start passes them again.
    if (readsThisTurn >= READS_PER_TURN) {
      if (hungry.size > 0) endTurn();
      return;
    }
    for (const lane of hungry) {
      if (readsThisTurn >= READS_PER_TURN) return endTurn();
      if (window.bytesLeft === 0 && !needs.makeRoom()) return;
      hungry.delete(lane);
      if (canRead(lane)) start(lane);
    }
  }

  function canRead(lane: Lane): boolean {
    const isOpen = lane.endpoint.state === "active" && !lane.isCondemned;
    return isOpen && lane.hasMore && lane.reading === null;
  }

  function endTurn(): void {
    if (isTurnEnding) return;
    isTurnEnding = true;
    needs.timers.soon(() => {
      isTurnEnding = false;
      readsThisTurn = 0;
      serve();
    });
  }

  function start(lane: Lane): void {
    readsThisTurn += 1;
    endTurn();
    const reading: Reading = { isOutdated: false };
    lane.reading = reading;
    const { limit, bytesMax } = isProven(lane, clock.nowMs()) ? LIMITS.proven : LIMITS.silent;
    const bytes = Math.min(window.bytesLeft, bytesMax);
    const release = window.reserve(bytes);
    read(lane, reading, { limit, bytesMax: bytes })
      .finally(release)
      .catch((error: unknown) => {
        // Whatever the thread has, the loop may not have.
        lane.isDeep = false;
        needs.log.error("due deliveries can't be read", { endpoint: lane.endpoint.id, error });
        // Tried again by a tick, not at once: a disk that gives errors is not helped by asking faster.
        lane.nextDueAtMs = Math.min(lane.nextDueAtMs, clock.nowMs() + RETRY_AFTER_MS);
      })
      .finally(() => {
        lane.reading = null;
        needs.onRead(lane);
        // What was set aside for this read may be room for the next.
        if (hungry.size > 0) endTurn();
      });
  }

  async function read(
    lane: Lane,
    reading: Reading,
    bounds: Pick<DueQuery, "limit" | "bytesMax">,
  ): Promise<void> {
    // Cleared before the read: whatever is admitted or woken while it runs sets it again.
    lane.hasMore = false;
    const found = await due(lane, {
      ...bounds,
      endpointSeq: lane.endpointSeq,
      shape: lane.endpoint.settings.profile.kind,
      nowMs: clock.nowMs(),
      except: lane.claimed,
    });
    if (reading.isOutdated) {
      // In the loop the next time: changes that come chunk after chunk would else outrun each read.
      lane.isDeep = false;
      lane.hasMore = true;
      return;
    }
    for (const delivery of found) claim(lane, delivery);
    if (found.length > 0) lane.hasMore = true;
    else await lookAhead(lane);
  }

  async function due(lane: Lane, query: DueQuery): Promise<DueDelivery[]> {
    const aside = lane.isDeep ? side?.dueDeliveries(query) : null;
    const found = await (aside ?? store.dueDeliveries(query));
    lane.isDeep = found.length >= (side?.batchMin ?? Infinity);
    return found;
  }

  async function lookAhead(lane: Lane): Promise<void> {
    const dueAtMs = await store.nextDueAtMs(lane.endpointSeq, lane.claimed);
    if (dueAtMs !== null) lane.nextDueAtMs = Math.min(lane.nextDueAtMs, dueAtMs);
  }

  return {
    want,
    refill(lane) {
      if (lane.hasMore && lane.queue.length < QUEUE_LOW) want(lane);
      else if (hungry.size > 0) serve();
    },
    serve,
    enqueue(lane, delivery) {
      claim(lane, delivery);
      // It may have been sent and recorded before the rows come, which then show it as due.
      if (lane.reading !== null) lane.reading.isOutdated = true;
    },
    unclaimQueue(lane) {
      for (const delivery of lane.queue.drain()) {
        lane.claimed.delete(delivery.seq);
        window.give(lane, delivery);
      }
      lane.hasMore = true;
      if (lane.reading !== null) lane.reading.isOutdated = true;
    },
    stop() {
      isStopped = true;
    },
  };
}
