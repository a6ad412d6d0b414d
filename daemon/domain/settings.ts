/**
 * Every setting of the configuration, as data. Its names (variable, key in the file, flag) are made
 * from its key here; where its value comes from is the business of `config.ts` on the roof.
 */
import { bytesText, parseBytes, parseDurationMs } from "./quantity.ts";
import type { Parse } from "./setting-forms.ts";
import {
  firstUnfit,
  isAddress,
  isGrant,
  keyOf,
  listOf,
  oneOf,
  parseBasePath,
  parseDays,
  parseListen,
  parsePassword,
  parseProxy,
  parseText,
  parseUrl,
  within,
} from "./setting-forms.ts";

interface Setting<Value> {
  readonly parse: Parse<Value>;
  readonly help: string;
  /** To be read after "expected … to be". */
  readonly wanted: string;
  /** The default as a person would write it; null for none. */
  readonly fallback: string | null;
  /** Never shown, and may be given as the name of a file that holds it. */
  readonly isSecret: boolean;
  readonly isLimit: boolean;
  /** The command line needs it to find its daemon. */
  readonly isForClient: boolean;
  /** A path, relative to the working directory. */
  readonly isPath: boolean;
  /** Of a list that can't be read: the first entry that is wrong. */
  readonly faultIn?: (text: string) => string | null;
}

function setting<Value>(
  parse: Parse<Value>,
  words: Pick<Setting<Value>, "help" | "wanted"> & Partial<Setting<Value>>,
): Setting<Value> {
  const usual = {
    fallback: null,
    isSecret: false,
    isLimit: false,
    isForClient: false,
    isPath: false,
  };
  return { parse, ...usual, ...words };
}

function bytes(help: string, fallback: string, min: number, max: number): Setting<number> {
  const wanted = `a size from ${bytesText(min)} to ${bytesText(max)}, such as ${fallback}`;
  return setting(within(parseBytes, min, max), { help, wanted, fallback, isLimit: true });
}

function integer(help: string, fallback: string, min: number, max: number): Setting<number> {
  const parse: Parse<number> = (text) => (/^\d+$/.test(text) ? Number(text) : null);
  const wanted = `an integer from ${min} to ${max}`;
  return setting(within(parse, min, max), { help, wanted, fallback, isLimit: true });
}

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const GIB = 2 ** 30;

