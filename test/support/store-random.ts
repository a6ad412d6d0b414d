import assert from "node:assert/strict";

import type { Endpoint } from "../../daemon/domain/endpoint.ts";
import type { AcceptedDelivery, DeliveryRow } from "../../daemon/domain/stores.ts";
import type { Seeded } from "./seeded.ts";
import { createSeeded } from "./seeded.ts";
import type { Desk, Ending, Laws } from "./store-desk.ts";
import { lawsFor, START_MS } from "./store-desk.ts";

const SEEDS = 10;
const STEPS = 120;

/** A desk on which anything happens in any order, as an operator, producers and receivers would have it. */
interface Bustle {
  readonly desk: Desk;
  readonly seeded: Seeded;
  endpoints: Endpoint[];
  /** Attempts that were begun and are not recorded yet. */
  readonly underWay: Map<number, AcceptedDelivery & { number: number }>;
  nowMs: number;
}

export const randomLaws: Laws = lawsFor(
  Array.from({ length: SEEDS }, (_, i) => i + 1),
  (seed) => ({
    [`seed ${seed}: whatever is done, counts are true, order is kept and everything ends`]: async (
      desk,
    ) => {
      const bustle = await openBustle(desk, seed);
      for (let step = 0; step < STEPS; step++) {
        bustle.nowMs += bustle.seeded.whole(0, 3_000);
        await bustle.seeded.pick(ACTIONS)(bustle);
        await checkAll(bustle);
      }
      await finish(bustle);
    },
  }),
);

async function openBustle(desk: Desk, seed: number): Promise<Bustle> {
  const endpoints = [
    await desk.endpoint({ isOrdered: true }),
    await desk.endpoint({ isOrdered: true }),
    await desk.endpoint(),
  ];
  const seeded = createSeeded(seed);
  return { desk, seeded, endpoints, underWay: new Map(), nowMs: START_MS };
}

type Action = (bustle: Bustle) => Promise<unknown>;

const accept: Action = async ({ desk, seeded, endpoints, nowMs }) => {
  const key = seeded.pick(["k", "other", null]);
  const batch = Array.from({ length: seeded.whole(1, 3) }, () => {
    const event = desk.event(endpoints, { key, atMs: nowMs });
    const deliveries = event.deliveries.map((delivery, i) => {
      const state = endpoints[i]?.state ?? "active";
      // Now and then what was matched before a pause or a resume comes after it.
      const seen = seeded.happens(0.1) ? seeded.pick(["active", "paused"] as const) : state;
      return { ...delivery, hold: seen === "active" ? null : ("paused" as const) };
    });
    return { ...event, deliveries };
  });
  await desk.store.events.acceptEvents(batch);
};

const begin: Action = async (bustle) => {
  const { desk, seeded, underWay } = bustle;
  const endpoint = seeded.pick(bustle.endpoints);
  if (endpoint.state !== "active") return;
  for (const row of await dueRows(bustle, endpoint)) {
    if (seeded.happens(0.5)) continue;
    const number = row.attemptCount + 1;
    underWay.set(row.seq, { ...row, isPending: true, number });
  }
  assert.ok(desk.store);
};

function dueRows({ desk, underWay, nowMs }: Bustle, endpoint: Endpoint, more = {}) {
  const query = { endpointSeq: endpoint.seq, shape: "standard", limit: 5, bytesMax: 1e6 } as const;
  const except = new Set(underWay.keys());
  return desk.store.deliveries.dueDeliveries({ ...query, nowMs, except, ...more });
}

const end: Action = async ({ desk, seeded, endpoints, underWay, nowMs }) => {
  for (const [seq, delivery] of underWay) {
    if (seeded.happens(0.3)) continue;
    underWay.delete(seq);
    const state = endpoints.find((each) => each.seq === delivery.endpointSeq)?.state;
    const retry: Ending = state === "active" ? "retry" : "away";
    const ending = seeded.pick<Ending>(["ok", retry, retry, "exhausted"]);
    await desk.record(delivery, ending, nowMs, delivery.number);
  }
};

const turn: Action = async (bustle) => {
  const { desk, seeded, nowMs } = bustle;
  const endpoint = seeded.pick(bustle.endpoints);
  const release = seeded.pick(["release_all", "release_latest", "release_none"] as const);
  const change =
    endpoint.state === "active"
      ? ({ state: "paused", transition: "hold" } as const)
      : ({ state: "active", transition: release } as const);
  const changed = await desk.store.office.updateEndpoint(endpoint.seq, { ...change, atMs: nowMs });
  bustle.endpoints = bustle.endpoints.map((each) => (each.seq === endpoint.seq ? changed : each));
};

const move: Action = async (bustle) => {
  for (const endpoint of bustle.endpoints) await moveChunk(bustle, endpoint);
};

