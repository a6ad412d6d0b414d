/** What a thread does of the store's work, on a connection of its own: records of successes, and reading what is due. */
import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { after, test } from "node:test";
import threads from "node:worker_threads";

import type { AttemptRecord, DueDelivery, DueQuery } from "../daemon/domain/stores.ts";
import { StoreUnavailable } from "../daemon/domain/stores.ts";
import type { Store } from "../daemon/storage/store.ts";
import { attempt, openDesk, START_MS } from "./support/store-desk.ts";
import { createFolder, openTable, openTestStore } from "./support/store-sqlite.ts";

const folder = createFolder();
after(() => folder.remove());

/** A store with deliveries under way, and the records of their successes. */
async function startedTable(name: string, count = 100) {
  const { connection, store } = openTable(name);
  const desk = await openDesk(async () => store);
  const endpoint = await desk.endpoint();
  const records: AttemptRecord[] = [];
  for (let n = 0; n < count; n++) {
    const delivery = await desk.post(endpoint);
    const record = attempt(delivery, "ok", { id: `att_${n}`, atMs: START_MS + n, number: 1 });
    records.push(n % 2 === 0 ? record : withoutBody(record));
  }
  const rows = (table: string): unknown[] =>
    connection.file.prepare(`select * from ${table}`).all();
  return { connection, store, desk, endpoint, records, rows, first: records[0] as AttemptRecord };
}

function withoutBody(record: AttemptRecord): AttemptRecord {
  if (record.outcome.kind !== "answered") throw new Error("expected an answer");
  const response = { ...record.outcome.response, excerpt: new Uint8Array(0), isCut: true };
  return { ...record, outcome: { ...record.outcome, response } };
}

/** The first record that is offered starts the thread. */
async function ready({ store, first }: Awaited<ReturnType<typeof startedTable>>): Promise<void> {
  while (!store.side.takes(first)) await new Promise(setImmediate);
}

/** The first that is asked for starts the thread. */
async function readAside({ side }: Store, query: DueQuery): Promise<DueDelivery[]> {
  for (;;) {
    const found = side.dueDeliveries(query);
    if (found !== null) return found;
    await new Promise(setImmediate);
  }
}

async function closed({ store }: Awaited<ReturnType<typeof startedTable>>): Promise<void> {
  await store.side.stop();
  store.close();
}

test("the thread leaves the rows that the daemon's own writing leaves", async () => {
  const [own, other] = [
    await startedTable(folder.path("own.db")),
    await startedTable(folder.path("other.db")),
  ];
  await own.store.deliveries.recordAttempts(own.records, [], START_MS + 500);
  await ready(other);
  await other.store.side.recordSuccesses(other.records, START_MS + 500);
  for (const table of ["attempt", "delivery", "endpoint_count"]) {
    assert.deepEqual(other.rows(table), own.rows(table), table);
  }
  own.store.close();
  await closed(other);
});

test("the thread reads what the store itself reads, of each kind and size", async () => {
  const table = await startedTable(folder.path("reads.db"), 0);
  const { store, desk } = table;
  const endpoint = await desk.endpoint();
  const atMs = START_MS;
  const own = { shape: "digest", bytes: Buffer.from("its own body") } as const;
  await desk.post(endpoint, { atMs, variants: [own] });
  await desk.post(endpoint, { atMs, contentType: "text/plain; charset=utf-8", body: "raw é\n" });
  await desk.post(endpoint, { atMs, isTest: true, type: "posthorn.test" });
  await desk.post(endpoint, { atMs, key: "a key\nof two lines" });
  await desk.post(endpoint, { atMs, body: "" });
  for (const size of [1, 8_000, 8_000, 16_384, 0, 200_000, 0, 0, 40_000, 1, 2]) {
    await desk.post(endpoint, { atMs, body: "x".repeat(size) });
  }
  const retried = await desk.post(endpoint, { atMs: atMs - 20_000 });
  await desk.record(retried, "retry", atMs - 20_000);
  const common = { endpointSeq: endpoint.seq, nowMs: atMs, except: new Set([2, 3]) };
  for (const shape of ["digest", "standard"] as const) {
    for (const [limit, bytesMax] of [
      [100, 1_000_000],
      [3, 1_000_000],
      [100, 50_000],
    ] as const) {
      const query = { ...common, shape, limit, bytesMax };
      assert.deepEqual(await readAside(store, query), await store.deliveries.dueDeliveries(query));
    }
  }
  const nothing = { ...common, shape: "digest", limit: 9, bytesMax: 9, nowMs: 1 } as const;
  assert.deepEqual(await readAside(store, nothing), []);
  await closed(table);
});

