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

/** An account as the API shows it. */
export interface AdminAccount {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly has_totp: boolean;
  readonly last_sign_in_at: string | null;
}

/** What whoever has the machine may do to accounts: at a running daemon, or on its files. Each ends the account's sessions. */
export interface AdminDesk {
  accounts(): Promise<readonly AdminAccount[]>;
  resetPassword(id: string, password: string): Promise<void>;
  disableSecondFactor(id: string): Promise<void>;
  /** How many there were. */
  revokeSessions(id: string): Promise<number>;
  close(): Promise<void>;
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
  /** A line that is not shown while it is typed; where nobody sits at a terminal, the standard input without its last line end. */
  readSecret(question: string): Promise<string>;
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
  /** Throws `StartRefused` where the data directory is in use, or none. */
  openAdminDesk(dataDir: string): Promise<AdminDesk>;
}
