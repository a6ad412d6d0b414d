/**
 * What everything stands on: the folder and its lock, the file, the vault, and what is kept in memory of them. A daemon builds
 * its rooms of work on it; `posthorn admin` and `doctor` take it, or a look at it, while no daemon runs.
 */
import { join } from "node:path";
import type { Config } from "./domain/config.ts";
import type { Directory } from "./domain/directory.ts";
import { createDirectory } from "./domain/directory.ts";
import { StartRefused } from "./domain/errors.ts";
import { createFeed } from "./domain/feed.ts";
import type { IdMaker } from "./domain/id.ts";
import { createIdMaker } from "./domain/id.ts";
import type { Chance, Clock, Feed, Log, Timers, Vault } from "./domain/ports.ts";
import type { Resolver } from "./egress/resolver.ts";
import { createSystemResolver } from "./egress/resolver.ts";
import { fillDirectory } from "./manage/start.ts";
import type { DatabaseCheck } from "./storage/check.ts";
import { checkDatabase, sealedSample } from "./storage/check.ts";
import { copyDatabase } from "./storage/copy.ts";
import { lockDataDir } from "./storage/lock.ts";
import type { Store } from "./storage/store.ts";
import { openStore } from "./storage/store.ts";
import { openChance } from "./system/chance.ts";
import { openClock } from "./system/clock.ts";
import type { DataDir } from "./system/data-dir.ts";
import { dataDirAt, openDataDir } from "./system/data-dir.ts";
import { openTimers } from "./system/timers.ts";
import { openVault } from "./system/vault.ts";

/** What a test may put in the place of the machine's own. */
export interface Machine {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly timers: Timers;
  readonly resolve: Resolver;
}

/** Things opened one after another, closed the other way round, also when opening the next one failed. */
export type Closers = (() => Promise<void> | void)[];

export function withDefaults(machine: Partial<Machine>): Machine {
  return {
    clock: machine.clock ?? openClock(),
    chance: machine.chance ?? openChance(),
    timers: machine.timers ?? openTimers(),
    resolve: machine.resolve ?? createSystemResolver(),
  };
}

/** The ground that everything stands on: the folder and its lock, the file, the vault, and what is kept in memory. */
export interface Ground extends Machine {
  readonly config: Config;
  readonly log: Log;
  readonly closers: Closers;
  readonly dataDir: DataDir;
  readonly store: Store;
  readonly vault: Vault;
  readonly ids: IdMaker;
  readonly directory: Directory;
  readonly feed: Feed;
}

export async function openGround(
  config: Config,
  log: Log,
  machine: Machine,
  closers: Closers,
): Promise<Ground> {
  const ledger = await openLedger(config.dataDir, machine, closers);
  const { store } = ledger;
  const directory = createDirectory();
  await fillDirectory(store.office, directory);
  const feed = createFeed((error) => log.error("a watcher of the feed threw", { error }));
  return { ...machine, ...ledger, config, log, closers, directory, feed };
}

/** What is on the disk: of this process alone until it is closed. */
type Ledger = Pick<Ground, "dataDir" | "store" | "vault" | "ids">;

/** Throws `StartRefused`, or what the store refuses with; what is open then is among the closers. */
export async function openLedger(
  path: string,
  { clock, chance }: Pick<Machine, "clock" | "chance">,
  closers: Closers,
): Promise<Ledger> {
  const dataDir = openDataDir(path);
  const lock = lockDataDir(dataDir.path, process.pid);
  closers.push(() => lock.release());
  const ids = createIdMaker(clock.nowMs, chance.bytes);
  const store = openStoreIn(dataDir, clock.nowMs, () => ids.next("app"));
  closers.push(() => store.close());
  closers.push(() => store.side.stop());
  return { dataDir, ids, store, vault: await openVaultFor(dataDir, store, chance) };
}

function openStoreIn(dataDir: DataDir, nowMs: () => number, newId: () => string): Store {
  return openStore({
    path: dataDir.database,
    nowMs,
    newId,
    // A forward-only migration is only safe with the way back beside it.
    beforeMigration: (file, version) => {
      copyDatabase(file, join(dataDir.path, `posthorn.before-migration-${version}.db`));
    },
  });
}

/** A new key may be made only where nothing is sealed with an old one. */
async function openVaultFor(dataDir: DataDir, store: Store, chance: Chance): Promise<Vault> {
  const endpoints = await store.office.endpoints();
  const { vault } = openVault(dataDir.key, endpoints.length === 0, chance);
  const owner = endpoints.find(({ secrets }) => secrets.length > 0);
  const sealed = owner?.secrets[0]?.sealed;
  if (owner === undefined || sealed === undefined) return vault;
  refuseWrongKey(vault, dataDir.key, owner.id, sealed);
  return vault;
}

function refuseWrongKey(vault: Vault, key: string, owner: string, sealed: Uint8Array): void {
  try {
    vault.open(owner, sealed);
  } catch (error) {
    const got = "another one; put the right one back from a backup";
    const message = `expected ${key} to be the key of the secrets in the database, got ${got}`;
    throw new StartRefused(message, { cause: error });
  }
}

export async function closeAll(closers: Closers): Promise<void> {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
}

/** For `posthorn doctor`: why a daemon would refuse to start with the key in this folder; null where it would not. */
export function examineKey(dataDir: string): string | null {
  const { key, database } = dataDirAt(dataDir);
  try {
    const { vault } = openVault(key, false, openChance());
    const sample = sealedSample(database);
    if (sample !== null) refuseWrongKey(vault, key, sample.owner, sample.sealed);
    return null;
  } catch (error) {
    if (error instanceof StartRefused) return error.message;
    throw error;
  }
}

/** For `posthorn doctor`: a look at a database that no daemon uses now. Changes nothing. */
export function examineDatabase(path: string): DatabaseCheck {
  return checkDatabase(path);
}
