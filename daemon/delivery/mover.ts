import type { Directory } from "../domain/directory.ts";
import type { Clock, Log, Timers } from "../domain/ports.ts";
import type { DeliveryStore } from "../domain/stores.ts";

const CHUNK = 1_000;
const RETRY_AFTER_MS = 1_000;

export interface MoverNeeds {
  readonly store: DeliveryStore;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly onMoved: (endpointSeq: number) => void;
}

/**
 * Works off endpoint transitions (deliveries into `held` or out of it) in chunks, giving way to everything else between two.
 * The transition is stored with the endpoint and cleared with the last chunk, so a crash leaves only the rest to do.
 */
export function createMover(needs: MoverNeeds): { move(endpointSeq: number): void; stop(): void } {
  const { store, directory, clock, timers } = needs;
  const moving = new Set<number>();
  let isStopped = false;

  function move(endpointSeq: number): void {
    if (moving.has(endpointSeq)) return;
    moving.add(endpointSeq);
    step(endpointSeq);
  }

  function step(endpointSeq: number): void {
    timers.soon(() => {
      if (isStopped) return;
      moveChunk(endpointSeq).then(
        (isDone) => {
          if (isDone) moving.delete(endpointSeq);
          else step(endpointSeq);
        },
        (error: unknown) => {
          needs.log.error("held deliveries can't be moved; trying again", { error });
          timers.after(RETRY_AFTER_MS, () => step(endpointSeq));
        },
      );
    });
  }

  async function moveChunk(endpointSeq: number): Promise<boolean> {
    const endpoint = directory.endpoint(endpointSeq);
    if (endpoint === undefined || endpoint.transition === null) return true;
    const { transition } = endpoint;
    const hold = endpoint.state === "disabled" ? "disabled" : "paused";
    const query = { endpointSeq, transition, hold, limit: CHUNK, nowMs: clock.nowMs() } as const;
    const { moved, isDone } = await store.moveHeld(query);
    if (moved > 0) needs.onMoved(endpointSeq);
    if (!isDone) return false;
    const now = directory.endpoint(endpointSeq);
    if (now?.transition !== transition) return false;
    directory.putEndpoint({ ...now, transition: null });
    return true;
  }

  return {
    move,
    stop() {
      isStopped = true;
    },
  };
}
