/** What the page says in German of what the daemon says in English: why it refused, and how a signature is made. */
import assert from "node:assert/strict";
import { afterEach, suite, test } from "node:test";

import { PROBLEM_KINDS } from "../daemon/api/problems.ts";
import { createShownRequest } from "../daemon/delivery/shown-request.ts";
import { signatureSteps } from "../daemon/delivery/signature-steps.ts";
import type { SignatureStep } from "../daemon/domain/signature-step.ts";
import type { Profile } from "../sdk/src/wire/profile.ts";
import { decodeSecret, makeKeyPair, makeSecret } from "../sdk/src/wire/secret.ts";
import type { SigningKey } from "../sdk/src/wire/secret.ts";
import { profileHeaders } from "../sdk/src/wire/sign.ts";
import { de } from "../web/src/words/de.ts";
import { en } from "../web/src/words/en.ts";
import { problems } from "../web/src/words/en/problems.ts";
import { signature } from "../web/src/words/en/signature.ts";
import { problemText } from "../web/src/words/problem.ts";
import { stepWords } from "../web/src/words/signature.ts";
import { speak } from "../web/src/words/words.ts";
import { ACTIVE, NEW, NOON } from "./support/reason-case.ts";

const BODY = Buffer.from('{"Compared": "Signed content"}');
const INPUT = {
  id: "evt_1",
  type: "a.b",
  occurredAtMs: NOON,
  timestampS: NOON / 1_000,
  body: BODY,
};

function keyOf(secret: string): SigningKey {
  const decoded = decodeSecret("standard", secret);
  if (decoded.kind === "problem") throw new Error(decoded.message);
  return decoded.key;
}

const HMAC = keyOf(makeSecret(Buffer.alloc(32, 1)));
const PAIR = keyOf(makeKeyPair(Buffer.alloc(32, 1)).secret);

/** The steps of each profile, with one secret and during rotations, before and after what was sent. */
function* allSteps(): Generator<readonly SignatureStep[]> {
  const profiles: readonly Profile[] = (
    ["standard", "timestamped", "digest", "topic"] as const
  ).map((kind) => ({ kind }));
  for (const profile of profiles)
    for (const key of profile.kind === "standard" ? [HMAC, PAIR] : [HMAC])
      for (const count of [1, 2, 3]) {
        const signers = Array.from({ length: count }, (_, at) => ({ id: `sec_${at}`, key }));
        const keys = signers.map((each) => each.key);
        const lines = profileHeaders(profile, INPUT, keys).map((header) => header.join(": "));
        for (const recorded of [null, lines.join("\n"), "webhook-id: evt_1"])
          yield signatureSteps(profile, INPUT, signers, recorded);
      }
}

/** Of a delivery whose secrets are gone, which says why in place of all steps. */
async function unsignedSteps(): Promise<readonly SignatureStep[]> {
  const stored = { seq: 1, applicationSeq: 1, tenant: null, orderingKey: null, acceptedAtMs: NOON };
  const { id, type, occurredAtMs } = INPUT;
  const event = {
    ...stored,
    id,
    type,
    occurredAtMs,
    contentType: null,
    bodyBytes: BODY.length,
    body: { bytes: BODY, dataStart: 0 },
    deliveryCount: 1,
  };
  const show = createShownRequest({
    read: { event: async () => event, variant: async () => null, attempts: async () => [] },
    directory: { endpoint: () => ACTIVE },
    clock: { wallMs: () => NOON },
    userAgent: "Posthorn/test",
    signersAt: () => [],
    authOf: () => null,
    headersOf: () => ({}),
  });
  const shown = await show({ ...NEW, eventId: "evt_1", eventType: "a.b", tenant: null });
  return shown?.steps ?? [];
}

/** What was signed or sent, and what an exception says, are no words of ours. */
const AS_IT_IS = /^(Content, spelled out|Header .+|No signature can be made now)$/;

suite("how a signature is made", () => {
  afterEach(() => speak("en"));

  test("has German words for each title and each sentence in it, and leaves what was signed alone", async () => {
    await speak("de");
    const steps = [...allSteps(), await unsignedSteps()].flat();
    assert.ok(steps.length > 100);
    for (const step of steps) {
      const words = stepWords(step);
      assert.notEqual(words.title, step.title);
      assert.equal(words.value === step.value, AS_IT_IS.test(step.title), step.value);
    }
  });

  test("is in English what the daemon says", async () => {
    for (const step of [...allSteps(), await unsignedSteps()].flat())
      assert.deepEqual(stepWords(step), { title: step.title, value: step.value });
  });

  test("names in German the secret, the header and what differs", async () => {
    await speak("de");
    const words = (title: string, value: string) => Object.values(stepWords({ title, value }));
    assert.deepEqual(
      words("Secret 2 of 2 (the oldest): sec_1", "Ed25519 over the content, in base64: v1a,=="),
      [
        "Geheimnis 2 von 2 (das älteste): sec_1",
        "Ed25519 über das, was signiert wird, in base64: v1a,==",
      ],
    );
    assert.deepEqual(words("Header Compared", "the same as was sent"), [
      "Kopfzeile Compared",
      "the same as was sent",
    ]);
    assert.deepEqual(words("Weighed", "the same as was sent"), ["Weighed", "the same as was sent"]);
  });
});

suite("why something was refused", () => {
  afterEach(() => speak("en"));

  const DETAIL = `expected the name to be free, got "shop"`;
  const told = (code: string, detail = DETAIL): string =>
    problemText({ code, detail, status: 400, title: "The title", retryAfterS: null });

  test("is told in German for each code of the daemon's and of the page's own", async () => {
    await speak("de");
    for (const code of [
      ...Object.keys(PROBLEM_KINDS),
      "unreachable",
      "foreign_answer",
      "aborted",
    ]) {
      assert.match(
        told(code),
        /^\p{Lu}[^"]+(\.|: expected the name to be free, got "shop")$/u,
        code,
      );
      assert.match(told(code, ""), /^\p{Lu}[^{}]*\.$/u, code);
      assert.doesNotMatch(told(code, ""), /The title/);
    }
  });

  test("names in German what the daemon names, and says nothing twice where it names nothing", async () => {
    await speak("de");
    assert.equal(told("conflict"), `Das widerspricht dem, was da ist: ${DETAIL}`);
    assert.equal(told("fresh_password_needed"), "Dein Passwort wird noch einmal gebraucht.");
  });

  test("is in English the daemon's own sentence", () => {
    assert.equal(told("conflict"), DETAIL);
    assert.equal(told("forbidden"), `Your account may not do this: ${DETAIL}`);
  });

  test("is told in the daemon's own sentence where the page knows no better", async () => {
    await speak("de");
    for (const code of ["moon_in_the_way", "toString", "detailed", "retry"])
      assert.equal(told(code), DETAIL);
    assert.equal(told("moon_in_the_way", ""), "The title");
  });
});

test("no sentence about refusals and signatures was left in English", () => {
  const keys = Object.keys({ ...problems, ...signature }) as (keyof typeof en)[];
  const same = keys.filter((key) => de[key] === en[key]);
  assert.deepEqual(same, ["problem.detailed"]);
});
