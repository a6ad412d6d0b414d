import type { Case } from "./support/reason-case.ts";
import { GRANT_MESSAGE, NOON, RETRY, AT_REST, SECOND, testCases } from "./support/reason-case.ts";

const THROTTLED = { slowedUntilMs: NOON + 90 * SECOND, slowCount: 2 };

const MOVING: readonly Case[] = [
  {
    what: "an attempt is under way",
    input: { isInFlight: true, inFlightSinceMs: NOON - 2 * SECOND },
    code: "in_flight",
    sentence:
      "Attempt 1 of 11 is under way since 2026-01-01T11:59:58Z and ends after 15 s at the latest.",
  },
  {
    what: "an attempt is under way and its start is not known",
    delivery: RETRY,
    input: { isInFlight: true },
    code: "in_flight",
    sentence: "Attempt 2 of 11 is under way and ends after 15 s at the latest.",
  },
  {
    what: "it was cancelled while its attempt is under way",
    delivery: { ...AT_REST, state: "cancelled", endReason: "cancelled" },
    input: { isInFlight: true },
    code: "in_flight",
    sentence:
      "Attempt 1 of 11 is under way; it was cancelled meanwhile, but this attempt may still" +
      " deliver it.",
  },
  {
    what: "an attempt is under way and the endpoint is gone",
    endpoint: null,
    input: { isInFlight: true },
    code: "in_flight",
    sentence: "Attempt 1 is under way.",
  },
  {
    what: "it has just come",
    code: "due",
    sentence: "Attempt 1 of 11 is due and starts within a second.",
    next: NOON,
  },
  {
    what: "its retry has just become due",
    delivery: { ...RETRY, dueAtMs: NOON },
    code: "due",
    sentence:
      "Attempt 1 failed: the receiver answered 500. Attempt 2 of 11 is due and starts within a" +
      " second.",
    next: NOON,
  },
  {
    what: "it is due later, before any attempt",
    delivery: { dueAtMs: NOON + 90 * SECOND },
    code: "scheduled",
    sentence: "Attempt 1 of 11 is due at 2026-01-01T12:01:30Z, in 1 min 30 s.",
    next: NOON + 90 * SECOND,
  },
  {
    what: "it failed and has a time",
    delivery: RETRY,
    code: "retry_scheduled",
    sentence:
      "Attempt 1 failed: the receiver answered 500. Attempt 2 of 11 is due at" +
      " 2026-01-01T12:00:05Z, in 5 s.",
    next: NOON + 5 * SECOND,
  },
  {
    what: "it failed again after a resend: attempts count on, the table starts anew",
    delivery: { ...RETRY, attemptCount: 13, tableStart: 11, lastError: "connect_refused" },
    code: "retry_scheduled",
    sentence:
      "Attempt 13 failed: the receiver refused the connection. Attempt 14 of 22 is due at" +
      " 2026-01-01T12:00:05Z, in 5 s.",
    next: NOON + 5 * SECOND,
  },
  {
    what: "the table was shortened meanwhile: no attempt 4 of 2",
    delivery: { ...RETRY, attemptCount: 3 },
    settings: { backoff: [5_000] },
    code: "retry_scheduled",
    sentence:
      "Attempt 3 failed: the receiver answered 500. Attempt 4 of 4 is due at" +
      " 2026-01-01T12:00:05Z, in 5 s.",
    next: NOON + 5 * SECOND,
  },
  {
    what: "the guard blocked it",
    delivery: { ...RETRY, lastStatus: null, lastError: "egress_blocked" },
    input: { lastMessage: GRANT_MESSAGE },
    code: "egress_blocked",
    sentence:
      "Attempt 1 was blocked by the egress guard: 192.168.1.5 is in a private range; allow" +
      " 192.168.1.5:8080 to send there. Attempt 2 of 11 is due at 2026-01-01T12:00:05Z, in 5 s.",
    next: NOON + 5 * SECOND,
  },
  {
    what: "the guard blocked it for good",
    delivery: { ...RETRY, lastStatus: null, lastError: "egress_blocked" },
    input: { lastMessage: "0.0.0.0 is in 0.0.0.0/8, which can't be allowed." },
    code: "egress_blocked",
    sentence:
      "Attempt 1 was blocked by the egress guard: 0.0.0.0 is in 0.0.0.0/8, which can't be allowed." +
      " Attempt 2 of 11 is due at 2026-01-01T12:00:05Z, in 5 s.",
    next: NOON + 5 * SECOND,
  },
  {
    what: "it was answered with a redirect",
    delivery: { ...RETRY, lastStatus: 302, lastError: "http_302" },
    code: "retry_scheduled",
    sentence:
      "Attempt 1 failed: the receiver answered 302, and redirects are not followed. Attempt 2 of 11" +
      " is due at 2026-01-01T12:00:05Z, in 5 s.",
    next: NOON + 5 * SECOND,
  },
  {
    what: "the guard blocked it and the retry is due",
    delivery: { ...RETRY, dueAtMs: NOON - 1, lastStatus: null, lastError: "egress_blocked" },
    code: "egress_blocked",
    sentence:
      "Attempt 1 was blocked by the egress guard. Targets are allowed at the endpoint" +
      " (egress_allow) or for all (POSTHORN_EGRESS_ALLOW). Attempt 2 of 11 is due now.",
    next: NOON,
  },
];

