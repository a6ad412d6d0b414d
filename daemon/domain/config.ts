/** One value as it is in effect, for people: a secret is masked. */
export interface EffectiveSetting {
  /** As the file has it. */
  readonly name: string;
  readonly value: string | null;
  /** `default`, a variable, a flag, or the file. */
  readonly origin: string;
}

/** The values that a configuration settles; `config.ts` on the roof is the only reader of where they come from. */
export interface Config {
  /** Host and port, or a port alone; IPv6 in brackets. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly dataDir: string;
  /** The local socket that the command line speaks through; null where its path would be too long for the system. */
  readonly socketPath: string | null;
  /** Starts and ends without a slash, or is empty. */
  readonly basePath: string;
  readonly trustedProxies: readonly string[];
  readonly log: {
    readonly format: "text" | "json";
    readonly level: "debug" | "info" | "warn" | "error";
  };
  /** An instance-wide key that is made at the first start; null for none. */
  readonly bootstrapApiKey: string | null;
  /** Of the account `admin`, made at the first start; null to let the page ask. */
  readonly adminPassword: string | null;
  /** Lower-case name of the header in which a trusted proxy names the user; null for none. */
  readonly authHeader: string | null;
  readonly authHeaderRole: "admin" | "viewer";
  readonly egressAllow: readonly string[];
  readonly egressProxy: string | null;
  readonly userAgent: string | null;
  readonly retentionDays: number;
  /** What was settled, and where. */
  readonly settings: readonly EffectiveSetting[];
  readonly limits: Limits;
}

/** Every limit of the daemon, with its unit in its name. Their relations are asserted where they are read. */
export interface Limits {
  /** One event's `data`, or one raw body. */
  readonly eventBytesMax: number;
  /** One request's body, a batch included. */
  readonly requestBytesMax: number;
  /** Deliveries that wait (pending or held) over all endpoints; beyond it ingest answers 429. */
  readonly backlogMax: number;
  /** Attempts under way at once, over all endpoints. */
  readonly concurrencyMax: number;
  /** Bodies of deliveries that are ready in memory. */
  readonly windowBytesMax: number;
  readonly responseBytesMax: number;
  /** Free disk below which ingest is refused and `readyz` says so. */
  readonly diskFreeBytesMin: number;
  /** How long a stop waits for attempts under way. */
  readonly shutdownMs: number;
}
