/** How a daemon begins and ends: whose data directory it is, what is in it, and who waits for whom at the end. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { suite, test } from "node:test";

import SqliteDatabase from "better-sqlite3";

import { daemonClient } from "./support/daemon-client.ts";
import type { DaemonProcess } from "./support/daemon-process.ts";
import { freePort, spawnDaemon, startDaemon } from "./support/daemon-process.ts";
import { assertNoSecret, LOOPBACK, serveIn, until } from "./support/post-office.ts";
import { startReceiver } from "./support/receiver.ts";

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-life-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function start(t: TestContext, dataDir: string, env = {}): Promise<DaemonProcess> {
  const daemon = await startDaemon(serveIn(dataDir, { ...LOOPBACK, ...env }));
  t.after(async () => {
    await daemon.kill();
    assertNoSecret(daemon.output());
  });
  return daemon;
}

/** Starts one that has to refuse; resolves with all that it said. */
async function refused(dataDir: string): Promise<string> {
  const address = `127.0.0.1:${await freePort()}`;
  const daemon = spawnDaemon({ ...serveIn(dataDir, LOOPBACK), address });
  await assert.rejects(daemon.ready(), /it has ended/);
  assert.equal(await daemon.stop(), 1, daemon.output());
  assert.ok(!/^\s+at /m.test(daemon.output()), `a stack is no sentence:\n${daemon.output()}`);
  return daemon.output();
}

suite(
  "a daemon refuses to start, with one sentence that says why, where",
  { concurrency: true },
  () => {
    test("another one uses the data directory; the other one is not disturbed", async (t) => {
      const dataDir = folderFor(t);
      const first = await start(t, dataDir);
      const said = await refused(dataDir);
      assert.match(said, /^posthorn: expected .* to be free, got one that a Posthorn uses already/);
      assert.ok(said.includes(`(process ${first.pid})`), said);
      const answer = await daemonClient(first.address).must("POST /v1/events", {
        type: "a.b",
        data: 1,
      });
      assert.equal(answer.deliveries, 0);
    });

    test("the database is damaged; it is left as it is", async (t) => {
      const dataDir = folderFor(t);
      const path = join(dataDir, "posthorn.db");
      writeFileSync(path, "not a database, but long enough to look like one. ".repeat(200));
      const before = readFileSync(path);
      assert.match(await refused(dataDir), /^posthorn: expected .*posthorn\.db to be .*, got /);
      assert.deepEqual(readFileSync(path), before);
    });

    test("the database was written by a newer one", async (t) => {
      const dataDir = folderFor(t);
      const first = await start(t, dataDir);
      assert.equal(await first.stop(), 0);
      const file = new SqliteDatabase(join(dataDir, "posthorn.db"));
      file.pragma("user_version = 999");
      file.close();
      assert.match(await refused(dataDir), /^posthorn: expected .*999.*/);
    });

    test("the database is another program's; nothing is written into it", async (t) => {
      const dataDir = folderFor(t);
      const file = new SqliteDatabase(join(dataDir, "posthorn.db"));
      file.exec("create table photo (id integer primary key)");
      file.close();
      const before = readFileSync(join(dataDir, "posthorn.db"));
      assert.match(await refused(dataDir), /^posthorn: expected .*posthorn\.db/);
      assert.deepEqual(readFileSync(join(dataDir, "posthorn.db")), before);
    });

    test("the secret key is gone, and with it the endpoints' secrets", async (t) => {
      const dataDir = folderFor(t);
      const first = await start(t, dataDir);
      const body = { url: "https://shop.example/hook" };
      await daemonClient(first.address).must("POST /v1/endpoints", body);
      await first.stop();
      rmSync(join(dataDir, "secret.key"));
      assert.match(await refused(dataDir), /^posthorn: expected .*secret\.key/);
    });

    test("the data directory can't be one", async (t) => {
      const dataDir = join(folderFor(t), "data");
      mkdirSync(dataDir);
      const file = join(dataDir, "a-file");
      writeFileSync(file, "");
      const address = `127.0.0.1:${await freePort()}`;
      const daemon = spawnDaemon({ ...serveIn(file, LOOPBACK), cwd: dataDir, address });
      await assert.rejects(daemon.ready(), /it has ended/);
      assert.equal(await daemon.stop(), 1);
      assert.match(daemon.output(), /^posthorn: expected .*a-file/);
    });
  },
);

