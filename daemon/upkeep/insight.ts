import type { Directory } from "../domain/directory.ts";
import type { Endpoint } from "../domain/endpoint.ts";
import type { Clock, Dispatcher, Log, Timers } from "../domain/ports.ts";
import type { StatisticStore } from "../domain/statistics.ts";
import { percentileMs } from "../domain/statistics.ts";
import type { Cell } from "../domain/strip.ts";
import type { Statistics } from "./statistics.ts";
import { createStatistics } from "./statistics.ts";
import { createStrips } from "./strips.ts";

/** The days of so many endpoints, of twenty-five rows each, are added up before everybody else has a turn. */
const DAYS_TOGETHER = 100;

export interface InsightNeeds {
  readonly store: StatisticStore;
  readonly directory: Directory;
  readonly load: Dispatcher["load"];
  readonly clock: Pick<Clock, "nowMs">;
  readonly timers: Pick<Timers, "soon">;
  readonly log: Log;
}

export interface Totals {
  readonly pending: number;
  readonly held: number;
  readonly inFlight: number;
  /** Null where nothing is due that has not been sent. */
  readonly oldestWaitingAtMs: number | null;
}

/** How an endpoint has been doing lately. */
export interface Activity {
  readonly waiting: number;
  readonly held: number;
  readonly day: {
    readonly delivered: number;
    readonly failed: number;
    readonly p50Ms: number | null;
    readonly p95Ms: number | null;
  };
  readonly strip: readonly Cell[];
}

/** How things are going, for people: nothing here walks over deliveries, however many there are. */
export interface Insight {
  readonly statistics: Statistics;
  totals(applicationSeq: number): Promise<Totals>;
  /** In the order of the endpoints. Twenty-five rows and a strip for each, so ask for a page of them. */
  activities(endpoints: readonly Endpoint[]): Promise<Activity[]>;
}

export function openInsight(needs: InsightNeeds): Insight {
  const { store, directory, clock, timers } = needs;
  const strips = createStrips(needs);
  const statistics = createStatistics({ ...needs, strips });

  function inFlightOf(applicationSeq: number): number {
    if (directory.applications().length === 1) return needs.load(null).inFlight;
    let inFlight = 0;
    for (const { seq } of directory.endpoints(applicationSeq)) inFlight += needs.load(seq).inFlight;
    return inFlight;
  }

  return {
    statistics,
    async totals(applicationSeq) {
      const { pending, held, oldestDueAtMs } = await store.waiting(applicationSeq);
      const isDue = oldestDueAtMs !== null && oldestDueAtMs <= clock.nowMs();
      return {
        pending,
        held,
        inFlight: inFlightOf(applicationSeq),
        oldestWaitingAtMs: isDue ? oldestDueAtMs : null,
      };
    },
    async activities(endpoints) {
      const seqs = endpoints.map(({ seq }) => seq);
      const waiting = await store.waitingAt(seqs);
      const cells = await strips.cellsOf(seqs);
      const found: Activity[] = [];
      for (const [i, seq] of seqs.entries()) {
        if (i > 0 && i % DAYS_TOGETHER === 0) await new Promise<void>((go) => timers.soon(go));
        const { delivered, failed, durations } = await statistics.lastDay(seq);
        const { pending, held } = waiting.get(seq) ?? { pending: 0, held: 0 };
        const p50Ms = percentileMs(durations, 0.5);
        const p95Ms = percentileMs(durations, 0.95);
        const day = { delivered, failed, p50Ms, p95Ms };
        found.push({ waiting: pending, held, day, strip: cells[i] ?? [] });
      }
      return found;
    },
  };
}
