import { createHash } from "node:crypto";

import { decodeSecret } from "../../sdk/src/wire/secret.ts";
import type { SigningKey } from "../../sdk/src/wire/secret.ts";
import type { Engine } from "../../daemon/delivery/engine.ts";
import { createEngine } from "../../daemon/delivery/engine.ts";
import type { Directory } from "../../daemon/domain/directory.ts";
import { createDirectory } from "../../daemon/domain/directory.ts";
import type { Sender } from "../../daemon/domain/attempt.ts";
import type { Endpoint } from "../../daemon/domain/endpoint.ts";
import { createIdMaker } from "../../daemon/domain/id.ts";
import type { IncomingEvent, Ingest } from "../../daemon/domain/ports.ts";
import { createIngest } from "../../daemon/ingest/accept.ts";
import { createPace } from "../../daemon/ingest/pace.ts";
import type { Store } from "../../daemon/storage/store.ts";
import { storeOn } from "../../daemon/storage/store.ts";
import { ensureDefaultApplication } from "../../daemon/storage/applications.ts";
import type { Connection } from "../../daemon/storage/open.ts";
import { openDatabase } from "../../daemon/storage/open.ts";
import type { FakeTime } from "../support/fake-time.ts";
import { createFakeTime } from "../support/fake-time.ts";
import type { Seeded } from "../support/seeded.ts";
import { createSeeded } from "../support/seeded.ts";
import type { Faults, Incarnation } from "./faulty-store.ts";
import { withFaults } from "./faulty-store.ts";
import { createLateSide } from "./late-side.ts";
import type { Ledger } from "./ledger.ts";
import { createLedger } from "./ledger.ts";
import type { Network } from "./network.ts";
import { createNetwork } from "./network.ts";
import type { PlannedEndpoint } from "./plan.ts";
import { planEndpoints } from "./plan.ts";

/** The daemon's heart of one life: from a start to the kill that ends it. */
export interface Life {
  readonly engine: Engine;
  readonly ingest: Ingest;
  readonly directory: Directory;
  readonly incarnation: Incarnation;
}

/** What outlives the daemon: the file, the receivers, time, and who keeps count. */
export interface World {
  readonly seeded: Seeded;
  readonly time: FakeTime;
  readonly store: Store;
  /** The file itself, for whoever checks it from outside. */
  readonly connection: Connection;
  readonly faults: Faults;
  readonly network: Network;
  readonly ledger: Ledger;
  readonly applicationSeq: number;
  readonly concurrencyMax: number;
  life: Life;
  crashes: number;
}

const TEXT_KEY = keyFor("digest", "a secret as text");
const STANDARD_KEY = keyFor("standard", `whsec_${Buffer.alloc(32, 7).toString("base64")}`);

function keyFor(shape: "digest" | "standard", text: string): SigningKey {
  const decoded = decodeSecret(shape, text);
  if (decoded.kind === "problem") throw new Error(decoded.message);
  return decoded.key;
}

/** A world by seed, with its endpoints made and the daemon started. */
export async function createWorld(seed: number): Promise<World> {
  const seeded = createSeeded(seed);
  const time = createFakeTime();
  const ids = createIdMaker(time.clock.nowMs, seeded.bytes);
  const connection = openDatabase({ path: ":memory:", beforeMigration: () => undefined });
  ensureDefaultApplication(connection, { newId: () => ids.next("app"), nowMs: time.clock.nowMs });
  const store = storeOn(connection);
  const [application] = await store.office.applications();
  const applicationSeq = application?.seq ?? 0;
  const planned = planEndpoints(seeded, applicationSeq);
  const byUrl = new Map<string, PlannedEndpoint>();
  for (const each of planned) {
    byUrl.set(each.endpoint.settings.url, each);
    await store.office.createEndpoint(each.endpoint);
  }
  const concurrencyMax = seeded.whole(2, 12);
  const ledger = createLedger(connection, time, concurrencyMax);
  const network = createNetwork({
    time,
    seeded,
    temperOf: (url) => byUrl.get(url)?.temper ?? "good",
    onPost: (post) => ledger.posted(post, world.life.directory),
    onEnd: (post) => ledger.ended(post),
  });
  const faults = { crash: seeded.pick([0, 0.002, 0.02]), isDiskFull: false };
  const world: World = {
    seeded,
    time,
    store,
    connection,
    faults,
    network,
    ledger,
    applicationSeq,
    concurrencyMax,
    life: undefined as never,
    crashes: 0,
  };
  await startLife(world);
  return world;
}

