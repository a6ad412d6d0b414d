/**
 * The configuration: flag > environment > file > default. Nothing else reads the environment. All
 * that is wrong is told at once, because whoever edits a unit file wants one restart, not five.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { parse as parseToml } from "smol-toml";

import type { Config, EffectiveSetting, Limits } from "./domain/config.ts";
import { expected } from "./domain/errors.ts";
import { nearestWord } from "./domain/nearest-word.ts";
import type { SettingInfo, SettingKey, SettingValues } from "./domain/settings.ts";
import { relationProblems, SETTING_INFOS } from "./domain/settings.ts";

/** Where values come from, besides defaults. */
export interface Sources {
  /** By the setting's key; a secret's file by `<key>File`. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workingDir: string;
  /**
   * What `--config` names, which must exist; null for `posthorn.toml` in the working directory,
   * which need not.
   */
  readonly configFile: string | null;
}

/** What the command line needs to find its daemon. */
export interface ClientConfig {
  readonly url: string | null;
  readonly apiKey: string | null;
  readonly dataDir: string;
  readonly socketPath: string | null;
}

export type Loaded<Value> =
  | {
      readonly kind: "good";
      readonly config: Value;
      readonly settings: readonly EffectiveSetting[];
    }
  | { readonly kind: "bad"; readonly problems: readonly string[] };

// `sun_path` of unix(7) has 108 bytes with its final zero; macOS has 104.
const SOCKET_PATH_BYTES_MAX = process.platform === "darwin" ? 103 : 107;

/** The daemon's configuration: from the given flags, this process's environment and the file. */
export function loadConfig(flags: Sources["flags"], configFile: string | null): Loaded<Config> {
  return readConfig(here(flags, configFile));
}

/**
 * What the command line needs. Values that only the daemon uses are not looked at; names that
 * nobody knows are refused all the same.
 */
export function loadClientConfig(
  flags: Sources["flags"],
  configFile: string | null,
): Loaded<ClientConfig> {
  return readClientConfig(here(flags, configFile));
}

function here(flags: Sources["flags"], configFile: string | null): Sources {
  return { flags, configFile, env: process.env, workingDir: process.cwd() };
}

/** As `loadConfig`, from sources that the caller names. Frozen. */
export function readConfig(sources: Sources): Loaded<Config> {
  const loaded = read(sources, SETTING_INFOS, configOf);
  if (loaded.kind === "bad") return loaded;
  const { config, settings } = loaded;
  return { ...loaded, config: frozen({ ...config, settings }) };
}

/** As `loadClientConfig`, from sources that the caller names. Frozen. */
export function readClientConfig(sources: Sources): Loaded<ClientConfig> {
  const infos = SETTING_INFOS.filter(({ isForClient }) => isForClient);
  return read(sources, infos, (values, workingDir) => ({
    ...places(values, workingDir),
    url: values.url ?? null,
    apiKey: values.apiKey ?? null,
  }));
}

function read<Value extends object>(
  sources: Sources,
  infos: readonly SettingInfo[],
  make: (values: SettingValues, workingDir: string) => Value,
): Loaded<Value> {
  const { workingDir } = sources;
  const problems: string[] = [];
  const given = gather(sources, infos, problems);
  const values = parsed(infos, given, problems);
  problems.push(
    ...relationProblems(values, (key) => nameFor(key, given)),
    ...socketProblems(values, workingDir, given),
  );
  if (problems.length > 0) return { kind: "bad", problems };
  const settings = infos.map((info) => effective(info, given, sources));
  return { kind: "good", config: frozen(make(values, workingDir)), settings };
}

/** A value as it was given, and what to call it in a complaint. */
interface GivenText {
  readonly text: string;
  readonly origin: string;
  readonly isFromFile?: boolean;
}
type Given = ReadonlyMap<SettingKey, GivenText>;

