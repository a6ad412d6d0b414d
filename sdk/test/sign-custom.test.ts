import assert from "node:assert/strict";
import { test } from "node:test";
import { adyen, adyenPlatform } from "../src/providers/adyen.ts";
import { awsSns } from "../src/providers/aws-sns.ts";
import { paypal } from "../src/providers/paypal.ts";
import { certificateFetch } from "../src/testing/certificate-fetch.ts";
import type { Tamper } from "../src/testing/sign.ts";
import { signRaw } from "../src/testing/testing.ts";
import type { Provider } from "../src/verify/provider.ts";
import { verify } from "../src/verify/verify.ts";
import { RSA_KEYS, RSA_PKCS8, RSA_SPKI } from "./certificates.ts";
import { NOW_MS } from "./sender.ts";

const TOPIC = "arn:aws:sns:us-east-1:123456789012:orders";
const KEY = "44".repeat(32);
const fetch = certificateFetch(RSA_SPKI);
const PEM = {
  publicKey: RSA_KEYS.publicKey.export({ format: "pem", type: "spki" }).toString(),
  privateKey: RSA_KEYS.privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
};

const item = (pspReference: string, eventCode: string): object => ({
  NotificationRequestItem: { pspReference, eventCode, success: "true" },
});
const ADYEN_BODY = {
  live: "false",
  notificationItems: [item("P1", "CAPTURE"), item("P2", "REFUND")],
};

interface Sender {
  readonly name: string;
  readonly provider: Provider;
  readonly body: object;
  readonly privateKey?: Uint8Array;
  readonly tampers: readonly Tamper[];
}

const SENDERS: readonly Sender[] = [
  {
    name: "PayPal",
    provider: paypal({ webhookId: "WEBHOOK1", fetch, toleranceS: 60 }),
    body: { id: "WH-1", event_type: "A.B" },
    privateKey: RSA_PKCS8,
    tampers: ["body", "signature", "timestamp", "id", "secret"],
  },
  ...["1", "2"].map((SignatureVersion) => ({
    name: `SNS, version ${SignatureVersion}`,
    provider: awsSns({ topicArns: [TOPIC], fetch, toleranceS: 60 }),
    body: { TopicArn: TOPIC, Message: "hello", SignatureVersion },
    privateKey: RSA_PKCS8,
    tampers: ["body", "signature", "timestamp", "id", "secret"] as const,
  })),
  {
    name: "Adyen",
    provider: adyen({ secret: ["00".repeat(32), KEY].toReversed() }),
    body: ADYEN_BODY,
    tampers: ["body", "signature", "secret"],
  },
  {
    name: "Adyen's platform",
    provider: adyenPlatform({ secret: KEY }),
    body: { type: "x" },
    tampers: ["body", "signature", "secret"],
  },
];

const clock = (): number => NOW_MS;

for (const { name, provider, body, privateKey, tampers } of SENDERS) {
  test(`the test kit signs as ${name} does, and what it spoils is refused`, async () => {
    const options = { body, privateKey, nowMs: NOW_MS };
    for (const given of [body, JSON.stringify(body)]) {
      const result = await verify(await signRaw(provider, { ...options, body: given }), provider, {
        clock,
      });
      assert.equal(result.kind, "delivery");
    }
    for (const tamper of tampers) {
      const result = await verify(await signRaw(provider, { ...options, tamper }), provider, {
        clock,
      });
      assert.ok(result.kind === "refused", `${tamper} was accepted`);
      assert.equal(result.error.code, "SIGNATURE_MISMATCH", tamper);
    }
  });
}

test("the kit takes PEM, too, and confirms no subscription anywhere", async () => {
  const provider = awsSns({ topicArns: [TOPIC], fetch: certificateFetch(PEM.publicKey) });
  const body = {
    Type: "SubscriptionConfirmation",
    TopicArn: TOPIC,
    Token: "t",
    SubscribeURL: "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=t",
  };
  const sent = await signRaw(provider, { body, privateKey: PEM.privateKey, nowMs: NOW_MS });
  const result = await verify(sent, provider, { clock });
  assert.ok(result.kind === "handshake" && result.answer.status === 200);
});

test("what can't be signed, or would not be noticed, is told", async () => {
  const sns = awsSns({ topicArns: [TOPIC], fetch });
  const signs = (provider: Provider, options: object) =>
    signRaw(provider, { nowMs: NOW_MS, ...options });
  await assert.rejects(signs(sns, { body: { TopicArn: TOPIC } }), /expected privateKey/);
  const foreign = { body: { TopicArn: `${TOPIC}x` }, privateKey: RSA_PKCS8 };
  await assert.rejects(signs(sns, foreign), /expected TopicArn/);
  const ours = adyen({ secret: KEY });
  await assert.rejects(signs(ours, { body: {} }), /notificationItems/);
  await assert.rejects(signs(ours, { body: ADYEN_BODY, tamper: "timestamp" }), /expected tamper/);
  assert.throws(() => certificateFetch("no key"), { code: "CONFIG_INVALID" });
});