const SETTINGS = {
  listen: setting(parseListen, {
    help: "address that the API listens on; `:7678` for every address of the machine",
    wanted: "host:port, :port or [address]:port",
    fallback: "127.0.0.1:7678",
  }),
  dataDir: setting(parseText, {
    help: "folder that holds everything the daemon keeps",
    wanted: "a path",
    fallback: "./data",
    isForClient: true,
    isPath: true,
  }),
  socket: setting(parseText, {
    help: "socket that the command line speaks through, or off (default: in the data directory)",
    wanted: "a path, or off",
    isForClient: true,
    isPath: true,
  }),
  basePath: setting(parseBasePath, {
    help: "path in front of all others, where a proxy passes it on",
    wanted: "a path such as /posthorn",
    fallback: "",
  }),
  trustedProxies: setting(listOf(isAddress), {
    help: "addresses or CIDRs, comma-separated, whose X-Forwarded-* headers are believed",
    wanted: "addresses or CIDRs, comma-separated",
    fallback: "",
    faultIn: firstUnfit(isAddress),
  }),
  bootstrapApiKey: setting(keyOf(16), {
    help: "an instance-wide API key that is made at the first start",
    wanted: "16 to 512 visible ASCII characters",
    isSecret: true,
  }),
  adminPassword: setting(parsePassword, {
    help: "password of the account `admin`, which is made at the first start; without it the page asks",
    wanted: "10 to 1024 characters without line breaks",
    isSecret: true,
  }),
  authHeader: setting((text) => (/^[A-Za-z0-9-]{1,64}$/.test(text) ? text.toLowerCase() : null), {
    help: "header in which a trusted proxy names the user that it has signed in",
    wanted: "a header's name, such as Remote-User",
  }),
  authHeaderRole: setting(oneOf("viewer", "admin"), {
    help: "role of accounts that are made for users whom a proxy names",
    wanted: "viewer or admin",
    fallback: "viewer",
  }),
  egressAllow: setting(listOf(isGrant), {
    help: "private targets that endpoints may reach, comma-separated",
    wanted: "host:port, addresses or CIDRs, comma-separated",
    fallback: "",
    faultIn: firstUnfit(isGrant),
  }),
  egressProxy: setting(parseProxy, {
    help: "proxy that every attempt goes through",
    wanted: "a URL such as http://user:password@proxy:3128 or socks5://proxy:1080",
    isSecret: true,
  }),
  userAgent: setting((text) => (/^[\x20-\x7e]{1,256}$/.test(text) ? text : null), {
    help: "User-Agent of every attempt (default: Posthorn/<version>)",
    wanted: "1 to 256 visible ASCII characters",
  }),
  log: setting(oneOf("text", "json"), {
    help: "form of the log",
    wanted: "text or json",
    fallback: "text",
  }),
  logLevel: setting(oneOf("debug", "info", "warn", "error"), {
    help: "least important lines that are logged",
    wanted: "debug, info, warn or error",
    fallback: "info",
  }),
  retentionDays: setting(parseDays, {
    help: "days after which events are forgotten whose deliveries have ended",
    wanted: "whole days from 1 to 36500, such as 30 or 30d",
    fallback: "30",
  }),
  // What SQS and EventBridge allow, so that receivers and gateways on the way are used to it. A
  // larger payload belongs behind a URL in the event: here it is stored for each profile, and read
  // again for each retry.
  eventBytesMax: bytes("one event's data, or one raw body", "256KiB", KIB, 64 * MIB),
  requestBytesMax: bytes("one request's body, a batch included", "8MiB", KIB, 256 * MIB),
  backlogMax: integer("deliveries that wait; beyond it events get 429", "10000000", 1, 1e9),
  concurrencyMax: integer("attempts under way at once, over all endpoints", "256", 1, 10_000),
  windowBytesMax: bytes("bodies of deliveries that are ready in memory", "64MiB", MIB, 4 * GIB),
  responseBytesMax: bytes("what is kept of an answer's body", "16KiB", 0, MIB),
  diskFreeBytesMin: bytes("free disk below which events are refused", "64MiB", 0, 1024 * GIB),
  shutdownMs: setting(
    within((text) => parseDurationMs(text, "ms"), 0, 600_000),
    {
      help: "how long a stop waits for attempts under way",
      wanted: "a time up to 10 min, such as 20s or 20000 (milliseconds)",
      fallback: "20s",
      isLimit: true,
    },
  ),
  url: setting(parseUrl, {
    help: "where the daemon is, for the command line (default: its local socket)",
    wanted: "an http or https URL without credentials",
    isForClient: true,
  }),
  apiKey: setting(keyOf(1), {
    help: "API key that the command line uses with the URL",
    wanted: "1 to 512 visible ASCII characters",
    isSecret: true,
    isForClient: true,
  }),
};

export type SettingKey = keyof typeof SETTINGS;

/** What the settings' texts stand for. One that has neither a value nor a default is undefined. */
export type SettingValues = {
  readonly [Key in SettingKey]?: NonNullable<ReturnType<(typeof SETTINGS)[Key]["parse"]>>;
};

export interface SettingInfo extends Setting<unknown> {
  readonly key: SettingKey;
  readonly variable: string;
  /** In the file; `limits.` stands for the table. */
  readonly path: string;
  /** Without the dashes in front. */
  readonly flag: string;
}

export const SETTING_INFOS: readonly SettingInfo[] = Object.entries(SETTINGS).map(([key, each]) =>
  infoOf(key as SettingKey, each),
);

function infoOf(key: SettingKey, each: Setting<unknown>): SettingInfo {
  const snake = key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return {
    ...each,
    key,
    variable: `POSTHORN_${snake.toUpperCase()}`,
    path: each.isLimit ? `limits.${snake}` : snake,
    flag: key === "apiKey" ? "key" : snake.replaceAll("_", "-"),
  };
}

/**
 * What one value alone can't tell; the limits must leave room for each other. Both are named by
 * `nameOf`.
 */
export function relationProblems(
  values: SettingValues,
  nameOf: (key: SettingKey) => string,
): readonly string[] {
  const atLeast = (large: SettingKey, small: SettingKey, why: string): readonly string[] => {
    const [most, least] = [Number(values[large]), Number(values[small])];
    if (Number.isNaN(most) || Number.isNaN(least) || most >= least) return [];
    return [
      `expected ${nameOf(large)} to be at least ${nameOf(small)} (${least}), ${why}, got ${most}`,
    ];
  };
  return [
    ...atLeast("requestBytesMax", "eventBytesMax", "since a request holds a whole event"),
    ...atLeast("windowBytesMax", "eventBytesMax", "since an event must fit into memory"),
  ];
}