function gather(sources: Sources, infos: readonly SettingInfo[], problems: string[]): Given {
  const file = readFile(sources, problems);
  problems.push(...unknownVariables(sources.env));
  const given = new Map<SettingKey, GivenText>();
  for (const { key, variable, path, flag, fallback } of infos) {
    const { flags, env } = sources;
    const layers: readonly Layer[] = [
      { name: `--${flag}`, twin: `--${flag}-file`, text: flags[key], path: flags[`${key}File`] },
      // An empty variable is what compose files make of one that is not set.
      {
        name: variable,
        twin: `${variable}_FILE`,
        text: env[variable] || undefined,
        path: env[`${variable}_FILE`] || undefined,
      },
      {
        name: path,
        twin: `${path}_file`,
        text: file.get(path),
        path: file.get(`${path}_file`),
        isFromFile: true,
      },
    ];
    const layer = layers.find((each) => each.text !== undefined || each.path !== undefined);
    if (layer !== undefined) {
      const chosen = readLayer(layer, sources.workingDir, problems);
      const { isFromFile = false } = layer;
      if (chosen !== null) given.set(key, { ...chosen, isFromFile });
    } else if (fallback !== null) given.set(key, { text: fallback, origin: "default" });
  }
  return given;
}

/**
 * One source's say about a setting: the text itself, or (of a secret) the path of a file with it.
 */
interface Layer {
  readonly name: string;
  readonly twin: string;
  readonly text: string | undefined;
  readonly path: string | undefined;
  readonly isFromFile?: boolean;
}

function readLayer(layer: Layer, workingDir: string, problems: string[]): GivenText | null {
  const { name, twin, text, path } = layer;
  if (path === undefined) return { text: text ?? "", origin: name };
  if (text !== undefined) {
    problems.push(`expected ${name} or ${twin} to be set, got both`);
    return null;
  }
  try {
    // Editors and `echo` end a file with a line end that nobody means.
    const content = readFileSync(resolve(workingDir, path), "utf8").replace(/\r?\n$/, "");
    return { text: content, origin: twin };
  } catch (error) {
    problems.push(`expected ${twin} to name a readable file, got ${reasonOf(error)}`);
    return null;
  }
}

function parsed(infos: readonly SettingInfo[], given: Given, problems: string[]): SettingValues {
  const values: Record<string, unknown> = {};
  for (const info of infos) {
    const { text, origin } = given.get(info.key) ?? {};
    if (text === undefined || origin === undefined) continue;
    const value = info.parse(text);
    if (value === null) problems.push(unfit(info, text, origin));
    else values[info.key] = value;
  }
  return values;
}

function unfit(info: SettingInfo, text: string, origin: string): string {
  const { isSecret, wanted, faultIn } = info;
  // Of a list only what is wrong: among fifty good entries nobody finds the bad one.
  if (!isSecret) return expected(origin, wanted, faultIn?.(text) ?? text);
  return `expected ${origin} to be ${wanted}, got ${text.length} characters that are not shown`;
}

function nameFor(key: SettingKey, given: Given): string {
  const origin = given.get(key)?.origin ?? "default";
  const info = SETTING_INFOS.find((each) => each.key === key);
  return origin === "default" ? (info?.variable ?? key) : origin;
}

/** The file's values by path, as text, so that one parser reads a value wherever it stands. */
function readFile({ configFile, workingDir }: Sources, problems: string[]): Map<string, string> {
  const path = resolve(workingDir, configFile ?? "posthorn.toml");
  const texts = new Map<string, string>();
  try {
    const { limits = {}, ...others } = parseToml(readFileSync(path, "utf8"));
    const entries: [string, unknown][] = Object.entries(others);
    if (!isTable(limits)) problems.push(expected(`limits in ${path}`, "a table", limits));
    else
      for (const [name, value] of Object.entries(limits)) entries.push([`limits.${name}`, value]);
    const known = knownNames((info) => info.path, "_file");
    for (const [name, value] of entries) {
      if (!known.includes(name)) problems.push(unknown(`each key of ${path}`, name, known));
      else addText(texts, name, value, problems);
    }
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!isMissing || configFile !== null) {
      problems.push(`expected ${path} to be a readable TOML file, got ${reasonOf(error)}`);
    }
  }
  return texts;
}

