/** A disk without room: what is acknowledged is safe, what can't be kept is refused, and it mends by itself. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";

import { LOOPBACK, openPostOffice, until } from "./support/post-office.ts";
import { startReceiver } from "./support/receiver.ts";

const MIB = 1024 * 1024;
const EVENT = { type: "order.paid", data: { note: "x".repeat(2_000) } };

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

test("below the floor of free disk events are refused with 503 and readyz says why; above it all is well again", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-disk-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const { bavail, bsize } = statfsSync(folder);
  const floorBytes = bavail * bsize - 96 * MIB;
  if (floorBytes < 96 * MIB) return t.skip("this machine's disk is too full for the test");
  const env = { ...LOOPBACK, POSTHORN_DISK_FREE_BYTES_MIN: String(floorBytes) };
  const office = await openPostOffice(env, folder);
  t.after(() => office.close());
  const { client } = office;
  assert.equal((await client.ask("POST /v1/events", { body: EVENT })).status, 202);

  const filler = join(folder, "filler");
  writeFileSync(filler, Buffer.alloc(192 * MIB));
  const refused = await until(async () => {
    const answer = await client.ask("POST /v1/events", { body: EVENT });
    return answer.status === 503 && answer;
  }, "events to be refused");
  assert.equal(refused.json.code, "unavailable");
  assert.match(refused.headers.get("retry-after") ?? "", /^\d+$/);
  const ready = await client.ask("GET /readyz");
  assert.equal(ready.status, 503);
  const disk = ready.json.checks.find(({ name }: Check) => name === "disk");
  assert.match(disk.detail, /^[\d.]+ \w+ free, [\d.]+ \w+ needed$/);
  assert.equal((await client.ask("GET /healthz")).status, 200, "alive, but not ready");

  rmSync(filler);
  await until(async () => {
    const answer = await client.ask("POST /v1/events", { body: EVENT });
    return answer.status === 202;
  }, "events to be accepted again");
  assert.equal((await client.ask("GET /readyz")).status, 200);
});

function run(command: string, ...words: readonly string[]): void {
  execFileSync(command, words, { stdio: "ignore" });
}

/** A file system of a few megabytes; null where this machine lets nobody make one. */
function tinyDisk(t: TestContext): string | null {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-tiny-"));
  try {
    run("mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", folder);
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
  t.after(() => {
    // Lazy: hooks run in the order in which they were made, so the daemon still has its files open.
    run("umount", "--lazy", folder);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

test("a disk that is really full: no acknowledged event is lost, nothing is sent twice, and it goes on by itself", async (t) => {
  const disk = tinyDisk(t);
  if (disk === null) return t.skip("a file system for the test can only be made by root");
  const dataDir = join(disk, "data");
  mkdirSync(dataDir);
  await using receiver = await startReceiver();
  const office = await openPostOffice({ ...LOOPBACK, POSTHORN_DISK_FREE_BYTES_MIN: "0" }, dataDir);
  t.after(() => office.close());
  const { client } = office;
  const { id } = await client.must("POST /v1/endpoints", { url: receiver.url });
  await client.must(`POST /v1/endpoints/${id}/pause`);

  const acknowledged: string[] = [];
  const filler = join(disk, "filler");
  writeFileSync(filler, Buffer.alloc(6 * MIB));
  const refused = await until(async () => {
    const answer = await client.ask("POST /v1/events", { body: EVENT });
    if (answer.status === 202) acknowledged.push(answer.json.id);
    return answer.status !== 202 && answer;
  }, "the disk to be full");
  assert.deepEqual([refused.status, refused.json.code], [503, "unavailable"]);
  assert.match(refused.json.detail, /disk_full; nothing was accepted/);
  // Where no event fits any more, the check's own few bytes may still.
  const ready = await until(async () => {
    const answer = await client.ask("GET /readyz");
    return answer.status === 503 && answer;
  }, "readyz to say that it is not ready");
  const database = ready.json.checks.find(({ name }: Check) => name === "database");
  assert.equal(database.detail, "takes no writes: the disk is full");

  rmSync(filler);
  await until(async () => (await client.ask("GET /readyz")).status === 200, "it to be ready again");
  await client.must(`POST /v1/endpoints/${id}/resume`);
  await until(async () => {
    const { delivered } = await client.must(`GET /v1/endpoints/${id}/stats`);
    return delivered >= acknowledged.length;
  }, "all acknowledged events to be delivered");
  const received = receiver.requests.map((each) => each.header("webhook-id"));
  assert.deepEqual(new Set(received), new Set(acknowledged));
  assert.equal(received.length, acknowledged.length);
});
