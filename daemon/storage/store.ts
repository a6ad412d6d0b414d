import type {
  DeliveryStore,
  EventStore,
  OfficeStore,
  ReadStore,
  SideStore,
  UpkeepStore,
} from "../domain/stores.ts";
import type { StoreReport } from "../domain/database-size.ts";
import type { AccountStore } from "../domain/account.ts";
import type { StatisticStore } from "../domain/statistics.ts";
import type { SettingsStore } from "../domain/office-settings.ts";
import { createAccountStore } from "./accounts.ts";
import { createApplicationKeeper, ensureDefaultApplication } from "./applications.ts";
import { createDeliveryStore } from "./deliveries.ts";
import { createEndpointKeeper } from "./endpoints.ts";
import { createEventTypeKeeper } from "./event-types.ts";
import { createEventStore } from "./events.ts";
import { createKeyKeeper } from "./keys.ts";
import { createMotion } from "./motion.ts";
import type { Connection, OpenOptions } from "./open.ts";
import { openDatabase } from "./open.ts";
import { createSettingsStore } from "./office-settings.ts";
import { createReadStore } from "./reads.ts";
import { createReplayer } from "./replay.ts";
import { databaseSize } from "./sizes.ts";
import { createStatisticStore } from "./statistics.ts";
import { createSideStore } from "./side.ts";
import { createUpkeepStore } from "./upkeep.ts";

/** Every port of the store, on one file. */
export interface Store {
  readonly events: EventStore;
  readonly deliveries: DeliveryStore;
  readonly side: SideStore;
  readonly reads: ReadStore;
  readonly office: OfficeStore;
  readonly upkeep: UpkeepStore;
  readonly accounts: AccountStore;
  readonly report: StoreReport;
  readonly statistics: StatisticStore;
  readonly settings: SettingsStore;
  /** Everything that was committed is in the file; no method may be called after it. Stop `side` before it. */
  close(): void;
}

export interface StoreOptions extends OpenOptions {
  /** For the application `default`, where it does not exist yet. */
  readonly newId: (prefix: "app") => string;
  readonly nowMs: () => number;
}

/**
 * Opens the database, makes it where there is none, brings it to the newest version, and makes the application `default`. Throws
 * `DatabaseRefused` where the file can't be used, and `StoreUnavailable` where it takes no write.
 */
export function openStore(options: StoreOptions): Store {
  const connection = openDatabase(options);
  try {
    ensureDefaultApplication(connection, options);
    return storeOn(connection);
  } catch (error) {
    connection.file.close();
    throw error;
  }
}

/** The ports on a connection that is open already. */
export function storeOn(connection: Connection): Store {
  const removed = new Set<number>();
  return {
    events: createEventStore(connection, removed),
    deliveries: createDeliveryStore(connection),
    side: createSideStore(connection),
    reads: createReadStore(connection),
    office: {
      ...createApplicationKeeper(connection),
      ...createKeyKeeper(connection),
      ...createEventTypeKeeper(connection),
      ...createEndpointKeeper(connection, removed),
      ...createMotion(connection),
      ...createReplayer(connection),
    },
    upkeep: createUpkeepStore(connection),
    accounts: createAccountStore(connection),
    settings: createSettingsStore(connection),
    report: {
      sqliteVersion: () => String(connection.file.prepare("select sqlite_version()").pluck().get()),
      size: () => databaseSize(connection),
    },
    statistics: createStatisticStore(connection),
    close: () => void connection.file.close(),
  };
}
