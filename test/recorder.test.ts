/** Records of ended attempts are written together, and none is lost whatever the disk does. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { UNTRIED } from "../daemon/domain/endpoint.ts";
import type { AttemptRecord } from "../daemon/domain/stores.ts";
import { createRecorder } from "../daemon/delivery/recorder.ts";
import { createCommitGate } from "./support/commit-gate.ts";
import { createFakeTime, settled } from "./support/fake-time.ts";
import { attempt } from "./support/store-desk.ts";

function record(seq: number): AttemptRecord {
  const delivery = { seq, id: `dlv_${seq}`, endpointSeq: 1, orderingKey: null };
  return attempt(delivery, "ok", { id: `att_${seq}`, atMs: 1, number: 1 });
}

/** A recorder whose writes stand behind a gate, and who is told of them. `takes`: what goes aside; nothing where it is left out. */
function createBench(takes?: (seq: number) => boolean) {
  const time = createFakeTime();
  const gate = createCommitGate();
  const log: string[] = [];
  const written: number[][] = [];
  const told: number[][] = [];
  const seqs = (attempts: readonly AttemptRecord[]) => attempts.map((each) => each.deliverySeq);
  const aside: number[][] = [];
  const health = new Set<number>();
  let writeMs = 0;
  const recorder = createRecorder({
    timers: time.timers,
    clock: time.clock,
    log: {
      info: (message) => void log.push(message),
      warn: (message) => void log.push(message),
      error: (message) => void log.push(message),
    },
    async write(attempts) {
      await gate.pass(`${attempts.length}`);
      if (writeMs > 0) await new Promise<void>((done) => void time.timers.after(writeMs, done));
      written.push(seqs(attempts));
      return [];
    },
    aside:
      takes === undefined
        ? null
        : {
            batchMin: 64,
            takes: ({ deliverySeq }) => takes(deliverySeq),
            async write(successes) {
              await gate.pass(`aside ${successes.length}`);
              aside.push(seqs(successes));
            },
          },
    healthOf: () =>
      [...health].map((endpointSeq) => ({ endpointSeq, health: UNTRIED, disables: null })),
    onRecorded: (attempts) => void told.push(seqs(attempts)),
  });
  return {
    time,
    gate,
    log,
    written,
    told,
    aside,
    health,
    recorder,
    add(from: number, to: number) {
      for (let seq = from; seq <= to; seq++) recorder.add(record(seq));
    },
    setWriteMs: (ms: number) => void (writeMs = ms),
  };
}

test("records are written together, 5 ms after the first of them", async () => {
  const { time, written, told, recorder, add } = createBench();
  add(1, 1);
  await time.advance(4);
  add(2, 3);
  assert.deepEqual([written, recorder.size], [[], 3]);
  await time.advance(1);
  assert.deepEqual([written, told, recorder.size], [[[1, 2, 3]], [[1, 2, 3]], 0]);
});

test("512 records are written without waiting", async () => {
  const { written, add } = createBench();
  add(1, 511);
  await settled();
  assert.equal(written.length, 0);
  add(512, 512);
  await settled();
  assert.deepEqual([written.length, written[0]?.length], [1, 512]);
});

test("nobody is told before the commit", async () => {
  const { time, gate, told, add } = createBench();
  gate.hold();
  add(1, 2);
  await time.advance(1_000);
  assert.deepEqual([gate.asked, told], [["2"], []]);
  gate.release();
  await settled();
  assert.deepEqual(told, [[1, 2]]);
});

test("what comes while a write is under way is written right after it, by one writer", async () => {
  const { time, gate, written, add } = createBench();
  gate.hold();
  add(1, 1);
  await time.advance(5);
  add(2, 3);
  await time.advance(50);
  assert.deepEqual(gate.asked, ["1"]);
  gate.release();
  await settled();
  assert.deepEqual(written, [[1], [2, 3]]);
});

