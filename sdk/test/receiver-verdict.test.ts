/** What a claim, a handler's end and an error mean, before any machinery. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { DELAYS_MS, nextDueAtMs } from "../src/receiver/backoff.ts";
import {
  HandlerTimeoutError,
  InvalidPayloadError,
  PermanentError,
  RetryAfterError,
} from "../src/receiver/handler-errors.ts";
import type { Policy } from "../src/receiver/verdict.ts";
import {
  answerOfResult,
  endingOfClaim,
  failureOf,
  inboxDown,
  judgeFault,
} from "../src/receiver/verdict.ts";
import { WebhookError } from "../src/verify/webhook-error.ts";

const POLICY: Policy = { duplicates: 200, permanentStatus: 200, onInvalidPayload: "dead" };

suite("what a claim means", () => {
  test("a handled event is a duplicate: its kept answer is given again, and marked", () => {
    const kept = { status: 201, headers: { "content-type": "text/plain" }, body: "made" };
    const { outcome, answer, error } = endingOfClaim({ kind: "done", answer: kept }, POLICY);
    assert.equal(outcome, "duplicate");
    const headers = { "content-type": "text/plain", "webhook-duplicate": "true" };
    assert.deepEqual(answer, { status: 201, headers, body: "made" });
    assert.equal(error, null);
  });

  test("without a kept answer, or with one that would make the sender try again, a duplicate gets 200", () => {
    assert.equal(endingOfClaim({ kind: "done", answer: null }, POLICY).answer.status, 200);
    const kept = { status: 500, headers: {}, body: "" };
    assert.equal(endingOfClaim({ kind: "done", answer: kept }, POLICY).answer.status, 200);
  });

  test("a duplicate is a conflict only for who asked for it", () => {
    const policy = { ...POLICY, duplicates: 409 } as const;
    const { outcome, answer, error } = endingOfClaim({ kind: "done", answer: null }, policy);
    assert.equal(outcome, "duplicate");
    assert.deepEqual(answer, { status: 409, headers: { "webhook-duplicate": "true" }, body: "" });
    assert.equal(error?.code, "DUPLICATE");
  });

  test("an event that waits for its worker, or for a person, is nothing to send again", () => {
    assert.equal(endingOfClaim({ kind: "pending" }, POLICY).answer.status, 202);
    const dead = endingOfClaim({ kind: "dead" }, POLICY);
    assert.deepEqual([dead.outcome, dead.answer.status], ["dead", 200]);
  });

  test("an id with other bytes is refused for good", () => {
    const { outcome, answer, error } = endingOfClaim({ kind: "conflict" }, POLICY);
    assert.deepEqual([outcome, answer.status, error?.code], ["refused", 422, "ID_CONFLICT"]);
  });

  test("an event that somebody else is at is to be sent again, after a while", () => {
    const { outcome, answer } = endingOfClaim({ kind: "busy", retryAfterMs: 1_500 }, POLICY);
    assert.deepEqual([outcome, answer.status, answer.headers["retry-after"]], ["failed", 503, "2"]);
  });
});

suite("what a thrown error means", () => {
  const judged = (thrown: unknown, policy: Partial<Policy> = {}) => {
    const { isDead, ending } = judgeFault(thrown, { ...POLICY, ...policy });
    return [ending.outcome, ending.answer.status, ending.error?.code, isDead];
  };

  test("whatever it is, the sender tries again", () => {
    for (const thrown of [new Error("no"), "text", null, undefined, { code: 1 }]) {
      assert.deepEqual(judged(thrown), ["failed", 500, "HANDLER_FAILED", false]);
    }
  });

  test("a permanent error goes to the dead letters, and the sender stops", () => {
    const thrown = new PermanentError("no such customer");
    assert.deepEqual(judged(thrown), ["dead", 200, "HANDLER_FAILED", true]);
    const other = judged(thrown, { permanentStatus: 422 });
    assert.deepEqual(other, ["dead", 422, "HANDLER_FAILED", true]);
  });

  test("an error with a time is passed on with it", () => {
    const { ending, retryAfterMs } = judgeFault(new RetryAfterError(90_000), POLICY);
    assert.deepEqual([ending.answer.status, ending.answer.headers["retry-after"]], [503, "90"]);
    assert.equal(retryAfterMs, 90_000);
    assert.throws(() => new RetryAfterError(Number.NaN), /expected retryAfterMs to be 0 or more/);
  });

  test("a handler whose time is over may have more luck later", () => {
    assert.deepEqual(judged(new HandlerTimeoutError(10)), [
      "failed",
      503,
      "HANDLER_TIMEOUT",
      false,
    ]);
  });

  test("a payload that does not fit is parked, or refused by option", () => {
    const thrown = new InvalidPayloadError(["data.total"]);
    assert.deepEqual(judged(thrown), ["dead", 200, "PAYLOAD_INVALID", true]);
    const refused = judged(thrown, { onInvalidPayload: "reject" });
    assert.deepEqual(refused, ["refused", 422, "PAYLOAD_INVALID", false]);
  });

  test("an inbox that fails never ends in a success", () => {
    const { outcome, answer, error } = inboxDown(new Error("connection refused"));
    assert.deepEqual([outcome, answer.status], ["failed", 503]);
    assert.equal(error?.code, "INBOX_UNAVAILABLE");
    assert.ok(Number(answer.headers["retry-after"]) > 0);
  });

  test("an inbox may say with an error of its own what it can't keep", () => {
    const { outcome, answer } = inboxDown(new WebhookError("HEADER_MALFORMED", "expected an id"));
    assert.deepEqual([outcome, answer.status], ["refused", 400]);
  });

  test("the inbox notes at most 2,000 characters of it", () => {
    const { error } = failureOf(new Error("x".repeat(5_000)), { isDead: false }, 1);
    assert.equal(error.length, 2_000);
    assert.equal(
      failureOf(Object.create(null), { isDead: false }, 1).error,
      "something that has no text",
    );
  });
});

suite("what a handler may answer", () => {
  test("nothing, which is 200, or a success with a body", () => {
    assert.deepEqual(answerOfResult(undefined), { status: 200, headers: {}, body: "" });
    const made = answerOfResult({ status: 201, body: "[accepted]" });
    assert.equal(made.headers["content-type"], "text/plain; charset=utf-8");
    assert.equal(answerOfResult({ status: 204 }).status, 204);
  });

  test("no refusal: it would count as handled and be sent again", () => {
    for (const status of [199, 302, 404, 500, 200.5]) {
      assert.throws(
        () => answerOfResult({ status }),
        /expected a handler's status to be 200 to 299/,
      );
    }
  });

  test("nothing that HTTP could not carry", () => {
    const split = { body: "x", contentType: "text/plain\r\nset-cookie: a=b" };
    assert.throws(() => answerOfResult(split), /expected a handler's contentType to be ASCII/);
  });
});

suite("a worker's table", () => {
  const failed = { attempt: 1, nowMs: 0, retryAfterMs: null, chance: 0.5 };

  test("has ten steps, each used once, and then an end", () => {
    const policy = { delaysMs: DELAYS_MS, jitter: 0.2 };
    const due = Array.from({ length: 11 }, (_, i) =>
      nextDueAtMs(policy, { ...failed, attempt: i + 1 }),
    );
    assert.deepEqual(due, [...DELAYS_MS, null]);
  });

  test("is spread by chance, by the given share and no more", () => {
    const policy = { delaysMs: [1_000], jitter: 0.2 };
    assert.equal(nextDueAtMs(policy, { ...failed, chance: 0 }), 800);
    assert.equal(nextDueAtMs(policy, { ...failed, chance: 0.999_999 }), 1_200);
  });

  test("gives way to the time that a handler asks for, which uses up a step", () => {
    const policy = { delaysMs: [1_000], jitter: 0.2 };
    assert.equal(nextDueAtMs(policy, { ...failed, retryAfterMs: 7 }), 7);
    assert.equal(nextDueAtMs(policy, { ...failed, attempt: 2, retryAfterMs: 7 }), null);
  });
});
