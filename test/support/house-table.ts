/**
 * The laws of the house, as data: which rooms there are, who may import whom, who owns which package, and where each
 * kind of effect lives. house-laws.ts reads this table; test/house.test.ts holds the sources against it.
 */

export interface Room {
  /** Rooms of which anything may be imported. A room's own files always may. */
  readonly mayImport: readonly string[] | "any";
  /** Rooms of which only types may be imported. */
  readonly mayImportTypes?: readonly string[];
  /** Node's own modules; those with an owner below need that too. */
  readonly builtins: readonly string[] | "any";
  /** Whether packages have a place here: not at all, those it owns, or any (which frees Node's modules too). */
  readonly packages: "none" | "owned" | "any";
}

const MACHINERY: Room = { mayImport: ["daemon/domain"], builtins: "any", packages: "owned" };
const WORK: Room = {
  mayImport: ["daemon/domain", "sdk/src/wire"],
  builtins: "any",
  packages: "owned",
};
/** A room of the SDK: it has to run where there is no Node, so it asks for no module. */
const ANYWHERE: Room = { mayImport: [], builtins: [], packages: "none" };
const WORKSHOP: Room = { mayImport: "any", builtins: "any", packages: "any" };

/** From the ground up. The longest name that begins a file's path is its room; a file can be a room of its own. */
export const ROOMS: Readonly<Record<string, Room>> = {
  "sdk/src/wire": { mayImport: [], builtins: ["node:crypto"], packages: "none" },
  "sdk/src/verify": ANYWHERE,
  "sdk/src/verify/crypto-node.ts": {
    mayImport: ["sdk/src/verify"],
    builtins: ["node:crypto"],
    packages: "none",
  },
  "sdk/src/providers": { ...ANYWHERE, mayImport: ["sdk/src/verify", "sdk/src/wire"] },
  "sdk/src/inbox": { ...ANYWHERE, mayImport: ["sdk/src/verify"] },
  "sdk/src/receiver": { ...ANYWHERE, mayImport: ["sdk/src/verify", "sdk/src/inbox"] },
  "sdk/src/adapters": { ...ANYWHERE, mayImport: ["sdk/src/verify", "sdk/src/receiver"] },
  "sdk/src/testing": {
    ...ANYWHERE,
    mayImport: ["sdk/src/verify", "sdk/src/providers", "sdk/src/wire"],
  },
  "sdk/src/index.ts": {
    ...ANYWHERE,
    mayImport: ["sdk/src/verify", "sdk/src/receiver", "sdk/src/inbox"],
  },
  "sdk/package.json": { mayImport: [], builtins: [], packages: "none" },
  "daemon/domain": { mayImport: [], builtins: [], packages: "none" },

  "daemon/ingest": WORK,
  "daemon/delivery": WORK,
  "daemon/upkeep": WORK,
  "daemon/manage": WORK,

  "daemon/storage": MACHINERY,
  "daemon/egress": MACHINERY,
  "daemon/system": MACHINERY,
  "daemon/plugins": { ...MACHINERY, mayImport: ["daemon/domain", "sdk/src/wire"] },

  "daemon/live": { mayImport: ["daemon/domain"], builtins: "any", packages: "owned" },
  "daemon/api": {
    mayImport: ["daemon/domain", "daemon/ingest", "daemon/manage", "daemon/upkeep"],
    mayImportTypes: ["sdk/src/wire"],
    builtins: "any",
    packages: "owned",
  },

  "daemon/config.ts": {
    mayImport: ["daemon/domain", "sdk/src/wire"],
    builtins: "any",
    packages: "owned",
  },
  "daemon/cli": {
    mayImport: ["daemon/domain", "daemon/config.ts", "daemon/system"],
    mayImportTypes: ["daemon/api"],
    builtins: "any",
    packages: "owned",
  },
  "daemon/ground.ts": { mayImport: "any", builtins: "any", packages: "owned" },
  "daemon/admin-desk.ts": { mayImport: "any", builtins: "any", packages: "owned" },
  "daemon/app.ts": { mayImport: "any", builtins: "any", packages: "owned" },
  "package.json": { mayImport: [], builtins: [], packages: "none" },
  "daemon/version.ts": { mayImport: ["package.json"], builtins: [], packages: "none" },
  "daemon/node-guard.ts": { mayImport: [], builtins: [], packages: "none" },
  "daemon/main.ts": {
    mayImport: [
      "daemon/node-guard.ts",
      "daemon/version.ts",
      "daemon/ground.ts",
      "daemon/admin-desk.ts",
      "daemon/system",
      "daemon/app.ts",
      "daemon/config.ts",
      "daemon/cli",
    ],
    builtins: "any",
    packages: "owned",
  },

  "sdk/test": WORKSHOP,
  web: {
    mayImport: ["daemon/domain"],
    mayImportTypes: ["daemon/api"],
    builtins: [],
    packages: "owned",
  },
  packaging: { mayImport: [], builtins: "any", packages: "owned" },
  test: WORKSHOP,
};

