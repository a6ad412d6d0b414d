import assert from "node:assert/strict";
import { test } from "node:test";

import { createFeed } from "../daemon/domain/feed.ts";
import type { Change } from "../daemon/domain/ports.ts";

const CHANGES: readonly Change[] = [
  {
    kind: "accepted",
    deliveryId: "dlv_1",
    endpointSeq: 1,
    state: "pending",
    eventId: "evt_1",
    eventType: "a",
    attemptCount: 0,
    lastStatus: null,
    lastError: null,
    dueAtMs: 1,
    attempt: null,
  },
];

function noFault(error: unknown): void {
  throw new Error("expected no watcher to throw", { cause: error });
}

test("each watcher hears each change in the same turn, until it stops", () => {
  const feed = createFeed(noFault);
  const heard: string[] = [];
  const stop = feed.subscribe((changes) => void heard.push(`a ${changes.length}`));
  feed.subscribe((changes) => void heard.push(`b ${changes.length}`));
  feed.publish(CHANGES);
  stop();
  feed.publish(CHANGES);
  assert.deepEqual(heard, ["a 1", "b 1", "b 1"]);
});

test("a feed is watched from the first watcher to the last", () => {
  const feed = createFeed(noFault);
  assert.equal(feed.isWatched(), false);
  const stop = feed.subscribe(() => undefined);
  assert.equal(feed.isWatched(), true);
  stop();
  assert.equal(feed.isWatched(), false);
});

test("a watcher that throws keeps nobody else from hearing, nor does the publisher hear of it", () => {
  const faults: unknown[] = [];
  const feed = createFeed((error) => void faults.push(error));
  const fault = new Error("a watcher's own");
  const heard: (readonly Change[])[] = [];
  feed.subscribe(() => {
    throw fault;
  });
  feed.subscribe((changes) => void heard.push(changes));
  feed.publish(CHANGES);
  feed.publish(CHANGES);
  assert.deepEqual(heard, [CHANGES, CHANGES]);
  assert.deepEqual(faults, [fault, fault]);
});
