import { join } from "node:path";

import type { Engine } from "../../daemon/delivery/engine.ts";
import { createEngine } from "../../daemon/delivery/engine.ts";
import type { Directory } from "../../daemon/domain/directory.ts";
import { createDirectory } from "../../daemon/domain/directory.ts";
import type { Endpoint, EndpointSettings } from "../../daemon/domain/endpoint.ts";
import { ENDPOINT_DEFAULTS, UNTRIED } from "../../daemon/domain/endpoint.ts";
import type { IdMaker } from "../../daemon/domain/id.ts";
import { createIdMaker } from "../../daemon/domain/id.ts";
import type { Feed, IncomingEvent } from "../../daemon/domain/ports.ts";
import type { EventStore } from "../../daemon/domain/stores.ts";
import { createSender } from "../../daemon/egress/post.ts";
import { createSystemResolver } from "../../daemon/egress/resolver.ts";
import { prepare } from "../../daemon/ingest/prepare.ts";
import { ensureDefaultApplication } from "../../daemon/storage/applications.ts";
import type { Connection } from "../../daemon/storage/open.ts";
import { openDatabase } from "../../daemon/storage/open.ts";
import type { Store } from "../../daemon/storage/store.ts";
import { storeOn } from "../../daemon/storage/store.ts";
import { openChance } from "../../daemon/system/chance.ts";
import { openClock } from "../../daemon/system/clock.ts";
import { openTimers } from "../../daemon/system/timers.ts";
import { decodeSecret, makeSecret } from "../../sdk/src/wire/secret.ts";
import { makeFolder } from "./children.ts";
import { EVENT_DATA } from "./event.ts";

export type BenchEndpoint = Partial<EndpointSettings> & { readonly url: string };

/** The daemon's store on a real file, with endpoints. */
export interface BenchStore {
  readonly store: Store;
  readonly connection: Connection;
  readonly ids: IdMaker;
  readonly applicationSeq: number;
  readonly endpoints: readonly Endpoint[];
  close(): void;
}

/** The daemon's engine on its store, without its API: what the delivery benchmarks measure. */
export interface BenchOffice extends Omit<BenchStore, "close"> {
  readonly engine: Engine;
  readonly directory: Directory;
  /** Attempts that ended since the start. */
  ended(): number;
  /** Adds `count` events of about 1 KB, one delivery each, at each endpoint in turn. */
  prefill(count: number): Promise<void>;
  /** The endpoints send nothing until they are resumed; what is added meanwhile waits in the file. */
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

const clock = openClock();
const chance = openChance();
const timers = openTimers();
const DEAF: Feed = {
  isWatched: () => false,
  publish: () => undefined,
  subscribe: () => () => undefined,
};
const COMMIT = 500;
const TICK_MS = 1_000;

export async function openBenchStore(settings: readonly BenchEndpoint[]): Promise<BenchStore> {
  const folder = makeFolder("store");
  const ids = createIdMaker(clock.nowMs, chance.bytes);
  const path = join(folder.path, "posthorn.db");
  const connection = openDatabase({ path, beforeMigration: () => undefined });
  ensureDefaultApplication(connection, { newId: () => ids.next("app"), nowMs: clock.nowMs });
  const store = storeOn(connection);
  const [application] = await store.office.applications();
  const applicationSeq = application?.seq ?? 0;
  const endpoints: Endpoint[] = [];
  for (const each of settings) {
    const made = newEndpoint(each, applicationSeq, ids.next("ep"));
    endpoints.push(await store.office.createEndpoint(made));
  }
  return {
    store,
    connection,
    ids,
    applicationSeq,
    endpoints,
    close() {
      store.close();
      folder.remove();
    },
  };
}

export async function openOffice(
  settings: readonly BenchEndpoint[],
  limits: { readonly concurrencyMax: number },
  feed: Feed = DEAF,
): Promise<BenchOffice> {
  const opened = await openBenchStore(settings);
  const { store, ids, endpoints } = opened;
  const directory = createDirectory();
  for (const each of await store.office.applications()) directory.putApplication(each);
  for (const endpoint of endpoints) directory.putEndpoint(endpoint);
  const sender = createSender({
    instanceGrants: ["127.0.0.0/8"],
    resolve: createSystemResolver(),
    timers,
    nowMs: () => performance.now(),
    proxy: null,
  });
  let ended = 0;
  const engine = createEngine({
    ...engineNeeds(directory, limits.concurrencyMax),
    feed,
    store: store.deliveries,
    side: store.side,
    sender,
    ids,
    onAttempt: () => (ended += 1),
  });
  const setStates = (state: Endpoint["state"]): void => {
    for (const { seq } of endpoints) {
      const endpoint = directory.endpoint(seq);
      if (endpoint !== undefined) directory.putEndpoint({ ...endpoint, state });
      engine.endpointChanged(seq);
    }
  };
  const ticking = setInterval(() => engine.tick(), TICK_MS);
  return {
    ...opened,
    engine,
    directory,
    ended: () => ended,
    prefill: (count) => prefill(store.events, endpoints, { count, ids }),
    pause: () => setStates("paused"),
    resume: () => setStates("active"),
    async close() {
      clearInterval(ticking);
      await engine.stop(1_000);
      await sender.close();
      await store.side.stop();
      opened.close();
    },
  };
}

function engineNeeds(directory: Directory, concurrencyMax: number) {
  const decoded = decodeSecret("standard", makeSecret(chance.bytes(32)));
  if (decoded.kind === "problem") throw new Error(decoded.message);
  const keys = [decoded.key];
  return {
    directory,
    clock,
    chance,
    timers,
    log: { info: () => undefined, warn: console.warn, error: console.error },
    limits: { concurrencyMax, windowBytesMax: 64 * 1_048_576 },
    userAgent: "Posthorn/bench",
    keysOf: () => keys,
    authOf: () => null,
    headersOf: () => ({}),
    onEndpointDisabled: () => undefined,
    onAttemptsRecorded: () => undefined,
    onDeliveryEnded: () => undefined,
  };
}

/** Adds events of about 1 KB, one delivery each, at each endpoint in turn, in commits of 500. */
export async function prefill(
  events: EventStore,
  endpoints: readonly Endpoint[],
  { count, ids }: { readonly count: number; readonly ids: IdMaker },
): Promise<void> {
  for (let done = 0; done < count; done += COMMIT) {
    const batch = Array.from({ length: Math.min(COMMIT, count - done) }, (_, i) => {
      const endpoint = endpoints[(done + i) % endpoints.length] as Endpoint;
      const event = incoming(endpoint.applicationSeq);
      return prepare(event, [endpoint], clock.nowMs(), ids, false).entry;
    });
    await events.acceptEvents(batch);
  }
}

function incoming(applicationSeq: number): IncomingEvent {
  return {
    applicationSeq,
    type: "invoice.paid",
    tenant: null,
    id: null,
    occurredAtMs: null,
    orderingKey: null,
    idempotencyKey: null,
    contentType: null,
    data: EVENT_DATA,
    value: undefined,
  };
}

function newEndpoint(
  settings: BenchEndpoint,
  applicationSeq: number,
  id: string,
): Omit<Endpoint, "seq"> {
  return {
    id,
    applicationSeq,
    settings: { ...ENDPOINT_DEFAULTS, eventTypes: ["*"], ...settings },
    state: "active",
    disabledReason: null,
    stateChangedAtMs: 0,
    transition: null,
    health: UNTRIED,
    secrets: [],
    sealedAuth: null,
    createdAtMs: 0,
    updatedAtMs: 0,
  };
}
