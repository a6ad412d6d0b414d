/** How the daemon gets onto a machine: in temporary folders, with a Node and an npm that are little shell scripts. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { realpathSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { ROOT } from "./support/house-source.ts";

const SHELL_TOOLS = ["cp", "dirname", "mkdir", "readlink", "sh"];

function temporaryFolder(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "posthorn-packaging-")));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function writeScript(path: string, body: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}

/** A Node that knows its version and says how it was called. */
function writeNode(path: string, version: string, name: string): void {
  const answer = `[ "$1" = --version ] && echo ${version} && exit 0`;
  writeScript(path, `${answer}\necho "${name} $$"\nfor word in "$@"; do echo "<$word>"; done`);
}

/** A PATH with nothing on it but what the scripts need: above all no Node of the machine. */
function barePath(folder: string): string {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const tool of SHELL_TOOLS) {
    const { stdout } = spawnSync("sh", ["-c", `command -v ${tool}`], { encoding: "utf8" });
    symlinkSync(stdout.trim(), join(bin, tool));
  }
  return bin;
}

describe("the launcher", () => {
  interface Installation {
    readonly root: string;
    readonly launcher: string;
    readonly bin: string;
  }

  function install(t: TestContext, inside = "posthorn"): Installation {
    const folder = temporaryFolder(t);
    const root = join(folder, inside);
    const launcher = join(root, "packaging", "posthorn");
    mkdirSync(dirname(launcher), { recursive: true });
    cpSync(join(ROOT, "packaging", "posthorn"), launcher);
    mkdirSync(join(root, "daemon"));
    writeFileSync(join(root, "daemon", "main.ts"), "");
    return { root, launcher, bin: barePath(folder) };
  }

  function withPackages(root: string): void {
    mkdirSync(join(root, "node_modules", "better-sqlite3"), { recursive: true });
  }

  async function run(command: string, words: readonly string[], PATH: string) {
    const child = spawn(command, words, { env: { PATH }, stdio: ["ignore", "pipe", "pipe"] });
    const [out, err, [code]] = await Promise.all([
      child.stdout.setEncoding("utf8").toArray(),
      child.stderr.setEncoding("utf8").toArray(),
      once(child, "close"),
    ]);
    return { pid: child.pid, code: Number(code), out: out.join("").split("\n"), err: err.join("") };
  }

  test("becomes the project's Node, so that a signal reaches the daemon, and hands on each word as it is", async (t) => {
    const { root, launcher, bin } = install(t);
    withPackages(root);
    writeNode(join(root, "node_modules/.bin/node"), "v24.1.0", "own");
    const { pid, out } = await run(launcher, ["send", "two words", "", "*"], bin);
    assert.equal(out[0], `own ${pid}`);
    assert.deepEqual(out.slice(2, 7), [
      `<${root}/daemon/main.ts>`,
      "<send>",
      "<two words>",
      "<>",
      "<*>",
    ]);
  });

  test("finds its place through symlinks, absolute and relative ones", async (t) => {
    const { root, launcher, bin } = install(t);
    withPackages(root);
    writeNode(join(root, "node_modules/.bin/node"), "v24.1.0", "own");
    symlinkSync(launcher, join(root, "absolute"));
    mkdirSync(join(root, "far away"));
    symlinkSync("../absolute", join(root, "far away", "relative"));
    const { out } = await run(join(root, "far away", "relative"), [], bin);
    assert.equal(out[2], `<${root}/daemon/main.ts>`);
  });

  test("as somebody's dependency it takes the Node that npm put beside it", async (t) => {
    const { root, launcher, bin } = install(t, "app/node_modules/posthorn");
    mkdirSync(join(root, "..", "better-sqlite3"));
    writeNode(join(root, "../.bin/node"), "v25.0.0", "hoisted");
    const { pid, out } = await run(launcher, [], bin);
    assert.equal(out[0], `hoisted ${pid}`);
  });

  test("where the project's Node does not start, the machine's is taken if it is new enough", async (t) => {
    const { root, launcher, bin } = install(t);
    withPackages(root);
    writeScript(join(root, "node_modules/.bin/node"), "exit 127");
    writeNode(join(bin, "node"), "v24.0.0", "machine");
    const { pid, out } = await run(launcher, [], bin);
    assert.equal(out[0], `machine ${pid}`);
  });

  test("an older Node is refused with a sentence", async (t) => {
    const { root, launcher, bin } = install(t);
    withPackages(root);
    writeNode(join(bin, "node"), "v20.20.2", "machine");
    const { code, err } = await run(launcher, [], bin);
    assert.equal(code, 1);
    assert.match(err, /^posthorn: expected Node 24 or newer, got v20\.20\.2; run 'npm ci' in /);
  });

  test("a clone without its packages says what to do", async (t) => {
    const { root, launcher, bin } = install(t);
    writeNode(join(bin, "node"), "v24.0.0", "machine");
    const { code, err } = await run(launcher, ["serve"], bin);
    assert.equal(code, 1);
    assert.equal(err, `posthorn: its packages are not installed; run 'npm ci' in ${root} first\n`);
  });

  test("what is published has no sources: the compiled daemon is run", async (t) => {
    const { root, launcher, bin } = install(t);
    withPackages(root);
    rmSync(join(root, "daemon"), { recursive: true });
    writeNode(join(root, "node_modules/.bin/node"), "v24.1.0", "own");
    const { out } = await run(launcher, [], bin);
    assert.equal(out[2], `<${root}/dist/daemon/main.js>`);
  });
});

