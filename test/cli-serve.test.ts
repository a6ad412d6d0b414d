import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { test } from "node:test";

import { greeting } from "../daemon/cli/serve.ts";
import { examineKey } from "../daemon/ground.ts";
import { checkDatabase } from "../daemon/storage/check.ts";
import { posthorn } from "./support/cli.ts";

const MAIN = join(import.meta.dirname, "..", "daemon", "main.ts");

function folder(): string {
  return mkdtempSync(join(tmpdir(), "posthorn-serve-"));
}

/** `posthorn serve` in a process of its own, away from this folder's posthorn.toml and data. */
function serve(context: TestContext, dataDir: string, ...options: string[]): ChildProcess {
  const usual = ["--listen", "127.0.0.1:0", "--data-dir", dataDir, "--log", "json"];
  const child = spawn(process.execPath, [MAIN, "serve", ...usual, ...options], {
    cwd: folder(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  context.after(() => child.kill("SIGKILL"));
  return child;
}

interface Line {
  readonly msg: string;
  readonly level: string;
  readonly url?: string;
  readonly pid?: number;
  readonly data_dir?: string;
  readonly page?: string;
  readonly claim_code?: string;
}

/** The first line of the log with this message; what is before it is read over. */
function logLine(child: ChildProcess, wanted: RegExp): Promise<Line> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) throw new Error("expected a pipe");
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (each) => {
      const line = JSON.parse(each) as Line;
      if (wanted.test(line.msg)) resolve(line);
    });
    lines.on("close", () => reject(new Error(`expected a line like ${wanted}, got none`)));
  });
}

async function ended(child: ChildProcess, signal: "SIGTERM" | "SIGKILL" | "SIGINT") {
  const exit = once(child, "exit");
  child.kill(signal);
  const [code] = await exit;
  return code as number | null;
}

