/**
 * Where the senders' own libraries and ours judge one request differently: who is right, and why. Each is tried on both sides,
 * so that a library which changes its mind is noticed.
 */
import assert from "node:assert/strict";
import { createHmac, sign } from "node:crypto";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { adyen } from "../src/providers/adyen.ts";
import { awsSns } from "../src/providers/aws-sns.ts";
import { discord } from "../src/providers/discord.ts";
import { github } from "../src/providers/github.ts";
import { hubspot } from "../src/providers/hubspot.ts";
import { paddle } from "../src/providers/paddle.ts";
import { sendgrid } from "../src/providers/sendgrid.ts";
import { slack } from "../src/providers/slack.ts";
import { square } from "../src/providers/square.ts";
import { standardWebhooks } from "../src/providers/standard-webhooks.ts";
import { stripe } from "../src/providers/stripe.ts";
import { svix } from "../src/providers/svix.ts";
import { workos } from "../src/providers/workos.ts";
import { certificateFetch, signRaw } from "../src/testing/testing.ts";
import type { SignOptions } from "../src/testing/testing.ts";
import type { Provider } from "../src/verify/provider.ts";
import type { RawRequest } from "../src/verify/request.ts";
import { verify } from "../src/verify/verify.ts";
import { RSA_KEYS, RSA_SPKI, certificateDer, pem } from "./certificates.ts";
import { isAccepted, serveCertificate } from "./official.ts";
import type { OfficialName } from "./official.ts";
import { NOW_MS, NOW_S } from "./sender.ts";
import {
  ECDSA_PRIVATE,
  ECDSA_PUBLIC,
  ED25519_PRIVATE,
  ED25519_PUBLIC,
  TEXT_SECRET,
  WHSEC,
} from "./signable.ts";

const BODY = '{"id":"evt_1","type":"a.b"}';
const DAY_MS = 86_400_000;

interface Verdicts {
  readonly theirs: "accepted" | "refused";
  /** Our code, or `delivery`. */
  readonly ours: string;
}

async function judged(
  t: TestContext,
  library: OfficialName,
  provider: Provider,
  request: RawRequest,
  secret: string,
): Promise<Verdicts> {
  const { method, url, headers, body } = request;
  const given = {
    method,
    url,
    headers: headers as Record<string, string>,
    body: Buffer.from(body),
    secret,
  };
  const result = await verify(request, provider, { clock: () => NOW_MS });
  return {
    theirs: (await isAccepted(t, library, given, NOW_MS)) ? "accepted" : "refused",
    ours: result.kind === "refused" ? result.error.code : result.kind,
  };
}

const sent = (headers: Record<string, string>, body: string | Uint8Array = BODY): RawRequest => ({
  method: "POST",
  url: "https://receiver.test/webhook",
  headers: { "content-type": "application/json", ...headers },
  body: Buffer.from(body),
});

const mac = (key: string | Buffer, text: string | Buffer, before = ""): Buffer =>
  createHmac("sha256", key).update(before).update(text).digest();

const WHSEC_KEY = Buffer.from(WHSEC.slice("whsec_".length), "base64");

