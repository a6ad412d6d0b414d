import type { RequestListener, Server } from "node:http";
import { createServer } from "node:http";
import { join } from "node:path";

import type { Api } from "./api/server.ts";
import { createApi, SERVER_SETTINGS } from "./api/server.ts";
import { createEngine } from "./delivery/engine.ts";
import type { Engine } from "./delivery/engine.ts";
import type { Config } from "./domain/config.ts";
import { createDirectory } from "./domain/directory.ts";
import { StartRefused } from "./domain/errors.ts";
import { createIdMaker } from "./domain/id.ts";
import type { Chance, Clock, Ingest, Log, Timers } from "./domain/ports.ts";
import { createFeed } from "./domain/feed.ts";
import { listenUrl } from "./domain/setting-forms.ts";
import { parseGrant } from "./egress/grant.ts";
import { createSender } from "./egress/post.ts";
import type { Resolver } from "./egress/resolver.ts";
import { createSystemResolver } from "./egress/resolver.ts";
import { checkUrl } from "./egress/target.ts";
import { createIngest } from "./ingest/accept.ts";
import { createPace } from "./ingest/pace.ts";
import { createSchemas } from "./ingest/schemas.ts";
import { openOffice } from "./manage/office.ts";
import { createKeyring } from "./manage/secrets.ts";
import { fillDirectory } from "./manage/start.ts";
import type { DatabaseCheck } from "./storage/check.ts";
import { checkDatabase } from "./storage/check.ts";
import { lockDataDir } from "./storage/lock.ts";
import type { Store } from "./storage/store.ts";
import { openStore } from "./storage/store.ts";
import { openChance } from "./system/chance.ts";
import { monotonicMs, openClock } from "./system/clock.ts";
import type { DataDir } from "./system/data-dir.ts";
import { diskFreeBytes, openDataDir } from "./system/data-dir.ts";
import { openLoopGauge } from "./system/loop.ts";
import { listenOnSocket } from "./system/local-socket.ts";
import { createMetrics } from "./system/metrics.ts";
import { startSchedule } from "./system/schedule.ts";
import { openTimers } from "./system/timers.ts";
import { openVault } from "./system/vault.ts";
import { createJobs } from "./upkeep/jobs.ts";
import { createReadiness } from "./upkeep/readiness.ts";
import { createRetention } from "./upkeep/retention.ts";
import { VERSION } from "./version.ts";

/** A running daemon. */
export interface App {
  /** Where it listens, as a producer would write it. */
  readonly url: string;
  readonly localSocket: string | null;
  /** Takes no more events, ends what is under way within `limits.shutdownMs`, closes the file. May be called twice. */
  stop(): Promise<void>;
}

/** What a test may put in the place of the machine's own. */
export interface Machine {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly timers: Timers;
  readonly resolve: Resolver;
}

/** Things opened one after another, closed the other way round, also when opening the next one failed. */
type Closers = (() => Promise<void> | void)[];

/**
 * The only place where the rooms meet. Throws `StartRefused` (or what the store refuses with) and leaves nothing open where
 * things are not as they must be.
 */
