import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createApi, SERVER_SETTINGS } from "./api/server.ts";
import type { Engine } from "./delivery/engine.ts";
import { createEngine } from "./delivery/engine.ts";
import { createShownRequest } from "./delivery/shown-request.ts";
import type { EngineNeeds } from "./delivery/needs.ts";
import type { Config } from "./domain/config.ts";
import type { Endpoint } from "./domain/endpoint.ts";
import { DISABLED_EVENT_TYPE } from "./domain/event.ts";
import type { PageFiles } from "./domain/page.ts";
import type { Ingest, Log } from "./domain/ports.ts";
import { checkGrantForAll, egressRules } from "./egress/rules.ts";
import type { CountedSender } from "./egress/post.ts";
import { createSender } from "./egress/post.ts";
import { createIngest } from "./ingest/accept.ts";
import { createPace } from "./ingest/pace.ts";
import { createSchemaProblems } from "./ingest/schemas.ts";
import type { SettingsDesk } from "./manage/office-settings.ts";
import { openSettingsDesk } from "./manage/office-settings.ts";
import type { Office } from "./manage/office.ts";
import { openOffice } from "./manage/office.ts";
import type { People } from "./manage/people.ts";
import { openPeople } from "./manage/people.ts";
import type { Keyring } from "./manage/secrets.ts";
import { createKeyring } from "./manage/secrets.ts";
import { refusal } from "./storage/open.ts";
import { monotonicMs } from "./system/clock.ts";
import { dataDirAt, diskFreeBytes } from "./system/data-dir.ts";
import { openLoopGauge } from "./system/loop.ts";
import type { Door } from "./system/door.ts";
import { openDoor } from "./system/door.ts";
import { createLive } from "./live/server.ts";
import type { Metrics } from "./system/metrics.ts";
import { createMetrics } from "./system/metrics.ts";
import { createNetwork, OWN_NETWORK } from "./system/networks.ts";
import { readPageFiles } from "./system/page-files.ts";
import { createPasswords } from "./system/passwords.ts";
import type { Schedule } from "./system/schedule.ts";
import { startSchedule } from "./system/schedule.ts";
import { createSchemaChecker } from "./system/schemas.ts";
import type { Gauges } from "./upkeep/gauges.ts";
import { createGauges } from "./upkeep/gauges.ts";
import type { Insight } from "./upkeep/insight.ts";
import { openInsight } from "./upkeep/insight.ts";
import { createJobs } from "./upkeep/jobs.ts";
import type { Readiness } from "./upkeep/readiness.ts";
import { createReadiness } from "./upkeep/readiness.ts";
import type { Report, ReportNeeds } from "./upkeep/report.ts";
import { createReport } from "./upkeep/report.ts";
import { createRetention } from "./upkeep/retention.ts";
import { VERSION } from "./version.ts";
import type { Closers, Ground, Machine } from "./ground.ts";
import { closeAll, openGround, withDefaults } from "./ground.ts";

/** Where packaging/build-web.mjs puts the page. */
const WEB_DIST = join(import.meta.dirname, "..", "web", "dist");

