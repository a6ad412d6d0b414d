import { performance } from "node:perf_hooks";

/** How busy the event loop is: 1 means that it never waits, so that the daemon itself is what everything waits for. */
export interface LoopGauge {
  /** The share of time since the last call (or the opening) that the loop was busy. */
  busySinceLast(): number;
}

export function openLoopGauge(): LoopGauge {
  let last = performance.eventLoopUtilization();
  return {
    busySinceLast() {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return utilization;
    },
  };
}