export async function startApp(
  config: Config,
  log: Log,
  machine: Partial<Machine> = {},
): Promise<App> {
  const closers: Closers = [];
  try {
    return await wire(config, log, withDefaults(machine), closers);
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

function withDefaults(machine: Partial<Machine>): Machine {
  return {
    clock: machine.clock ?? openClock(),
    chance: machine.chance ?? openChance(),
    timers: machine.timers ?? openTimers(),
    resolve: machine.resolve ?? createSystemResolver(),
  };
}

async function wire(config: Config, log: Log, machine: Machine, closers: Closers): Promise<App> {
  const { clock, chance, timers } = machine;
  const { limits } = config;
  const dataDir = openDataDir(config.dataDir);
  const lock = lockDataDir(dataDir.path, process.pid);
  closers.push(() => lock.release());
  const ids = createIdMaker(clock.nowMs, chance.bytes);
  const store = openStoreIn(dataDir, clock.nowMs, () => ids.next("app"));
  closers.push(() => store.close());
  const vault = await openVaultFor(dataDir, store, chance);
  const directory = createDirectory();
  await fillDirectory(store.office, directory);

  const feed = createFeed();
  const keyring = createKeyring(vault);
  const schemas = createSchemas(directory);
  const userAgent = config.userAgent ?? `Posthorn/${VERSION}`;
  const sender = createSender({
    instanceGrants: config.egressAllow,
    resolve: machine.resolve,
    timers,
    nowMs: monotonicMs,
    proxy: config.egressProxy,
    userAgent,
    responseBytesMax: limits.responseBytesMax,
  });
  closers.push(() => sender.close());
  const gauges = createGauges(store, dataDir, () => engine);
  const metrics = createMetrics(gauges);
  let ended = 0;
  const engine: Engine = createEngine({
    store: store.deliveries,
    sender,
    directory,
    clock,
    chance,
    timers,
    ids,
    feed,
    log,
    limits,
    userAgent,
    keysOf: keyring.keysOf,
    authOf: keyring.authOf,
    onAttempt(outcome) {
      ended += 1;
      metrics.attempted(outcome);
    },
    onDeliveryEnded: (state) => metrics.deliveryEnded(state),
  });
  let isStopping = false;
  const readiness = createReadiness({
    store: store.upkeep,
    diskFreeBytes: () => diskFreeBytes(dataDir.path),
    diskFreeBytesMin: limits.diskFreeBytesMin,
    isBlocked: () => engine.isBlocked,
    isStopping: () => isStopping,
  });
  const loop = openLoopGauge();
  const ingest: Ingest = createIngest({
    store: store.events,
    directory,
    dispatcher: engine,
    clock,
    timers,
    ids,
    feed,
    pace: createPace({
      loopBusy: loop.busySinceLast,
      load: () => ({ ready: engine.load(null).ready, ended }),
    }),
    schemaProblems: schemas.problemsWith,
    backlog: gauges.waiting,
    backlogMax: limits.backlogMax,
    hasDiskSpace: () => readiness.hasDiskSpace,
    onAccepted: (events) => metrics.eventsAccepted(events),
  });
  const office = await openOffice({
    store: { ...store.office, delivery: store.reads.delivery, counts: store.reads.counts },
    directory,
    dispatcher: engine,
    vault,
    keyring,
    ids,
    chance,
    clock,
    timers,
    feed,
    rules: { checkUrl: urlProblem, checkGrant: grantProblem },
    compileSchema: schemas.problemOf,
  });
  if (config.bootstrapApiKey !== null) await office.keys.ensureKey(config.bootstrapApiKey);
  const api = createApi({
    config,
    version: VERSION,
    directory,
    read: store.reads,
    ...office,
    ingest,
    dispatcher: engine,
    feed,
    clock,
    timers,
    chance,
    log,
    readiness: () => readiness.checks(),
    metrics: { rejected: metrics.rejected, page: metrics.page },
  });

  await gauges.count();
  await readiness.look();
  await engine.start();
  const retention = createRetention({
    store: store.upkeep,
    timers,
    nowMs: clock.nowMs,
    log,
    retentionDays: config.retentionDays,
  });
  const jobs = createJobs({ engine, ingest, office, readiness, retention, count: gauges.count });
  const schedule = startSchedule(jobs, log);

  const listeners = await listen(config, api, log);
  let stopping: Promise<void> | null = null;
  async function stop(): Promise<void> {
    isStopping = true;
    retention.stop();
    await Promise.all(listeners.servers.map(closeServer));
    await schedule.stop();
    await engine.stop(limits.shutdownMs);
    await office.keys.flushUsed();
    await closeAll(closers);
  }
  return {
    url: listeners.url,
    localSocket: listeners.localSocket,
    stop: () => (stopping ??= stop()),
  };
}

function openStoreIn(dataDir: DataDir, nowMs: () => number, newId: () => string): Store {
  return openStore({
    path: dataDir.database,
    nowMs,
    newId,
    // A forward-only migration is only safe with the way back beside it.
    beforeMigration: (file, version) => {
      const copy = join(dataDir.path, `posthorn.before-migration-${version}.db`);
      file.prepare("vacuum into ?").run(copy);
    },
  });
}

/** A new key may be made only where nothing is sealed with an old one. */
async function openVaultFor(dataDir: DataDir, store: Store, chance: Chance) {
  const sealed = (await store.office.endpoints()).length > 0;
  return openVault(dataDir.key, !sealed, chance).vault;
}

/** Numbers that cost a look at the file, looked up once a second and remembered. */
function createGauges(store: Store, dataDir: DataDir, engine: () => Engine) {
  let pending = 0;
  let held = 0;
  return {
    async count() {
      const totals = await store.reads.totals();
      ({ pending, held } = totals);
    },
    waiting: () => pending + held,
    deliveries: () => ({ pending, held, inFlight: engine().load(null).inFlight }),
    readyDeliveries: () => engine().load(null).ready,
    diskFreeBytes: () => diskFreeBytes(dataDir.path),
    async databaseBytes() {
      const { databaseBytes, walBytes } = await store.reads.size();
      return databaseBytes + walBytes;
    },
  };
}

function urlProblem(url: string): string | null {
  const checked = checkUrl(url);
  return checked.kind === "problem" ? checked.message : null;
}

function grantProblem(text: string): string | null {
  const parsed = parseGrant(text);
  return parsed.kind === "problem" ? parsed.message : null;
}

async function listen(config: Config, api: Api, log: Log) {
  const server = await listenOn(api.handler, config.listen);
  const servers = [server];
  if (config.socketPath !== null) {
    const local = newServer(api.localHandler);
    await listenOnSocket(local, config.socketPath);
    servers.push(local);
  } else {
    log.warn("no local socket (switched off, or its path is too long); the CLI needs a key");
  }
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : config.listen.port;
  const url = listenUrl(config.listen.host, port, config.basePath);
  return { servers, url, localSocket: config.socketPath };
}

function newServer(handler: RequestListener): Server {
  const server = createServer(SERVER_SETTINGS, handler);
  server.keepAliveTimeout = SERVER_SETTINGS.keepAliveTimeout;
  return server;
}

async function listenOn(handler: RequestListener, at: Config["listen"]): Promise<Server> {
  const server = newServer(handler);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const got = error.code === "EADDRINUSE" ? "an address in use" : error.message;
      reject(
        new StartRefused(`expected ${at.host}:${at.port} to be free to listen on, got ${got}`),
      );
    });
    server.listen(at.port, at.host, resolve);
  });
  return server;
}

/** Requests under way are answered; idle connections are closed at once. */
async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

async function closeAll(closers: Closers): Promise<void> {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
}

/** For `posthorn doctor`: a look at a database that no daemon uses now. Changes nothing. */
export function examineDatabase(path: string): DatabaseCheck {
  return checkDatabase(path);
}
