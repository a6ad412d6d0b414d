import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { reasonJson, reasonOut } from "../daemon/api/reason-json.ts";
import type { ReasonInput } from "../daemon/domain/reason.ts";
import { ACTIVE, AT_REST, HELD, IDLE, NEW, NOON, RETRY, SECOND } from "./support/reason-case.ts";

const INPUT: ReasonInput = {
  delivery: NEW,
  endpoint: ACTIVE,
  isInFlight: false,
  inFlightSinceMs: null,
  lastMessage: null,
  engine: IDLE,
  nowMs: NOON,
};
const factsOf = (input: Partial<ReasonInput>) => reasonJson({ ...INPUT, ...input }).facts;

suite("what a reason is made of", () => {
  test("of a retry: which attempt comes next, of how many, and why the last one failed", () => {
    assert.deepEqual(factsOf({ delivery: { ...NEW, ...RETRY } }), {
      attempt: 2,
      attempt_max: 11,
      attempts: 1,
      last_error: "http_500",
    });
  });

  test("of a blocked one: what the guard advises to allow, and nothing where it advises nothing", () => {
    const delivery = { ...NEW, ...RETRY, lastStatus: null, lastError: "egress_blocked" };
    const lastMessage =
      "10.0.0.5 is private; to send there, add 10.0.0.5:80 to POSTHORN_EGRESS_ALLOW or to …";
    assert.equal(factsOf({ delivery, lastMessage }).grant, "10.0.0.5:80");
    assert.equal("grant" in factsOf({ delivery, lastMessage: "It can't be allowed." }), false);
  });

  test("of one that is held: since when, as a time", () => {
    const endpoint = { ...ACTIVE, state: "paused", stateChangedAtMs: NOON } as const;
    assert.deepEqual(factsOf({ delivery: { ...NEW, ...HELD }, endpoint }), {
      endpoint_changed_at: "2026-01-01T12:00:00.000Z",
    });
  });

  test("of one that was given up: after how many attempts since it was resent", () => {
    const ended = { state: "exhausted", endReason: "table_used_up", tableStart: 11 } as const;
    const delivery = { ...NEW, ...AT_REST, ...ended, attemptCount: 14, lastError: "timeout" };
    const { attempts_of_run: run, attempts, last_error: error } = factsOf({ delivery });
    assert.deepEqual([run, attempts, error], [3, 14, "timeout"]);
  });

  test("of one that waits for a slot: the endpoint's limit, or that it failed too often for more", () => {
    const engine = { ...IDLE, inFlight: ACTIVE.settings.concurrencyMax, waiting: 3 };
    const full = factsOf({ engine });
    assert.deepEqual([full.concurrency, full.others_waiting], [engine.inFlight, 2]);
    assert.equal("failed_in_a_row" in full, false);
    const health = { ...ACTIVE.health, failedInARow: 40 };
    const few = factsOf({ engine: { ...engine, inFlight: 1 }, endpoint: { ...ACTIVE, health } });
    assert.equal(few.failed_in_a_row, 40);
  });

  test("is what the API says of it, member by member", () => {
    const shape = reasonOut.shape.facts.strict();
    const states = ["pending", "held", "delivered", "exhausted", "cancelled"] as const;
    const endpointStates = ["active", "paused", "disabled"] as const;
    let seen = 0;
    for (const state of states)
      for (const endpointState of endpointStates)
        for (const isInFlight of [true, false])
          for (const dueAtMs of [null, NOON - 1, NOON + SECOND]) {
            const delivery = { ...NEW, ...RETRY, state, dueAtMs, orderingKey: "k" };
            const endpoint = { ...ACTIVE, state: endpointState };
            shape.parse(factsOf({ delivery, endpoint, isInFlight }));
            seen += 1;
          }
    assert.equal(seen, 90);
  });
});