const WAITING: readonly Case[] = [
  {
    what: "the receiver asked for less traffic",
    health: THROTTLED,
    engine: { waiting: 41 },
    code: "endpoint_slowed",
    sentence:
      "Its receiver asked for less traffic (it answered 429, 502, 503 or 504), so the endpoint is" +
      " left alone until 2026-01-01T12:01:30Z, in 1 min 30 s; then attempt 1 of 11 follows" +
      " (40 others wait, too).",
    next: NOON + 90 * SECOND,
  },
  {
    what: "the slow-down outlasts its retry",
    delivery: RETRY,
    health: THROTTLED,
    code: "endpoint_slowed",
    sentence:
      "Its receiver asked for less traffic (it answered 429, 502, 503 or 504), so the endpoint is" +
      " left alone until 2026-01-01T12:01:30Z, in 1 min 30 s; then attempt 2 of 11 follows.",
    next: NOON + 90 * SECOND,
  },
  {
    what: "its retry outlasts the slow-down",
    delivery: { ...RETRY, dueAtMs: NOON + 2 * 3_600 * SECOND },
    health: THROTTLED,
    code: "retry_scheduled",
    sentence:
      "Attempt 1 failed: the receiver answered 500. Attempt 2 of 11 is due at" +
      " 2026-01-01T14:00:00Z, in 2 h.",
    next: NOON + 2 * 3_600 * SECOND,
  },
  {
    what: "a probe is under way after a slow-down",
    health: { slowedUntilMs: NOON - 1, slowCount: 1 },
    engine: { inFlight: 1, inFlightTotal: 1, waiting: 2 },
    code: "waiting_for_probe",
    sentence:
      "Attempt 1 of 11 is due and waits: its receiver asked for less traffic, so one goes at a" +
      " time, and 1 is under way (1 other waits, too).",
  },
  {
    what: "the endpoint's slots are in use",
    settings: { concurrencyMax: 8 },
    engine: { inFlight: 8, inFlightTotal: 9, waiting: 3 },
    code: "waiting_for_slot",
    sentence:
      "Attempt 1 of 11 is due and waits: the endpoint takes 8 attempts at once, all under way" +
      " (2 others wait, too).",
  },
  {
    what: "the endpoint keeps failing and gets few slots",
    health: { failedInARow: 12 },
    engine: { inFlight: 4, inFlightTotal: 4 },
    code: "waiting_for_slot",
    sentence:
      "Attempt 1 of 11 is due and waits: the endpoint failed 12 times in a row, so few attempts" +
      " go at once, and 4 are under way.",
  },
  {
    what: "the daemon's slots are in use",
    engine: { inFlight: 2, inFlightTotal: 256 },
    code: "waiting_for_daemon",
    sentence: "Attempt 1 of 11 is due and waits: the daemon makes 256 attempts at once.",
  },
  {
    what: "outcomes can't be recorded",
    engine: { isBlocked: true },
    code: "waiting_for_storage",
    sentence:
      "Attempt 1 of 11 is due, but outcomes can't be recorded now, so nothing is sent; look at" +
      " the disk.",
  },
  {
    what: "the endpoint's rate is used up",
    settings: { ratePerSecond: 5 },
    engine: { waiting: 30 },
    code: "waiting_for_rate",
    sentence:
      "Attempt 1 of 11 is due and goes as soon as the endpoint's limit of 5 a second lets it" +
      " (29 others wait, too).",
  },
  {
    what: "a test: paused, slowed and full, and still it goes",
    delivery: { isTest: true },
    endpoint: { state: "paused" },
    settings: { concurrencyMax: 1, ratePerSecond: 1 },
    health: THROTTLED,
    engine: { inFlight: 1 },
    code: "due",
    sentence: "Attempt 1 of 1 is due and starts within a second.",
    next: NOON,
  },
];

testCases([...MOVING, ...WAITING]);
