import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));
const OWN_BIN = join(ROOT, "node_modules", ".bin");

/** The package as an integrator has it. */
export interface Installed {
  /** A project of its own in a temporary folder, with nothing in it but the package. */
  readonly project: string;
  /** The package in its `node_modules`. */
  readonly folder: string;
  /** What npm packed. */
  readonly tarball: string;
  readonly packed: readonly string[];
  /** The subpaths that it promises: `.`, `./providers/stripe`, … */
  readonly subpaths: readonly string[];
  remove(): void;
}

/** Builds, packs and installs, without the network. A build of its own for each caller: test files run side by side. */
export function installBuiltPackage(): Installed {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "posthorn-sdk-")));
  const dist = join(folder, "dist");
  run(process.execPath, [join(ROOT, "packaging/build-sdk.mjs"), dist], folder);
  const [packed] = JSON.parse(run("npm", npm("pack", "--json", dist), folder)) as {
    filename: string;
    files: { path: string }[];
  }[];
  assert.ok(packed);
  const project = join(folder, "project");
  const tarball = join(folder, packed.filename);
  writeFileSync(join(folder, "package.json"), "{}");
  run("npm", npm("install", "--offline", "--prefix", project, tarball), folder);
  const installed = join(project, "node_modules", "posthorn-sdk");
  return {
    project,
    folder: installed,
    tarball,
    packed: packed.files.map(({ path }) => path),
    subpaths: subpathsOf(installed),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function npm(...words: readonly string[]): string[] {
  return [...words, "--cache", "npm-cache", "--no-audit", "--no-fund", "--loglevel=error"];
}

function subpathsOf(folder: string): string[] {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    exports: Record<string, string>;
  };
  return Object.keys(manifest.exports);
}

/** What the command printed; its complaints are the message when it fails. */
export function run(
  command: string,
  words: readonly string[],
  cwd: string,
  env = process.env,
): string {
  const done = spawnSync(command, words, { cwd, env, encoding: "utf8", maxBuffer: 1 << 26 });
  if (done.error) throw done.error;
  if (done.status !== 0) {
    throw new Error(
      `${command} ${words.join(" ")} ended with ${done.status}:\n${done.stdout}${done.stderr}`,
    );
  }
  return done.stdout;
}

/** The machine's own Node, not the one that npm brought for this project; null where there is none. */
export function machineNode(): { readonly command: string; readonly version: string } | null {
  const PATH = (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((entry) => !entry.endsWith(join("node_modules", ".bin")));
  const env = { ...process.env, PATH: PATH.join(delimiter) };
  const said = spawnSync("node", ["-p", "process.execPath + ' ' + process.version"], {
    env,
    encoding: "utf8",
  });
  const [command, version] = said.stdout?.trim().split(" ") ?? [];
  if (command === undefined || version === undefined || command.startsWith(OWN_BIN)) return null;
  return { command, version };
}
