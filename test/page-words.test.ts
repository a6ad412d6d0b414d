/** What the page says in German of what the daemon says in English: why it refused, and how a signature is made. */
import assert from "node:assert/strict";
import { afterEach, suite, test } from "node:test";

import { PROBLEM_KINDS } from "../daemon/api/problems.ts";
import { signatureStepJson } from "../daemon/api/signature-json.ts";
import type { SignatureStepJson } from "../daemon/api/signature-json.ts";
import { createShownRequest } from "../daemon/delivery/shown-request.ts";
import { signatureSteps } from "../daemon/delivery/signature-steps.ts";
import { SIGNATURE_STEP_CODES } from "../daemon/domain/signature-step.ts";
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
const BODIES = [
  BODY,
  Buffer.alloc(3, 0xff),
  Buffer.from(`{"{beginning}": "${"{bytes}".repeat(300)}"}`),
];
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

const PROFILES: readonly Profile[] = (["standard", "timestamped", "digest", "topic"] as const).map(
  (kind) => ({ kind }),
);

/** The steps of each profile, with one secret and during rotations, before and after what was sent, for all kinds of bodies. */
function* steps(): Generator<readonly SignatureStep[]> {
  for (const profile of PROFILES)
    for (const key of profile.kind === "standard" ? [HMAC, PAIR] : [HMAC])
      for (const count of [1, 2, 3])
        for (const body of BODIES) {
          const signers = Array.from({ length: count }, (_, at) => ({ id: `sec_${at}`, key }));
          const keys = signers.map((each) => each.key);
          const input = { ...INPUT, body };
          const lines = profileHeaders(profile, input, keys).map((header) => header.join(": "));
          for (const recorded of [null, lines.join("\n"), "webhook-id: evt_1"])
            yield signatureSteps(profile, input, signers, recorded);
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

/** All that the daemon may say, as a client gets it. */
async function allSteps(): Promise<SignatureStepJson[]> {
  const all = [...steps(), await unsignedSteps()].flat();
  return all.map((step) => JSON.parse(JSON.stringify(signatureStepJson(step))));
}

/** What was signed or sent, and what an exception says, are no words of ours. */
function isAsItIs({ code, facts }: SignatureStepJson): boolean {
  if (code === "spelled_out") return facts.left_out === undefined;
  return code === "header" || code === "unsigned";
}

suite("how a signature is made", () => {
  afterEach(() => speak("en"));

  test("has German words for each code and each sentence of the daemon's, and leaves what was signed alone", async () => {
    await speak("de");
    const told = await allSteps();
    const codes = new Set(told.map(({ code }) => code));
    assert.deepEqual(codes, new Set<string>(SIGNATURE_STEP_CODES));
    for (const step of told) {
      const words = stepWords(step);
      assert.notEqual(words.title, step.title);
      assert.equal(words.value === step.value, isAsItIs(step), step.value);
    }
  });

  test("is in English, made of its values, what the daemon says", async () => {
    for (const step of await allSteps()) {
      const { title, value } = step;
      assert.deepEqual(stepWords(step), { title, value });
    }
  });

  test("is told by code and values alone, whatever the English says", async () => {
    await speak("de");
    for (const step of await allSteps()) {
      const reworded = { ...step, title: "Something", value: "else" };
      const { title, value } = stepWords(reworded);
      const wanted = stepWords(step);
      assert.deepEqual({ title, value }, isAsItIs(step) ? { ...wanted, value: "else" } : wanted);
    }
  });

  test("names in German the secret, the headers that differ, and how much was left out", async () => {
    await speak("de");
    const words = (code: string, facts: SignatureStepJson["facts"]) =>
      Object.values(stepWords({ code, title: "", value: "", facts }));
    const place = { secret_id: "sec_1", secret_number: 2, secret_count: 2 };
    const made = { algorithm: "Ed25519", encoding: "base64", signature: "v1a,==" };
    assert.deepEqual(words("secret", { ...place, ...made }), [
      "Geheimnis 2 von 2 (das älteste): sec_1",
      "Ed25519 über das, was signiert wird, in base64: v1a,==",
    ]);
    const [, differs] = words("compared", { differs_in: ["X-A", "X-A-Next"] });
    assert.match(differs ?? "", /^nicht, was in X-A und X-A-Next gesendet wurde: /);
    assert.deepEqual(
      words("spelled_out", { left_out: "not_text", beginning: "1.", body_bytes: 3 }),
      ["Dasselbe ausgeschrieben", "1.<3 Bytes, die kein Text sind>"],
    );
  });

  test("is the daemon's English where the page has no words for a code, or for a value of it", async () => {
    await speak("de");
    const step = { title: "Weighed", value: "the same as was sent", facts: {} };
    for (const code of ["weighed", "toString", "secret.newest"])
      assert.deepEqual(stepWords({ ...step, code }), { title: step.title, value: step.value });
    for (const facts of [{ content: "body.moon" }, {}])
      assert.deepEqual(stepWords({ ...step, code: "signed_content", facts }), {
        title: "Was signiert wird",
        value: step.value,
      });
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
