import type { Directory } from "../domain/directory.ts";
import type { Flow } from "../domain/flow.ts";
import type { Chance, Clock, Feed, Log, Timers } from "../domain/ports.ts";
import type { WaitingAt } from "../domain/statistics.ts";

/** What the live room asks of the others. */
export interface LiveNeeds {
  readonly directory: Directory;
  readonly feed: Feed;
  readonly clock: Pick<Clock, "nowMs" | "wallMs">;
  readonly timers: Pick<Timers, "after">;
  readonly chance: Pick<Chance, "bytes">;
  readonly log: Log;
  /** Of the page that is served now. */
  readonly build: string;
  totals(applicationSeq: number): Promise<{
    readonly pending: number;
    readonly held: number;
    readonly inFlight: number;
    readonly oldestWaitingAtMs: number | null;
  }>;
  flowOf(applicationSeq: number): { readonly total: Flow; readonly lastMinute: Flow };
  waitingAt(endpointSeqs: readonly number[]): Promise<ReadonlyMap<number, WaitingAt>>;
}

/** Who watches, as the api room found out before the connection was taken over. */
export interface Access {
  /** The one application that the watcher may see; null for any. */
  readonly applicationSeq: number | null;
  /** False once the session or the key that let them in has ended. */
  isGood(): boolean;
}

/** One watcher's connection. */
export interface Line {
  /** What was sent and has not left yet. */
  readonly unsentBytes: number;
  send(frame: Buffer | string): void;
  ping(): void;
  /** Says goodbye with a code and a word. */
  close(code: number, reason: string): void;
  /** At once and without a word. */
  cut(): void;
}