test("a small body that is kept waiting keeps little of what was read with it", async () => {
  const table = await startedTable(folder.path("chunks.db"), 0);
  const { store, desk } = table;
  const endpoint = await desk.endpoint();
  for (let n = 0; n < 200; n++) await desk.post(endpoint, { body: "x".repeat(500) });
  const query = { endpointSeq: endpoint.seq, shape: "standard", nowMs: START_MS } as const;
  const all = { ...query, limit: 1_000, bytesMax: 1e6, except: new Set<number>() };
  const found = await readAside(store, all);
  const kept = found.map(({ event }) => event.body.buffer.byteLength);
  assert.deepEqual([found.length, Math.max(...kept) <= 16_384], [200, true]);
  await closed(table);
});

test("what it was asked it does in this order: a read knows the record before it", async () => {
  const table = await startedTable(folder.path("order.db"));
  const { store, endpoint, records } = table;
  await ready(table);
  const writing = store.side.recordSuccesses(records, START_MS + 500);
  const query = { endpointSeq: endpoint.seq, shape: "standard", nowMs: START_MS } as const;
  const found = await readAside(store, {
    ...query,
    limit: 1_000,
    bytesMax: 1e6,
    except: new Set(),
  });
  await writing;
  assert.deepEqual(found, []);
  await closed(table);
});

test("a read that fails is refused, and the next one is answered", async () => {
  const table = await startedTable(folder.path("unread.db"));
  const { connection, store, endpoint } = table;
  const query = { endpointSeq: endpoint.seq, shape: "standard", nowMs: START_MS } as const;
  const all = { ...query, limit: 1_000, bytesMax: 1e6, except: new Set<number>() };
  assert.equal((await readAside(store, all)).length, 100);
  connection.file.exec("alter table event_body rename to away");
  await assert.rejects(readAside(store, all), /event_body/);
  connection.file.exec("alter table away rename to event_body");
  assert.equal((await readAside(store, all)).length, 100);
  await closed(table);
});

test("it takes successes only, without an ordering key, a body to keep or a verdict", async () => {
  const table = await startedTable(folder.path("takes.db"), 1);
  await ready(table);
  const { store, first } = table;
  const { settlement } = first;
  const away = attempt({ seq: 1, id: "d", endpointSeq: 1, orderingKey: null }, "retry", {
    id: "att_x",
    atMs: START_MS,
    number: 1,
  });
  const others: AttemptRecord[] = [
    away,
    { ...first, orderingKey: "k" },
    { ...first, variant: { eventSeq: 1, shape: "topic", bytes: Buffer.from("x") } },
    { ...first, settlement: { ...settlement, disables: "receiver_control" } },
  ];
  assert.deepEqual(
    others.map((each) => store.side.takes(each)),
    [false, false, false, false],
  );
  await closed(table);
});

test("the two write in turns: neither is refused, and what both wrote is there", async () => {
  const table = await startedTable(folder.path("turns.db"), 300);
  const { store, desk, endpoint, records, rows } = table;
  await ready(table);
  for (let at = 0; at < records.length; at += 20) {
    const writing = store.side.recordSuccesses(records.slice(at, at + 20), START_MS + 500);
    for (let n = 0; n < 5; n++) await desk.post(endpoint);
    await writing;
  }
  const counts = await store.reads.counts(endpoint.seq);
  assert.deepEqual([counts.delivered, counts.pending, rows("attempt").length], [300, 75, 300]);
  await closed(table);
});

test("what was written already, as after a fault told too late, is written once", async () => {
  const table = await startedTable(folder.path("twice.db"));
  const { store, endpoint, records } = table;
  await ready(table);
  await store.side.recordSuccesses(records, START_MS + 500);
  await store.side.recordSuccesses(records, START_MS + 500);
  const { delivered, attempts, pending } = await store.reads.counts(endpoint.seq);
  assert.deepEqual([delivered, attempts, pending], [100, 100, 0]);
  await closed(table);
});

test("a batch that can't be written is refused whole, and the next one is taken", async () => {
  const table = await startedTable(folder.path("refused.db"));
  const { connection, store, records, rows } = table;
  await ready(table);
  connection.file.exec(
    `create trigger refuse before insert on attempt when new.id = 'att_99'
     begin select raise(abort, 'no'); end`,
  );
  await assert.rejects(store.side.recordSuccesses(records, START_MS + 500), /no/);
  assert.deepEqual(rows("attempt"), []);
  connection.file.exec("drop trigger refuse");
  await store.side.recordSuccesses(records, START_MS + 500);
  assert.equal(rows("attempt").length, 100);
  await closed(table);
});

