import assert from "node:assert/strict";
import { test } from "node:test";
import { errorWords } from "../daemon/domain/error-words.ts";
import { explain } from "../daemon/domain/reason.ts";
import type { Case } from "./support/reason-case.ts";
import {
  ACTIVE,
  AT_REST,
  FAILED,
  GRANT_MESSAGE,
  HELD,
  IDLE,
  NEW,
  NOON,
  RETRY,
  testCases,
} from "./support/reason-case.ts";

const HOLDING: readonly Case[] = [
  {
    what: "its endpoint is paused",
    delivery: HELD,
    endpoint: { state: "paused" },
    code: "held_paused",
    sentence: "Held: its endpoint is paused since 2025-12-31T12:00:00Z; resume it to go on.",
  },
  {
    what: "its endpoint was paused a moment ago and it is not held yet",
    delivery: RETRY,
    endpoint: { state: "paused", transition: "hold" },
    code: "held_paused",
    sentence: "Held: its endpoint is paused since 2025-12-31T12:00:00Z; resume it to go on.",
  },
  {
    what: "an operator disabled its endpoint",
    delivery: HELD,
    endpoint: { state: "disabled", disabledReason: "operator" },
    code: "disabled_by_operator",
    sentence:
      "Held: its endpoint was disabled at 2025-12-31T12:00:00Z by an operator; enable it to go on.",
  },
  {
    what: "410 disabled its endpoint",
    delivery: { ...HELD, hold: "disabled" },
    endpoint: { state: "disabled", disabledReason: "gone" },
    code: "disabled_gone",
    sentence:
      "Held: its endpoint was disabled at 2025-12-31T12:00:00Z, since it answered 410 Gone;" +
      " enable it to go on.",
  },
  {
    what: "the receiver had its endpoint disabled",
    delivery: { ...HELD, hold: "disabled" },
    endpoint: { state: "disabled", disabledReason: "receiver_control" },
    code: "disabled_by_receiver",
    sentence:
      "Held: its endpoint was disabled at 2025-12-31T12:00:00Z, since it asked for that" +
      " (webhook-delivery: disable); enable it to go on.",
  },
  {
    what: "only failures disabled its endpoint",
    delivery: { ...HELD, hold: "disabled" },
    endpoint: { state: "disabled", disabledReason: "only_failures" },
    code: "disabled_only_failures",
    sentence:
      "Held: its endpoint was disabled at 2025-12-31T12:00:00Z after only failures for 5 days;" +
      " enable it to go on.",
  },
  {
    what: "an earlier one of its ordering key has not ended",
    delivery: { ...HELD, hold: "order", orderingKey: "order-7" },
    code: "held_order",
    sentence:
      'Held: an earlier delivery with the ordering key "order-7" has not ended; this one follows' +
      " when it does.",
  },
  {
    what: "it is being released",
    delivery: HELD,
    endpoint: { transition: "release_all" },
    code: "being_released",
    sentence:
      "Its endpoint was resumed at 2025-12-31T12:00:00Z; held deliveries are being released.",
  },
  {
    what: "the newest of each key are being released",
    delivery: HELD,
    endpoint: { transition: "release_latest" },
    code: "being_released",
    sentence:
      "Its endpoint was resumed at 2025-12-31T12:00:00Z; of each ordering key only the newest" +
      " held delivery is released, the others are cancelled.",
  },
  {
    what: "it is being skipped",
    delivery: HELD,
    endpoint: { transition: "release_none" },
    code: "being_skipped",
    sentence:
      "Its endpoint was resumed at 2025-12-31T12:00:00Z without what was held; it is cancelled.",
  },
  {
    what: "it was left behind",
    delivery: HELD,
    code: "held_leftover",
    sentence: "Held although its endpoint is active; resend it, or resume the endpoint once more.",
  },
  {
    what: "its endpoint is gone and it is not cancelled yet",
    endpoint: null,
    code: "endpoint_deleted",
    sentence: "Its endpoint was deleted; it is about to be cancelled.",
  },
];

const ENDED = { ...AT_REST, attemptCount: 1 } as const;