test("a refused write loses nothing: it is tried again each second, in order, with what came since", async () => {
  const { time, gate, log, written, told, recorder, add } = createBench();
  gate.hold();
  add(1, 1);
  await time.advance(5);
  add(2, 2);
  gate.trouble = "disk_full";
  gate.release();
  await settled();
  assert.deepEqual([recorder.isBlocked, recorder.size], [true, 2]);
  await time.advance(5);
  add(3, 3);
  await time.advance(3_000);
  assert.deepEqual(gate.asked, ["1", "2", "3", "3", "3"]);
  assert.equal(log.length, 1, "said once");
  gate.trouble = null;
  await time.advance(1_000);
  assert.deepEqual([written, told], [[[1, 2, 3]], [[1, 2, 3]]]);
  assert.equal(recorder.isBlocked, false);
  assert.match(log.at(-1) ?? "", /recorded again/);
});

test("while the store refuses, a full batch is no reason to ask it more often", async () => {
  const { time, gate, add } = createBench();
  gate.trouble = "io_error";
  add(1, 1);
  await time.advance(5);
  add(2, 2_000);
  await time.advance(999);
  assert.deepEqual(gate.asked, ["1"]);
  await time.advance(1);
  assert.deepEqual(gate.asked, ["1", "2000"]);
});

test("a slow disk is waited for four times as long as it took, a tenth of a second at most", async () => {
  const { time, gate, add, setWriteMs } = createBench();
  const delayOfNext = async (writeMs: number, seq: number): Promise<number> => {
    setWriteMs(writeMs);
    add(seq, seq);
    await time.advance(1_000);
    setWriteMs(0);
    const before = gate.asked.length;
    add(seq + 1, seq + 1);
    let waitedMs = 0;
    for (; gate.asked.length === before; waitedMs++) await time.advance(1);
    return waitedMs;
  };
  assert.equal(await delayOfNext(10, 1), 40);
  assert.equal(await delayOfNext(80, 3), 100);
  assert.equal(await delayOfNext(1, 5), 5);
});

test("a flush writes at once all that is there, and ends when the store refuses", async () => {
  const { gate, written, recorder, add } = createBench();
  add(1, 3);
  await recorder.flush();
  assert.deepEqual(written, [[1, 2, 3]]);
  await recorder.flush();
  assert.equal(gate.asked.length, 1, "nothing to write");
  gate.trouble = "read_only";
  add(4, 4);
  await recorder.flush();
  assert.equal(recorder.size, 1);
});

test("many that may go aside do, after the rest of their batch; few are not worth it", async () => {
  const { time, written, told, aside, add } = createBench((seq) => seq % 2 === 0);
  add(1, 120);
  await time.advance(5);
  assert.deepEqual([aside.length, written[0]?.length], [0, 120]);
  add(1, 128);
  await time.advance(5);
  assert.deepEqual([written[1]?.length, aside[0]?.length], [64, 64]);
  assert.ok(aside[0]?.every((seq) => seq % 2 === 0));
  assert.deepEqual(told.slice(1), [written[1], aside[0]]);
});

test("of an endpoint whose health is to be written nothing goes aside", async () => {
  const { time, written, aside, health, add } = createBench(() => true);
  health.add(1);
  add(1, 128);
  await time.advance(5);
  assert.deepEqual([written[0]?.length, aside.length], [128, 0]);
});

test("what is refused aside waits and is tried again by the loop, and what was written is not", async () => {
  const { time, gate, written, aside, told, recorder, add } = createBench((seq) => seq > 1);
  gate.hold();
  add(1, 101);
  await time.advance(5);
  gate.release();
  gate.hold();
  await settled();
  gate.trouble = "io_error";
  gate.release();
  await settled();
  assert.deepEqual([written.length, recorder.isBlocked, recorder.size], [1, true, 100]);
  gate.trouble = null;
  await time.advance(1_000);
  assert.deepEqual([told.flat().length, written[1]?.length, recorder.size], [101, 100, 0]);
  add(201, 300);
  await time.advance(5);
  assert.deepEqual([aside.length, aside[0]?.length], [1, 100]);
});

test("where the loop's part is refused, nothing goes aside either", async () => {
  const { time, gate, recorder, add } = createBench((seq) => seq > 1);
  gate.trouble = "disk_full";
  add(1, 101);
  await time.advance(5);
  assert.deepEqual([gate.asked, recorder.size], [["1"], 101]);
});
