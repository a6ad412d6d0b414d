import assert from "node:assert/strict";
import { sign } from "node:crypto";
import { test } from "node:test";
import * as sns from "../src/providers/aws-sns.ts";
import type { Fetch } from "../src/verify/fetch.ts";
import { RSA_KEYS, certificateDer, pem } from "./certificates.ts";
import {
  NOW_MS,
  answerOf,
  assertJunkRefused,
  assertRefused,
  codeOf,
  deliveryOf,
  variantsOf,
} from "./sender.ts";

const TOPIC = "arn:aws:sns:us-west-2:123456789012:orders.fifo";
const HOST = "https://sns.us-west-2.amazonaws.com";
const CERT_URL = `${HOST}/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem`;
const SUBSCRIBE_URL = `${HOST}/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=2336412f37f`;

type Fields = Readonly<Record<string, string | undefined>>;

const NOTIFICATION: Fields = {
  Type: "Notification",
  MessageId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
  TopicArn: TOPIC,
  Message: "line one\nSubject\nline three",
  Timestamp: "2026-11-22T00:54:06.655Z",
  SignatureVersion: "2",
  SigningCertURL: CERT_URL,
};
const SUBSCRIPTION: Fields = {
  ...NOTIFICATION,
  Type: "SubscriptionConfirmation",
  Message: "You have chosen to subscribe",
  SubscribeURL: SUBSCRIBE_URL,
  Token: "2336412f37f",
};
/** In the order of Amazon's guide, for both kinds. */
const ORDER = [
  "Message",
  "MessageId",
  "Subject",
  "SubscribeURL",
  "Timestamp",
  "Token",
  "TopicArn",
  "Type",
];

/** Signed, and then changed. */
function sent(fields: Fields, changes: Fields = {}) {
  const text = ORDER.filter((name) => fields[name] !== undefined)
    .map((name) => `${name}\n${fields[name]}\n`)
    .join("");
  const hash = fields["SignatureVersion"] === "1" ? "sha1" : "sha256";
  const Signature = sign(hash, Buffer.from(text), RSA_KEYS.privateKey).toString("base64");
  const headers = { "content-type": "text/plain; charset=UTF-8" };
  return { headers, body: JSON.stringify({ ...fields, Signature, ...changes }) };
}

function aws(confirmation = () => new Response("<ConfirmSubscriptionResponse/>")) {
  const asked: string[] = [];
  const get: Fetch = (url) => {
    asked.push(url);
    return Promise.resolve(
      url.endsWith(".pem") ? new Response(pem(certificateDer())) : confirmation(),
    );
  };
  return { asked, get };
}

