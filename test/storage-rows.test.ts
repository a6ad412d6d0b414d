import assert from "node:assert/strict";
import { test } from "node:test";

import { openDesk, START_MS } from "./support/store-desk.ts";
import { openTable } from "./support/store-sqlite.ts";

const { connection, store } = openTable(":memory:");
const { file } = connection;
const desk = await openDesk(async () => store);
const delivery = await desk.post(await desk.endpoint());

/** Sets columns of a pending delivery, which is due and has no hold, no ending. */
const ILLEGAL: readonly (readonly [string, string])[] = [
  ["a pending delivery that is never due", "due_at_ms = null"],
  ["a delivered one that is due", "state = 'delivered', end_reason = 'accepted'"],
  ["a held one that is due", "state = 'held', hold = 'paused'"],
  ["a held one without a reason", "state = 'held', due_at_ms = null"],
  ["a pending one with a reason to be held", "hold = 'order'"],
  ["a final one without an ending", "state = 'exhausted', due_at_ms = null"],
  ["a pending one with an ending", "end_reason = 'cancelled'"],
  ["a state that nobody knows", "state = 'lost'"],
  ["a stored claim", "state = 'in_flight', due_at_ms = null"],
];

for (const [what, change] of ILLEGAL) {
  test(`the file itself refuses ${what}`, () => {
    assert.throws(
      () => file.prepare(`update delivery set ${change} where seq = ?`).run(delivery.seq),
      /CHECK constraint failed/,
    );
  });
}

test("the file itself refuses a second delivery of one event to one endpoint", () => {
  const copy = `insert into delivery (id, event_seq, endpoint_seq, application_seq, state, due_at_ms, created_at_ms)
    select 'dlv_x', event_seq, endpoint_seq, application_seq, state, due_at_ms, created_at_ms from delivery`;
  assert.throws(() => file.exec(copy), /UNIQUE constraint failed: delivery.event_seq/);
});

test("the file itself refuses a disabled endpoint without a reason, and a reason without that", async () => {
  const { seq } = await desk.endpoint();
  const { updateEndpoint } = store.office;
  const atMs = START_MS;
  await assert.rejects(updateEndpoint(seq, { state: "disabled", atMs }), /CHECK constraint/);
  await assert.rejects(updateEndpoint(seq, { disabledReason: "gone", atMs }), /CHECK constraint/);
});

test("the file itself refuses an endpoint of no application", async () => {
  await assert.rejects(desk.endpoint({}, 99), /FOREIGN KEY/);
});