/** Starts the daemon on what the last life left behind. */
export async function startLife(world: World): Promise<void> {
  const { time, seeded, store, faults } = world;
  const incarnation: Incarnation = { isAlive: true, onCrash: () => undefined };
  const directory = await loadDirectory(store);
  const ids = createIdMaker(time.clock.nowMs, seeded.bytes);
  let ended = 0;
  const common = {
    directory,
    clock: time.clock,
    timers: aliveTimers(time, incarnation),
    ids,
    chance: seeded,
    feed: { isWatched: () => false, publish: () => undefined, subscribe: () => () => undefined },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  };
  const deliveries = withFaults(store.deliveries, DELIVERY_WRITES, incarnation, faults, seeded);
  const engine = createEngine({
    ...common,
    store: deliveries,
    side: seeded.happens(0.7) ? createLateSide(deliveries, common.timers, seeded) : null,
    sender: aliveSender(world.network, incarnation),
    limits: { concurrencyMax: world.concurrencyMax, windowBytesMax: seeded.pick([2_000, 1e6]) },
    userAgent: "Posthorn/simulated",
    keysOf: ({ settings }) => [settings.profile.kind === "standard" ? STANDARD_KEY : TEXT_KEY],
    authOf: () => null,
    headersOf: () => ({}),
    onAttempt: () => (ended += 1),
    onEndpointDisabled: () => undefined,
    onAttemptsRecorded: () => undefined,
    onDeliveryEnded: () => undefined,
  });
  const ingest = createIngest({
    ...common,
    store: withFaults(store.events, ["acceptEvents"], incarnation, faults, seeded),
    dispatcher: engine,
    pace: createPace({
      loopBusy: () => seeded.pick([0.5, 1]),
      load: () => ({ ready: engine.load(null).ready, ended }),
    }),
    schemaProblems: () => null,
    backlog: () => 0,
    backlogMax: 1e9,
    hasDiskSpace: () => true,
    onAccepted: () => undefined,
  });
  world.life = { engine, ingest, directory, incarnation };
  await engine.start();
}

const DELIVERY_WRITES = ["recordAttempts", "moveHeld"] as const;

/** A dead process runs nothing more, not even what its last microtasks set up. */
function aliveTimers(time: FakeTime, incarnation: Incarnation): FakeTime["timers"] {
  const guarded = (run: () => void) => () => {
    if (incarnation.isAlive) run();
  };
  return {
    soon: (run) => time.timers.soon(guarded(run)),
    after: (delayMs, run) => time.timers.after(delayMs, guarded(run)),
  };
}

function aliveSender(network: Network, incarnation: Incarnation): Sender {
  const never = new Promise<never>(() => undefined);
  return {
    ...network,
    post: (request, policy) => (incarnation.isAlive ? network.post(request, policy) : never),
  };
}

async function loadDirectory(store: Store): Promise<Directory> {
  const directory = createDirectory();
  for (const application of await store.office.applications()) {
    directory.putApplication(application);
  }
  for (const endpoint of await store.office.endpoints()) directory.putEndpoint(endpoint);
  return directory;
}

/** The process is gone from one moment to the next; the file, the receivers and the ledger are not. */
export function kill(world: World): void {
  world.life.incarnation.isAlive = false;
  world.crashes += 1;
  world.network.cut();
  world.ledger.cut();
  world.time.forgetAll();
}

export function randomEvent(world: World, number: number): IncomingEvent {
  const { seeded } = world;
  const value = { amount: seeded.whole(0, 100), note: "x".repeat(seeded.whole(0, 200)) };
  const isKeyed = seeded.happens(0.5);
  return {
    applicationSeq: world.applicationSeq,
    type: seeded.pick(["invoice.paid", "invoice.line.added", "user.created"]),
    tenant: seeded.pick([null, "north", "south"]),
    id: seeded.happens(0.1) ? `own-${number}` : null,
    occurredAtMs: null,
    orderingKey: seeded.happens(0.6) ? `key-${seeded.whole(1, 3)}` : null,
    idempotencyKey: isKeyed ? hashOf(`${number}`) : null,
    contentType: null,
    data: Buffer.from(JSON.stringify(value)),
    value,
  };
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** An operator's change, committed as the office does it: store, directory, engine. */
export async function changeEndpoint(
  world: World,
  endpoint: Endpoint,
  change: Parameters<Store["office"]["updateEndpoint"]>[1],
): Promise<void> {
  const updated = await world.store.office.updateEndpoint(endpoint.seq, change);
  world.life.directory.putEndpoint(updated);
  world.life.engine.endpointChanged(endpoint.seq);
}