/** A running daemon. */
export interface App {
  /** Where it listens, as a producer would write it. */
  readonly url: string;
  readonly localSocket: string | null;
  readonly hasPage: boolean;
  /** Of this start; null where somebody had an account by then. */
  readonly claimCode: string | null;
  /** Takes no more events, ends what is under way within `limits.shutdownMs`, closes the file. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Where the rooms meet. Throws `StartRefused` (or what the store refuses with) and leaves nothing open where
 * things are not as they must be.
 */
export async function startApp(
  config: Config,
  log: Log,
  machine: Partial<Machine> = {},
): Promise<App> {
  const closers: Closers = [];
  try {
    const ground = await openGround(config, log, withDefaults(machine), closers);
    return await open(ground, await openWork(ground));
  } catch (error) {
    await closeAll(closers);
    throw refusal(error, dataDirAt(config.dataDir).database);
  }
}

/** The rooms of work, and what they are watched by. */
interface Work {
  readonly engine: Engine;
  readonly ingest: Ingest;
  readonly office: Office;
  readonly settings: SettingsDesk;
  readonly people: People;
  readonly readiness: Readiness;
  readonly insight: Insight;
  readonly gauges: Gauges;
  readonly metrics: Metrics;
  readonly shownRequest: ReturnType<typeof createShownRequest>;
}

async function openWork(ground: Ground): Promise<Work> {
  const { config, store, dataDir, directory } = ground;
  const keyring = createKeyring(ground.vault);
  const sender = openSender(ground);
  const settings = await openSettings(ground, sender);
  const schemas = createSchemaChecker(ground);
  ground.closers.push(() => schemas.stop());
  const gauges = createGauges({
    read: store.reads,
    load: () => engine.load(null),
    diskFreeBytes: () => diskFreeBytes(dataDir.path),
  });
  const metrics = createMetrics(gauges);
  const insight = openInsight({
    ...ground,
    store: store.statistics,
    load: (endpointSeq) => engine.load(endpointSeq),
  });
  const { statistics } = insight;
  let ended = 0;
  const engine = openEngine(ground, sender, keyring, {
    onAttempt(outcome) {
      ended += 1;
      metrics.attempted(outcome);
    },
    onAttemptsRecorded: statistics.attempted,
    onDeliveryEnded: metrics.deliveryEnded,
    onEndpointDisabled: (endpoint) => giveNotice(ground, ingest, endpoint),
  });
  const readiness = createReadiness({
    store: store.upkeep,
    diskFreeBytes: () => diskFreeBytes(dataDir.path),
    diskFreeBytesMin: config.limits.diskFreeBytesMin,
    isBlocked: () => engine.isBlocked,
    nowMs: monotonicMs,
  });
  const ingest: Ingest = createIngest({
    ...ground,
    store: store.events,
    dispatcher: engine,
    pace: createPace({
      loopBusy: openLoopGauge().busySinceLast,
      load: (isReadyWanted) => ({ ready: isReadyWanted ? engine.readyAtProven() : 0, ended }),
    }),
    schemaProblems: createSchemaProblems(directory, schemas),
    backlog: gauges.waitingOf,
    backlogMax: config.limits.backlogMax,
    hasDiskSpace: () => readiness.hasDiskSpace,
    onAccepted(events, _deliveries, byApplication) {
      metrics.eventsAccepted(events);
      for (const [seq, count] of byApplication) statistics.accepted(seq, count);
    },
  });
  const office = await openOffice({
    ...ground,
    store: { ...store.office, ...store.reads },
    dispatcher: engine,
    keyring,
    rules: egressRules(settings.grants),
    defaults: () => settings.read().endpointDefaults,
    schemas,
  });
  const people = await openPeople({
    ...ground,
    store: store.accounts,
    passwords: createPasswords(ground.chance),
  });
  const shownRequest = createShownRequest({
    ...ground,
    ...keyring,
    read: store.reads,
    userAgent: userAgentOf(config),
  });
  return {
    engine,
    ingest,
    office,
    settings,
    people,
    readiness,
    insight,
    gauges,
    metrics,
    shownRequest,
  };
}

/** What people settle beside the configuration; the guard is told of each change. */
async function openSettings(
  { config, store }: Ground,
  sender: CountedSender,
): Promise<SettingsDesk> {
  const { egressAllow, retentionDays } = config;
  const pinned = config.settings.find(({ name }) => name === "retention_days");
  const isRetentionPinned = pinned !== undefined && pinned.origin !== "default";
  const settings = await openSettingsDesk({
    store: store.settings,
    configured: { egressAllow, retentionDays, isRetentionPinned },
    checkGrant: checkGrantForAll,
    onGrants: sender.allow,
  });
  sender.allow(settings.grants());
  return settings;
}

function openEngine(
  ground: Ground,
  sender: CountedSender,
  keyring: Keyring,
  listeners: Pick<
    EngineNeeds,
    "onAttempt" | "onAttemptsRecorded" | "onDeliveryEnded" | "onEndpointDisabled"
  >,
): Engine {
  const { config, store } = ground;
  return createEngine({
    ...ground,
    store: store.deliveries,
    // On one processor another thread would only take turns with this one.
    side: availableParallelism() > 1 ? store.side : null,
    sender,
    limits: config.limits,
    userAgent: userAgentOf(config),
    keysOf: keyring.keysOf,
    authOf: keyring.authOf,
    headersOf: keyring.headersOf,
    ...listeners,
  });
}

function openSender({ config, resolve, timers, closers }: Ground): CountedSender {
  const sender = createSender({
    instanceGrants: config.egressAllow,
    resolve,
    timers,
    nowMs: monotonicMs,
    proxy: config.egressProxy,
    userAgent: userAgentOf(config),
    responseBytesMax: config.limits.responseBytesMax,
  });
  closers.push(() => sender.close());
  return sender;
}

function userAgentOf({ userAgent }: Config): string {
  return userAgent ?? `Posthorn/${VERSION}`;
}

/** Tells whoever subscribed to it, by an event of the daemon's own, that an endpoint was disabled. */
function giveNotice({ log }: Ground, ingest: Ingest, endpoint: Endpoint): void {
  const { id, applicationSeq, settings, disabledReason, stateChangedAtMs } = endpoint;
  const value = {
    endpoint_id: id,
    url: settings.url,
    reason: disabledReason,
    disabled_at: new Date(stateChangedAtMs).toISOString(),
  };
  ingest.acceptNotice(applicationSeq, DISABLED_EVENT_TYPE, value).catch((error: unknown) => {
    log.error("the notice of a disabled endpoint was not accepted", { endpoint: id, error });
  });
}

/** Opens the door last, and starts the engine once the address is ours: a second daemon must not send anything. */
async function open(ground: Ground, work: Work): Promise<App> {
  const { config, closers } = ground;
  const { engine, office, people, insight } = work;
  if (config.bootstrapApiKey !== null) await office.keys.ensureKey(config.bootstrapApiKey);
  await makeFirstAdmin(config, people);
  const page = readPageFiles(WEB_DIST);
  await work.gauges.count();
  await work.readiness.look();
  let schedule: Schedule | null = null;
  const door = await openDoorTo(ground, work, page, () => schedule?.report() ?? []);
  closers.push(door.close);
  closers.push(() => office.keys.flushUsed());
  closers.push(() => people.audit.flush());
  closers.push(() => insight.statistics.flushAll());
  closers.push(() => engine.stop(config.limits.shutdownMs));
  await engine.start();
  schedule = startUpkeep(ground, work, door);
  let stopping: Promise<void> | null = null;
  return {
    url: door.url,
    localSocket: config.socketPath,
    hasPage: page !== null,
    claimCode: people.accounts.isSetUp() ? null : people.claim.code,
    stop: () => (stopping ??= closeAll(closers)),
  };
}

async function openDoorTo(
  ground: Ground,
  work: Work,
  page: PageFiles | null,
  jobs: ReportNeeds["jobs"],
): Promise<Door> {
  const { config, log, store, timers } = ground;
  const { engine, ingest, office, settings, people, readiness, insight, metrics } = work;
  const proxies = createNetwork(config.trustedProxies);
  const live = createLive({
    ...ground,
    build: page?.build ?? VERSION,
    totals: insight.totals,
    flowOf: insight.statistics.flowOf,
    waitingAt: store.statistics.waitingAt,
  });
  const api = createApi({
    ...ground,
    version: VERSION,
    read: store.reads,
    ...office,
    people,
    proxies: { isTrustedProxy: proxies.has, authHeader: config.authHeader },
    isOwnNetwork: OWN_NETWORK.has,
    page,
    settings,
    ingest,
    dispatcher: engine,
    insight,
    shownRequest: work.shownRequest,
    live,
    readiness: () => readiness.checks(),
    report: reportOf(ground, { jobs, watchers: () => live.watcherCount }),
    metrics: { rejected: metrics.rejected, page: metrics.page },
  });
  const door = await openDoor({ ...config, ...api, settings: SERVER_SETTINGS, timers, log });
  // Together: the door waits for its connections, and those of watchers end only when they are told to.
  const close = async () => void (await Promise.all([live.stop(), door.close()]));
  return { ...door, close };
}

function startUpkeep(ground: Ground, work: Work, door: Door): Schedule {
  const { config, log, store, closers } = ground;
  const { engine, ingest, office, settings, people, readiness, insight, gauges } = work;
  const retention = createRetention({
    ...ground,
    store: store.upkeep,
    nowMs: ground.clock.nowMs,
    retentionDays: () => settings.read().retentionDays,
  });
  const jobs = createJobs({
    engine,
    ingest,
    office,
    people,
    statistics: insight.statistics,
    readiness,
    retention,
    count: gauges.count,
  });
  const schedule = startSchedule(jobs, log);
  closers.push(async () => {
    retention.stop();
    office.deletion.stop();
    // All at once: what each may take is the whole of the time that a stop has.
    await Promise.all([schedule.stop(), door.close(), engine.stop(config.limits.shutdownMs)]);
  });
  return schedule;
}

function reportOf(
  { store, clock, dataDir }: Ground,
  lookers: Pick<ReportNeeds, "jobs" | "watchers">,
): () => Promise<Report> {
  const { versions, platform, arch } = process;
  const facts = {
    node: versions.node,
    sqlite: store.report.sqliteVersion(),
    platform: `${platform} ${arch}`,
    startedAtMs: clock.wallMs(),
  };
  return createReport({
    ...lookers,
    facts,
    memoryBytes: () => process.memoryUsage.rss(),
    size: store.report.size,
    diskFreeBytes: () => diskFreeBytes(dataDir.path),
    nowMs: monotonicMs,
  });
}

/** Only where nobody has an account yet: later the password is its owner's to change, not the environment's. */
async function makeFirstAdmin({ adminPassword }: Config, { accounts }: People): Promise<void> {
  if (adminPassword === null || accounts.isSetUp()) return;
  await accounts.createFirst("admin", adminPassword);
}
