import type { Directory } from "../domain/directory.ts";
import type { Clock, Dispatcher, Timers } from "../domain/ports.ts";
import type { OfficeStore } from "../domain/stores.ts";
import { endpointOf } from "./lookup.ts";
import type { TakeTurns } from "./turns.ts";
import { giveWay } from "./give-way.ts";

const CHUNK = 500;

/**
 * Deleting an endpoint takes as long as it has deliveries that wait, so it is marked first: from
 * then on it is in no list and gets no event, and what a crash leaves undone is done at the next
 * start.
 */
export interface Deletion {
  /**
   * Resolves when the endpoint and all that waited for it are gone, or at `stop`, which leaves the
   * rest to the next start. `not_found` for an unknown one.
   */
  deleteEndpoint(applicationSeq: number, id: string): Promise<void>;
  /** Ends deletions that were begun and not ended; may be repeated. Returns how many it ended. */
  finishDeletions(): Promise<number>;
  /** No further chunk is begun: the daemon stops, and its file is about to be closed. */
  stop(): void;
}

export interface DeletionNeeds {
  readonly store: Pick<
    OfficeStore,
    "endpointsToDelete" | "updateEndpoint" | "cancelChunk" | "deleteEndpoint"
  >;
  readonly directory: Directory;
  readonly dispatcher: Pick<Dispatcher, "endpointChanged">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly timers: Pick<Timers, "soon">;
  readonly takeTurns: TakeTurns;
}

export function createDeletion(needs: DeletionNeeds): Deletion {
  const { store, directory, dispatcher, clock, timers, takeTurns } = needs;

  let isStopped = false;

  /** False where it was stopped before its end. */
  async function finish(seq: number): Promise<boolean> {
    // First of all, so that an event which was matched before, and is about to be committed, is
    // cancelled with the rest.
    await giveWay(timers);
    while (!isStopped) {
      const cancelled = await store.cancelChunk(seq, "endpoint_deleted", CHUNK, clock.nowMs());
      if (cancelled === 0) {
        await store.deleteEndpoint(seq);
        return true;
      }
      await giveWay(timers);
    }
    return false;
  }

  async function mark(applicationSeq: number, id: string): Promise<number> {
    const { seq } = endpointOf(directory, applicationSeq, id);
    const verdict = { state: "disabled", disabledReason: "operator" } as const;
    await store.updateEndpoint(seq, { ...verdict, transition: "delete", atMs: clock.nowMs() });
    directory.removeEndpoint(seq);
    dispatcher.endpointChanged(seq);
    return seq;
  }

  return {
    async deleteEndpoint(applicationSeq, id) {
      const { seq } = endpointOf(directory, applicationSeq, id);
      await takeTurns(seq, () => mark(applicationSeq, id));
      await finish(seq);
    },
    async finishDeletions() {
      let ended = 0;
      for (const { seq } of isStopped ? [] : await store.endpointsToDelete()) {
        if (!(await finish(seq))) break;
        ended += 1;
      }
      return ended;
    },
    stop() {
      isStopped = true;
    },
  };
}