async function moveChunk(bustle: Bustle, endpoint: Endpoint): Promise<boolean> {
  const { transition, seq } = endpoint;
  if (transition === null) return true;
  const { deliveries } = bustle.desk.store;
  const chunk = { endpointSeq: seq, transition, limit: bustle.seeded.whole(1, 4) };
  const { isDone } = await deliveries.moveHeld({ ...chunk, hold: "paused", nowMs: bustle.nowMs });
  if (isDone) bustle.endpoints = await bustle.desk.store.office.endpoints();
  return isDone;
}

const operate: Action = async ({ desk, seeded, endpoints, nowMs }) => {
  const { office } = desk.store;
  const endpoint = seeded.pick(endpoints);
  const rows = await rowsOf(desk, endpoint);
  if (rows.length === 0) return;
  const hold = endpoint.state === "active" ? null : ("paused" as const);
  const row = seeded.pick(rows);
  const id = desk.id("dlv");
  const delivery = {
    id,
    endpointSeq: endpoint.seq,
    hold,
    orderingKey: row.orderingKey,
    isTest: false,
  };
  const recover = { endpointSeq: endpoint.seq, sinceMs: 0, after: null, limit: 3, hold, nowMs };
  await seeded.pick<() => Promise<unknown>>([
    () => office.resend(row.seq, hold, nowMs),
    () => office.resend(row.seq, hold, nowMs),
    () => office.cancel(row.seq, nowMs),
    () => office.cancel(row.seq, nowMs),
    () => office.recoverChunk(recover),
    () => office.cancelChunk(endpoint.seq, "cancelled", 2, nowMs),
    () => office.deliverAgain([{ eventSeq: row.eventSeq, delivery }], nowMs),
  ])();
};

const ACTIONS: readonly Action[] = [
  accept,
  begin,
  begin,
  end,
  end,
  turn,
  move,
  move,
  operate,
  operate,
];

async function rowsOf(desk: Desk, endpoint: Endpoint): Promise<readonly DeliveryRow[]> {
  const query = { applicationSeq: desk.applicationSeq, endpointSeq: endpoint.seq };
  const page = await desk.store.reads.deliveries({ ...query, limit: 10_000, after: null });
  assert.equal(page.next, null);
  return page.rows;
}

async function checkAll({ desk, endpoints }: Bustle): Promise<void> {
  for (const endpoint of endpoints) {
    const rows = await rowsOf(desk, endpoint);
    checkOrder(endpoint, rows);
    const { attempts, failedAttempts, ...states } = await desk.store.reads.counts(endpoint.seq);
    const recount = { pending: 0, held: 0, delivered: 0, exhausted: 0, cancelled: 0 };
    for (const row of rows) recount[row.state] += 1;
    assert.deepEqual(states, recount);
    const made = rows.reduce((sum, row) => sum + row.attemptCount, 0);
    assert.ok(attempts >= failedAttempts && attempts <= made, `${attempts} attempts, ${made} made`);
  }
}

function checkOrder(endpoint: Endpoint, rows: readonly DeliveryRow[]): void {
  if (!endpoint.settings.isOrdered) return;
  const open = rows.filter((row) => row.orderingKey !== null && row.endReason === null);
  for (const [key, ofKey] of Object.entries(Object.groupBy(open, (row) => row.orderingKey ?? ""))) {
    const pending = (ofKey ?? []).filter((row) => row.state === "pending");
    assert.ok(pending.length <= 1, `${pending.length} of key ${key} may go at once`);
    const isCalm = endpoint.state === "active" && endpoint.transition === null;
    if (isCalm) assert.equal(pending.length, 1, `none of key ${key} may go, though some wait`);
  }
}

/** Resumes everything and delivers it: nothing may be left that nobody would ever come back for. */
async function finish(bustle: Bustle): Promise<void> {
  const { desk } = bustle;
  const resume = { state: "active", transition: "release_all", atMs: bustle.nowMs } as const;
  for (const { seq } of bustle.endpoints) await desk.store.office.updateEndpoint(seq, resume);
  bustle.endpoints = await desk.store.office.endpoints();
  for (const endpoint of bustle.endpoints) while (!(await moveChunk(bustle, endpoint))) continue;
  bustle.underWay.clear();
  const later = { nowMs: bustle.nowMs + 1_000_000 };
  for (const endpoint of bustle.endpoints) {
    for (let rows = await dueRows(bustle, endpoint, later); rows.length > 0;) {
      for (const row of rows) {
        await desk.record({ ...row, isPending: true }, "ok", later.nowMs, row.attemptCount + 1);
      }
      rows = await dueRows(bustle, endpoint, later);
    }
  }
  await checkAll(bustle);
  const totals = await desk.store.reads.totals();
  assert.deepEqual([totals.pending, totals.held], [0, 0]);
}
