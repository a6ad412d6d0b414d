/** The api room over a real store in memory, real rooms of work, and an engine that does only what a test tells it. */
import { openPeople } from "../../daemon/manage/people.ts";
import { createPasswords } from "../../daemon/system/passwords.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ApiNeeds, Check } from "../../daemon/api/needs.ts";
import { createApi, SERVER_SETTINGS } from "../../daemon/api/server.ts";
import type { Upgrade } from "../../daemon/api/upgrade.ts";
import type { Outcome } from "../../daemon/domain/attempt.ts";
import { createDirectory } from "../../daemon/domain/directory.ts";
import { createIdMaker } from "../../daemon/domain/id.ts";
import type { Settlement } from "../../daemon/domain/delivery.ts";
import type { Admission, Change, Feed, Ingest, SchemaChecker } from "../../daemon/domain/ports.ts";
import { createShownRequest } from "../../daemon/delivery/shown-request.ts";
import { checkGrantForAll, egressRules } from "../../daemon/egress/rules.ts";
import type { IngestNeeds } from "../../daemon/ingest/accept.ts";
import { createIngest } from "../../daemon/ingest/accept.ts";
import { createSchemaProblems } from "../../daemon/ingest/schemas.ts";
import { createApplications } from "../../daemon/manage/applications.ts";
import { createDeletion } from "../../daemon/manage/deletion.ts";
import { createEndpoints } from "../../daemon/manage/endpoints.ts";
import { createEventTypes } from "../../daemon/manage/event-types.ts";
import { openKeys } from "../../daemon/manage/keys.ts";
import { createMotion } from "../../daemon/manage/motion.ts";
import type { SettingsDesk } from "../../daemon/manage/office-settings.ts";
import { openSettingsDesk } from "../../daemon/manage/office-settings.ts";
import { createReplay } from "../../daemon/manage/replay.ts";
import { createKeyring } from "../../daemon/manage/secrets.ts";
import { fillDirectory } from "../../daemon/manage/start.ts";
import { createTurns } from "../../daemon/manage/turns.ts";
import type { Store } from "../../daemon/storage/store.ts";
import { openStore } from "../../daemon/storage/store.ts";
import type { Insight } from "../../daemon/upkeep/insight.ts";
import { openInsight } from "../../daemon/upkeep/insight.ts";
import { openChance } from "../../daemon/system/chance.ts";
import { createSchemaChecker } from "../../daemon/system/schemas.ts";
import { openTimers } from "../../daemon/system/timers.ts";
import { createVault } from "../../daemon/system/vault.ts";

export const NOON_MS = Date.UTC(2026, 0, 31, 12);
export const ROOT_KEY = "a-key-for-the-whole-instance";

export interface HouseOptions {
  readonly basePath?: string;
  readonly eventBytesMax?: number;
  readonly requestBytesMax?: number;
  readonly backlogMax?: number;
  /** Stands in for what was wired. */
  readonly replace?: (needs: ApiNeeds) => Partial<ApiNeeds>;
}

type House = Awaited<ReturnType<typeof openHouse>>;
export type ApiHouse = House;

/** Closed by `await using`, however the test ends. */
export async function openHouse(options: HouseOptions = {}) {
  const parts = await openRooms(options);
  const needs = { ...parts.needs, ...options.replace?.(parts.needs) };
  const api = createApi(needs);
  const socketDir = mkdtempSync(join(tmpdir(), "posthorn-api-"));
  const socketPath = join(socketDir, "api.sock");
  const open = await listen(api.handler, api.upgrade, { port: 0, host: "127.0.0.1" });
  const local = await listen(api.localHandler, api.localUpgrade, { path: socketPath });
  const { port } = open.address() as AddressInfo;
  return {
    ...parts,
    needs,
    api,
    port,
    socketPath,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const server of [open, local]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
      rmSync(socketDir, { recursive: true, force: true });
      parts.schemas.stop();
      parts.store.close();
    },
  };
}

function listen(
  handler: RequestListener,
  { wants, take }: Upgrade,
  where: { port: number; host: string } | { path: string },
): Promise<Server> {
  const server = createServer({ ...SERVER_SETTINGS, shouldUpgradeCallback: wants }, handler);
  server.on("upgrade", take);
  return new Promise((resolve) => server.listen(where, () => resolve(server)));
}