test("a batch that comes before the thread is ready waits for its own answer", async () => {
  const table = await startedTable(folder.path("early.db"));
  const { connection, store, records, rows } = table;
  connection.file.exec(
    `create trigger refuse before insert on attempt when new.id = 'att_99'
     begin select raise(abort, 'no'); end`,
  );
  await assert.rejects(store.side.recordSuccesses(records, START_MS + 500), /no/);
  connection.file.exec("drop trigger refuse");
  await store.side.recordSuccesses(records, START_MS + 500);
  assert.equal(rows("attempt").length, 100);
  await closed(table);
});

test("a database in memory has no thread, nor has one whose file the thread can't find", async () => {
  const inMemory = await startedTable(":memory:", 1);
  assert.equal(inMemory.store.side.takes(inMemory.first), false);
  await closed(inMemory);
  const path = folder.path("moved.db");
  const moved = await startedTable(path, 1);
  renameSync(path, `${path}.away`);
  assert.equal(moved.store.side.takes(moved.first), false);
  await closed(moved);
  assert.equal(moved.store.side.takes(moved.first), false);
});

test("while the file is copied the thread writes nothing: the copy would begin anew with each batch", async () => {
  const table = await startedTable(folder.path("copied.db"));
  const { store, first } = table;
  await ready(table);
  const copying = store.upkeep.backup(folder.path("copy.db"));
  assert.equal(store.side.takes(first), false);
  await copying;
  assert.equal(store.side.takes(first), true);
  await assert.rejects(store.upkeep.backup(folder.path("nowhere/copy.db")));
  assert.equal(store.side.takes(first), true);
  await closed(table);
});

test("a file that was put in the place of the open one is left alone", async () => {
  const path = folder.path("replaced.db");
  const table = await startedTable(path, 1);
  openTestStore(`${path}.other`).close();
  renameSync(`${path}.other`, path);
  const { side } = table.store;
  await assert.rejects(side.recordSuccesses(table.records, START_MS), StoreUnavailable);
  assert.equal(side.takes(table.first), false);
  await closed(table);
});

test("of more reads than it does soon it takes none: they would hold the window's room meanwhile", async () => {
  const table = await startedTable(folder.path("many.db"));
  const { store, endpoint } = table;
  await ready(table);
  const query = { endpointSeq: endpoint.seq, shape: "standard", nowMs: START_MS } as const;
  const all = { ...query, limit: 1_000, bytesMax: 1e6, except: new Set<number>() };
  const answers = Array.from({ length: 6 }, () => store.side.dueDeliveries(all));
  const counts: (number | null)[] = [];
  for (const each of answers) counts.push((await each)?.length ?? null);
  assert.deepEqual(counts, [100, 100, 100, 100, null, null]);
  assert.equal((await store.side.dueDeliveries(all))?.length, 100);
  await closed(table);
});

test("once it was told to stop it takes nothing, and no other thread begins", async () => {
  const table = await startedTable(folder.path("stopped.db"));
  const { store, first, endpoint } = table;
  await ready(table);
  const query = { endpointSeq: endpoint.seq, shape: "standard", nowMs: START_MS } as const;
  const all = { ...query, limit: 1_000, bytesMax: 1e6, except: new Set<number>() };
  const stopping = store.side.stop();
  assert.deepEqual([store.side.takes(first), store.side.dueDeliveries(all)], [false, null]);
  await stopping;
  assert.deepEqual([store.side.takes(first), store.side.dueDeliveries(all)], [false, null]);
  for (let n = 0; n < 200; n++) await new Promise(setImmediate);
  assert.equal(store.side.takes(first), false);
  store.close();
});

test("where the machine gives no thread, nothing is taken and nobody is thrown at", async (t) => {
  const table = await startedTable(folder.path("threadless.db"));
  const { side } = table.store;
  const { Worker } = threads;
  t.after(() => {
    threads.Worker = Worker;
    syncBuiltinESMExports();
  });
  // As Node does where the system's limit of threads is reached.
  threads.Worker = new Proxy(Worker, {
    construct() {
      throw new Error("ERR_WORKER_INIT_FAILED");
    },
  });
  syncBuiltinESMExports();
  await assert.rejects(side.recordSuccesses(table.records, START_MS), StoreUnavailable);
  assert.equal(side.takes(table.first), false);
  threads.Worker = Worker;
  syncBuiltinESMExports();
  assert.equal(side.takes(table.first), false);
  await closed(table);
});
