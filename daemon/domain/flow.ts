/** What goes through an application now: since the start, and over the last sixty seconds. */
export interface Flow {
  readonly accepted: number;
  readonly delivered: number;
  readonly failed: number;
}

export interface FlowMeter {
  /** `failed`: attempts; `delivered`: deliveries; `accepted`: events. */
  add(nowMs: number, accepted: number, delivered: number, failed: number): void;
  /** Since the daemon started. */
  total(): Flow;
  lastMinute(nowMs: number): Flow;
}

const SECONDS = 60;
const KINDS = 3;

/** A ring of sixty seconds: counting allocates nothing. */
export function createFlowMeter(): FlowMeter {
  const counts = new Uint32Array(SECONDS * KINDS);
  const stamps = new Float64Array(SECONDS).fill(-1);
  const totals = new Float64Array(KINDS);

  function placeOf(second: number): number {
    const slot = second % SECONDS;
    const place = slot * KINDS;
    if (stamps[slot] !== second) {
      stamps[slot] = second;
      counts.fill(0, place, place + KINDS);
    }
    return place;
  }

  return {
    add(nowMs, accepted, delivered, failed) {
      const place = placeOf(Math.floor(nowMs / 1_000));
      count(counts, place, accepted, delivered, failed);
      count(totals, 0, accepted, delivered, failed);
    },
    total: () => flowAt(totals, 0),
    lastMinute(nowMs) {
      const sum = new Float64Array(KINDS);
      const oldest = Math.floor(nowMs / 1_000) - SECONDS;
      for (const [slot, stamp] of stamps.entries()) {
        if (stamp <= oldest) continue;
        const { accepted, delivered, failed } = flowAt(counts, slot * KINDS);
        count(sum, 0, accepted, delivered, failed);
      }
      return flowAt(sum, 0);
    },
  };
}

function count(
  array: Uint32Array | Float64Array,
  place: number,
  accepted: number,
  delivered: number,
  failed: number,
): void {
  array[place] = (array[place] ?? 0) + accepted;
  array[place + 1] = (array[place + 1] ?? 0) + delivered;
  array[place + 2] = (array[place + 2] ?? 0) + failed;
}

function flowAt(array: Uint32Array | Float64Array, place: number): Flow {
  const [accepted = 0, delivered = 0, failed = 0] = array.subarray(place, place + KINDS);
  return { accepted, delivered, failed };
}
