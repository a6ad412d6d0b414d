/** Each public function's options, wrong in each way: what is said names the option, what it has to be and what it is. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, test } from "node:test";

import { defineProvider, HEX, HMAC_SHA256, TEXT, WHSEC, WebhookError } from "../src/index.ts";
import { adyen } from "../src/providers/adyen.ts";
import { awsSns } from "../src/providers/aws-sns.ts";
import { discord } from "../src/providers/discord.ts";
import { gitlab } from "../src/providers/gitlab.ts";
import { grafana } from "../src/providers/grafana.ts";
import { hmac } from "../src/providers/hmac.ts";
import { hubspot } from "../src/providers/hubspot.ts";
import { mailgun } from "../src/providers/mailgun.ts";
import { meta } from "../src/providers/meta.ts";
import { paypal } from "../src/providers/paypal.ts";
import { polar } from "../src/providers/polar.ts";
import { posthorn } from "../src/providers/posthorn.ts";
import { postmark } from "../src/providers/postmark.ts";
import { sendgrid } from "../src/providers/sendgrid.ts";
import { square } from "../src/providers/square.ts";
import { standardWebhooks } from "../src/providers/standard-webhooks.ts";
import { stripe } from "../src/providers/stripe.ts";
import { token } from "../src/providers/token.ts";
import { twilio } from "../src/providers/twilio.ts";
import { fakeClock } from "../src/testing/testing.ts";

type Maker = (options: never) => unknown;

/** As JavaScript would, without the compiler's help. */
function made(maker: Maker, options: unknown): unknown {
  return (maker as (options: unknown) => unknown)(options);
}

function problemOf(maker: Maker, options: unknown): WebhookError {
  try {
    made(maker, options);
  } catch (error) {
    assert.ok(error instanceof WebhookError, String(error));
    assert.match(error.code, /^(CONFIG_INVALID|SECRET_MISSING|SECRET_INVALID)$/);
    return error;
  }
  throw new assert.AssertionError({ message: `${maker.name} takes it` });
}

const FACTORIES = new URL("../src/providers/", import.meta.url);

describe("every provider's factory", async () => {
  for (const file of readdirSync(FACTORIES).filter((name) => name.endsWith(".ts"))) {
    const factories = (await import(new URL(file, FACTORIES).href)) as Record<string, Maker>;
    for (const [name, factory] of Object.entries(factories)) {
      test(`refuses what are no options of ${name}, and those without a secret`, () => {
        for (const none of [undefined, null, "secret", 1]) {
          const { code, message } = problemOf(factory, none);
          assert.equal(code, "CONFIG_INVALID");
          assert.match(
            message,
            new RegExp(`^expected the options of ${name} to be an object, got`),
          );
        }
        assert.match(
          problemOf(factory, { sekret: "x" }).message,
          new RegExp(`^expected the options of ${name} to be of [a-zA-Z, ]+, got sekret$`),
        );
        assert.match(problemOf(factory, {}).message, /^expected [a-zA-Z ]+ to be .+, got \w+/);
      });
    }
  }
});

const SECRET = "a secret of some length";
const scheme = {
  kind: "signature",
  secret: SECRET,
  signature: { header: "x-signature" },
  encoding: HEX,
  algorithm: HMAC_SHA256,
  signed: "{body}",
};
const time = { from: { header: "x-time" }, unit: "s" };
const spec = { name: "acme", schemes: [scheme] };
const within = (part: object): object => ({ ...spec, schemes: [{ ...scheme, ...part }] });

