/**
 * How much may come in while the daemon itself is the bottleneck. One thread does everything; without this, a producer
 * that saturates it would be accepted far faster than is delivered, and what it sends would wait for minutes. With it, ingest
 * under saturation is paced to what is being delivered. While there is time left over (receivers are slow, or few events
 * come), nothing is held back: a receiver's slowness is never the producers' business.
 */
export interface Pace {
  /** Events that may be committed in this turn. */
  allowance(nowMs: number): number;
  accepted(deliveries: number): void;
}

export interface PaceNeeds {
  /** Share of time that the loop was busy since the last call, 0 to 1. */
  readonly loopBusy: () => number;
  /** Deliveries ready at endpoints that answer, and attempts ended since the start. What waits for a silent receiver is no load of ours. */
  readonly load: (isReadyWanted: boolean) => { ready: number; ended: number };
}

/** Busier than this, the loop itself is what everything waits for. */
const BUSY = 0.9;
/** Ready deliveries that are no backlog yet, but what keeps the slots filled. */
const READY_MAX = 1_000;
const LOOK_EVERY_MS = 20;
/** Never less than this many a second, whatever the measurements say: pacing must not become a standstill. */
const PER_LOOK_MIN = 10;

export function createPace(needs: PaceNeeds): Pace {
  let lookedAtMs = -Infinity;
  let endedBefore = 0;
  let left = Infinity;

  function look(nowMs: number): void {
    const isBusy = needs.loopBusy() > BUSY;
    const { ready, ended } = needs.load(isBusy);
    const endedNow = ended - endedBefore;
    endedBefore = ended;
    lookedAtMs = nowMs;
    const isSaturated = isBusy && ready > READY_MAX;
    // A little under what was delivered, so that the backlog shrinks back to what keeps the slots filled.
    left = isSaturated ? Math.max(Math.floor(endedNow * 0.9), PER_LOOK_MIN) : Infinity;
  }

  return {
    allowance(nowMs) {
      if (nowMs - lookedAtMs >= LOOK_EVERY_MS) look(nowMs);
      return left > 0 ? Infinity : 0;
    },
    accepted(deliveries) {
      left -= deliveries;
    },
  };
}
