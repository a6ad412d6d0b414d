import assert from "node:assert/strict";
import { test } from "node:test";
import { createStrips } from "../daemon/upkeep/strips.ts";
import type { AttemptRecord } from "../daemon/domain/stores.ts";
import { createDirectory } from "../daemon/domain/directory.ts";

const RECORD: AttemptRecord = {
  deliverySeq: 1,
  deliveryId: "dlv_1",
  endpointSeq: 7,
  attemptId: "att_1",
  number: 1,
  startedAtMs: 1_000,
  outcome: { kind: "failed", code: "timeout", message: "late", durationMs: 5 },
  requestHeaders: "",
  variant: null,
  settlement: {
    state: "pending",
    hold: null,
    dueAtMs: 2_000,
    endReason: null,
    disables: null,
    slowsForMs: null,
  },
  orderingKey: null,
};

test("what an endpoint's attempts came to is forgotten once the endpoint is gone", async () => {
  const strips = createStrips({
    store: { attemptsAt: async () => [] },
    directory: createDirectory(),
    timers: { soon: (run) => void setImmediate(run) },
  });
  strips.note(RECORD, "timeout");
  assert.equal((await strips.cellsOf([7]))[0]?.length, 1);
  strips.forget();
  assert.equal((await strips.cellsOf([7]))[0]?.length, 0);
});

test("after a start strips are read up four at a time, with a turn for everybody else between; then a hundred are given out", async () => {
  let [now, most, turns] = [0, 0, 0];
  const strips = createStrips({
    store: {
      async attemptsAt() {
        now += 1;
        most = Math.max(most, now);
        return [];
      },
    },
    directory: createDirectory(),
    timers: {
      soon(run) {
        turns += 1;
        now = 0;
        setImmediate(run);
      },
    },
  });
  const endpointSeqs = Array.from({ length: 200 }, (_, i) => i + 1);
  await strips.cellsOf(endpointSeqs);
  assert.equal(most, 4);
  turns = 0;
  await strips.cellsOf(endpointSeqs);
  assert.equal(turns, 1);
});
