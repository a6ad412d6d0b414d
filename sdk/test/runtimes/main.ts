/** `npm run runtimes`: the vectors on every runtime that npm can bring to this machine. */
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { installBuiltPackage, run } from "../built-package.ts";
import { bundleVectors } from "./bundle.ts";
import { buildsOf, findRuntime, runProgram, RUNTIMES, RUNTIMES_FOLDER } from "./runtimes.ts";
import type { Build, Present } from "./runtimes.ts";

const { values } = parseArgs({ options: { strict: { type: "boolean", default: false } } });

install();
const installed = installBuiltPackage();
try {
  await runAll();
} finally {
  installed.remove();
}

/** Into `.tmp`, and not with the other packages: they are a gigabyte that only this command needs. */
function install(): void {
  mkdirSync(RUNTIMES_FOLDER, { recursive: true });
  copyFileSync(new URL("package.json", import.meta.url), join(RUNTIMES_FOLDER, "package.json"));
  const words = [
    "--ignore-scripts",
    "--no-package-lock",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ];
  run("npm", ["install", ...words], RUNTIMES_FOLDER);
}

async function runAll(): Promise<void> {
  const files: Readonly<Record<Build, string>> = {
    package: await bundleVectors(installed, "package"),
    web: await bundleVectors(installed, "web"),
  };
  const rows: string[][] = [["runtime", "version", "cryptography", "vectors", "failures"]];
  let hasFailed = false;
  for (const runtime of RUNTIMES) {
    const present = findRuntime(runtime);
    if (present === null) {
      rows.push([runtime.name, "not to be had from npm for this machine", "", "", ""]);
      hasFailed ||= values.strict;
    } else {
      for (const build of buildsOf(runtime)) {
        const { row, isGood } = rowOf(present, build, files[build]);
        rows.push(row);
        hasFailed ||= !isGood;
      }
    }
  }
  console.log(aligned(rows));
  process.exitCode = hasFailed ? 1 : 0;
}

function rowOf(
  present: Present,
  build: Build,
  file: string,
): { readonly row: string[]; readonly isGood: boolean } {
  const { runtime, version } = present;
  const head = [runtime.name, version.replace(/^v/u, "")];
  const complain = (problem: string): void =>
    void process.stderr.write(`${runtime.name}, ${build}: ${problem}\n`);
  try {
    const { cryptography, vectors, problems } = runProgram(present, file);
    for (const problem of problems) complain(problem);
    return {
      row: [...head, cryptography, `${vectors}`, `${problems.length}`],
      isGood: problems.length === 0,
    };
  } catch (error) {
    complain(String(error));
    return { row: [...head, "", "0", "did not run"], isGood: false };
  }
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
