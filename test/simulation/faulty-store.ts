import type { DeliveryStore, EventStore } from "../../daemon/domain/stores.ts";
import { StoreUnavailable } from "../../daemon/domain/stores.ts";
import type { Seeded } from "../support/seeded.ts";

/** What can go wrong around a commit, drawn anew for each. */
export interface Faults {
  /** Probability that the process dies right before or right after a commit. */
  crash: number;
  isDiskFull: boolean;
}

/** One process' view of the store. Once dead it never answers: what waited for it waits for ever. */
export interface Incarnation {
  isAlive: boolean;
  readonly onCrash: () => void;
}

const never = new Promise<never>(() => undefined);

/** Wraps the real store: each writing call may find the disk full, or be the process' last one. */
export function withFaults<Store extends EventStore | DeliveryStore>(
  store: Store,
  writes: readonly (keyof Store)[],
  incarnation: Incarnation,
  faults: Faults,
  seeded: Seeded,
): Store {
  const wrapped = { ...store };
  for (const name of Object.keys(store) as (keyof Store)[]) {
    const call = store[name] as (...args: unknown[]) => Promise<unknown>;
    const isWrite = writes.includes(name);
    const guarded = async (...args: unknown[]): Promise<unknown> => {
      if (!incarnation.isAlive) return never;
      if (!isWrite) return call(...args);
      if (faults.isDiskFull) throw new StoreUnavailable("disk_full", null);
      if (seeded.happens(faults.crash)) return die(incarnation);
      const answer = await call(...args);
      if (seeded.happens(faults.crash)) return die(incarnation);
      return answer;
    };
    wrapped[name] = guarded as Store[keyof Store];
  }
  return wrapped;
}

function die(incarnation: Incarnation): Promise<never> {
  incarnation.isAlive = false;
  incarnation.onCrash();
  return never;
}
