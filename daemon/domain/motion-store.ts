/** The part of the store that puts deliveries back in motion, calls them off, and counts what either would concern. */
import type { Delivery } from "./delivery.ts";

export interface MotionStore {
  /**
   * Put one delivery back in motion: due at `nowMs`, its table from the start; held for `order` while another of its key is pending.
   * Null when it or its endpoint was deleted meanwhile.
   */
  resend(
    deliverySeq: number,
    hold: "paused" | "disabled" | null,
    nowMs: number,
  ): Promise<Delivery | null>;
  /** Ends it where it has not ended; the delivery as it is then. */
  cancel(deliverySeq: number, nowMs: number): Promise<Delivery | null>;
  /** The same for many, in one commit; one that has another state by now, or has lost its endpoint, is left. Those that were moved. */
  resendMany(
    wanted: readonly {
      readonly seq: number;
      readonly state: Delivery["state"];
      readonly hold: "paused" | "disabled" | null;
    }[],
    nowMs: number,
  ): Promise<Delivery[]>;
  /** Ends those of them that have not ended, in one commit, and tells which. */
  cancelMany(deliverySeqs: readonly number[], nowMs: number): Promise<Delivery[]>;
  /** What `recoverChunk` would move, and its rows stay as they are. */
  failedChunk(
    query: Omit<RecoverQuery, "hold">,
  ): Promise<{ rows: FailedRow[]; next: RecoverPlace | null }>;
  /** Looks at the next `limit` deliveries that a resume would let go, by their numbers; null at the end. */
  heldChunk(query: {
    endpointSeq: number;
    hold: "paused" | "disabled";
    afterSeq: number;
    limit: number;
  }): Promise<HeldCount & { next: number | null }>;
  /** One chunk of the deliveries whose last failure is not before a time (exhausted, or waiting for a retry); tests are left out. */
  recoverChunk(query: RecoverQuery): Promise<{ moved: number; next: RecoverPlace | null }>;
  /** One chunk of an endpoint's deliveries that are not final, cancelled. */
  cancelChunk(
    endpointSeq: number,
    reason: "cancelled" | "endpoint_deleted",
    limit: number,
    nowMs: number,
  ): Promise<number>;
}

/** How far recovering has come: first what is exhausted, by when it was made, then what waits, by when it is due. */
export interface RecoverPlace {
  readonly part: "exhausted" | "waiting";
  readonly atMs: number;
  readonly seq: number;
}

/** How many held deliveries there are, and how many of them are the newest of their ordering key, or have none. */
export interface HeldCount {
  readonly all: number;
  readonly latestPerKey: number;
}

export interface FailedRow {
  readonly id: string;
  readonly lastError: string | null;
  /** When its last attempt ended. */
  readonly failedAtMs: number;
}

export interface RecoverQuery {
  readonly endpointSeq: number;
  readonly sinceMs: number;
  /** Only what last failed so. */
  readonly error?: string;
  /** From the chunk before; null for the first. */
  readonly after: RecoverPlace | null;
  readonly limit: number;
  readonly hold: "paused" | "disabled" | null;
  readonly nowMs: number;
}
