import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";

import type { AttemptRecord, DueDelivery } from "../../daemon/domain/stores.ts";
import type { BigStore } from "./big-store.ts";
import { buildStore } from "./big-store.ts";
import type { Figure, Finding, Scale } from "./report.ts";
import { interleave, median, ratio, shown } from "./report.ts";

const CLAIM = 100;
const RECORD = 64;
/** Each claims and records once; the small store's pending half must last for all rounds. */
const TURNS = 8;
const BYTES_MAX = 1_048_576;
const SMALL = 10_000;
const HUGE = 10_000_000;
const HUGE_FREE_BYTES = 20 * 2 ** 30;

/** Microseconds per row. */
interface Cost {
  readonly claimUs: number;
  readonly recordUs: number;
}

/** (e) Whether reading what is due and recording what was done cost the same, however many rows there are. */
export async function benchStoreSize({ pairs, isQuick, isFull }: Scale): Promise<Finding> {
  const rounds = Math.min(pairs, roundsMax());
  const sizes = [
    SMALL,
    isQuick ? 100_000 : 1_000_000,
    ...(isFull && hasRoomForHuge() ? [HUGE] : []),
  ];
  const stores: BigStore[] = [];
  try {
    for (const rows of sizes) stores.push(await buildStore(rows));
    const runs = stores.map((store) => [`${store.rows}`, () => turns(store)] as const);
    const costs = await interleave<string, Cost>(rounds, Object.fromEntries(runs));
    return { kind: "measured", figures: figuresOf(stores, costs) };
  } finally {
    for (const store of stores) store.close();
  }
}

/** What the small store's pending half lasts for, with the round that warms up. */
function roundsMax(): number {
  return Math.floor((SMALL / 2 - CLAIM) / (RECORD * TURNS)) - 1;
}

function hasRoomForHuge(): boolean {
  const { bavail, bsize } = statfsSync(tmpdir());
  const hasRoom = bavail * bsize > HUGE_FREE_BYTES;
  if (!hasRoom) process.stderr.write("e: without 10 million rows, which need 20 GiB of disk\n");
  return hasRoom;
}

/** One round: the engine's own order of work, a claim and the record of what came of it. */
async function turns(store: BigStore): Promise<Cost> {
  const claims: number[] = [];
  const records: number[] = [];
  for (let i = 0; i < TURNS; i++) {
    const startedAtMs = performance.now();
    const claimed = await claim(store);
    const claimedAtMs = performance.now();
    const attempts = claimed.slice(0, RECORD).map((delivery) => delivered(store, delivery));
    const readyAtMs = performance.now();
    await store.store.deliveries.recordAttempts(attempts, [], Date.now());
    records.push(((performance.now() - readyAtMs) * 1_000) / RECORD);
    claims.push(((claimedAtMs - startedAtMs) * 1_000) / CLAIM);
  }
  return { claimUs: median(claims), recordUs: median(records) };
}

async function claim({ store, endpoints }: BigStore): Promise<DueDelivery[]> {
  const endpointSeq = endpoints[0]?.seq ?? 0;
  const except = new Set<number>();
  const claimed = await store.deliveries.dueDeliveries({
    endpointSeq,
    shape: "standard",
    nowMs: Date.now(),
    limit: CLAIM,
    bytesMax: BYTES_MAX,
    except,
  });
  if (claimed.length !== CLAIM) throw new Error(`expected ${CLAIM} due, got ${claimed.length}`);
  await store.deliveries.nextDueAtMs(endpointSeq, except);
  return claimed;
}

function delivered({ ids }: BigStore, delivery: DueDelivery): AttemptRecord {
  return {
    deliverySeq: delivery.seq,
    deliveryId: delivery.id,
    endpointSeq: delivery.endpointSeq,
    attemptId: ids.next("att"),
    number: 1,
    startedAtMs: Date.now(),
    outcome: {
      kind: "answered",
      status: 204,
      retryAfter: null,
      control: null,
      response: { headerLines: "", excerpt: new Uint8Array(), isCut: false },
      durationMs: 5,
    },
    variant: null,
    requestHeaders: "content-type: application/json\nuser-agent: Posthorn/bench",
    settlement: {
      state: "delivered",
      hold: null,
      dueAtMs: null,
      endReason: "accepted",
      disables: null,
      slowsForMs: null,
    },
    orderingKey: null,
  };
}

function figuresOf(stores: readonly BigStore[], costs: Readonly<Record<string, Cost[]>>): Figure[] {
  const small = costs[`${SMALL}`] ?? [];
  return stores.slice(1).flatMap(({ rows, builtInS, fileBytes }) => {
    const large = costs[`${rows}`] ?? [];
    const sizes = `${rows.toLocaleString("en")} rows to ${SMALL.toLocaleString("en")}`;
    const built = `; ${shown(fileBytes / 1e6)} MB built in ${builtInS.toFixed(0)} s`;
    const figure = (name: string, key: keyof Cost): Figure =>
      ratio({
        name: `${name}, per row: ${sizes}`,
        unit: "µs",
        wanted: { atMost: 1.5 },
        ours: large.map((cost) => cost[key]),
        theirs: small.map((cost) => cost[key]),
      });
    const claims = figure(`claim of ${CLAIM}`, "claimUs");
    const records = figure(`durable record of ${RECORD} attempts`, "recordUs");
    return [{ ...claims, note: `${claims.note}${built}` }, records];
  });
}