async function openRooms(options: HouseOptions) {
  const time = { nowMs: NOON_MS };
  const clock = { nowMs: () => time.nowMs, wallMs: () => time.nowMs };
  const timers = createTestTimers();
  const chance = openChance();
  const ids = createIdMaker(clock.nowMs, chance.bytes);
  const store = openStore({
    path: ":memory:",
    beforeMigration: () => undefined,
    newId: (prefix) => ids.next(prefix),
    nowMs: clock.nowMs,
  });
  const directory = createDirectory();
  await fillDirectory(store.office, directory);
  const feed = createTestFeed();
  const dispatcher = createTestDispatcher();
  const log = createTestLog();
  const schemas = createSchemaChecker({ timers: openTimers(), log });
  const shared = { store: store.office, directory, dispatcher, ids, chance, clock, timers, feed };
  const insight = openInsight({
    ...shared,
    store: store.statistics,
    load: dispatcher.load,
    log,
  });
  const ingest = openIngest(shared, { store, schemas, insight, backlogMax: options.backlogMax });
  const vault = createVault(new Uint8Array(32).fill(7), chance);
  const keyring = createKeyring(vault);
  const takeTurns = createTurns();
  const keys = await openKeys(shared);
  await keys.ensureKey(ROOT_KEY);
  const ready: { checks: readonly Check[] } = { checks: [{ name: "store", ok: true, detail: "" }] };
  const rejected: string[] = [];
  const settings = await openTestSettings(store);
  const needs: ApiNeeds = {
    settings,
    config: configFor(options),
    ...STRANGERS,
    people: await peopleOf({ ...shared, store: store.accounts, vault, log }),
    version: "1.2.3",
    directory,
    read: store.reads,
    insight,
    live: { connect: () => undefined },
    ingest,
    dispatcher,
    feed,
    clock,
    timers,
    chance,
    log,
    applications: createApplications(shared),
    keys,
    endpoints: createEndpoints({
      ...shared,
      vault,
      keyring,
      rules: egressRules(settings.grants),
      defaults: () => settings.read().endpointDefaults,
      takeTurns,
    }),
    deletion: createDeletion({ ...shared, takeTurns }),
    eventTypes: createEventTypes({ ...shared, schemas }),
    motion: createMotion({ ...shared, store: { ...store.office, ...store.reads } }),
    replay: createReplay(shared),
    shownRequest: createShownRequest({
      ...shared,
      ...keyring,
      read: store.reads,
      userAgent: "Posthorn/1",
    }),
    readiness: async () => ready.checks,
    report: async () => ({ ...REPORT, database: await store.report.size() }),
    metrics: metricsInto(rejected),
  };
  return { needs, schemas, store, time, timers, feed, dispatcher, log, ready, rejected };
}

function peopleOf(needs: Omit<Parameters<typeof openPeople>[0], "passwords">) {
  return openPeople({ ...needs, passwords: createPasswords(needs.chance) });
}

function metricsInto(rejected: string[]): ApiNeeds["metrics"] {
  return {
    rejected: (code) => void rejected.push(code),
    page: async () => ({ contentType: "text/plain; version=0.0.4", text: "posthorn_up 1\n" }),
  };
}

type Shared = Pick<IngestNeeds, "directory" | "dispatcher" | "ids" | "clock" | "timers" | "feed">;

function openIngest(
  shared: Shared,
  given: {
    readonly store: Store;
    readonly schemas: SchemaChecker;
    readonly insight: Insight;
    readonly backlogMax: number | undefined;
  },
): Ingest {
  const { store, schemas, insight, backlogMax } = given;
  return createIngest({
    ...shared,
    store: store.events,
    pace: { allowance: () => Infinity, accepted: () => undefined },
    schemaProblems: createSchemaProblems(shared.directory, schemas),
    backlog: () => 0,
    hasDiskSpace: () => true,
    backlogMax: backlogMax ?? 1_000,
    onAccepted(_events, _deliveries, byApplication) {
      for (const [seq, count] of byApplication) insight.statistics.accepted(seq, count);
    },
  });
}

const REPORT = {
  node: "24.0.0",
  sqlite: "3.54.1",
  platform: "linux x64",
  startedAtMs: NOON_MS,
  memoryBytes: 1,
  diskFreeBytes: 1,
  jobs: [],
  watchers: 0,
} as const;
function openTestSettings(store: Store): Promise<SettingsDesk> {
  return openSettingsDesk({
    store: store.settings,
    configured: { egressAllow: [], retentionDays: 30, isRetentionPinned: false },
    checkGrant: checkGrantForAll,
    onGrants: () => undefined,
  });
}

/** Nobody stands in front, and everybody is at home. */
const STRANGERS = {
  proxies: { isTrustedProxy: () => false, authHeader: null },
  isOwnNetwork: () => true,
  page: null,
} as const;

function configFor(options: HouseOptions): ApiNeeds["config"] {
  const basePath = options.basePath ?? "";
  return { basePath, limits: limitsFor(options), authHeaderRole: "viewer", settings: [] };
}