suite("a daemon that is stopped", { concurrency: true }, () => {
  test("ends in time with a receiver that hangs, and its next life sends that delivery again", async (t) => {
    const dataDir = folderFor(t);
    let isHung = true;
    await using receiver = await startReceiver((_request, response) => {
      if (!isHung) response.writeHead(204).end();
    });
    const first = await start(t, dataDir, { POSTHORN_SHUTDOWN_MS: "1000" });
    const client = daemonClient(first.address);
    await client.must("POST /v1/endpoints", { url: receiver.url, timeout_ms: 60_000 });
    const { id } = await client.must("POST /v1/events", { type: "a.b", data: 1 });
    await receiver.received(1);
    const askedAtMs = performance.now();
    assert.equal(await first.stop(), 0, first.output());
    const tookMs = performance.now() - askedAtMs;
    assert.ok(tookMs < 6_000, `expected little more than 1 s, got ${tookMs} ms`);
    isHung = false;
    await start(t, dataDir);
    await receiver.received(2);
    const said = receiver.requests.map((each) => [
      each.header("webhook-id"),
      each.header("posthorn-attempt"),
    ]);
    // Cut short by the stop, the first was no failure of the receiver's and is not counted.
    assert.deepEqual(said, [
      [id, "1"],
      [id, "1"],
    ]);
  });

  test("waits for an attempt that ends in time, and never sends it again", async (t) => {
    const dataDir = folderFor(t);
    await using receiver = await startReceiver((_request, response) => {
      setTimeout(() => response.writeHead(204).end(), 500);
    });
    const first = await start(t, dataDir);
    const client = daemonClient(first.address);
    await client.must("POST /v1/endpoints", { url: receiver.url });
    const { id } = await client.must("POST /v1/events", { type: "a.b", data: 1 });
    await receiver.received(1);
    assert.equal(await first.stop(), 0, first.output());
    const second = await start(t, dataDir);
    const { data } = await daemonClient(second.address).must(`GET /v1/deliveries?event_id=${id}`);
    assert.deepEqual([data[0].state, data[0].attempt_count], ["delivered", 1]);
    assert.equal(receiver.requests.length, 1);
  });

  test("keeps everything: endpoints, keys, pauses and waiting deliveries are there again", async (t) => {
    const dataDir = folderFor(t);
    await using receiver = await startReceiver();
    const first = await start(t, dataDir);
    const before = daemonClient(first.address);
    const { id } = await before.must("POST /v1/endpoints", { url: receiver.url });
    const { key } = await before.must("POST /v1/keys", { name: "k", scopes: ["manage"] });
    await before.must(`POST /v1/endpoints/${id}/pause`);
    await before.must("POST /v1/events", { type: "a.b", data: 1 });
    await first.stop();
    const second = await start(t, dataDir);
    const after = daemonClient(second.address);
    const endpoint = await after.ask(`GET /v1/endpoints/${id}`, { key });
    assert.deepEqual([endpoint.status, endpoint.json.state], [200, "paused"]);
    assert.equal((await after.must(`GET /v1/endpoints/${id}/stats`)).held, 1);
    assert.equal(receiver.requests.length, 0);
    await after.must(`POST /v1/endpoints/${id}/resume`);
    await receiver.received(1);
  });
});

test("a daemon shows its machine room: the tables by size, and each job with its last run and its next", async (t) => {
  const daemon = await start(t, folderFor(t));
  const client = daemonClient(daemon.address);
  const room = await until(async () => {
    const now = await client.must("GET /v1/system");
    const tick = now.jobs.find(({ cron }: { cron: string }) => cron === "* * * * * *");
    return tick.last_at === null ? null : now;
  }, "a job of each second to have run");
  assert.equal(room.database.tables_note, null);
  const names = new Set(room.database.tables.map(({ name }: { name: string }) => name));
  for (const name of ["event", "delivery", "endpoint", "audit"]) assert.ok(names.has(name));
  assert.ok(room.database.bytes > 0 && room.disk_free_bytes > 0 && room.memory_bytes > 0);
  for (const { last_error, next_at } of room.jobs) {
    assert.equal(last_error, null);
    assert.ok(Date.parse(next_at) > Date.parse(room.started_at));
  }
});
