/**
 * Runs before every npm script, under whatever Node the machine has: after it, the packages in `node_modules` are those
 * of `package-lock.json`, `node` in the script that follows is new enough, and `web/dist` is the page that its sources
 * make. Says nothing when there is nothing to do.
 */
import { spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { isWebStale } from "./build-web.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const ownBin = join(root, "node_modules", ".bin");
const lockFile = join(root, "package-lock.json");
const installedFile = join(root, "node_modules", ".package-lock.json");
const claimFile = join(root, ".tmp", "setup.pid");
const NODE_MAJOR_MIN = 24;
const CLAIM_POLL_MS = 200;

// A production install (`npm ci --omit=dev`) is enough to start the daemon, and only for that.
const needsDevPackages = process.env.npm_lifecycle_event !== "prestart";

try {
  installIfStale();
  checkNode();
  // After the packages that it needs, and under the Node that they need.
  buildWebIfStale();
} catch (error) {
  process.stderr.write(`posthorn: ${error.message}\n`);
  process.exitCode = 1;
}

function installIfStale() {
  if (firstDifference() === null) return;
  underClaim("its packages have to be installed, ", "; run 'npm ci' there as its owner", () => {
    // Asked again: whoever held the claim before us has probably installed.
    if (firstDifference() === null) return;
    install();
    const difference = firstDifference();
    // Going on would mean to install again before every script, for ever.
    if (difference !== null) throw new Error(`npm ci has ended well, but ${difference}`);
  });
}

function buildWebIfStale() {
  if (!isWebStale()) return;
  const remedy = "; run 'node packaging/build-web.mjs' there as its owner";
  underClaim("the page has to be built, ", remedy, () => {
    if (!isWebStale()) return;
    const args = [join(root, "packaging", "build-web.mjs")];
    // In a process of its own: this one may run under a Node that is too old for the builder.
    const { status, signal, error } = spawnSync("node", args, {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (error) throw new Error(`expected node to run, got ${error.message}`);
    if (status === 0) return;
    throw new Error(
      `the page could not be built (${signal ?? `exit code ${status}`}); its reason is above`,
    );
  });
}

function underClaim(why, remedy, work) {
  claim(why, remedy);
  try {
    work();
  } finally {
    rmSync(claimFile, { force: true });
  }
}

/**
 * One sentence about a package that is not as the lock file says, or null. Contents are compared, not times: a change of
 * branch touches the lock file without changing it, and whoever ran `npm ci` by hand needs no second one.
 */
function firstDifference() {
  const expected = readPackages(lockFile);
  if (expected === null) throw new Error(`expected ${lockFile} to be npm's lock file`);
  const installed = readPackages(installedFile);
  if (installed === null) return "node_modules is missing or half installed";
  for (const [path, wanted] of Object.entries(expected)) {
    if (!path.startsWith("node_modules/")) continue;
    const found = installed[path];
    if (found === undefined ? !mayBeAbsent(wanted) : fingerprint(found) !== fingerprint(wanted)) {
      return `expected ${path} to be ${fingerprint(wanted)}, got ${fingerprint(found)}`;
    }
  }
  return null;
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages ?? null;
  } catch {
    return null;
  }
}

/** npm leaves out what is for another platform, and what its `omit` setting names. */
function mayBeAbsent({ optional, devOptional, peer, dev }) {
  return Boolean(optional || devOptional || peer || (dev && !needsDevPackages));
}

/**
 * Development packages are over a gigabyte, which nobody who only starts the daemon needs. Where they are installed already
 * they stay: a start after a change of branch would else delete what the next test installs again.
 */
function wantsDevPackages() {
  if (needsDevPackages) return true;
  return Object.values(readPackages(installedFile) ?? {}).some(({ dev }) => dev);
}

function fingerprint(entry) {
  if (entry === undefined) return "nothing";
  if (entry.link) return `a link to ${entry.resolved}`;
  return [entry.version, entry.integrity].filter(Boolean).join(" ");
}

function install() {
  process.stderr.write(
    "posthorn: installing packages (npm ci), which takes a minute the first time.\n",
  );
  const [command, ...args] = npmCommand();
  // Without scripts: npm would run node-gyp for better-sqlite3, whose binaries are in its package, and that needs a compiler,
  // Python and Node's headers from the network.
  const options = ["ci", "--ignore-scripts", "--loglevel=error", "--no-fund", "--no-audit"];
  options.push(wantsDevPackages() ? "--include=dev" : "--omit=dev");
  const { status, signal, error } = spawnSync(command, [...args, ...options], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, PATH: pathWithoutOwnBin() },
  });
  if (error) throw new Error(`expected ${command} to run, got ${error.message}`);
  if (status !== 0) {
    throw new Error(`npm ci failed (${signal ?? `exit code ${status}`}); its reason is above`);
  }
}

