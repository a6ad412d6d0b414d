/** Records of successes that a thread writes, on a connection of its own. */
import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import { after, test } from "node:test";

import type { AttemptRecord } from "../daemon/domain/stores.ts";
import { attempt, openDesk, START_MS } from "./support/store-desk.ts";
import { createFolder, openTable } from "./support/store-sqlite.ts";

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
  while (!store.successes.takes(first)) await new Promise(setImmediate);
}

async function closed({ store }: Awaited<ReturnType<typeof startedTable>>): Promise<void> {
  await store.successes.stop();
  store.close();
}

test("the thread leaves the rows that the daemon's own writing leaves", async () => {
  const [own, other] = [
    await startedTable(folder.path("own.db")),
    await startedTable(folder.path("other.db")),
  ];
  await own.store.deliveries.recordAttempts(own.records, [], START_MS + 500);
  await ready(other);
  await other.store.successes.recordSuccesses(other.records, START_MS + 500);
  for (const table of ["attempt", "delivery", "endpoint_count"]) {
    assert.deepEqual(other.rows(table), own.rows(table), table);
  }
  own.store.close();
  await closed(other);
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
    others.map((each) => store.successes.takes(each)),
    [false, false, false, false],
  );
  await closed(table);
});

test("the two write in turns: neither is refused, and what both wrote is there", async () => {
  const table = await startedTable(folder.path("turns.db"), 300);
  const { store, desk, endpoint, records, rows } = table;
  await ready(table);
  for (let at = 0; at < records.length; at += 20) {
    const writing = store.successes.recordSuccesses(records.slice(at, at + 20), START_MS + 500);
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
  await store.successes.recordSuccesses(records, START_MS + 500);
  await store.successes.recordSuccesses(records, START_MS + 500);
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
  await assert.rejects(store.successes.recordSuccesses(records, START_MS + 500), /no/);
  assert.deepEqual(rows("attempt"), []);
  connection.file.exec("drop trigger refuse");
  await store.successes.recordSuccesses(records, START_MS + 500);
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
  await assert.rejects(store.successes.recordSuccesses(records, START_MS + 500), /no/);
  connection.file.exec("drop trigger refuse");
  await store.successes.recordSuccesses(records, START_MS + 500);
  assert.equal(rows("attempt").length, 100);
  await closed(table);
});

test("a database in memory has no thread, nor has one whose file the thread can't find", async () => {
  const inMemory = await startedTable(":memory:", 1);
  assert.equal(inMemory.store.successes.takes(inMemory.first), false);
  await closed(inMemory);
  const path = folder.path("moved.db");
  const moved = await startedTable(path, 1);
  renameSync(path, `${path}.away`);
  assert.equal(moved.store.successes.takes(moved.first), false);
  await closed(moved);
  assert.equal(moved.store.successes.takes(moved.first), false);
});