const FINAL: readonly Case[] = [
  {
    what: "it was delivered",
    delivery: { ...ENDED, state: "delivered", endReason: "accepted", lastStatus: 204 },
    code: "delivered",
    sentence: "Delivered at 2026-01-01T11:59:00Z: attempt 1 was answered with status 204.",
  },
  {
    what: "its table is used up",
    delivery: {
      ...ENDED,
      ...FAILED,
      attemptCount: 22,
      tableStart: 11,
      state: "exhausted",
      endReason: "table_used_up",
    },
    code: "exhausted",
    sentence:
      "Given up at 2026-01-01T11:59:00Z after 11 attempts. The last one failed: the receiver" +
      " answered 500. Resend it to try again.",
  },
  {
    what: "its table is used up by the guard",
    delivery: {
      ...ENDED,
      state: "exhausted",
      endReason: "table_used_up",
      lastError: "egress_blocked",
    },
    input: { lastMessage: GRANT_MESSAGE },
    code: "exhausted",
    sentence:
      "Given up at 2026-01-01T11:59:00Z after 1 attempt. The last one failed: the egress guard" +
      " refused the target: 192.168.1.5 is in a private range; allow 192.168.1.5:8080 to send" +
      " there. Resend it to try again.",
  },
  {
    what: "410 ended it",
    delivery: { ...ENDED, state: "exhausted", endReason: "gone", lastStatus: 410 },
    code: "gone",
    sentence:
      "Given up at 2026-01-01T11:59:00Z: attempt 1 was answered 410 Gone; resend it to try again.",
  },
  {
    what: "a permanent status ended it",
    delivery: { ...ENDED, state: "exhausted", endReason: "rejected", lastStatus: 422 },
    code: "rejected",
    sentence:
      "Given up at 2026-01-01T11:59:00Z: attempt 1 was answered with status 422, which this" +
      " endpoint's setting retry: transient takes as final; resend it to try again.",
  },
  {
    what: "the receiver ended it",
    delivery: { ...ENDED, state: "exhausted", endReason: "aborted", lastStatus: 500 },
    code: "aborted",
    sentence:
      "Given up at 2026-01-01T11:59:00Z: the receiver asked to stop (webhook-delivery:" +
      " abort-message) at attempt 1.",
  },
  {
    what: "a test failed",
    delivery: {
      ...ENDED,
      isTest: true,
      state: "exhausted",
      endReason: "test_failed",
      lastError: "tls_failed",
    },
    code: "test_failed",
    sentence:
      "The test failed at 2026-01-01T11:59:00Z: the receiver's certificate or TLS handshake was" +
      " not accepted. Tests are not retried.",
  },
  {
    what: "an operator cancelled it before any attempt",
    delivery: { ...AT_REST, state: "cancelled", endReason: "cancelled" },
    code: "cancelled",
    sentence: "Cancelled by an operator at 2026-01-01T11:59:00Z; resend it to try again.",
  },
  {
    what: "an operator cancelled it after attempts",
    delivery: { ...AT_REST, attemptCount: 3, state: "cancelled", endReason: "cancelled" },
    code: "cancelled",
    sentence:
      "Cancelled by an operator at 2026-01-01T11:59:00Z after 3 attempts; resend it to try again.",
  },
  {
    what: "it was skipped at resume",
    delivery: { ...AT_REST, state: "cancelled", endReason: "skipped" },
    code: "skipped",
    sentence:
      "Skipped at 2026-01-01T11:59:00Z, when its endpoint was resumed without it; resend it to" +
      " try again.",
  },
  {
    what: "its endpoint was deleted",
    delivery: { ...AT_REST, state: "cancelled", endReason: "endpoint_deleted" },
    endpoint: null,
    code: "endpoint_deleted",
    sentence: "Cancelled at 2026-01-01T11:59:00Z: its endpoint was deleted.",
  },
];

testCases([...HOLDING, ...FINAL]);

test("whatever the combination, there is a sentence with a full stop", () => {
  const states = ["pending", "held", "delivered", "exhausted", "cancelled"] as const;
  const holds = [null, "paused", "disabled", "order"] as const;
  const transitions = [null, "hold", "release_all", "release_none", "delete"] as const;
  const endpointStates = ["active", "paused", "disabled"] as const;
  let seen = 0;
  for (const state of states)
    for (const hold of holds)
      for (const transition of transitions)
        for (const endpointState of endpointStates) {
          const delivery = { ...NEW, state, hold, dueAtMs: null };
          const endpoint = { ...ACTIVE, state: endpointState, transition };
          const shared = { inFlightSinceMs: null, lastMessage: null, engine: IDLE, nowMs: NOON };
          const { sentence } = explain({ ...shared, delivery, endpoint, isInFlight: false });
          assert.match(sentence, /^[A-Z].*\.$/);
          seen += 1;
        }
  assert.equal(seen, 300);
});

test("an error code of later versions, or one that is a name of every object, stands for itself", () => {
  assert.equal(errorWords("http_418"), "the receiver answered 418");
  assert.equal(errorWords("quantum_lost"), "quantum_lost");
  assert.equal(errorWords("constructor"), "constructor");
});
