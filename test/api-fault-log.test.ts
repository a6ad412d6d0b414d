import assert from "node:assert/strict";
import { test } from "node:test";
import { createFaultLog } from "../daemon/api/fault-log.ts";
import { AppError } from "../daemon/domain/errors.ts";
import { StoreUnavailable } from "../daemon/domain/stores.ts";

const REQUEST = { requestId: "r-1", method: "POST", path: "/v1/events" };

function openLog() {
  const lines: { message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  let nowMs = 0;
  const note = createFaultLog(
    { error: (message, fields = {}) => void lines.push({ message, fields }) },
    { nowMs: () => nowMs },
  );
  return { lines, note, pass: (ms: number) => (nowMs += ms) };
}

test("a full disk costs a line each ten seconds, however many come back, and the next says how many did", () => {
  const { lines, note, pass } = openLog();
  for (let i = 0; i < 1_000; i++) {
    note(new AppError("unavailable", "expected the disk to have room"), REQUEST);
    note(new StoreUnavailable("disk_full", new Error("full")), REQUEST);
  }
  assert.deepEqual(
    lines.map(({ message }) => message),
    ["a request was refused: expected the disk to have room"],
  );
  pass(10_000);
  note(new AppError("unavailable", "expected the disk to have room"), REQUEST);
  assert.equal(lines.length, 2);
  assert.equal(lines[1]?.fields["refusedSinceTheLastLine"], 1_999);
});

test("a fault of ours is written down each time, with its trace and its cause", () => {
  const { lines, note } = openLog();
  for (let i = 0; i < 3; i++) note(new Error("broken", { cause: new Error("why") }), REQUEST);
  assert.equal(lines.length, 3);
  assert.match(String(lines[2]?.fields["error"]), /^Error: broken\n {4}at /);
  assert.match(String(lines[2]?.fields["cause"]), /^Error: why\n/);
});
