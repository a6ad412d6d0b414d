import type { Timers } from "../../daemon/domain/ports.ts";
import type { DeliveryStore, SideStore } from "../../daemon/domain/stores.ts";
import { isSuccess } from "../../daemon/storage/success-columns.ts";
import type { Seeded } from "../support/seeded.ts";

/** Milliseconds until a task is begun, and again until its answer is heard of. */
const LATE_MS_MAX = 20;

/**
 * The side store as a thread makes it to be: one task after the other, each done some time after it was asked for and answered some
 * time after that, while the loop goes on. Now and then there is no thread.
 */
export function createLateSide(store: DeliveryStore, timers: Timers, seeded: Seeded): SideStore {
  let last: Promise<unknown> = Promise.resolve();

  const later = (): Promise<void> =>
    new Promise((resolve) => {
      timers.after(seeded.whole(0, LATE_MS_MAX), resolve);
    });

  async function inTurn<Answer>(task: () => Promise<Answer>): Promise<Answer> {
    const answer = last.then(later).then(task);
    last = answer.catch(() => undefined);
    try {
      return await answer;
    } finally {
      // Told later than it was done, which the next task doesn't wait for.
      await later();
    }
  }

  return {
    batchMin: 1,
    takes: (record) => isSuccess(record) && seeded.happens(0.9),
    async recordSuccesses(successes, nowMs) {
      await inTurn(() => store.recordAttempts(successes, [], nowMs));
    },
    dueDeliveries(query) {
      if (!seeded.happens(0.9)) return null;
      // What is claimed is told when it is asked.
      const except = new Set(query.except);
      return inTurn(() => store.dueDeliveries({ ...query, except }));
    },
    stop: () => Promise.resolve(),
  };
}
