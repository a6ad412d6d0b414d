/** The newest attempts at one endpoint, as people see them: a row of cells. */
import type { LiveCell } from "./live.ts";

export type CellOutcome = LiveCell["outcome"];

export const STRIP_CELLS = 60;

export interface Cell {
  readonly atMs: number;
  readonly outcome: CellOutcome;
  readonly durationMs: number;
  readonly status: number | null;
  readonly deliveryId: string;
}

export interface Strip {
  add(
    atMs: number,
    outcome: CellOutcome,
    durationMs: number,
    status: number | null,
    deliveryId: string,
  ): void;
  /** Oldest first. */
  cells(): Cell[];
  readonly size: number;
}

const OUTCOMES: readonly CellOutcome[] = ["delivered", "failed", "exhausted", "blocked"];
/** A status has three digits: it and the outcome share sixteen bits. */
const STATUS_FACTOR = 4;

/** What a cell says of an attempt; `error` is null where it was answered with 2xx. */
export function cellOutcome(error: string | null, isExhausted: boolean): CellOutcome {
  if (error === null) return "delivered";
  if (error === "egress_blocked") return "blocked";
  return isExhausted ? "exhausted" : "failed";
}

/** A ring: an attempt writes over the oldest and allocates nothing. 1.5 KB, and the ids of its deliveries. */
export function createStrip(): Strip {
  const times = new Float64Array(STRIP_CELLS);
  const durations = new Float32Array(STRIP_CELLS);
  const codes = new Uint16Array(STRIP_CELLS);
  const ids: string[] = [];
  let next = 0;

  function cellAt(at: number): Cell {
    const code = codes[at] ?? 0;
    const status = Math.floor(code / STATUS_FACTOR);
    return {
      atMs: times[at] ?? 0,
      outcome: OUTCOMES[code % STATUS_FACTOR] ?? "failed",
      durationMs: Math.round(durations[at] ?? 0),
      status: status === 0 ? null : status,
      deliveryId: ids[at] ?? "",
    };
  }

  return {
    add(atMs, outcome, durationMs, status, deliveryId) {
      times[next] = atMs;
      durations[next] = durationMs;
      codes[next] = (status ?? 0) * STATUS_FACTOR + OUTCOMES.indexOf(outcome);
      ids[next] = deliveryId;
      next = (next + 1) % STRIP_CELLS;
    },
    cells() {
      const { length } = ids;
      const first = length < STRIP_CELLS ? 0 : next;
      return Array.from({ length }, (_, i) => cellAt((first + i) % STRIP_CELLS));
    },
    get size() {
      return ids.length;
    },
  };
}
