/** What keeps an endpoint from sending now, and until when. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { createDeque } from "../daemon/delivery/deque.ts";
import type { Lane } from "../daemon/delivery/lane.ts";
import {
  createLane,
  doubt,
  gate,
  kindOf,
  policyOf,
  prove,
  takeNext,
} from "../daemon/delivery/lane.ts";
import type { Endpoint, EndpointSettings } from "../daemon/domain/endpoint.ts";
import type { DueDelivery } from "../daemon/domain/stores.ts";
import { newEndpoint } from "./support/store-desk.ts";

const NOW_MS = Date.UTC(2026, 0, 31, 12);

function due(seq: number, isTest = false): DueDelivery {
  const event = { id: `evt_${seq}`, type: "a", occurredAtMs: 1, contentType: null } as const;
  const body = { body: Buffer.from("{}"), dataStart: 0, shape: "standard" } as const;
  const counts = { eventSeq: 1, attemptCount: 0, tableStart: 0, orderingKey: null };
  const ids = { seq, id: `dlv_${seq}`, endpointSeq: 1 };
  return { ...ids, ...counts, isTest, event: { ...event, ...body } };
}

/** A lane that answers, with `ready` deliveries. */
function laneWith(
  ready: number,
  settings: Partial<EndpointSettings> = {},
  more: Partial<Endpoint> = {},
): Lane {
  const lane = createLane({ seq: 1, ...newEndpoint("ep_1", 1, settings), ...more });
  prove(lane, NOW_MS);
  for (let seq = 1; seq <= ready; seq++) lane.queue.push(due(seq));
  return lane;
}

const stateOf = (lane: Lane, nowMs = NOW_MS) => {
  const state = gate(lane, nowMs);
  return state.kind === "shut" ? state.untilMs : state.kind;
};

/** How many attempts may be under way at once. */
function capOf(lane: Lane): number {
  for (lane.inFlight = 0; stateOf(lane) === "open"; lane.inFlight++);
  return lane.inFlight;
}

suite("a lane", () => {
  test("is open where something is ready, hungry where the store may have something, else shut", () => {
    const lane = laneWith(1);
    assert.equal(stateOf(lane), "open");
    lane.queue.shift();
    assert.equal(stateOf(lane), null);
    lane.hasMore = true;
    assert.equal(stateOf(lane), "hungry");
  });

  test("that is paused, disabled or condemned is shut until something else changes", () => {
    for (const state of ["paused", "disabled"] as const) {
      assert.equal(stateOf(laneWith(1, {}, { state })), null);
    }
    const lane = laneWith(1);
    lane.isCondemned = true;
    assert.equal(stateOf(lane), null);
  });

  test("is open for a test whatever its state", () => {
    const lane = laneWith(0, { ratePerSecond: 1 }, { state: "disabled" });
    lane.isCondemned = true;
    lane.tests.push(due(1, true));
    lane.nextStartAtMs = NOW_MS + 1_000;
    assert.equal(stateOf(lane), "open");
    assert.equal(takeNext(lane, NOW_MS)?.isTest, true);
    assert.equal(lane.nextStartAtMs, NOW_MS + 1_000, "a test is not charged to the rate");
    assert.equal(stateOf(lane), null);
  });

  test("that is slowed, or at its rate, says from when it may go on: the later of both", () => {
    const lane = laneWith(1);
    lane.health = { ...lane.health, slowedUntilMs: NOW_MS + 5_000 };
    assert.equal(stateOf(lane), NOW_MS + 5_000);
    lane.nextStartAtMs = NOW_MS + 9_000;
    assert.equal(stateOf(lane), NOW_MS + 9_000);
    assert.equal(stateOf(lane, NOW_MS + 8_999), NOW_MS + 9_000);
    prove(lane, NOW_MS + 9_000);
    assert.equal(stateOf(lane, NOW_MS + 9_000), "open");
  });
});

test("an endpoint may have as many under way as it allows, and fewer the worse it does", () => {
  const caps = (more: Partial<Lane["health"]>, isSilent: boolean, concurrencyMax = 32) => {
    const lane = laneWith(100, { concurrencyMax });
    lane.health = { ...lane.health, ...more };
    if (isSilent) doubt(lane);
    return capOf(lane);
  };
  assert.equal(caps({}, false), 32);
  assert.equal(caps({ failedInARow: 9 }, false), 32);
  assert.equal(caps({ failedInARow: 10 }, false), 4);
  assert.equal(caps({ slowCount: 1 }, false), 1);
  assert.equal(caps({}, true), 4);
  assert.equal(caps({ failedInARow: 10 }, true), 1);
  assert.equal(caps({}, true, 2), 2);
  assert.equal(caps({ failedInARow: 10 }, false, 3), 3);
});

test("an endpoint counts as answering for five seconds after an answer, and not after doubt", () => {
  const lane = laneWith(1);
  assert.equal(kindOf(lane, NOW_MS + 4_999), "proven");
  assert.equal(kindOf(lane, NOW_MS + 5_000), "first");
  lane.inFlight = 1;
  assert.equal(kindOf(lane, NOW_MS + 5_000), "silent");
  prove(lane, NOW_MS);
  doubt(lane);
  assert.equal(kindOf(lane, NOW_MS), "silent");
});

test("a rate gives one start each spacing, and makes up for a little lateness only", () => {
  const lane = laneWith(100, { ratePerSecond: 4 });
  takeNext(lane, NOW_MS);
  assert.equal(lane.nextStartAtMs, NOW_MS + 249);
  takeNext(lane, NOW_MS + 249);
  assert.equal(lane.nextStartAtMs, NOW_MS + 499);
  takeNext(lane, NOW_MS + 60_000);
  assert.equal(lane.nextStartAtMs, NOW_MS + 60_249, "a minute of quiet saves up nothing");
});

test("without a rate nothing is charged, and deliveries go in the order in which they came", () => {
  const lane = laneWith(3);
  const seqs = [1, 2, 3, 4].map(() => takeNext(lane, NOW_MS)?.seq);
  assert.deepEqual(seqs, [1, 2, 3, undefined]);
  assert.equal(lane.nextStartAtMs, 0);
});

test("an attempt leaves under the endpoint's own limits and permissions", () => {
  const settings = { timeoutMs: 7_000, connectTimeoutMs: 2_000, egressAllow: ["10.0.0.1:80"] };
  const { endpoint } = laneWith(0, { ...settings, ca: "PEM", verifiesCertificate: false });
  assert.deepEqual(policyOf(endpoint), {
    timeoutMs: 7_000,
    connectTimeoutMs: 2_000,
    grants: ["10.0.0.1:80"],
    ca: "PEM",
    verifiesCertificate: false,
  });
});

test("a list gives back what was put in, first in first out, however it is used", () => {
  const deque = createDeque<number>();
  const plain: number[] = [];
  for (let i = 0; i < 2_000; i++) {
    deque.push(i);
    plain.push(i);
    // Three of four come out again; later all but a few.
    for (let n = i % 4 === 0 ? 2 : i > 1_500 ? 2 : 0; n > 0; n--) {
      assert.equal(deque.peek(), plain[0]);
      assert.equal(deque.shift(), plain.shift());
    }
    assert.equal(deque.length, plain.length);
  }
  assert.deepEqual(deque.drain(), plain);
  assert.deepEqual([deque.length, deque.shift(), deque.peek()], [0, undefined, undefined]);
});