/** The npm that runs this script, under the Node it runs on: never ours, which `npm ci` deletes while it works. */
function npmCommand() {
  const { npm_node_execpath: node, npm_execpath: npm } = process.env;
  const isNpm = npm !== undefined && basename(npm) === "npm-cli.js";
  return isNpm && node !== undefined && !node.startsWith(root) ? [node, npm] : ["npm"];
}

function pathWithoutOwnBin() {
  const entries = (process.env.PATH ?? "").split(delimiter);
  return entries.filter((entry) => entry !== ownBin).join(delimiter);
}

/** The `node` of the npm script that follows: npm puts our `.bin` before the machine's PATH. */
function checkNode() {
  const own = versionOf(join(ownBin, "node"));
  if (own !== null) return expectNewEnough(own);
  // The binary from npm needs glibc. Where it does not start it must not stand in front of the machine's Node.
  rmSync(join(ownBin, "node"), { force: true });
  return expectNewEnough(versionOf("node", pathWithoutOwnBin()) ?? process.version);
}

function versionOf(node, PATH = process.env.PATH) {
  const { status, stdout } = spawnSync(node, ["--version"], {
    encoding: "utf8",
    env: { ...process.env, PATH },
  });
  return status === 0 ? stdout.trim() : null;
}

function expectNewEnough(version) {
  const major = Number(/^v(\d+)\./.exec(version)?.[1]);
  if (major >= NODE_MAJOR_MIN) return;
  throw new Error(
    `expected Node ${NODE_MAJOR_MIN} or newer, got ${version}; npm has none for this machine, so install one`,
  );
}

/** Two `npm ci` or two builds in one folder delete each other's files: the second waits for the first. */
function claim(why, remedy) {
  try {
    mkdirSync(dirname(claimFile), { recursive: true });
    accessSync(dirname(claimFile), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Error(
      `expected ${root} to be a folder that this user can write to, since ${why}got ${error.code}${remedy}`,
      { cause: error },
    );
  }
  let told = false;
  while (!tryClaim()) {
    const holder = claimHolder();
    if (holder === null) continue;
    if (!told)
      process.stderr.write(`posthorn: waiting for process ${holder}, which is setting up.\n`);
    told = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, CLAIM_POLL_MS);
  }
}

/** A link, not an exclusive write: the claim must never be seen without the number of its process in it. */
function tryClaim() {
  const ownFile = `${claimFile}.${process.pid}`;
  writeFileSync(ownFile, String(process.pid));
  try {
    linkSync(ownFile, claimFile);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(ownFile, { force: true });
  }
}

/** The process that holds the claim; null, and the claim is gone, when it died without giving it back. */
function claimHolder() {
  const pid = readClaim();
  if (pid === null) return null;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== "ESRCH") return pid; // alive, and somebody else's
    rmSync(claimFile, { force: true });
    return null;
  }
  return pid;
}

function readClaim() {
  try {
    return Number(readFileSync(claimFile, "utf8"));
  } catch {
    return null; // given back in this moment
  }
}
