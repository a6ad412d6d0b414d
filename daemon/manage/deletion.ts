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
   * Resolves when the endpoint and all that waited for it are gone. `not_found` for an unknown one.
   */
  deleteEndpoint(applicationSeq: number, id: string): Promise<void>;
  /** Ends deletions that were begun and not ended; may be repeated. Returns how many. */
  finishDeletions(): Promise<number>;
}

export interface DeletionNeeds {
  readonly store: Pick<
    OfficeStore,
    "endpoints" | "updateEndpoint" | "cancelChunk" | "deleteEndpoint"
  >;
  readonly directory: Directory;
  readonly dispatcher: Pick<Dispatcher, "endpointChanged">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly timers: Pick<Timers, "soon">;
  readonly takeTurns: TakeTurns;
}

export function createDeletion(needs: DeletionNeeds): Deletion {
  const { store, directory, dispatcher, clock, timers, takeTurns } = needs;

  async function finish(seq: number): Promise<void> {
    // First of all, so that an event which was matched before, and is about to be committed, is
    // cancelled with the rest.
    await giveWay(timers);
    while ((await store.cancelChunk(seq, "endpoint_deleted", CHUNK, clock.nowMs())) > 0) {
      await giveWay(timers);
    }
    await store.deleteEndpoint(seq);
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
      const begun = (await store.endpoints()).filter(({ transition }) => transition === "delete");
      for (const { seq } of begun) await finish(seq);
      return begun.length;
    },
  };
}
