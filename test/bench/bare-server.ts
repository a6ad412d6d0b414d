import { openPeople } from "../../daemon/manage/people.ts";
import { createPasswords } from "../../daemon/system/passwords.ts";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { createApi, SERVER_SETTINGS } from "../../daemon/api/server.ts";
import { createDirectory } from "../../daemon/domain/directory.ts";
import { createFeed } from "../../daemon/domain/feed.ts";
import { createIdMaker } from "../../daemon/domain/id.ts";
import type { Dispatcher } from "../../daemon/domain/ports.ts";
import type { EventStore } from "../../daemon/domain/stores.ts";
import { createIngest } from "../../daemon/ingest/accept.ts";
import { createPace } from "../../daemon/ingest/pace.ts";
import { createSchemaProblems } from "../../daemon/ingest/schemas.ts";
import type { SettingsDesk } from "../../daemon/manage/office-settings.ts";
import { openSettingsDesk } from "../../daemon/manage/office-settings.ts";
import { openOffice } from "../../daemon/manage/office.ts";
import { checkGrantForAll, egressRules } from "../../daemon/egress/rules.ts";
import { createKeyring } from "../../daemon/manage/secrets.ts";
import { fillDirectory } from "../../daemon/manage/start.ts";
import type { Store } from "../../daemon/storage/store.ts";
import { openStore } from "../../daemon/storage/store.ts";
import { openInsight } from "../../daemon/upkeep/insight.ts";
import { openChance } from "../../daemon/system/chance.ts";
import { openClock } from "../../daemon/system/clock.ts";
import { openLog } from "../../daemon/system/log.ts";
import { openLoopGauge } from "../../daemon/system/loop.ts";
import { createMetrics } from "../../daemon/system/metrics.ts";
import { createSchemaChecker } from "../../daemon/system/schemas.ts";
import { openTimers } from "../../daemon/system/timers.ts";
import { createVault } from "../../daemon/system/vault.ts";
import { end, endWithParent, launchServer, tellParent } from "./children.ts";

export interface BareServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** The daemon's way in without its store: the same listener, routes and ingest, with events that go nowhere. */
export async function startBareServer(key: string): Promise<BareServer> {
  const { child, port } = await launchServer(import.meta.filename, [key]);
  return { url: `http://127.0.0.1:${port}`, stop: () => end(child) };
}

/** Accepts at once whatever it is given, and keeps nothing. */
function createNoStore(): EventStore {
  let eventSeq = 0;
  return {
    acceptEvents: async (batch) =>
      batch.map(({ event, deliveries }) => {
        eventSeq += 1;
        const accepted = deliveries.map(({ id, endpointSeq, orderingKey, isTest }, i) => {
          const isPending = true;
          return { seq: eventSeq + i, id, endpointSeq, orderingKey, isTest, isPending };
        });
        return { kind: "accepted", eventSeq, eventId: event.id, deliveries: accepted };
      }),
  };
}

const dispatcher: Dispatcher & { readonly isBlocked: boolean } = {
  admit: () => undefined,
  wake: () => undefined,
  endpointChanged: () => undefined,
  isInFlight: () => false,
  load: () => ({ inFlight: 0, ready: 0 }),
  isBlocked: false,
};

const LIMITS = {
  eventBytesMax: 256 * 1_024,
  requestBytesMax: 8 * 1_048_576,
  backlogMax: 10_000_000,
  concurrencyMax: 256,
  windowBytesMax: 64 * 1_048_576,
  responseBytesMax: 16 * 1_024,
  diskFreeBytesMin: 0,
  shutdownMs: 1_000,
};

async function openRooms() {
  const clock = openClock();
  const chance = openChance();
  const timers = openTimers();
  const ids = createIdMaker(clock.nowMs, chance.bytes);
  // For keys and applications; it sees no event.
  const store = openStore({
    path: ":memory:",
    beforeMigration: () => undefined,
    newId: ids.next,
    nowMs: clock.nowMs,
  });
  const directory = createDirectory();
  await fillDirectory(store.office, directory);
  const feed = createFeed(() => undefined);
  const metrics = createMetrics({
    deliveries: () => ({ pending: 0, held: 0, inFlight: 0 }),
    readyDeliveries: () => 0,
    diskFreeBytes: async () => 0,
    databaseBytes: async () => 0,
  });
  return { clock, chance, timers, ids, store, directory, feed, metrics };
}

function openSettings(store: Store): Promise<SettingsDesk> {
  return openSettingsDesk({
    store: store.settings,
    configured: { egressAllow: [], retentionDays: 30, isRetentionPinned: false },
    checkGrant: checkGrantForAll,
    onGrants: () => undefined,
  });
}

async function openBareApi(key: string) {
  const rooms = await openRooms();
  const { clock, chance, timers, ids, store, directory, feed, metrics } = rooms;
  const log = openLog({ format: "text", level: "warn" });
  const schemas = createSchemaChecker({ timers, log });
  const loop = openLoopGauge();
  const ingest = createIngest({
    store: createNoStore(),
    directory,
    dispatcher,
    clock,
    timers,
    ids,
    feed,
    pace: createPace({ loopBusy: loop.busySinceLast, load: () => ({ ready: 0, ended: 0 }) }),
    schemaProblems: createSchemaProblems(directory, schemas),
    backlog: () => 0,
    backlogMax: LIMITS.backlogMax,
    hasDiskSpace: () => true,
    onAccepted: (events) => metrics.eventsAccepted(events),
  });
  const vault = createVault(chance.bytes(32), chance);
  const office = await openOffice({
    store: { ...store.office, ...store.reads },
    directory,
    dispatcher,
    vault,
    keyring: createKeyring(vault),
    ids,
    chance,
    clock,
    timers,
    feed,
    rules: egressRules(() => []),
    schemas,
  });
  await office.keys.ensureKey(key);
  const api = createApi({
    config: { basePath: "", limits: LIMITS, authHeaderRole: "viewer", settings: [] },
    settings: await openSettings(store),
    people: await openPeople({
      ids,
      chance,
      clock,
      timers,
      log,
      vault,
      store: store.accounts,
      passwords: createPasswords(chance),
    }),
    proxies: { isTrustedProxy: () => false, authHeader: null },
    isOwnNetwork: () => true,
    page: null,
    version: "0",
    directory,
    read: store.reads,
    shownRequest: async () => null,
    live: { connect: () => undefined },
    insight: openInsight({ ...rooms, store: store.statistics, load: dispatcher.load, log }),
    ...office,
    ingest,
    dispatcher,
    feed,
    clock,
    timers,
    chance,
    log,
    readiness: async () => [],
    report: () => Promise.reject(new Error("nobody asked for it")),
    metrics: { rejected: metrics.rejected, page: metrics.page },
  });
  setInterval(() => ingest.backlogCounted(), 1_000);
  return api.handler;
}

if (import.meta.main) {
  endWithParent();
  const server = createServer(SERVER_SETTINGS, await openBareApi(process.argv[2] ?? ""));
  server.keepAliveTimeout = SERVER_SETTINGS.keepAliveTimeout;
  server.listen(0, "127.0.0.1", () => tellParent((server.address() as AddressInfo).port));
}