function standardHeaders(
  timestamp: string,
  body: string | Buffer,
  signedTime = timestamp,
): Record<string, string> {
  const signature = mac(WHSEC_KEY, body, `msg_1.${signedTime}.`).toString("base64");
  return {
    "webhook-id": "msg_1",
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${signature}`,
  };
}

test("standardwebhooks and svix read a time that goes on after its digits and sign another text than came; we sign what came and refuse it", async (t) => {
  const request = sent(standardHeaders(`${NOW_S}abc`, BODY, `${NOW_S}`));
  for (const [library, provider] of [
    ["standardwebhooks", standardWebhooks({ secret: WHSEC })],
    ["svix", svix({ secret: WHSEC })],
  ] as const) {
    const verdicts = await judged(t, library, provider, request, WHSEC);
    assert.deepEqual(verdicts, {
      theirs: "accepted",
      ours: "HEADER_MALFORMED",
    });
  }
});

test("stripe reads such a time, too: t=<digits>abc is no unix time, and we refuse it", async (t) => {
  const signature = mac(WHSEC, BODY, `${NOW_S}.`).toString("hex");
  const request = sent({ "stripe-signature": `t=${NOW_S}abc,v1=${signature}` });
  assert.deepEqual(await judged(t, "stripe", stripe({ secret: WHSEC }), request, WHSEC), {
    theirs: "accepted",
    ours: "HEADER_MALFORMED",
  });
});

test("stripe, bolt, HubSpot, Paddle and WorkOS take a time of the future for good; we refuse it, as it could be kept and sent when it pleases", async (t) => {
  const secret = TEXT_SECRET;
  const cases: readonly (readonly [OfficialName, Provider, string, SignOptions])[] = [
    ["stripe", stripe({ secret: WHSEC }), WHSEC, {}],
    ["@slack/bolt", slack({ secret }), secret, { body: { type: "event_callback" } }],
    ["@hubspot/api-client", hubspot({ secret }), secret, { body: [{ eventId: 1 }] }],
    ["@paddle/paddle-node-sdk", paddle({ secret }), secret, {}],
    ["@workos-inc/node", workos({ secret }), secret, {}],
  ];
  for (const [library, provider, key, options] of cases) {
    const request = await signRaw(provider, {
      body: BODY,
      ...options,
      nowMs: NOW_MS + 30 * DAY_MS,
    });
    const verdicts = await judged(t, library, provider, request, key);
    assert.deepEqual(verdicts, { theirs: "accepted", ours: "TIMESTAMP_TOO_NEW" }, library);
  }
});

test("discord-interactions and SendGrid's library look at no time, so that a copied request is good for ever; we allow five minutes", async (t) => {
  const old = { nowMs: NOW_MS - 30 * DAY_MS };
  const keys = { publicKey: ED25519_PUBLIC.toString("hex"), privateKey: ED25519_PRIVATE };
  const byDiscord = discord({ publicKey: keys.publicKey });
  const interaction = await signRaw(byDiscord, {
    ...old,
    body: { id: "1", type: 2 },
    privateKey: keys.privateKey,
  });
  assert.deepEqual(
    await judged(t, "discord-interactions", byDiscord, interaction, keys.publicKey),
    {
      theirs: "accepted",
      ours: "TIMESTAMP_TOO_OLD",
    },
  );
  const bySendgrid = sendgrid({ publicKey: ECDSA_PUBLIC });
  const batch = await signRaw(bySendgrid, {
    ...old,
    body: [{ sg_event_id: "1", event: "open" }],
    privateKey: ECDSA_PRIVATE,
  });
  assert.deepEqual(await judged(t, "@sendgrid/eventwebhook", bySendgrid, batch, ECDSA_PUBLIC), {
    theirs: "accepted",
    ours: "TIMESTAMP_TOO_OLD",
  });
});

test("libraries that decode the body before they sign it refuse bytes that are no UTF-8; the sender signed bytes, and we take them", async (t) => {
  const body = Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]);
  const genuine = {
    standard: sent(standardHeaders(`${NOW_S}`, body), body),
    stripe: sent(
      { "stripe-signature": `t=${NOW_S},v1=${mac(WHSEC, body, `${NOW_S}.`).toString("hex")}` },
      body,
    ),
    github: sent(
      { "x-hub-signature-256": `sha256=${mac(TEXT_SECRET, body).toString("hex")}` },
      body,
    ),
    square: sent(
      {
        "x-square-hmacsha256-signature": mac(
          TEXT_SECRET,
          body,
          "https://receiver.test/webhook",
        ).toString("base64"),
      },
      body,
    ),
  };
  const wanted = { theirs: "refused", ours: "delivery" };
  assert.deepEqual(
    await judged(
      t,
      "standardwebhooks",
      standardWebhooks({ secret: WHSEC }),
      genuine.standard,
      WHSEC,
    ),
    wanted,
  );
  assert.deepEqual(
    await judged(t, "svix", standardWebhooks({ secret: WHSEC }), genuine.standard, WHSEC),
    wanted,
  );
  assert.deepEqual(
    await judged(t, "stripe", stripe({ secret: WHSEC }), genuine.stripe, WHSEC),
    wanted,
  );
  assert.deepEqual(
    await judged(
      t,
      "@octokit/webhooks-methods",
      github({ secret: TEXT_SECRET }),
      genuine.github,
      TEXT_SECRET,
    ),
    wanted,
  );
  assert.deepEqual(
    await judged(t, "square", square({ secret: TEXT_SECRET }), genuine.square, TEXT_SECRET),
    wanted,
  );
});

test("standardwebhooks takes bodies with $& and $$ in them, as we do: they break verifiers that build the signed text by replacing", async (t) => {
  const body = '{"note":"$& $$ $1 {body}"}';
  const request = sent(standardHeaders(`${NOW_S}`, body), body);
  const verdicts = await judged(
    t,
    "standardwebhooks",
    standardWebhooks({ secret: WHSEC }),
    request,
    WHSEC,
  );
  assert.deepEqual(verdicts, { theirs: "accepted", ours: "delivery" });
});

test("Paddle's library looks at the last h1 alone, and refuses a rotation in which the first one fits; any may fit", async (t) => {
  const [own, other] = [TEXT_SECRET, "another"].map((key) =>
    mac(key, BODY, `${NOW_S}:`).toString("hex"),
  );
  const provider = paddle({ secret: TEXT_SECRET });
  const inOrder = (first = "", second = ""): RawRequest =>
    sent({ "paddle-signature": `ts=${NOW_S};h1=${first};h1=${second}` });
  const library = "@paddle/paddle-node-sdk";
  assert.deepEqual(await judged(t, library, provider, inOrder(other, own), TEXT_SECRET), {
    theirs: "accepted",
    ours: "delivery",
  });
  assert.deepEqual(await judged(t, library, provider, inOrder(own, other), TEXT_SECRET), {
    theirs: "refused",
    ours: "delivery",
  });
});

test("Paddle's library refuses what took six seconds on its way, as a genuine delivery may; we allow five minutes", async (t) => {
  const provider = paddle({ secret: TEXT_SECRET });
  const request = await signRaw(provider, { body: BODY, nowMs: NOW_MS - 6_000 });
  assert.deepEqual(await judged(t, "@paddle/paddle-node-sdk", provider, request, TEXT_SECRET), {
    theirs: "refused",
    ours: "delivery",
  });
});

test("WorkOS' library wants the time first; the order in a list means nothing, and we take either", async (t) => {
  const signature = mac(TEXT_SECRET, BODY, `${NOW_MS}.`).toString("hex");
  const request = sent({ "workos-signature": `v1=${signature}, t=${NOW_MS}` });
  assert.deepEqual(
    await judged(t, "@workos-inc/node", workos({ secret: TEXT_SECRET }), request, TEXT_SECRET),
    {
      theirs: "refused",
      ours: "delivery",
    },
  );
});

test("octokit refuses a signature in upper-case hex; hex has no case, and we take it", async (t) => {
  const signature = mac(TEXT_SECRET, BODY).toString("hex").toUpperCase();
  const request = sent({ "x-hub-signature-256": `sha256=${signature}` });
  assert.deepEqual(
    await judged(
      t,
      "@octokit/webhooks-methods",
      github({ secret: TEXT_SECRET }),
      request,
      TEXT_SECRET,
    ),
    {
      theirs: "refused",
      ours: "delivery",
    },
  );
});

test("Adyen's library makes of a key that is no hex an empty one, whose signatures anybody can make; we refuse such a key when we are made", async (t) => {
  const item = {
    pspReference: "P1",
    merchantAccountCode: "Acme",
    amount: { value: 1, currency: "EUR" },
    eventCode: "CAPTURE",
    success: "true",
  };
  const hmacSignature = mac(Buffer.alloc(0), "P1::Acme::1:EUR:CAPTURE:true").toString("base64");
  const forged = { ...item, additionalData: { hmacSignature } };
  const body = JSON.stringify({
    live: "true",
    notificationItems: [{ NotificationRequestItem: forged }],
  });
  const key = "my-secret-key";
  const { method, url, headers } = sent({});
  const given = {
    method,
    url,
    headers: headers as Record<string, string>,
    body: Buffer.from(body),
    secret: key,
  };
  assert.equal(await isAccepted(t, "@adyen/api-library", given, NOW_MS), true);
  assert.throws(() => adyen({ secret: key }), { code: "SECRET_INVALID" });
});

test("stripe takes a secret with a line end behind it, with which nothing fits; we say so when we are made", async (t) => {
  const request = await signRaw(stripe({ secret: WHSEC }), { body: BODY, nowMs: NOW_MS });
  const { theirs } = await judged(t, "stripe", stripe({ secret: WHSEC }), request, `${WHSEC}\n`);
  assert.equal(theirs, "refused");
  assert.throws(() => stripe({ secret: `${WHSEC}\n` }), {
    code: "SECRET_INVALID",
    message: /without white space at its ends/,
  });
});

const TOPIC = "arn:aws:sns:us-west-2:123456789012:orders";
const SNS_ORDER = [
  "Message",
  "MessageId",
  "SubscribeURL",
  "Timestamp",
  "Token",
  "TopicArn",
  "Type",
];

function snsMessage(fields: Readonly<Record<string, string>>): RawRequest {
  const all: Record<string, string> = {
    MessageId: "m1",
    Message: "hello",
    Timestamp: new Date(NOW_MS).toISOString(),
    TopicArn: TOPIC,
    SignatureVersion: "2",
    ...fields,
  };
  const text = SNS_ORDER.filter((name) => name in all)
    .map((name) => `${name}\n${all[name]}\n`)
    .join("");
  const Signature = sign("sha256", Buffer.from(text), RSA_KEYS.privateKey).toString("base64");
  return sent({}, JSON.stringify({ ...all, Signature }));
}

const ourSns = (): Provider => awsSns({ topicArns: [TOPIC], fetch: certificateFetch(RSA_SPKI) });

test("sns-validator leaves the token of an UnsubscribeConfirmation out of the signed text, and refuses genuine ones; Amazon's guide has it in, and so have we", async (t) => {
  serveCertificate(t, pem(certificateDer()));
  const request = snsMessage({
    Type: "UnsubscribeConfirmation",
    Token: "t",
    SubscribeURL: "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=t",
    SigningCertURL: "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-a.pem",
  });
  assert.deepEqual(await judged(t, "sns-validator", ourSns(), request, ""), {
    theirs: "refused",
    ours: "delivery",
  });
});

test("sns-validator takes a certificate from sns.s3-us-west-2.amazonaws.com, which is anybody's bucket of the name sns; we take none from there", async (t) => {
  serveCertificate(t, pem(certificateDer()));
  const request = snsMessage({
    Type: "Notification",
    SigningCertURL: "https://sns.s3-us-west-2.amazonaws.com/forger.pem",
  });
  assert.deepEqual(await judged(t, "sns-validator", ourSns(), request, ""), {
    theirs: "accepted",
    ours: "CERT_URL_UNTRUSTED",
  });
});

test("sns-validator takes any customer's topic, as all are signed with one key; we take the topics that we are told", async (t) => {
  serveCertificate(t, pem(certificateDer()));
  const request = snsMessage({
    Type: "Notification",
    TopicArn: "arn:aws:sns:us-west-2:999999999999:strangers",
    SigningCertURL: "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-b.pem",
  });
  assert.deepEqual(await judged(t, "sns-validator", ourSns(), request, ""), {
    theirs: "accepted",
    ours: "TOKEN_MISMATCH",
  });
});
