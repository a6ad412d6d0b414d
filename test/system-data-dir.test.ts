import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import type { TestContext } from "node:test";
import { test } from "node:test";

import SqliteDatabase from "better-sqlite3";

import { StartRefused } from "../daemon/domain/errors.ts";
import { checkDatabase } from "../daemon/storage/check.ts";
import { lockDataDir } from "../daemon/storage/lock.ts";
import { diskFreeBytes, openDataDir } from "../daemon/system/data-dir.ts";
import { listenOnSocket, probeSocket } from "../daemon/system/local-socket.ts";

function folder(): string {
  return mkdtempSync(join(tmpdir(), "posthorn-dir-"));
}

const HOLDER = join(import.meta.dirname, "fixtures", "lock-holder.ts");

/** A process that asked for the lock, and what it said. */
async function holder(context: TestContext, dataDir: string) {
  const child = spawn(process.execPath, [HOLDER, dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  context.after(() => child.kill("SIGKILL"));
  const [said] = await once(createInterface({ input: child.stdout }), "line");
  return {
    said: String(said),
    pid: child.pid,
    async kill() {
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    },
  };
}

test("of daemons that start in the same instant exactly one gets the data directory", async (t) => {
  const dataDir = folder();
  const all = await Promise.all(Array.from({ length: 4 }, () => holder(t, dataDir)));
  const winners = all.filter(({ said }) => said === "taken");
  assert.equal(winners.length, 1);
  for (const { said } of all.filter((each) => each !== winners[0])) {
    assert.match(
      said,
      new RegExp(`^expected ${dataDir} to be free, got one .*\\(process ${winners[0]?.pid}\\)`),
    );
  }
});

test("after kill -9 the data directory is free at once", async (t) => {
  const dataDir = folder();
  for (let round = 0; round < 3; round++) {
    const each = await holder(t, dataDir);
    assert.equal(each.said, "taken");
    assert.throws(() => lockDataDir(dataDir, process.pid), StartRefused);
    await each.kill();
  }
  lockDataDir(dataDir, process.pid).release();
});

test("within one process, too, a data directory is taken once; released, it is free", () => {
  const dataDir = folder();
  const lock = lockDataDir(dataDir, 4711);
  assert.throws(() => lockDataDir(dataDir, 4712), /\(process 4711\); stop that one/);
  lock.release();
  lock.release();
  lockDataDir(dataDir, 4712).release();
});

test("a lock in a folder that is not there is refused with a sentence", () => {
  assert.throws(
    () => lockDataDir("/nowhere/at/all", 1),
    /^Error: expected .*posthorn\.lock to be usable/,
  );
});

test("a data directory is made for its owner only; one that is there keeps its mode", () => {
  const path = join(folder(), "a", "data");
  assert.equal(openDataDir(path).database, join(path, "posthorn.db"));
  assert.equal(statSync(path).mode & 0o777, 0o700);
  chmodSync(path, 0o750);
  openDataDir(path);
  assert.equal(statSync(path).mode & 0o777, 0o750);
});

test("a data directory that is a file is refused with a sentence", () => {
  const path = join(folder(), "data");
  writeFileSync(path, "");
  assert.throws(() => openDataDir(path), /to be a folder that this user can write to, got a file/);
  assert.throws(() => openDataDir(join(path, "below")), StartRefused);
});

test("free space is told in bytes", async () => {
  const free = await diskFreeBytes(tmpdir());
  assert.ok(Number.isInteger(free) && free > 0);
  await assert.rejects(diskFreeBytes("/nowhere/at/all"), /ENOENT/);
});

test("only the daemon's user can open its socket, from the first moment", async (t) => {
  const path = join(folder(), "posthorn.sock");
  const server = createServer();
  t.after(() => server.close());
  assert.equal(await probeSocket(path), "missing");
  const before = process.umask();
  await listenOnSocket(server, path);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(process.umask(), before);
  assert.equal(await probeSocket(path), "live");
});

test("the socket of a daemon that was killed is replaced, that of a living one is not", async (t) => {
  const path = join(folder(), "posthorn.sock");
  const code = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`;
  await once(spawn(process.execPath, ["-e", code]), "exit");
  assert.ok(existsSync(path));
  assert.equal(await probeSocket(path), "stale");
  const [first, second] = [createServer(), createServer()];
  t.after(() => first.close());
  await listenOnSocket(first, path);
  await assert.rejects(listenOnSocket(second, path), StartRefused);
  assert.equal(await probeSocket(path), "live");
});

test("a file that is no socket is not removed", async () => {
  const path = join(folder(), "posthorn.sock");
  writeFileSync(path, "precious");
  await assert.rejects(listenOnSocket(createServer(), path), StartRefused);
  assert.ok(existsSync(path));
});

test("a socket in a folder that is not there is refused with a sentence", async () => {
  const path = "/nowhere/at/all/posthorn.sock";
  await assert.rejects(listenOnSocket(createServer(), path), /to be usable as a socket, got/);
});

test("a look at a database tells a good one from a missing and a damaged one", () => {
  const path = join(folder(), "posthorn.db");
  assert.deepEqual(checkDatabase(path), { kind: "missing" });
  const file = new SqliteDatabase(path);
  file.exec("create table a(b); pragma user_version = 3");
  file.close();
  const check = checkDatabase(path);
  assert.ok(check.kind === "good" && check.schemaVersion === 3 && check.bytes > 0);
  writeFileSync(path, "something else altogether, long enough to be read as a header".repeat(20));
  assert.equal(checkDatabase(path).kind, "damaged");
  assert.deepEqual(readdirSync(join(path, "..")), ["posthorn.db"]);
});
