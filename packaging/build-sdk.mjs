/**
 * Makes of `sdk/` what is published: `node packaging/build-sdk.mjs [folder]`, by default `sdk/dist`. The folder is made anew and
 * is what `npm pack` takes. ES modules alone: Node has been able to `require` those since 20.19, and a second build for
 * `require` would be a second copy of each class, of which one process can then hold both.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sdk = join(root, "sdk");
const out = resolve(process.argv[2] ?? join(sdk, "dist"));
const VECTORS = "./test/vectors/provider-vectors.json";

try {
  build();
} catch (error) {
  process.stderr.write(`posthorn: ${error.message}\n`);
  process.exitCode = 1;
}

function build() {
  rmSync(out, { recursive: true, force: true });
  compile();
  nameCompiledImports();
  copyFileSync(join(sdk, VECTORS), join(out, "vectors.json"));
  copyManual();
  copyFileSync(join(root, "LICENSE"), join(out, "LICENSE"));
  const source = JSON.parse(readFileSync(join(sdk, "package.json"), "utf8"));
  writeFileSync(
    join(out, "package.json"),
    `${JSON.stringify(publishedManifest(source), null, 2)}\n`,
  );
}

function compile() {
  const tsc = join(root, "node_modules", ".bin", "tsc");
  const words = ["-p", join(sdk, "tsconfig.build.json"), "--outDir", out];
  const { status, error } = spawnSync(tsc, words, { stdio: "inherit" });
  if (error) throw new Error(`expected ${tsc} to run, got ${error.message}`);
  if (status !== 0) throw new Error("expected the SDK to compile, got the complaints above");
}

/** Each page beside the modules that it speaks of, as in the sources, where they stand one folder deeper. */
function copyManual() {
  const front = readFileSync(join(sdk, "README.md"), "utf8");
  writeFileSync(join(out, "README.md"), front.replaceAll("](src/", "]("));
  for (const page of readdirSync(join(sdk, "src"), { recursive: true })) {
    if (!page.endsWith(".md")) continue;
    const text = readFileSync(join(sdk, "src", page), "utf8");
    mkdirSync(dirname(join(out, page)), { recursive: true });
    writeFileSync(join(out, page), text.replaceAll("](../../README.md", "](../README.md"));
  }
}

/** The compiler writes `.js` into modules but leaves `.ts` in declarations, where it names files that are not published. */
function nameCompiledImports() {
  for (const name of readdirSync(out, { recursive: true })) {
    if (!name.endsWith(".d.ts")) continue;
    const file = join(out, name);
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replaceAll(/((?:from|import\() ?"\.[^"\n]*)\.ts"/gu, '$1.js"'));
  }
}

function publishedManifest(manifest) {
  return {
    ...manifest,
    private: undefined,
    imports: mapped(manifest.imports, compiledPath),
    exports: publishedExports(manifest.exports),
  };
}

/**
 * Each subpath by its name: a pattern of the sources promises what is there today, not every file of a folder for ever.
 * Declarations lie beside the modules, where TypeScript finds them without a `types` condition.
 */
function publishedExports(exports) {
  const published = {};
  for (const [subpath, target] of Object.entries(exports)) {
    for (const name of subpath.includes("*") ? modulesOf(target) : [""]) {
      published[subpath.replace("*", name)] = compiledPath(target.replace("*", name));
    }
  }
  return published;
}

/** The modules that `./src/providers/*.ts` stands for, in order. */
function modulesOf(pattern) {
  const names = readdirSync(join(sdk, dirname(pattern))).filter((name) => name.endsWith(".ts"));
  return names.map((name) => basename(name, ".ts")).toSorted();
}

function mapped(value, change) {
  if (typeof value === "string") return change(value);
  const entries = Object.entries(value).map(([key, each]) => [key, mapped(each, change)]);
  return Object.fromEntries(entries);
}

function compiledPath(path) {
  if (path === VECTORS) return "./vectors.json";
  return path.replace(/^\.\/src\//u, "./").replace(/\.ts$/u, ".js");
}