for (const variant of await variantsOf("aws-sns", sns)) {
  const { crypto, check, provider } = variant;
  const receiver = (get: Fetch, more: object = {}) =>
    provider.awsSns({ topicArns: [TOPIC], fetch: get, ...more });

  test(`SNS on ${crypto}: both versions of the signature, with and without a subject`, async () => {
    const { asked, get } = aws();
    const ours = receiver(get);
    for (const SignatureVersion of ["1", "2"]) {
      for (const Subject of [undefined, "", "Hello"]) {
        const fields = { ...NOTIFICATION, SignatureVersion, Subject };
        const delivery = deliveryOf(await check(sent(fields), ours));
        assert.deepEqual([delivery.id, delivery.type], [NOTIFICATION["MessageId"], "Notification"]);
        assert.equal(delivery.occurredAtMs, Date.parse("2026-11-22T00:54:06.655Z"));
      }
    }
    assert.deepEqual(asked, [CERT_URL]);
    const third = sent({ ...NOTIFICATION, SignatureVersion: "3" });
    assert.equal(codeOf(await check(third, ours)), "SCHEME_UNSUPPORTED");
  });

  test(`SNS on ${crypto}: somebody else's topic is refused, though SNS signed it, and nothing is fetched`, async () => {
    const { asked, get } = aws();
    for (const TopicArn of [
      `${TOPIC}x`,
      TOPIC.replace("123456789012", "999999999999"),
      undefined,
    ]) {
      for (const fields of [NOTIFICATION, SUBSCRIPTION]) {
        assert.equal(
          codeOf(await check(sent({ ...fields, TopicArn }), receiver(get))),
          "TOKEN_MISMATCH",
        );
      }
    }
    assert.deepEqual(asked, []);
  });

  test(`SNS on ${crypto}: a subscription is confirmed by its signed address`, async () => {
    const { asked, get } = aws();
    const { status } = answerOf(await check(sent(SUBSCRIPTION), receiver(get)));
    assert.equal(status, 200);
    assert.deepEqual(asked, [CERT_URL, SUBSCRIBE_URL]);
  });

  test(`SNS on ${crypto}: a confirmation that fails is asked for again`, async () => {
    for (const answer of [
      () => new Response("", { status: 400 }),
      () => new Response(null, { status: 302, headers: { location: "https://evil.test/" } }),
    ]) {
      const { status } = answerOf(await check(sent(SUBSCRIPTION), receiver(aws(answer).get)));
      assert.equal(status, 503);
    }
  });

  test(`SNS on ${crypto}: only SNS itself is called for a confirmation`, async () => {
    const { asked, get } = aws();
    const query = "/?Action=ConfirmSubscription&Token=1";
    for (const SubscribeURL of [
      `http://sns.us-west-2.amazonaws.com${query}`,
      `https://sns.us-west-2.amazonaws.com.evil.test${query}`,
      `https://sns.us-west-2.amazonaws.com:8443${query}`,
      `https://x@sns.us-west-2.amazonaws.com${query}`,
      `https://sns.s3-us-west-2.amazonaws.com${query}`,
      `${HOST}/?Action=DeleteTopic&TopicArn=${TOPIC}`,
      `${HOST}${query}#x y`,
      "http://169.254.169.254/latest/meta-data/",
    ]) {
      const { status } = answerOf(
        await check(sent({ ...SUBSCRIPTION, SubscribeURL }), receiver(get)),
      );
      assert.equal(status, 503, SubscribeURL);
    }
    assert.deepEqual(new Set(asked), new Set([CERT_URL]));
    const forged = sent(SUBSCRIPTION, { SubscribeURL: `${SUBSCRIBE_URL}0` });
    assert.equal(codeOf(await check(forged, receiver(get))), "SIGNATURE_MISMATCH");
  });

  test(`SNS on ${crypto}: the end of a subscription is an event, signed with its token`, async () => {
    const fields = { ...SUBSCRIPTION, Type: "UnsubscribeConfirmation" };
    const delivery = deliveryOf(await check(sent(fields), receiver(aws().get)));
    assert.equal(delivery.type, "UnsubscribeConfirmation");
    // sns-validator leaves the token of this type unsigned; Amazon's guide has it in the text.
    const changed = await check(sent(fields, { Token: "other" }), receiver(aws().get));
    assert.equal(codeOf(changed), "SIGNATURE_MISMATCH");
  });

  test(`SNS on ${crypto}: certificates are taken from SNS and nowhere else`, async () => {
    const { asked, get } = aws();
    const file = "/SimpleNotificationService-0123456789abcdef.pem";
    for (const host of [
      "sns.us-gov-west-1.amazonaws.com",
      "sns.cn-north-1.amazonaws.com.cn",
      "sns.ap-southeast-5.amazonaws.com",
      "sns.eusc-de-east-1.amazonaws.eu",
    ]) {
      const fields = { ...NOTIFICATION, SigningCertURL: `https://${host}${file}` };
      assert.equal(codeOf(await check(sent(fields), receiver(get))), "accepted", host);
    }
    asked.length = 0;
    for (const SigningCertURL of [
      `http://sns.us-west-2.amazonaws.com${file}`,
      `https://sns.us-west-2.amazonaws.com.evil.test${file}`,
      `https://sns.us-west-2.amazonaws.evil${file}`,
      `https://evil-sns.us-west-2.amazonaws.com${file}`,
      `https://x.sns.us-west-2.amazonaws.com${file}`,
      // Buckets called "sns", by the older addresses of S3.
      `https://sns.s3.amazonaws.com${file}`,
      `https://sns.s3-us-west-2.amazonaws.com${file}`,
      `https://sns.s3-website-us-west-2.amazonaws.com${file}`,
      `https://sns.s3.us-west-2.amazonaws.com${file}`,
      `https://s3.us-west-2.amazonaws.com/sns${file}`,
      // What the API answers holds what its caller put into it.
      `${HOST}/?Action=GetEndpointAttributes&EndpointArn=x.pem`,
      `${HOST}/other.pem`,
      `${HOST}${file}?x`,
      `${HOST}${file}#x`,
      `${HOST}:443${file}`,
      `${HOST}.${file}`,
      `https://user:pw@sns.us-west-2.amazonaws.com${file}`,
      `https://sns.us-west-2.amazonaws.com@evil.test${file}`,
      `https://sns.us-west-2.amazonaws.com\\@evil.test${file}`,
      `${HOST}/x/..${file}`,
      `${HOST}${file}\n`,
      `\t${HOST}${file}`,
      "",
    ]) {
      const result = await check(sent({ ...NOTIFICATION, SigningCertURL }), receiver(get));
      assert.equal(codeOf(result), "CERT_URL_UNTRUSTED", SigningCertURL);
    }
    assert.deepEqual(asked, []);
  });

  test(`SNS on ${crypto}: no signed text can be read as other fields`, async () => {
    const ours = receiver(aws().get);
    const moved = { ...NOTIFICATION, MessageId: "1\nSubject\ninjected" };
    assert.equal(codeOf(await check(sent(moved), ours)), "BODY_INVALID");
    const numbers = sent(NOTIFICATION).body.replace('"Message":"', '"Subject":7,"Message":"');
    assert.equal(codeOf(await check({ body: numbers, headers: {} }, ours)), "BODY_INVALID");
  });

  test(`SNS on ${crypto}: an old message is refused where that is asked for`, async () => {
    const ours = receiver(aws().get, { toleranceS: 3_600 });
    assert.equal(codeOf(await check(sent(NOTIFICATION), ours)), "TIMESTAMP_TOO_OLD");
    const soon = Date.parse(NOTIFICATION["Timestamp"] ?? "") + 3_600_000;
    assert.equal(codeOf(await check(sent(NOTIFICATION), ours, soon)), "accepted");
  });

  test(`SNS on ${crypto}: every signed field counts, and junk is refused`, async () => {
    const ours = receiver(aws().get);
    for (const name of ORDER) {
      const value = { ...SUBSCRIPTION, Subject: "S" }[name];
      const fields = name === "Subject" ? { ...NOTIFICATION, Subject: "S" } : SUBSCRIPTION;
      for (const change of [undefined, null, `${value} `, value?.slice(1), { a: 1 }]) {
        const request = sent(fields, { [name]: change } as unknown as Fields);
        assertRefused(await check(request, ours), `${name} ${JSON.stringify(change)}`);
      }
    }
    for (const name of ["Signature", "SigningCertURL", "SignatureVersion"]) {
      assertRefused(await check(sent(NOTIFICATION, { [name]: undefined }), ours), name);
    }
    const added = sent(NOTIFICATION, { Subject: "added" });
    assert.equal(codeOf(await check(added, ours)), "SIGNATURE_MISMATCH");
    await assertJunkRefused(variant, ours, ["x-amz-sns-message-type", "x-amz-sns-rawdelivery"]);
  });

  test(`SNS on ${crypto}: a raw message is refused with the setting to change`, async () => {
    const raw = { body: "hello", headers: { "x-amz-sns-rawdelivery": "true" } };
    const result = await check(raw, receiver(aws().get), NOW_MS);
    assert.ok(result.kind === "refused" && result.error.code === "SCHEME_UNSUPPORTED");
    assert.match(result.error.hint ?? "", /raw message delivery/);
  });
}

test("SNS: without topics there is no receiver", () => {
  for (const topicArns of [[], [""], ["orders"], TOPIC, undefined]) {
    const options = { topicArns } as unknown as sns.SnsOptions;
    assert.throws(() => sns.awsSns(options), { code: "CONFIG_INVALID" });
  }
});
