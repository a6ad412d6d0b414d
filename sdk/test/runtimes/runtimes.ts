import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { machineNode, ROOT, run } from "../built-package.ts";
import type { Report } from "./program.ts";

/** A way to run JavaScript that the SDK promises to work in. */
export interface Runtime {
  readonly name: string;
  /** The npm package that brings it to this machine; null where npm has none. */
  readonly npmPackage: string | null;
  /** Where the package has the program. */
  readonly program: string;
  readonly kind: "node" | "bun" | "deno" | "workerd";
}

/** Whether the package resolves its own imports, or a bundler has done it for a place without Node's modules. */
export type Build = "package" | "web";

export interface Present {
  readonly runtime: Runtime;
  readonly command: string;
  readonly version: string;
}

/** Where `npm run runtimes` installs what is listed in `package.json` beside this file. */
export const RUNTIMES_FOLDER: string = join(ROOT, ".tmp", "runtimes");

const ARCHITECTURES: Readonly<
  Record<string, { node: string; bun: string; deno: string; workerd: string }>
> = {
  "linux-x64": {
    node: "linux-x64",
    bun: "linux-x64",
    deno: "linux-x64-glibc",
    workerd: "linux-64",
  },
  "linux-arm64": {
    node: "linux-arm64",
    bun: "linux-aarch64",
    deno: "linux-arm64-glibc",
    workerd: "linux-arm64",
  },
};
const names = ARCHITECTURES[`${process.platform}-${process.arch}`];

export const RUNTIMES: readonly Runtime[] = [
  ...["20", "22", "24", "26"].map((major): Runtime => ({
    name: `Node ${major}`,
    npmPackage: names === undefined ? null : `node-${major}-${names.node}`,
    program: "bin/node",
    kind: "node",
  })),
  {
    name: "Bun",
    npmPackage: names === undefined ? null : `@oven/bun-${names.bun}`,
    program: "bin/bun",
    kind: "bun",
  },
  {
    name: "Deno",
    npmPackage: names === undefined ? null : `@deno/${names.deno}`,
    program: "deno",
    kind: "deno",
  },
  {
    name: "workerd",
    npmPackage: names === undefined ? null : `@cloudflare/workerd-${names.workerd}`,
    program: "bin/workerd",
    kind: "workerd",
  },
];

/** The runtime as installed, or as the machine and this project have it already; null where it is not there. */
export function findRuntime(runtime: Runtime): Present | null {
  if (runtime.npmPackage !== null) {
    const command = join(RUNTIMES_FOLDER, "node_modules", runtime.npmPackage, runtime.program);
    if (existsSync(command)) return present(runtime, command);
  }
  if (runtime.kind !== "node") return null;
  const own = { command: process.execPath, version: process.version };
  const found = [own, machineNode()].find((each) =>
    each?.version.startsWith(`v${runtime.name.slice(5)}.`),
  );
  return found ? { runtime, ...found } : null;
}

/** Null where the program is for another C library, and so does not start. */
function present(runtime: Runtime, command: string): Present | null {
  const { status, stdout } = spawnSync(command, ["--version"], { encoding: "utf8", env: QUIET });
  const version = /\d[\w.-]*/u.exec(stdout ?? "")?.[0];
  return status === 0 && version !== undefined ? { runtime, command, version } : null;
}

/** No runtime asks for news of itself or tells of its use, and what it caches stays in `.tmp`. */
const QUIET: Readonly<Record<string, string>> = {
  PATH: process.env["PATH"] ?? "",
  HOME: RUNTIMES_FOLDER,
  DENO_DIR: join(RUNTIMES_FOLDER, "deno"),
  DENO_NO_UPDATE_CHECK: "1",
  DO_NOT_TRACK: "1",
  NO_COLOR: "1",
};

/** Which builds a runtime can load: workerd has no files to resolve imports from. */
export function buildsOf({ kind }: Runtime): readonly Build[] {
  return kind === "workerd" ? ["web"] : ["package", "web"];
}

/** What the program reports. None of them is allowed to fetch code; workerd could, and has nothing to. */
export function runProgram({ runtime, command }: Present, file: string): Report {
  const words = {
    node: ["--no-warnings", file],
    bun: ["run", "--no-install", file],
    deno: [
      "run",
      "--no-remote",
      "--cached-only",
      "--node-modules-dir=manual",
      "--no-lock",
      "--no-prompt",
      file,
    ],
    workerd: ["test", workerdConfig(file)],
  }[runtime.kind];
  mkdirSync(RUNTIMES_FOLDER, { recursive: true });
  return JSON.parse(run(command, words, join(file, ".."), QUIET)) as Report;
}

function workerdConfig(file: string): string {
  const config = file.replace(/\.mjs$/u, ".capnp");
  const name = file.slice(file.lastIndexOf("/") + 1);
  const lines = [
    'using Workerd = import "/workerd/workerd.capnp";',
    'const config :Workerd.Config = (services = [(name = "vectors", worker = (',
    `  modules = [(name = "${name}", esModule = embed "${name}")], compatibilityDate = "2026-11-01"))]);`,
  ];
  writeFileSync(config, lines.join("\n"));
  return config;
}