/** One owner per package: whoever wants to replace one reads one room. Names ending in `/` stand for all below. */
export const PACKAGE_OWNERS: Readonly<Record<string, readonly string[]>> = {
  kysely: ["daemon/storage"],
  "better-sqlite3": ["daemon/storage"],
  undici: ["daemon/egress"],
  "ipaddr.js": ["daemon/egress"],
  koa: ["daemon/api"],
  "@koa/router": ["daemon/api"],
  zod: ["daemon/api", "daemon/config.ts"],
  ajv: ["daemon/system"],
  "node-cron": ["daemon/system"],
  pino: ["daemon/system"],
  "prom-client": ["daemon/system"],
  commander: ["daemon/cli", "daemon/main.ts"],
  "smol-toml": ["daemon/config.ts"],
  ws: ["daemon/live"],
  otpauth: ["daemon/manage"],
  preact: ["web"],
  "@preact/signals": ["web"],
  uplot: ["web"],
  uqr: ["web"],
  vite: ["packaging"],
  "node:child_process": ["daemon/system"],
  "node:vm": ["daemon/system"],
  "node:dns": ["daemon/egress"],
  "node:net": ["daemon/egress", "daemon/system"],
  "node:tls": ["daemon/egress"],
  "node:https": ["daemon/egress"],
  "node:crypto": [
    "sdk/src/wire",
    "sdk/src/verify/crypto-node.ts",
    "daemon/system",
    "daemon/manage",
    "daemon/ingest",
  ],
  // These would be a second door to the clock, to the environment and to the console.
  "node:timers": ["daemon/system"],
  "node:perf_hooks": ["daemon/system"],
  "node:process": [],
  "node:console": [],
};

/** One kind of effect on the world, the words that have it, and the only files that may say them. */
export interface Effect {
  readonly name: string;
  readonly words: readonly string[];
  readonly homes: readonly string[];
}

export const EFFECTS: readonly Effect[] = [
  {
    name: "the clock",
    words: ["Date.now", "new Date()", "Date()", "performance.now", "process.hrtime"],
    homes: ["daemon/system/clock.ts", "sdk/src/verify/clock.ts"],
  },
  {
    name: "chance",
    words: [
      "Math.random",
      "crypto.getRandomValues",
      "crypto.randomUUID",
      "node:crypto.*",
      "node:crypto.getRandomValues",
      "node:crypto.randomBytes",
      "node:crypto.randomFill",
      "node:crypto.randomFillSync",
      "node:crypto.randomInt",
      "node:crypto.randomUUID",
      "node:crypto.webcrypto",
    ],
    // crypto-node.ts and hmac.ts take all of node:crypto, to see at run time whether this Node has `hash`; a named import would not link.
    homes: [
      "daemon/system/chance.ts",
      "sdk/src/receiver/chance.ts",
      "sdk/src/verify/crypto-node.ts",
      "sdk/src/wire/hmac.ts",
    ],
  },
  {
    name: "timers",
    words: ["setTimeout", "setInterval", "setImmediate"],
    homes: ["daemon/system", "sdk/src/verify/timers.ts"],
  },
  {
    name: "the environment",
    words: ["process.env"],
    homes: ["daemon/config.ts", "sdk/src/testing/environment.ts"],
  },
  {
    name: "the console",
    words: ["console", "process.stdout", "process.stderr"],
    homes: ["daemon/cli", "daemon/main.ts", "daemon/node-guard.ts", "daemon/system/log.ts"],
  },
  // fetch knows nothing of the egress guard.
  { name: "fetch", words: ["fetch"], homes: ["daemon/cli", "sdk/src/verify/fetch.ts"] },
];

/** Front doors of published packages: the only files that may hand on what others have. */
export const DOORS: readonly string[] = ["sdk/src/index.ts"];

/** Rooms that the law of effects speaks to; a workshop may do as it likes. */
export const ROOMS_WITHOUT_EFFECTS: readonly string[] = ["daemon", "sdk/src"];

export const TOP_LEVEL: readonly string[] = [
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "daemon",
  "package-lock.json",
  "package.json",
  "packaging",
  "sdk",
  "test",
  "tsconfig.json",
  "web",
];

/** Folders that need a README.md which begins with one sentence, as soon as they hold a source file. */
export const FOLDERS_WITH_README: readonly string[] = [
  ...Object.keys(ROOMS).filter((name) => name.startsWith("daemon/") && !name.endsWith(".ts")),
  ...Object.keys(ROOMS).filter((name) => name.startsWith("sdk/src/") && !name.endsWith(".ts")),
  "packaging",
  "sdk",
  "web",
];

export const LINES_MAX = 400;
export const FUNCTION_LINES_MAX = 70;

/** Words in a comment that switch a tool off. */
export const MUZZLES: readonly string[] = [
  "oxlint-disable",
  "eslint-disable",
  "oxfmt-ignore",
  "prettier-ignore",
  "@ts-ignore",
  "@ts-expect-error",
  "@ts-nocheck",
];

const halves = (left: string, right: string): string => left + right;
const NOTES = [halves("TO", "DO"), halves("FIX", "ME"), halves("X", "XX")];
const REGISTRIES = [halves("registry\\.npm", "js"), halves('"resolved": "ht', "tp")];

/** Texts that must not stand in any file, with what they are. In halves, so that this file does not contain them. */
export const BANNED_TEXTS: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: new RegExp(`\\b(?:${NOTES.join("|")})\\b`, "u"), what: "a note to self" },
  {
    pattern: new RegExp(halves("(?<![\\w.-])/wo", "rk/"), "u"),
    what: "a path of a private machine",
  },
  { pattern: new RegExp(REGISTRIES.join("|"), "u"), what: "the host of a package registry" },
];
