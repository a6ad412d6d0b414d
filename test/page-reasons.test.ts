/** What the page says of a delivery, in each language, out of what the daemon knows of it. */
import assert from "node:assert/strict";
import { afterEach, suite, test } from "node:test";
import { reasonJson } from "../daemon/api/reason-json.ts";
import type { ReasonInput } from "../daemon/domain/reason.ts";
import { en } from "../web/src/words/en.ts";
import { de } from "../web/src/words/de.ts";
import { errorText, errorWords, reasonWords } from "../web/src/words/reason.ts";
import { speak } from "../web/src/words/words.ts";
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
const words = (input: Partial<ReasonInput>): string =>
  reasonWords(reasonJson({ ...INPUT, ...input }));
const RETRYING = { delivery: { ...NEW, ...RETRY } };

suite("the reason of a delivery, as the page says it", () => {
  afterEach(() => speak("en"));

  test("a retry, in English and in German", async () => {
    assert.equal(
      words(RETRYING),
      "Attempt 1 failed: the receiver answered 500. Attempt 2 of 11 is due at 2026-01-01T12:00:05.000Z.",
    );
    await speak("de");
    assert.equal(
      words(RETRYING),
      "Versuch 1 misslang: die Gegenseite antwortete 500. Versuch 2 von 11 ist fällig: 2026-01-01T12:00:05.000Z.",
    );
  });

  test("one that others wait beside, with how many", async () => {
    await speak("de");
    const input = { engine: { ...IDLE, inFlight: 99, waiting: 3 } };
    assert.match(words(input), /\(32\), sind unterwegs\. 2 andere warten ebenfalls\.$/);
  });

  test("one that was given up, after how many attempts and why", async () => {
    const ended = { state: "exhausted", endReason: "table_used_up" } as const;
    const delivery = { ...NEW, ...AT_REST, ...ended, attemptCount: 3, lastError: "dns_failed" };
    assert.equal(
      words({ delivery }),
      "Given up after 3 attempts. The last one failed: the receiver's name did not resolve. Resend it to try again.",
    );
    await speak("de");
    assert.equal(
      words({ delivery }),
      "Aufgegeben nach 3 Versuchen. Der letzte misslang: der Name der Gegenseite ließ sich nicht auflösen. Sende sie erneut, um es noch einmal zu versuchen.",
    );
  });

  test("a code of a newer daemon's, in its own sentence", async () => {
    await speak("de");
    const reason = { code: "waiting_for_moon", sentence: "It waits.", next_at: null, facts: {} };
    assert.equal(reasonWords(reason), "It waits.");
    assert.equal(reasonWords({ ...reason, code: "toString" }), "It waits.");
  });

  test("one that is held, in the words of its endpoint's state", async () => {
    await speak("de");
    const endpoint = { ...ACTIVE, state: "paused", stateChangedAtMs: NOON } as const;
    const held = { ...NEW, ...HELD };
    assert.match(words({ delivery: held, endpoint }), /pausiert seit 2026-01-01T12:00/);
  });
});

suite("the page's words", () => {
  afterEach(() => speak("en"));

  test("no situation leaves a hole in a sentence, in any language", async () => {
    const states = ["pending", "held", "delivered", "exhausted", "cancelled"] as const;
    const ends = [
      null,
      "gone",
      "rejected",
      "aborted",
      "test_failed",
      "cancelled",
      "skipped",
    ] as const;
    const transitions = [null, "release_all", "release_latest", "release_none"] as const;
    let seen = 0;
    for (const language of ["en", "de"] as const) {
      await speak(language);
      for (const state of states)
        for (const endReason of ends)
          for (const transition of transitions)
            for (const lastError of [null, "timeout", "egress_blocked"])
              for (const endpoint of [null, { ...ACTIVE, transition }]) {
                const dueAtMs = state === "pending" ? NOON + SECOND : null;
                const fate = { state, endReason, lastError, dueAtMs } as const;
                const delivery = { ...NEW, ...fate, attemptCount: 1, settledAtMs: NOON };
                assert.match(words({ delivery, endpoint }), /^[A-ZÜ][^{}]*\.$/);
                assert.match(words({ delivery, endpoint, isInFlight: true }), /^[A-Z][^{}]*\.$/);
                seen += 1;
              }
    }
    assert.equal(seen, 2 * 5 * 7 * 4 * 3 * 2);
  });
});

test("an error code is said in the reader's language, and an unknown one stands for itself", async () => {
  await speak("de");
  assert.equal(errorWords("timeout"), "keine Antwort innerhalb der Zeitgrenze");
  assert.match(errorWords("http_302"), /302, und Umleitungen/);
  assert.equal(errorWords("plugin_said_no"), "plugin_said_no");
  const error = { code: "timeout", message: "No answer in 15 s.", grant: null };
  assert.equal(errorText(error), "keine Antwort innerhalb der Zeitgrenze: No answer in 15 s.");
  await speak("en");
  assert.equal(errorText(error), "No answer in 15 s.");
});

test("each language fills in what the others fill in", () => {
  const holes = (text: string): readonly string[] =>
    [...new Set(text.match(/\{\w+\}/g))].toSorted();
  for (const [key, text] of Object.entries(en)) {
    assert.deepEqual(holes(de[key as keyof typeof en]), holes(text), key);
  }
});
