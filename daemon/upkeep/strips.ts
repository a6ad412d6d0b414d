import type { Directory } from "../domain/directory.ts";
import type { Timers } from "../domain/ports.ts";
import type { StatisticStore } from "../domain/statistics.ts";
import type { AttemptRecord } from "../domain/stores.ts";
import type { Cell, Strip } from "../domain/strip.ts";
import { cellOutcome, createStrip, STRIP_CELLS } from "../domain/strip.ts";

/** Looked through for an endpoint's newest attempts after a start; most deliveries have one or two. */
const DELIVERIES_MAX = 100;
/**
 * So many endpoints are read up at once before everybody else has a turn: right after a start each of their deliveries, and of its
 * attempts, may have to come from the disk. And of so many what is known is given out.
 */
const READ_TOGETHER = 4;
const GIVEN_TOGETHER = 100;

export interface StripsNeeds {
  readonly store: Pick<StatisticStore, "attemptsAt">;
  readonly directory: Pick<Directory, "endpoint">;
  readonly timers: Pick<Timers, "soon">;
}

/** The newest attempts at each endpoint. In memory; after a start an endpoint's are read up when somebody looks at it first. */
export interface Strips {
  /** After the commit. Allocates only at an endpoint's first attempt. */
  note(record: AttemptRecord, error: string | null): void;
  /** Oldest first, in the order of the endpoints asked for. */
  cellsOf(endpointSeqs: readonly number[]): Promise<Cell[][]>;
  /** Those of endpoints that are gone: some kilobytes each. */
  forget(): void;
}

interface Held {
  strip: Strip;
  /** What came before the start is in it. */
  isWhole: boolean;
}

export function createStrips({ store, directory, timers }: StripsNeeds): Strips {
  const strips = new Map<number, Held>();

  function heldOf(endpointSeq: number): Held {
    let held = strips.get(endpointSeq);
    if (held === undefined) {
      held = { strip: createStrip(), isWhole: false };
      strips.set(endpointSeq, held);
    }
    return held;
  }

  async function readUp(endpointSeq: number, held: Held): Promise<void> {
    const rows = await store.attemptsAt(endpointSeq, DELIVERIES_MAX);
    const since = held.strip.cells();
    const oldest = since[0]?.atMs ?? Infinity;
    const strip = createStrip();
    // The other way round first, so that of one millisecond the newest delivery comes last.
    const before = rows
      .toReversed()
      .filter(({ atMs }) => atMs < oldest)
      .toSorted((left, right) => left.atMs - right.atMs)
      .slice(-STRIP_CELLS);
    for (const { atMs, error, isExhausted, durationMs, status, deliveryId } of before) {
      strip.add(atMs, cellOutcome(error, isExhausted), durationMs, status, deliveryId);
    }
    for (const { atMs, outcome, durationMs, status, deliveryId } of since) {
      strip.add(atMs, outcome, durationMs, status, deliveryId);
    }
    held.strip = strip;
    held.isWhole = true;
  }

  return {
    note({ outcome, settlement, startedAtMs, deliveryId, endpointSeq }, error) {
      const status = outcome.kind === "answered" ? outcome.status : null;
      const kind = cellOutcome(error, settlement.state === "exhausted");
      heldOf(endpointSeq).strip.add(startedAtMs, kind, outcome.durationMs, status, deliveryId);
    },
    async cellsOf(endpointSeqs) {
      const found: Cell[][] = [];
      let left = GIVEN_TOGETHER;
      for (const endpointSeq of endpointSeqs) {
        if (left <= 0) {
          await new Promise<void>((go) => timers.soon(go));
          left = GIVEN_TOGETHER;
        }
        const held = heldOf(endpointSeq);
        const isKnown = held.isWhole || held.strip.size >= STRIP_CELLS;
        if (!isKnown) await readUp(endpointSeq, held);
        left -= isKnown ? 1 : GIVEN_TOGETHER / READ_TOGETHER;
        found.push(held.strip.cells());
      }
      return found;
    },
    forget() {
      for (const endpointSeq of strips.keys()) {
        if (directory.endpoint(endpointSeq) === undefined) strips.delete(endpointSeq);
      }
    },
  };
}