test("serve tells in one JSON line where it listens, and its socket serves the command line without a key", async (t) => {
  const dataDir = folder();
  const child = serve(t, dataDir);
  const line = await logLine(child, /^listening$/);
  assert.equal(line.pid, child.pid);
  assert.equal(line.data_dir, dataDir);
  assert.match(line.url ?? "", /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal(line.page, `${line.url}/`);
  assert.match(line.claim_code ?? "", /^[0-9A-F-]{23}$/);
  const here = ["--data-dir", dataDir];
  assert.equal((await posthorn(["healthcheck", "--ready", ...here])).out, "well\n");
  const created = await posthorn(["keys", "create", "k", "--scopes", "read", "--json", ...here]);
  const { key } = JSON.parse(created.out) as { readonly key: string };
  const remote = ["--url", line.url ?? "", "--key"];
  assert.equal((await posthorn(["events", "list", ...remote, key])).out, "No events.\n");
  assert.equal((await posthorn(["endpoints", "create", "x", ...remote, key])).code, 5);
  assert.equal((await posthorn(["events", "list", ...remote, "wrong"])).code, 5);
  assert.equal((await posthorn(["events", "show", "evt_1", ...here])).code, 4);
  assert.equal(await ended(child, "SIGTERM"), 0);
});

test("a base path is for those who come through the proxy, not for the local command line", async (t) => {
  const dataDir = folder();
  const child = serve(t, dataDir, "--base-path", "/hooks");
  const { url = "" } = await logLine(child, /^listening$/);
  assert.ok(url.endsWith("/hooks"));
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  assert.equal((await posthorn(["endpoints", "list", "--data-dir", dataDir])).code, 0);
});

test("a second daemon on the same data directory ends with a sentence and leaves the first alone", async (t) => {
  const dataDir = folder();
  const first = serve(t, dataDir);
  await logLine(first, /^listening$/);
  const second = serve(t, dataDir);
  const exit = once(second, "exit");
  const { msg } = await logLine(second, /^can't start/);
  assert.ok(msg.includes(`(process ${first.pid})`), msg);
  assert.equal((await exit)[0], 1);
  assert.equal((await posthorn(["healthcheck", "--data-dir", dataDir])).code, 0);
});

test("after kill -9 the next start finds every acknowledged event, and listens on the same socket", async (t) => {
  const dataDir = folder();
  const here = ["--data-dir", dataDir];
  const first = serve(t, dataDir);
  await logLine(first, /^listening$/);
  const sent = await posthorn(["send", "--type", "a.b", "--data", '{"n":1}', "--json", ...here]);
  const { id } = JSON.parse(sent.out) as { readonly id: string };
  await ended(first, "SIGKILL");
  assert.equal((await posthorn(["events", "show", id, ...here])).code, 3);
  const second = serve(t, dataDir);
  await logLine(second, /^listening$/);
  assert.match((await posthorn(["events", "show", id, ...here])).out, /\{"n":1\}/);
  assert.equal(await ended(second, "SIGINT"), 0);
});

test("the daemon's files are nobody else's, even in a folder that others can look into", async (t) => {
  const dataDir = folder();
  const child = serve(t, dataDir);
  await logLine(child, /^listening$/);
  for (const name of ["posthorn.db", "posthorn.lock", "secret.key", "posthorn.sock"]) {
    assert.equal(statSync(join(dataDir, name)).mode & 0o007, 0, name);
  }
  assert.equal(readFileSync(join(dataDir, "posthorn.pid"), "utf8"), `${child.pid}\n`);
});

test("a wrong configuration ends the start with 2 and every problem; nothing is made", async (t) => {
  const dataDir = join(folder(), "data");
  const child = serve(t, dataDir, "--log-level", "loud", "--retention-days", "0");
  const exit = once(child, "exit");
  assert.ok(child.stderr !== null);
  const err = await text(child.stderr);
  assert.equal((await exit)[0], 2);
  assert.equal(err.trim().split("\n").length, 2);
  assert.throws(() => statSync(dataDir), /ENOENT/);
});

test("doctor finds a running daemon well, a stopped one's database sound, and a damaged one bad", async (t) => {
  const dataDir = folder();
  const clock = { nowMs: () => Date.now(), wallMs: () => Date.now() };
  const world = {
    clock,
    checkDatabase: async (path: string) => checkDatabase(path),
    checkKey: async (path: string) => examineKey(path),
  };
  const here = ["doctor", "--data-dir", dataDir];
  const child = serve(t, dataDir);
  await logLine(child, /^listening$/);
  const running = await posthorn([...here, "--disk-free-bytes-min", "1024GiB"], world);
  assert.equal(running.code, 0, running.out);
  assert.match(running.out, /^daemon +good +can take events$/m);
  // The daemon's own floor, and not that of this command line.
  assert.match(running.out, /^disk +good +[\d.]+ [GT]iB free, 64 MiB needed$/m);
  await posthorn(["endpoints", "create", "https://shop.example/", "--data-dir", dataDir]);
  await ended(child, "SIGTERM");
  const stopped = await posthorn(here, world);
  assert.equal(stopped.code, 0);
  assert.match(stopped.out, /^database +good +sound: .* schema version \d+$/m);
  const key = readFileSync(join(dataDir, "secret.key"));
  writeFileSync(join(dataDir, "secret.key"), Buffer.alloc(32, 1));
  const wrong = await posthorn(here, world);
  assert.equal(wrong.code, 1);
  assert.match(
    wrong.out,
    /^secret key +bad +expected \S+ to be the key of the secrets in the data/m,
  );
  writeFileSync(join(dataDir, "secret.key"), key);
  writeFileSync(join(dataDir, "posthorn.db"), "x".repeat(10_000));
  const damaged = await posthorn([...here, "--json"], world);
  assert.equal(damaged.code, 1);
  assert.equal(JSON.parse(damaged.out).ok, false);
});

test("pages that are damaged further in end the start with a sentence, and are left as they are", async (t) => {
  const dataDir = folder();
  const path = join(dataDir, "posthorn.db");
  const first = serve(t, dataDir);
  await logLine(first, /^listening$/);
  await posthorn(["endpoints", "create", "https://shop.example/", "--data-dir", dataDir]);
  await ended(first, "SIGTERM");
  const file = openSync(path, "r+");
  const noise = Buffer.alloc(8_192, 0xa5);
  const pages = statSync(path).size / noise.length;
  // Not the first one, which every look at the file begins with.
  for (let page = 4; page < pages; page++) writeSync(file, noise, 0, noise.length, page * 8_192);
  closeSync(file);
  const child = serve(t, dataDir);
  const exit = once(child, "exit");
  await logLine(child, /^can't start: expected \S+ to be a usable database, got a damaged one/);
  assert.equal((await exit)[0], 1);
});

test("doctor says that a clock in the past is wrong", async () => {
  const clock = { nowMs: () => 0, wallMs: () => 86_400_000 };
  const said = await posthorn(["doctor", "--data-dir", "/nowhere"], { clock });
  assert.equal(said.code, 1);
  assert.match(said.out, /^clock +bad +expected the clock to be right, got 1970-01-02/m);
});

test("the greeting tells how to send a first event, with npx and with curl", () => {
  const app = {
    url: "http://127.0.0.1:7678",
    localSocket: "/d/posthorn.sock",
    hasPage: true,
    claimCode: "AB-CD",
    stop: async () => {},
  };
  const words = greeting("1.2.3", app, "/d", "/d/posthorn.sock");
  assert.match(
    words,
    /^Posthorn 1\.2\.3 listens on http:\/\/127\.0\.0\.1:7678 and keeps its data in \/d\n/,
  );
  assert.match(words, /npx posthorn send --type hello\.world --data '\{"hello":"world"\}'\n/);
  assert.match(words, /curl --unix-socket \/d\/posthorn\.sock http:\/\/localhost\/v1\/events/);
  assert.match(words, /Open http:\/\/127\.0\.0\.1:7678\/ and make the first account\.\n/);
  assert.match(words, /it asks for the claim code: AB-CD\n/);
  const settled = greeting("1.2.3", { ...app, claimCode: null }, "/d", "/d/posthorn.sock");
  assert.match(settled, /The operator's page: http:\/\/127\.0\.0\.1:7678\/\n/);
  assert.doesNotMatch(settled, /claim/);
  assert.doesNotMatch(
    greeting("1.2.3", { ...app, hasPage: false }, "/d", "/d/posthorn.sock"),
    /page|claim/,
  );
  const without = greeting("1.2.3", { ...app, localSocket: null }, "/d", "/d/posthorn.sock");
  assert.match(
    without,
    /curl -H "Authorization: Bearer \$KEY" http:\/\/127\.0\.0\.1:7678\/v1\/events/,
  );
});

test("the greeting names the socket where the command would not look for it", () => {
  const app = { url: "u", localSocket: "/it's/d.sock", hasPage: true, claimCode: null };
  const words = greeting("1", { ...app, stop: async () => {} }, "/d", "/data/posthorn.sock");
  const socket = String.raw`'/it'\''s/d.sock'`;
  assert.ok(words.includes(`create https://example.com/hook --socket ${socket}\n`), words);
  assert.ok(words.includes(`--data '{"hello":"world"}' --socket ${socket}\n`));
  assert.ok(words.includes(`curl --unix-socket ${socket} http://`));
});
