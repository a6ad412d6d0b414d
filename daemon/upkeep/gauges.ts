import type { Dispatcher } from "../domain/ports.ts";
import type { ReadStore } from "../domain/stores.ts";

export interface GaugesNeeds {
  readonly read: Pick<ReadStore, "totals" | "waitingByApplication" | "size">;
  readonly load: () => ReturnType<Dispatcher["load"]>;
  readonly diskFreeBytes: () => Promise<number>;
}

/** Numbers that cost a look at the file, looked up once a second and remembered. */
export interface Gauges {
  count(): Promise<void>;
  waitingOf(applicationSeq: number): number;
  deliveries(): { readonly pending: number; readonly held: number; readonly inFlight: number };
  readyDeliveries(): number;
  diskFreeBytes(): Promise<number>;
  databaseBytes(): Promise<number>;
}

export function createGauges({ read, load, diskFreeBytes }: GaugesNeeds): Gauges {
  let pending = 0;
  let held = 0;
  let byApplication: ReadonlyMap<number, number> = new Map();
  return {
    async count() {
      ({ pending, held } = await read.totals());
      byApplication = await read.waitingByApplication();
    },
    waitingOf: (applicationSeq) => byApplication.get(applicationSeq) ?? 0,
    deliveries: () => ({ pending, held, inFlight: load().inFlight }),
    readyDeliveries: () => load().ready,
    diskFreeBytes,
    async databaseBytes() {
      const { databaseBytes, walBytes } = await read.size();
      return databaseBytes + walBytes;
    },
  };
}