const PROVIDERS: readonly (readonly [maker: Maker, options: unknown, message: RegExp])[] = [
  [stripe, { secret: SECRET, toleranceS: 0 }, /toleranceS to be a number over 0, got 0$/],
  [stripe, { secret: SECRET, toleranceS: "5" }, /toleranceS to be a number over 0, got "5"$/],
  [stripe, { secret: 5 }, /the secret to be text or bytes, got number$/],
  [stripe, { secret: [] }, /the secret to be text or bytes, got none$/],
  [stripe, { secret: [SECRET, ""] }, /the secret to be text or bytes, got none$/],
  [stripe, { secret: new Uint8Array() }, /the secret to be text or bytes, got none$/],
  [stripe, { secret: Array(9).fill(SECRET) }, /at most 8 secrets, got 9$/],
  [stripe, { secret: ` ${SECRET}` }, /without white space at its ends, got some$/],
  [standardWebhooks, { secret: "whsec_!!" }, /whsec_ and base64 of 16 bytes or more, got 8 char/],
  [standardWebhooks, { secret: "whsec_aGVsbG8=" }, /base64 of 16 bytes or more, got 5 bytes$/],
  [standardWebhooks, { publicKey: "whpk_aGVsbG8=" }, /to be a key for ed25519, got 5 bytes$/],
  [standardWebhooks, { publicKey: "whpk_?" }, /whpk_ and base64 of 32 bytes, got 6 characters/],
  [standardWebhooks, {}, /^expected secret or publicKey to be given, got none$/],
  [polar, {}, /^expected secret to be given, got none$/],
  [gitlab, {}, /^expected signingToken or token to be given, got none$/],
  [discord, { publicKey: "abc" }, /the secret to be hex, got 3 characters that are not$/],
  [discord, { publicKey: "abcd" }, /the secret to be a key for ed25519, got 2 bytes$/],
  [sendgrid, { publicKey: "AAAA" }, /the secret to be a key for ecdsa-p256, got 3 bytes$/],
  [adyen, { secret: "xyz" }, /the secret to be hex, got 3 characters that are not$/],
  [
    adyen,
    { secret: "abcd", basic: "a" },
    /basic to have a user without colon and a password, got another$/,
  ],
  [awsSns, { topicArns: "arn:aws:sns:eu-west-1:1:a" }, /topicArns to be a list of topics' ARNs/],
  [awsSns, { topicArns: ["arn:aws:sns:eu-west-1:123456789012:a"], fetch: 1 }, /fetch to be a func/],
  [paypal, { webhookId: [] }, /webhookId to be 1 to 8 ids/],
  [paypal, { webhookId: "WH1", fetch: {} }, /fetch to be a function, got object$/],
  [grafana, { secret: SECRET, header: "" }, /header and timestampHeader to be names, got none$/],
  [
    grafana,
    { secret: SECRET, timestampHeader: "" },
    /header and timestampHeader to be names, got none$/,
  ],
  [hubspot, { secret: SECRET, version: "v4" }, /version to be v1, v2 or v3, got "v4"$/],
  [
    hubspot,
    { secret: SECRET, publicUrl: "a.example" },
    /publicUrl to be an address with its scheme/,
  ],
  [twilio, { secret: SECRET, publicUrl: 1 }, /publicUrl to be an address with its scheme/],
  [
    square,
    { secret: SECRET, notificationUrl: "/hook" },
    /notificationUrl to be an address with its/,
  ],
  [mailgun, { secret: SECRET, nonces: new Set() }, /nonces to be a store with claim, got object$/],
  [
    meta,
    { secret: SECRET, verifyToken: "" },
    /verifyToken to be a text that is not empty, got none$/,
  ],
  [meta, { secret: SECRET, verifyToken: 1 }, /verifyToken to be .+ not empty, got number$/],
  [
    postmark,
    { secret: "user:password", in: "cookie" },
    /in to be "basic", "bearer", .+got "cookie"$/,
  ],
  [token, { secret: SECRET, in: {} }, /in to be "basic", "bearer", "path", .+, got object$/],
  [token, { secret: SECRET, id: "x-id" }, /id to be one or several of \{ header \}, .+got "x-id"$/],
  [token, { secret: SECRET, methods: "PUT" }, /methods to be a list of methods .+, got "PUT"$/],
  [hmac, { secret: SECRET }, /header to be a name, got undefined$/],
  [
    hmac,
    { secret: SECRET, header: "a", algorithm: "md5" },
    /algorithm to be one of sha1, .+"md5"$/,
  ],
  [hmac, { secret: SECRET, header: "a", algorithm: "constructor" }, /algorithm to be one of sha1/],
  [
    hmac,
    { secret: SECRET, header: "a", algorithm: HMAC_SHA256 },
    /algorithm to be .+, got object$/,
  ],
  [
    hmac,
    { secret: SECRET, header: "a", encoding: "utf8" },
    /encoding to be one of hex.+got "utf8"$/,
  ],
  [
    hmac,
    { secret: SECRET, header: "a", secretForm: "b64" },
    /secretForm to be one of text.+"b64"$/,
  ],
  [
    hmac,
    { secret: SECRET, header: "a", secretForm: {} },
    /secretForm to be one of .+, got object$/,
  ],
  [hmac, { secret: SECRET, header: "a", prefix: 1 }, /prefix to be text, got number$/],
  [hmac, { secret: SECRET, header: "a", signed: 1 }, /signed to be text, got number$/],
  [hmac, { secret: SECRET, header: "a", signed: "{bodi}" }, /\{bodi\} to be a value of the scheme/],
  [
    hmac,
    { secret: SECRET, header: "a", timestampHeader: "" },
    /timestampHeader to be a name, got ""/,
  ],
  [
    hmac,
    { secret: SECRET, header: "a", timestampHeader: "b", timestampUnit: "us" },
    /timestampUnit to be one of s, ms, iso, got "us"$/,
  ],
  [hmac, { secret: SECRET, header: "a", type: 1 }, /type to be one or several of .+, got number$/],
  [
    hmac,
    { secret: SECRET, header: "a", methods: [] },
    /methods to be a list of methods .+, got object$/,
  ],
  [posthorn, { secret: SECRET, profile: "x" }, /profile to be one of standard, .+, got "x"$/],
  [posthorn, { secret: SECRET, profile: "digest", headers: 1 }, /headers to be an object/],
];

const DECLARATIONS: readonly (readonly [spec: unknown, message: RegExp])[] = [
  [null, /the declaration to be an object, got null$/],
  [{ ...spec, shemes: [] }, /a member to be one of name, methods, schemes, .+, got shemes$/],
  [{ ...spec, name: "" }, /name to be text that is not empty, got ""$/],
  [{ ...spec, methods: "POST" }, /methods to be a list of methods such as "POST", got "POST"$/],
  [{ ...spec, schemes: [] }, /schemes to be a list of at least one scheme, got a list$/],
  [{ ...spec, schemes: scheme }, /schemes to be a list of at least one scheme, got object$/],
  [{ ...spec, id: "x-id" }, /id to be one or several of \{ header \}, .+, got "x-id"$/],
  [{ ...spec, id: { header: "a", body: "b" } }, /id to be one or several of/],
  [{ ...spec, type: { read: () => "a" } }, /type to be one or several of .+, got object$/],
  [{ ...spec, body: "json" }, /body to be a format such as JSON_BODY, got "json"$/],
  [{ ...spec, handshake: true }, /handshake to be a function, got true$/],
  [{ ...spec, isBodyStable: 1 }, /isBodyStable to be true or false, got 1$/],
  [{ ...spec, acknowledgement: { status: 200 } }, /acknowledgement to be an answer of/],
  [{ ...spec, occurredAt: { from: { body: "at" } } }, /occurredAt.unit to be "s", "ms" or "iso"/],
  [within({ kind: "hmac" }), /schemes\[0\].kind to be "signature" or "custom", got "hmac"$/],
  [within({ encoding: "hex" }), /schemes\[0\].encoding to be an encoding such as HEX.+got "hex"$/],
  [
    within({ algorithm: "sha256" }),
    /schemes\[0\].algorithm to be an algorithm such as .+"sha256"$/,
  ],
  [
    within({ algorithm: undefined }),
    /schemes\[0\].algorithm to be an algorithm such as .+undefined$/,
  ],
  [within({ secretForm: "whsec" }), /schemes\[0\].secretForm to be a form such as TEXT.+"whsec"$/],
  [within({ secretForm: [] }), /schemes\[0\].secretForm to be a form such as .+, got a list$/],
  [within({ signature: "x-signature" }), /schemes\[0\].signature to be one or several of/],
  [within({ signed: ["body"] }), /schemes\[0\].signed to be a template or a function, got a list$/],
  [within({ signed: "{bodi}" }), /\{bodi\} to be a value of the scheme, got none$/],
  [within({ separator: "" }), /schemes\[0\].separator to be text that is not empty, got ""$/],
  [within({ prefix: 1 }), /schemes\[0\].prefix to be text, got 1$/],
  [within({ values: { url: "x" } }), /schemes\[0\].values to be an object of names/],
  [within({ timestamp: "x-time" }), /schemes\[0\].timestamp to be an object, got "x-time"$/],
  [within({ timestamp: { ...time, unit: "seconds" } }), /timestamp.unit to be "s", .+"seconds"$/],
  [within({ timestamp: { ...time, toleranceS: -1 } }), /timestamp.toleranceS to be .+, got -1$/],
  [
    within({ timestamp: { ...time, tolerance: 1 } }),
    /a member of schemes\[0\].timestamp to be one/,
  ],
  [within({ encodings: HEX }), /a member of schemes\[0\] to be one of kind, .+, got encodings$/],
  [within({ secret: undefined }), /the secret to be text or bytes, got undefined$/],
  [
    { ...spec, schemes: [{ kind: "custom" }] },
    /schemes\[0\].check to be a function, got undefined$/,
  ],
];

describe("an option of the wrong kind or value is refused when the provider is made:", () => {
  for (const [maker, options, message] of PROVIDERS) {
    test(`${maker.name} says ${message.source}`, () => {
      const problem = problemOf(maker, options);
      assert.match(problem.message, /^expected .+, got .+/);
      assert.match(problem.message, message);
      assert.doesNotMatch(problem.message, new RegExp(SECRET));
    });
  }
});

describe("a declaration with a wrong member is refused:", () => {
  for (const [declaration, message] of DECLARATIONS) {
    test(`it says ${message.source}`, () => {
      assert.match(problemOf(defineProvider, declaration).message, message);
    });
  }
});

test("no message about a secret shows any of it", () => {
  for (const secret of [
    "whsec_hush!hush",
    "whsec_aHVzaA==",
    "hush",
    " hush-hush ",
    "v1,whsec_hush",
  ]) {
    const { code, message, hint } = problemOf(standardWebhooks, { secret });
    assert.equal(code, "SECRET_INVALID");
    assert.doesNotMatch(`${message} ${hint}`, /hush|aHVz/);
  }
});

test("a declaration with all its members is taken", () => {
  const all = {
    ...spec,
    methods: ["POST", "PUT"],
    schemes: [
      {
        ...scheme,
        secretForm: [TEXT, WHSEC],
        secret: `whsec_${btoa("sixteen bytes or more")}`,
        id: { header: "x-id" },
        separator: ",",
        prefix: "v1=",
        signed: "{id}.{timestamp}.{nonce}.{body}",
        values: { nonce: { query: "nonce" } },
        timestamp: { from: { item: "t=" }, unit: "s", toleranceS: null },
        also: () => null,
        hint: "",
      },
      { kind: "custom", check: () => ({ signedAtMs: fakeClock(0).now() }) },
    ],
    id: [{ header: "x-id" }, { body: "id" }],
    type: [],
    occurredAt: { from: { body: "at" }, unit: "iso" },
    isBodyStable: false,
    acknowledgement: { status: 200, headers: {}, body: "[accepted]" },
  };
  made(defineProvider, all);
});
