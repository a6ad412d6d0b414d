import type { Config } from "../domain/config.ts";
import type { Clock, Log } from "../domain/ports.ts";

/** What runs under `posthorn serve`. */
export interface App {
  /** Where a person finds the API. */
  readonly url: string;
  readonly localSocket: string | null;
  /** Whether the operator's page was built, so that it is served at `url`. */
  readonly hasPage: boolean;
  /** What the page asks for from elsewhere while nobody has an account; null once somebody has. */
  readonly claimCode: string | null;
  /** Lets attempts under way end, within the configured time, and gives the data directory back. */
  stop(): Promise<void>;
}

/** What a look at a database that nobody uses has found. */
type DatabaseCheck =
  | { readonly kind: "missing" }
  | { readonly kind: "good"; readonly schemaVersion: number; readonly bytes: number }
  | { readonly kind: "damaged"; readonly problems: readonly string[] };

/** All that the command line does to the world; main.ts gives the real one, tests their own. */
export interface World {
  readonly version: string;
  out(text: string): void;
  err(text: string): void;
  /** All of the standard input. */
  readInput(): Promise<string>;
  readonly clock: Clock;
  pause(delayMs: number): Promise<void>;
  /** Aborted when the person wants a verb that runs on to end. */
  readonly interrupted: AbortSignal;
  /**
   * These are loaded when they are needed: a verb that only asks the daemon starts in half the time.
   */
  startApp(config: Config, log: Log): Promise<App>;
  /** Why a daemon would refuse to start with the key that is there; null where it would not. */
  checkKey(dataDir: string): Promise<string | null>;
  checkDatabase(path: string): Promise<DatabaseCheck>;
}
