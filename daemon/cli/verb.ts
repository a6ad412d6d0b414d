import { readFileSync } from "node:fs";

import { parseDurationMs } from "../domain/quantity.ts";
import type { Answer, Client } from "./client.ts";
import { CliFailure, EXIT, usageFailure } from "./exit.ts";
import { plainLines } from "./text.ts";
import type { World } from "./world.ts";

/**
 * One verb that asks the daemon, as data: the command line, its help and its tests are made from
 * it.
 */
export interface Verb {
  /** For example `endpoints show`. */
  readonly name: string;
  readonly summary: string;
  /** Without `posthorn` in front. */
  readonly example: string;
  /** As commander writes them: `<id>`. */
  readonly args?: readonly (readonly [form: string, help: string])[];
  readonly options?: readonly (readonly [form: string, help: string])[];
  /** On the daemon's files while it is stopped. */
  readonly worksStopped?: boolean;
  run(session: Session): Promise<void>;
}

/** One run of a verb. */
export interface Session {
  readonly world: World;
  readonly client: Client;
  readonly isJson: boolean;
  /** The data directory to work on where no daemon answers; null where that is not meant. */
  readonly offlineDir: string | null;
  readonly args: readonly string[];
  /** By commander's names: `orderingKey` for `--ordering-key`. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** An option's text; undefined where it was not given. */
export function textOption({ options }: Session, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

export function isSet({ options }: Session, name: string): boolean {
  return options[name] === true;
}

/** The argument at the place, encoded for a path. */
export function pathArg({ args }: Session, place: number): string {
  return encodeURIComponent(args[place] ?? "");
}

/** Prints the API's own JSON with `--json`, else what `sentence` makes of it. */
export function show(
  { world, isJson }: Session,
  answer: Answer,
  // Takes a function of any shape; that the answer has it is the API's promise, and this is its own client.
  sentence: (value: never) => string,
): void {
  world.out(`${isJson ? answer.text : plainLines(sentence(valueOf(answer) as never))}\n`);
}

/** The answer's JSON. */
export function valueOf({ text }: Answer): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CliFailure(
      EXIT.failed,
      "expected the daemon to answer with JSON, got something else",
    );
  }
}

/**
 * JSON text given as it is, as `@file`, or as `-` for the standard input. Throws a usage failure
 * where it is no JSON.
 */
export async function jsonText(world: World, option: string, given: string): Promise<string> {
  const text = await textFrom(world, option, given);
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageFailure(`expected ${option} to be JSON, @file or -, got other text: ${why}`);
  }
}

async function textFrom(world: World, option: string, given: string): Promise<string> {
  if (given === "-") return world.readInput();
  if (!given.startsWith("@")) return given;
  try {
    return readFileSync(given.slice(1), "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageFailure(`expected ${option} to name a readable file, got ${why}`);
  }
}

/**
 * `2026-01-31T12:00:00Z`, `2026-01-31`, or how long ago: `2h`, `30min`. Throws a usage failure for
 * what is none of them.
 */
export function timeOption(session: Session, name: string): string | undefined {
  const given = textOption(session, name);
  if (given === undefined) return undefined;
  const agoMs = /^\d+$/.test(given) ? null : parseDurationMs(given, "s");
  if (agoMs !== null) return new Date(session.world.clock.wallMs() - agoMs).toISOString();
  if (/^\d{4}-\d\d-\d\d$/.test(given)) return `${given}T00:00:00Z`;
  // Whether there is such a day and hour is the daemon's to say.
  if (/^\d{4}-\d\d-\d\dT/i.test(given)) return given;
  throw usageFailure(`expected --${name} to be ${TIME_WORDS}, got ${given}`);
}

export const TIME_WORDS =
  "a time such as 2026-01-31T12:00:00Z or 2026-01-31, or how long ago, such as 6h";

/** Comma-separated; undefined where it was not given. */
export function listOption(session: Session, name: string): readonly string[] | undefined {
  const items = textOption(session, name)?.split(",");
  return items?.map((item) => item.trim()).filter((item) => item !== "");
}

/** Options of every list. */
export const PAGE_OPTIONS = [
  ["--limit <n>", "how many at most, up to 250"],
  ["--cursor <cursor>", "where the page before ended"],
] as const;

export function pageQuery(session: Session) {
  return { limit: textOption(session, "limit"), cursor: textOption(session, "cursor") };
}

export interface Page<Row> {
  readonly data: readonly Row[];
  readonly next_cursor: string | null;
}