describe("the setup before each script", () => {
  const KYSELY = { version: "1.0.0", integrity: "sha512-a" };
  const LOCK: Readonly<Record<string, object>> = {
    "": { name: "posthorn" },
    sdk: { name: "posthorn-sdk" },
    "node_modules/kysely": KYSELY,
    "node_modules/knip": { version: "1.0.0", dev: true },
    "node_modules/elsewhere": { version: "1.0.0", optional: true },
  };
  const { "node_modules/elsewhere": _, ...INSTALLED } = LOCK;
  const { "node_modules/knip": __, ...PRODUCTION } = INSTALLED;

  interface Checkout {
    readonly root: string;
    readonly bin: string;
    readonly run: (script?: string) => { readonly status: number | null; readonly stderr: string };
    readonly npmCalls: () => readonly string[];
    readonly lock: (packages: object) => void;
    readonly installed: (packages: object) => void;
  }

  /** `npm` notes how it was called, then does what the test says; `node` is new enough unless the test says other. */
  function checkout(t: TestContext, npmDoes: string): Checkout {
    const folder = temporaryFolder(t);
    const root = join(folder, "posthorn");
    mkdirSync(join(root, "packaging"), { recursive: true });
    for (const script of ["setup.mjs", "build-web.mjs"])
      cpSync(join(ROOT, "packaging", script), join(root, "packaging", script));
    const bin = barePath(folder);
    writeScript(join(bin, "npm"), `echo "$@" >> npm.log\n${npmDoes}`);
    writeNode(join(bin, "node"), "v24.0.0", "machine");
    const write = (name: string, packages: object): void => {
      mkdirSync(join(root, "node_modules"), { recursive: true });
      writeFileSync(join(root, name), JSON.stringify({ packages }));
    };
    write("production.json", PRODUCTION);
    const log = join(root, "npm.log");
    return {
      root,
      bin,
      run: (script = "pretest") =>
        spawnSync(process.execPath, ["packaging/setup.mjs"], {
          cwd: root,
          encoding: "utf8",
          env: { PATH: bin, npm_lifecycle_event: script },
        }),
      npmCalls: () => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []),
      lock: (packages) => write("package-lock.json", packages),
      installed: (packages) => write("node_modules/.package-lock.json", packages),
    };
  }

  const NPM_INSTALLS =
    "mkdir -p node_modules && cp package-lock.json node_modules/.package-lock.json";

  const NPM_INSTALLS_WHAT_IS_WANTED =
    'mkdir -p node_modules; case "$*" in *--omit=dev*) cp production.json node_modules/.package-lock.json;; ' +
    "*) cp package-lock.json node_modules/.package-lock.json;; esac";

  test("a fresh clone is installed once, with one sentence, and then left alone", (t) => {
    const { run, lock, npmCalls } = checkout(t, NPM_INSTALLS);
    lock(LOCK);
    const first = run();
    assert.equal(first.status, 0);
    assert.match(first.stderr, /^posthorn: installing packages \(npm ci\)[^\n]*\n$/);
    const second = run();
    assert.deepEqual([second.status, second.stderr], [0, ""]);
    assert.deepEqual(npmCalls(), [
      "ci --ignore-scripts --loglevel=error --no-fund --no-audit --include=dev",
    ]);
  });

  test("a lock file that says something new is installed, one that was only touched is not", (t) => {
    const { root, run, lock, installed, npmCalls } = checkout(t, NPM_INSTALLS);
    lock(LOCK);
    installed(INSTALLED);
    utimesSync(join(root, "package-lock.json"), new Date(), new Date(Date.now() + 60_000));
    assert.equal(run().stderr, "");
    assert.equal(npmCalls().length, 0);
    for (const change of [{ version: "1.0.1" }, { integrity: "sha512-b" }]) {
      lock({ ...LOCK, "node_modules/kysely": { ...KYSELY, ...change } });
      assert.equal(run().status, 0);
    }
    assert.equal(npmCalls().length, 2);
  });

  test("a production install is enough to start, and not to test", (t) => {
    const { run, lock, installed, npmCalls } = checkout(t, NPM_INSTALLS);
    lock(LOCK);
    installed(PRODUCTION);
    assert.equal(run("prestart").stderr, "");
    assert.equal(npmCalls().length, 0);
    run("pretest");
    assert.equal(npmCalls().length, 1);
  });

  test("a fresh clone that is only started gets no development packages, and the first test installs them", (t) => {
    const { run, lock, npmCalls } = checkout(t, NPM_INSTALLS_WHAT_IS_WANTED);
    lock(LOCK);
    assert.equal(run("prestart").status, 0);
    assert.equal(run("prestart").stderr, "");
    assert.equal(run("pretest").status, 0);
    assert.deepEqual(npmCalls(), [
      "ci --ignore-scripts --loglevel=error --no-fund --no-audit --omit=dev",
      "ci --ignore-scripts --loglevel=error --no-fund --no-audit --include=dev",
    ]);
  });

  test("a start where development packages are installed brings up to date, and keeps them", (t) => {
    const { run, lock, installed, npmCalls } = checkout(t, NPM_INSTALLS_WHAT_IS_WANTED);
    lock({ ...LOCK, "node_modules/kysely": { ...KYSELY, version: "1.0.1" } });
    installed(INSTALLED);
    assert.equal(run("prestart").status, 0);
    assert.match(npmCalls().join("\n"), /--include=dev$/);
  });

  test("an npm that fails is passed on", (t) => {
    const { run, lock } = checkout(t, "echo 'no network' >&2; exit 7");
    lock(LOCK);
    const { status, stderr } = run();
    assert.equal(status, 1);
    assert.match(
      stderr,
      /no network\nposthorn: npm ci failed \(exit code 7\); its reason is above\n$/,
    );
  });

  test("an npm that ends well and installs something else is an error, not a reason to try for ever", (t) => {
    const { run, lock, installed, npmCalls } = checkout(t, "exit 0");
    lock(LOCK);
    installed({ ...INSTALLED, "node_modules/kysely": { ...KYSELY, version: "0.9.0" } });
    const { status, stderr } = run();
    assert.equal(status, 1);
    assert.match(
      stderr,
      /expected node_modules\/kysely to be 1\.0\.0 sha512-a, got 0\.9\.0 sha512-a/,
    );
    assert.equal(npmCalls().length, 1);
  });

  test("who died while installing does not stop the next, and nothing is left behind", (t) => {
    const { root, run, lock } = checkout(t, NPM_INSTALLS);
    lock(LOCK);
    const { pid } = spawnSync(process.execPath, ["--version"]);
    mkdirSync(join(root, ".tmp"));
    writeFileSync(join(root, ".tmp/setup.pid"), String(pid));
    assert.equal(run().status, 0);
    assert.equal(existsSync(join(root, ".tmp/setup.pid")), false);
  });

  test("a checkout that can't be written to is told in a sentence, and npm is not tried", (t) => {
    const { root, run, lock, npmCalls } = checkout(t, NPM_INSTALLS);
    lock(LOCK);
    // A file in the way stops every user; permissions would not stop root, who runs tests in containers.
    writeFileSync(join(root, ".tmp"), "");
    const { status, stderr } = run();
    assert.equal(status, 1);
    assert.ok(
      stderr.startsWith(`posthorn: expected ${root} to be a folder that this user can write to`),
      stderr,
    );
    assert.match(stderr, /got EEXIST; run 'npm ci' there as its owner\n$/);
    assert.equal(npmCalls().length, 0);
  });

  test("a Node from npm that does not start here stands aside for the machine's", (t) => {
    const { root, run, lock, installed } = checkout(t, NPM_INSTALLS);
    lock(LOCK);
    installed(INSTALLED);
    const own = join(root, "node_modules/.bin/node");
    writeScript(own, "exit 127");
    assert.equal(run().status, 0);
    assert.equal(existsSync(own), false);
  });

  test("a machine whose every Node is too old is told so", (t) => {
    const { bin, run, lock, installed } = checkout(t, NPM_INSTALLS);
    lock(LOCK);
    installed(INSTALLED);
    writeNode(join(bin, "node"), "v20.20.2", "machine");
    const { status, stderr } = run();
    assert.equal(status, 1);
    assert.match(stderr, /^posthorn: expected Node 24 or newer, got v20\.20\.2;/);
  });
});

describe("the guard in the first file of the daemon", () => {
  function runGuard(version: string) {
    const pretend = `Object.defineProperty(process, "versions", { value: { node: "${version}" } });`;
    return spawnSync(
      process.execPath,
      ["--import", `data:text/javascript,${encodeURIComponent(pretend)}`, "daemon/node-guard.ts"],
      { cwd: ROOT, encoding: "utf8" },
    );
  }

  test("refuses an older Node with a sentence, and lets Node 24 and later pass", () => {
    const { status, stderr } = runGuard("22.18.0");
    assert.equal(status, 1);
    assert.match(stderr, /^posthorn: expected Node 24 or newer, got 22\.18\.0;/);
    for (const version of ["24.0.0", "26.1.0"]) {
      assert.deepEqual([runGuard(version).status, runGuard(version).stderr], [0, ""]);
    }
  });
});
