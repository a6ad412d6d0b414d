/**
 * Runs the fenced blocks of a README as a reader would: `js`, `ts` and `sh` are executed, in order; the languages of
 * SHOWN are only shown. Any other is an error, so that no block is passed over in silence.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

import { rolldown } from "rolldown";

export interface Block {
  /** The first word after the fence. */
  readonly language: string;
  readonly code: string;
  /** Where the fence opens, counted from 1. */
  readonly line: number;
}

/** Where the blocks run. `folder` is the test's own and keeps what one `sh` block hands to the next. */
export interface Workplace {
  readonly root: string;
  readonly folder: string;
  /** `host:port` that stands for DEFAULT_ADDRESS. */
  readonly address: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Run {
  readonly code: number | null;
  /** Standard output and standard error as they came. */
  readonly output: string;
}

export const DEFAULT_ADDRESS = "127.0.0.1:7678";

const RUN: readonly string[] = ["js", "ts", "sh"];
const SHOWN: readonly string[] = ["text", "json", "toml", "yaml", "sql", "http", "html"];
const BLOCK_TIMEOUT_MS = 60_000;
const DECORATOR = /^\s*@[A-Z]/mu;
const FENCE = /^(?<indent> *)(?<fence>`{3,}|~{3,})(?<info>[^`]*)$/u;

/** All fenced blocks. Throws where a fence stays open or names a language that is neither run nor shown. */
export function readBlocks(path: string, markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = markdown.split("\n");
  for (let at = 0; at < lines.length; at += 1) {
    const { indent, fence, info } = FENCE.exec(lines[at] ?? "")?.groups ?? {};
    if (indent === undefined || fence === undefined || info === undefined) continue;
    const end = lines.findIndex((line, index) => index > at && line.trim() === fence);
    if (end === -1)
      throw new Error(`${path}:${at + 1}: expected the block to be closed by ${fence}`);
    const code = lines.slice(at + 1, end).map((line) => line.slice(indentOf(line, indent)));
    blocks.push({ language: languageOf(path, at + 1, info), code: code.join("\n"), line: at + 1 });
    at = end;
  }
  return blocks;
}

function indentOf(line: string, indent: string): number {
  return line.startsWith(indent) ? indent.length : 0;
}

function languageOf(path: string, line: number, info: string): string {
  const language = info.trim().split(/\s/u)[0] ?? "";
  if ([...RUN, ...SHOWN].includes(language)) return language;
  const known = `${RUN.join(", ")} (run) or ${SHOWN.join(", ")} (shown)`;
  throw new Error(
    `${path}:${line}: expected the block's language to be ${known}, got "${language}"`,
  );
}

export function isRun(block: Block): boolean {
  return RUN.includes(block.language);
}

/** A shell block may use the command; any other needs the daemon when it names its address. */
export function needsDaemon(block: Block): boolean {
  return block.language === "sh" || (isRun(block) && block.code.includes(DEFAULT_ADDRESS));
}

/**
 * Runs one block at the root of the repository. A block that hangs is stopped and has no exit code; what a block leaves
 * running in the background ends with it.
 */
export async function runBlock(block: Block, place: Workplace): Promise<Run> {
  const text = block.code.replaceAll(DEFAULT_ADDRESS, place.address);
  const isDecorated = block.language === "ts" && DECORATOR.test(text);
  const code = isDecorated ? await withoutDecorators(text) : text;
  const language = isDecorated ? "js" : block.language;
  const [command, ...words] =
    language === "sh" ? shellCommand(place) : nodeCommand(language, place);
  const child = spawn(command, words, {
    cwd: place.root,
    env: { ...place.env, PATH: pathOf(place) },
    // The whole group is stopped, not only the shell in front.
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const timer = setTimeout(() => stopGroup(child.pid), BLOCK_TIMEOUT_MS);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  }
  // A block that ends before it was read through closes the pipe; its exit code tells.
  child.stdin.on("error", () => {});
  child.stdin.end(code);
  const closed = once(child, "close");
  const [exitCode] = (await once(child, "exit")) as [number | null];
  clearTimeout(timer);
  stopGroup(child.pid);
  await closed;
  return { code: exitCode, output };
}

/** Node strips types and runs no decorators: what the reader's compiler makes of them, with every package left where it is. */
async function withoutDecorators(code: string): Promise<string> {
  const file = "block.ts";
  const bundle = await rolldown({
    input: file,
    external: (id) => id !== file && !id.includes("oxc-project"),
    transform: { decorator: { legacy: true } },
    plugins: [
      {
        name: "block",
        resolveId: (id) => (id === file ? id : null),
        load: (id) => (id === file ? { code, moduleType: "ts" } : null),
      },
    ],
  });
  const { output } = await bundle.generate({ format: "es" });
  await bundle.close();
  return output[0].code;
}

function stopGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** What shell blocks before it have set is in the program's environment, as in the reader's own shell. */
function nodeCommand(language: string, place: Workplace): [string, ...string[]] {
  const type = `--input-type=${language === "ts" ? "module-typescript" : "module"}`;
  const state = stateOf(place);
  if (!existsSync(state)) return [process.execPath, type];
  return ["sh", "-c", 'set -a; . "$1"; exec "$2" "$3"', "sh", state, process.execPath, type];
}

function stateOf({ folder }: Workplace): string {
  return join(folder, "state.sh");
}

/** Each block is a shell of its own; what it sets is written down at its end and known to the next. */
function shellCommand(place: Workplace): [string, ...string[]] {
  const state = stateOf(place);
  if (!existsSync(state)) writeFileSync(state, "");
  // `read` would take the block line by line from the same pipe that its commands may read: so it is read whole first.
  const script =
    'set -eua; . "$1"; block=$(cat); eval "$block" </dev/null; unset block; export -p >"$1"';
  return ["sh", "-c", script, "sh", state];
}

function pathOf({ root, env }: Workplace): string {
  return [join(root, "node_modules", ".bin"), env["PATH"] ?? ""].join(delimiter);
}