function isTable(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function addText(
  texts: Map<string, string>,
  name: string,
  value: unknown,
  problems: string[],
): void {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isPlain = items.every((item) => typeof item === "string" || typeof item === "number");
  if (isPlain) texts.set(name, items.join(","));
  else problems.push(expected(name, "a text, a number or an array of texts", value));
}

function unknownVariables(env: Sources["env"]): readonly string[] {
  const known = knownNames((info) => info.variable, "_FILE");
  return Object.keys(env)
    .filter((name) => name.startsWith("POSTHORN_") && !known.includes(name))
    .map((name) => unknown("each POSTHORN_ variable", name, known));
}

function knownNames(nameOf: (info: SettingInfo) => string, suffix: string): readonly string[] {
  return SETTING_INFOS.flatMap((info) =>
    info.isSecret ? [nameOf(info), `${nameOf(info)}${suffix}`] : [nameOf(info)],
  );
}

function unknown(what: string, name: string, known: readonly string[]): string {
  // Without the common beginning, which would make any two names look alike.
  const short = (word: string) => word.replace(/^POSTHORN_|^limits\./, "");
  const near = nearestWord(short(name), known.map(short));
  const meant = near === null ? undefined : known.find((word) => short(word) === near);
  const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
  return `expected ${what} to be a known one, got ${name}${hint}`;
}

function configOf(values: SettingValues, workingDir: string): Omit<Config, "settings"> {
  return {
    ...places(values, workingDir),
    listen: sure(values, "listen"),
    basePath: sure(values, "basePath"),
    trustedProxies: sure(values, "trustedProxies"),
    log: { format: sure(values, "log"), level: sure(values, "logLevel") },
    bootstrapApiKey: values.bootstrapApiKey ?? null,
    adminPassword: values.adminPassword ?? null,
    authHeader: values.authHeader ?? null,
    authHeaderRole: sure(values, "authHeaderRole"),
    egressAllow: sure(values, "egressAllow"),
    egressProxy: values.egressProxy ?? null,
    userAgent: values.userAgent ?? null,
    retentionDays: sure(values, "retentionDays"),
    limits: limitsOf(values),
  };
}

function limitsOf(values: SettingValues): Limits {
  return {
    eventBytesMax: sure(values, "eventBytesMax"),
    requestBytesMax: sure(values, "requestBytesMax"),
    backlogMax: sure(values, "backlogMax"),
    concurrencyMax: sure(values, "concurrencyMax"),
    windowBytesMax: sure(values, "windowBytesMax"),
    responseBytesMax: sure(values, "responseBytesMax"),
    diskFreeBytesMin: sure(values, "diskFreeBytesMin"),
    shutdownMs: sure(values, "shutdownMs"),
  };
}

/** A value that has a default: it can be missing only where the table of settings is wrong. */
function sure<Key extends SettingKey>(values: SettingValues, key: Key) {
  const value = values[key];
  if (value === undefined) throw new Error(`expected the setting ${key} to have a default`);
  return value;
}

function places(values: SettingValues, workingDir: string) {
  const dataDir = resolve(workingDir, sure(values, "dataDir"));
  if (values.socket === "off") return { dataDir, socketPath: null };
  const path = socketPathOf(values, workingDir) ?? join(dataDir, "posthorn.sock");
  // A data directory deep down costs the local command line, not the daemon.
  return { dataDir, socketPath: Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX ? null : path };
}

function socketPathOf({ socket }: SettingValues, workingDir: string): string | null {
  return socket === undefined || socket === "off" ? null : resolve(workingDir, socket);
}

function socketProblems(
  values: SettingValues,
  workingDir: string,
  given: Given,
): readonly string[] {
  const path = socketPathOf(values, workingDir);
  if (path === null || Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) return [];
  const wanted = `a path of at most ${SOCKET_PATH_BYTES_MAX} bytes`;
  return [expected(nameFor("socket", given), wanted, path)];
}

function effective(
  { key, path, isSecret, isPath }: SettingInfo,
  given: Given,
  { configFile, workingDir }: Sources,
): EffectiveSetting {
  const { text = null, origin = "default", isFromFile = false } = given.get(key) ?? {};
  const value = isPath && text !== null && text !== "off" ? resolve(workingDir, text) : text;
  return {
    name: path,
    value: isSecret && text !== null ? "(hidden)" : value,
    origin: isFromFile ? (configFile ?? "posthorn.toml") : origin,
  };
}

function frozen<Value extends object>(value: Value): Value {
  for (const member of Object.values(value)) {
    if (typeof member === "object" && member !== null) frozen(member);
  }
  return Object.freeze(value);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // TOML's message goes on with the lines in question, which may hold a secret.
  return error.message.split("\n")[0] ?? "";
}