function limitsFor(options: HouseOptions): ApiNeeds["config"]["limits"] {
  return {
    eventBytesMax: options.eventBytesMax ?? 10_000,
    requestBytesMax: options.requestBytesMax ?? 100_000,
    backlogMax: options.backlogMax ?? 1_000,
    concurrencyMax: 256,
    windowBytesMax: 1_000_000,
    responseBytesMax: 16_384,
    diskFreeBytesMin: 0,
    shutdownMs: 1_000,
  };
}

/** `soon` is real; what waits for a time runs when the test says so. */
function createTestTimers() {
  const waiting = new Set<{ readonly delayMs: number; readonly run: () => void }>();
  return {
    waiting,
    soon: (run: () => void) => void setImmediate(run),
    after(delayMs: number, run: () => void) {
      const entry = { delayMs, run };
      waiting.add(entry);
      return () => void waiting.delete(entry);
    },
    fire() {
      for (const { run } of waiting) run();
      waiting.clear();
    },
  };
}

function createTestFeed(): Feed & { readonly watcherCount: number } {
  const watchers = new Set<(changes: readonly Change[]) => void>();
  return {
    get watcherCount() {
      return watchers.size;
    },
    isWatched: () => watchers.size > 0,
    publish(changes) {
      for (const watch of watchers) watch(changes);
    },
    subscribe(watch) {
      watchers.add(watch);
      return () => void watchers.delete(watch);
    },
  };
}

/** Takes what it is given and sends nothing. */
function createTestDispatcher() {
  const admitted: Admission[] = [];
  const inFlight = new Set<number>();
  return {
    admitted,
    inFlight,
    isBlocked: false,
    admit: (admissions: readonly Admission[]) => void admitted.push(...admissions),
    wake: () => undefined,
    endpointChanged: () => undefined,
    isInFlight: (seq: number) => inFlight.has(seq),
    load: () => ({ inFlight: inFlight.size, ready: 0 }),
  };
}

function createTestLog() {
  const lines: { readonly level: string; readonly message: string; readonly fields: unknown }[] =
    [];
  const at = (level: string) => (message: string, fields?: unknown) =>
    void lines.push({ level, message, fields });
  return { lines, info: at("info"), warn: at("warn"), error: at("error") };
}

/** Records that the engine made the attempt that the last admission asked for, and how it ended. */
export async function endLastAttempt(
  house: Pick<House, "dispatcher" | "store" | "time" | "feed" | "needs">,
  outcome: Outcome,
  settlement: Settlement,
): Promise<void> {
  const { dispatcher, store, time, feed, needs } = house;
  const admission = dispatcher.admitted.at(-1);
  if (admission === undefined) throw new Error("nothing was admitted");
  const { seq, endpointSeq, id, orderingKey } = admission.delivery;
  const record = {
    deliverySeq: seq,
    deliveryId: id,
    endpointSeq,
    attemptId: `att_${seq}`,
    number: 1,
    startedAtMs: time.nowMs,
    outcome,
    variant: null,
    requestHeaders: "webhook-id: evt_1\nauthorization: ***",
    settlement,
    orderingKey,
  };
  await store.deliveries.recordAttempts([record], [], time.nowMs);
  needs.insight.statistics.attempted([record]);
  const said = { deliveryId: id, endpointSeq, eventId: admission.event.id, eventType: "a" };
  const last = { attemptCount: 1, lastStatus: null, lastError: null, dueAtMs: settlement.dueAtMs };
  const { state } = settlement;
  feed.publish([{ kind: "attempted", ...said, ...last, state, attempt: null }]);
}

export function answered(status: number, body: Uint8Array | string, isCut = false): Outcome {
  const headerLines = "content-type: text/plain\nset-cookie: a=1\nset-cookie: b=2";
  const response = { headerLines, excerpt: Buffer.from(body), isCut };
  return { kind: "answered", status, retryAfter: null, control: null, response, durationMs: 12 };
}

export const DELIVERED: Settlement = {
  state: "delivered",
  hold: null,
  dueAtMs: null,
  endReason: "accepted",
  disables: null,
  slowsForMs: null,
};

/** An ingest that keeps what it was given and answers at once. */
export function createTestIngest(): Ingest & {
  readonly events: Parameters<Ingest["accept"]>[0][number][];
} {
  const events: Parameters<Ingest["accept"]>[0][number][] = [];
  return {
    events,
    async accept(given) {
      events.push(...given);
      return given.map(() => ({ kind: "accepted", eventId: "evt_1", deliveryCount: 1 }) as const);
    },
    acceptTest: () => Promise.reject(new Error("not asked for")),
    acceptNotice: async () => undefined,
    backlogCounted: () => undefined,
  };
}
