/**
 * Writes into package-lock.json the optional packages that npm left out of it. npm drops an optional package whose
 * metadata it could not fetch, and `npm ci` then refuses the very lock file that npm wrote. To be run by hand after a
 * change of dependencies, when test/house.test.ts says that the lock file is not whole.
 *
 * The entries carry no integrity, because nobody has fetched them; npm fills it in where it can reach them.
 */
import { readFileSync, writeFileSync } from "node:fs";

const lockFile = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(lockFile, "utf8"));

for (const [path, owner] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
    if (path !== "" && findEntry(path, name) === undefined) addEntry(owner, name, version);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(byPath));
writeFileSync(lockFile, `${JSON.stringify(lock, null, 2)}\n`);

/** Looks where Node would: below the package, then beside it, then up to the top. */
function findEntry(path, name) {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    const entry = lock.packages[`${at === "" ? "" : `${at}/`}node_modules/${name}`];
    if (entry !== undefined || at === "") return entry;
  }
}

function addEntry(owner, name, version) {
  if (!/^\d+\.\d+\.\d+[\w.-]*$/.test(version)) {
    throw new Error(`expected ${name} to be wanted in one exact version, got ${version}`);
  }
  lock.packages[`node_modules/${name}`] = {
    version,
    ...platform(name),
    ...(owner.dev ? { dev: true } : {}),
    ...(owner.license ? { license: owner.license } : {}),
    optional: true,
  };
  process.stdout.write(`added ${name} ${version}\n`);
}

/** Native packages are named `…linux-x64-musl` or `…-linux-musl-x64`. npm skips those for another machine by these fields. */
function platform(name) {
  const words = name.split(/[-/]/);
  const one = (known) => words.filter((word) => known.includes(word));
  const os = one([
    "aix",
    "android",
    "darwin",
    "freebsd",
    "linux",
    "netbsd",
    "openbsd",
    "openharmony",
    "sunos",
    "win32",
  ]);
  const cpu = one([
    "arm",
    "arm64",
    "ia32",
    "loong64",
    "mips64el",
    "ppc64",
    "riscv64",
    "s390x",
    "wasm32",
    "x64",
  ]);
  if (cpu.length !== 1)
    throw new Error(`expected ${name} to name its processor, got none that npm knows`);
  const isFor = (prefix) => words.some((word) => word.startsWith(prefix));
  const libc = isFor("musl") ? { libc: ["musl"] } : isFor("gnu") ? { libc: ["glibc"] } : {};
  return { cpu, ...libc, ...(os.length === 1 ? { os } : {}) };
}

function byPath([left], [right]) {
  return left.localeCompare(right, "en");
}
