import type { DeliveryStore, EventStore, StoreTrouble } from "../../daemon/domain/stores.ts";
import { StoreUnavailable } from "../../daemon/domain/stores.ts";

/** Stands before each commit of a real store: holds it back, or refuses it as a full disk would. */
export interface CommitGate {
  /** Refuse from now on; null: let through again. */
  trouble: StoreTrouble | null;
  /** What each commit was of: "accept 3", "record 1"… in the order in which they were asked for. */
  readonly asked: string[];
  hold(): void;
  /** Lets through what was held back, and what comes after it. */
  release(): void;
  pass(what: string): Promise<void>;
  /** What reading due deliveries rejects with; null: nothing. */
  readTrouble: Error | null;
  /** From now on what was read of due deliveries is handed over only when reads are released. */
  holdReads(): void;
  releaseReads(): void;
  passRead(): Promise<void>;
}

export function createCommitGate(): CommitGate {
  let held: (() => void)[] | null = null;
  let reads: (() => void)[] | null = null;
  const asked: string[] = [];
  const gate: CommitGate = {
    trouble: null,
    readTrouble: null,
    asked,
    hold() {
      held ??= [];
    },
    release() {
      const waiting = held ?? [];
      held = null;
      for (const go of waiting) go();
    },
    holdReads() {
      reads ??= [];
    },
    releaseReads() {
      const waiting = reads ?? [];
      reads = null;
      for (const go of waiting) go();
    },
    async passRead() {
      if (gate.readTrouble !== null) throw gate.readTrouble;
      if (reads !== null) await new Promise<void>((resolve) => reads?.push(resolve));
    },
    async pass(what) {
      asked.push(what);
      if (held !== null) await new Promise<void>((resolve) => held?.push(resolve));
      if (gate.trouble !== null) throw new StoreUnavailable(gate.trouble, null);
    },
  };
  return gate;
}

interface Stores {
  readonly events: EventStore;
  readonly deliveries: DeliveryStore;
}

export function behindGate({ events, deliveries }: Stores, gate: CommitGate): Stores {
  return {
    events: {
      async acceptEvents(batch) {
        await gate.pass(`accept ${batch.length}`);
        return events.acceptEvents(batch);
      },
    },
    deliveries: {
      ...deliveries,
      async dueDeliveries(query) {
        const found = await deliveries.dueDeliveries(query);
        await gate.passRead();
        return found;
      },
      async recordAttempts(attempts, health, nowMs) {
        await gate.pass(`record ${attempts.length}`);
        return deliveries.recordAttempts(attempts, health, nowMs);
      },
      async moveHeld(query) {
        await gate.pass(`move ${query.transition}`);
        return deliveries.moveHeld(query);
      },
    },
  };
}
