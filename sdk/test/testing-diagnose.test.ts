/** `diagnose` names the cause of a refusal, by finding the reading under which the signature fits. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import { awsSns } from "../src/providers/aws-sns.ts";
import { github } from "../src/providers/github.ts";
import { linear } from "../src/providers/linear.ts";
import { shopify } from "../src/providers/shopify.ts";
import { slack } from "../src/providers/slack.ts";
import { square } from "../src/providers/square.ts";
import { standardWebhooks } from "../src/providers/standard-webhooks.ts";
import { stripe } from "../src/providers/stripe.ts";
import { twilio } from "../src/providers/twilio.ts";
import { diagnose, signRaw, signRequest } from "../src/testing/testing.ts";
import type { Finding } from "../src/testing/testing.ts";
import type { Provider } from "../src/verify/provider.ts";
import type { RawRequest } from "../src/verify/request.ts";
import { NOW_MS, NOW_S } from "./sender.ts";
import { SIGNABLE, TEXT_SECRET, WHSEC } from "./signable.ts";

const secret = TEXT_SECRET;
const options = { clock: () => NOW_MS, environment: "test" };
const BODY = '{"id":"evt_1","type":"a.b","note":"Zoë & </a>"}';

function find(request: RawRequest, provider: Provider): Promise<readonly Finding[]> {
  return diagnose(request, provider, options);
}

async function theCause(request: RawRequest, provider: Provider): Promise<Finding> {
  const [finding, ...others] = await find(request, provider);
  assert.ok(finding);
  assert.deepEqual(others, []);
  return finding;
}

function withText(request: RawRequest, text: string): RawRequest {
  return { ...request, body: new TextEncoder().encode(text) };
}

function withHeader(request: RawRequest, name: string, value: string | undefined): RawRequest {
  return { ...request, headers: { ...(request.headers as Record<string, string>), [name]: value } };
}

const signed = (provider: Provider, body: string | object = BODY): Promise<RawRequest> =>
  signRaw(provider, { body, nowMs: NOW_MS });

describe("diagnose", () => {
  test("finds nothing wrong with what is genuine, from any sender", async () => {
    for (const { provider, options: own } of SIGNABLE) {
      const request = await signRaw(provider, { nowMs: NOW_MS, ...own });
      assert.deepEqual(await find(request, provider), [], provider.name);
    }
  });

  const shopifyLike = shopify({ secret });
  const rewritten: readonly (readonly [name: string, sent: string, says: RegExp])[] = [
    [
      "with two spaces, as JSON.stringify(value, null, 2)",
      JSON.stringify(JSON.parse(BODY), null, 2),
      /two spaces of indentation/,
    ],
    [
      "with four, and a line end",
      `${JSON.stringify(JSON.parse(BODY), null, 4)}\n`,
      /four spaces of indentation/,
    ],
    [
      "as Python does",
      '{"id": "evt_1", "type": "a.b", "note": "Zo\\u00eb & </a>"}',
      /space after each comma and colon, with \\u escapes/,
    ],
    [
      "as PHP does",
      '{"id":"evt_1","type":"a.b","note":"Zo\\u00eb & <\\/a>"}',
      /\\u escapes and \\\/ for each slash/,
    ],
    [
      "as Rails and Go do",
      '{"id":"evt_1","type":"a.b","note":"Zoë \\u0026 \\u003c/a\\u003e"}',
      /\\u0026 for &, < and >/,
    ],
  ];
  for (const [name, sent, says] of rewritten) {
    test(`names the parser that ran first, where the sender wrote its JSON ${name}`, async () => {
      const arrived = withText(await signed(shopifyLike, sent), JSON.stringify(JSON.parse(sent)));
      const { cause, sentence } = await theCause(arrived, shopifyLike);
      assert.equal(cause, "body");
      assert.match(sentence, says);
      assert.match(sentence, /mount the route before any body parser/);
    });
  }

  test("names the line end that was trimmed, and the one that was added", async () => {
    const provider = github({ secret });
    const lost = await theCause(withText(await signed(provider, `${BODY}\r\n`), BODY), provider);
    assert.equal(lost.cause, "body");
    assert.match(lost.sentence, /something trimmed the body/);
    const added = await theCause(
      withText(await signed(provider, "plain text"), "plain text\n"),
      provider,
    );
    assert.equal(added.cause, "body");
    assert.match(added.sentence, /curl --data-binary/);
    const translated = await theCause(withText(await signed(provider, "a\r\nb"), "a\nb"), provider);
    assert.match(translated.sentence, /CRLF/);
  });

  test("counts the seconds that a clock is off, on either side", async () => {
    for (const provider of [
      stripe({ secret: WHSEC }),
      standardWebhooks({ secret: WHSEC }),
      slack({ secret }),
    ]) {
      const early = await signRaw(provider, { body: {}, nowMs: NOW_MS - 412_000 });
      assert.match(
        (await theCause(early, provider)).sentence,
        /made 412 s before this machine's time/,
      );
      const late = await signRaw(provider, { body: {}, nowMs: NOW_MS + 5_000_000 });
      const { cause, sentence } = await theCause(late, provider);
      assert.equal(cause, "clock");
      assert.match(sentence, /made 5000 s after this machine's time/);
    }
  });

  test("knows a time that is old and a body that was rewritten at once", async () => {
    const provider = stripe({ secret: WHSEC });
    const recorded = await signRaw(provider, { body: `${BODY}\n`, nowMs: NOW_MS - 86_400_000 });
    assert.equal((await theCause(withText(recorded, BODY), provider)).cause, "body");
  });

  test("tells milliseconds from seconds", async () => {
    const mac = createHmac("sha256", WHSEC).update(`${NOW_MS}.${BODY}`).digest("hex");
    const request = withHeader(
      withText(await signed(stripe({ secret: WHSEC })), BODY),
      "stripe-signature",
      `t=${NOW_MS},v1=${mac}`,
    );
    const { cause, sentence } = await theCause(request, stripe({ secret: WHSEC }));
    assert.equal(cause, "time unit");
    assert.match(sentence, /in milliseconds, and this sender's is in seconds/);
    const body = JSON.stringify({ webhookTimestamp: NOW_S });
    const inSeconds = await signRaw(linear({ secret }), { body });
    assert.equal((await theCause(inSeconds, linear({ secret }))).cause, "time unit");
  });

  test("reads a secret in its other forms: text, base64, hex, with quotes around it", async () => {
    const base64 = Buffer.from("0123456789abcdef0123456789abcdef").toString("base64");
    const asBytes = stripe({ secret: Buffer.from(base64, "base64") });
    const asText = stripe({ secret: base64 });
    const decoded = await theCause(await signed(asBytes), asText);
    assert.equal(decoded.cause, "secret");
    assert.match(decoded.sentence, /the secret read as base64:/);
    const hex = "0123456789abcdef".repeat(4);
    const fromHex = await theCause(
      await signed(github({ secret: Buffer.from(hex, "hex") })),
      github({ secret: hex }),
    );
    assert.match(fromHex.sentence, /read as hex/);
    const quoted = await theCause(
      await signed(github({ secret })),
      github({ secret: `"${secret}"` }),
    );
    assert.match(quoted.sentence, /without the quotes/);
    const named = await theCause(
      await signed(github({ secret })),
      github({ secret: `WEBHOOK_SECRET=${secret}` }),
    );
    assert.match(named.sentence, /without the name in front/);
    const wholeText = createHmac("sha256", WHSEC).update(`evt_1.${NOW_S}.${BODY}`).digest("base64");
    const standard = standardWebhooks({ secret: WHSEC });
    const polarStyle = {
      ...(await signed(standard)),
      headers: {
        "webhook-id": "evt_1",
        "webhook-timestamp": `${NOW_S}`,
        "webhook-signature": `v1,${wholeText}`,
      },
    };
    assert.match((await theCause(polarStyle, standard)).sentence, /the secret read as text/);
  });

  test("knows a signature written in base64 for hex, and one that lacks its prefix", async () => {
    const provider = github({ secret });
    const request = await signed(provider);
    const mac = createHmac("sha256", secret).update(BODY).digest();
    const base64 = await theCause(
      withHeader(request, "x-hub-signature-256", `sha256=${mac.toString("base64")}`),
      provider,
    );
    assert.equal(base64.cause, "signature");
    assert.match(
      base64.sentence,
      /written in base64, where this sender's is hmac-sha256 in hex after sha256=/,
    );
    const bare = await theCause(
      withHeader(request, "x-hub-signature-256", mac.toString("hex")),
      provider,
    );
    assert.match(bare.sentence, /without its prefix/);
    const sha1 = createHmac("sha1", secret).update(BODY).digest("hex");
    const old = await theCause(
      withHeader(request, "x-hub-signature-256", `sha1=${sha1}`),
      provider,
    );
    assert.match(old.sentence, /made with hmac-sha1/);
  });

  test("finds the address that was signed behind a proxy: scheme, host, port and trailing slash", async () => {
    const form = {
      body: { MessageSid: "SM1" },
      headers: { "content-type": "application/x-www-form-urlencoded" },
      nowMs: NOW_MS,
    };
    const provider = twilio({ secret });
    const request = await signRaw(provider, { ...form, url: "https://app.example.com/sms?x=1" });
    const behind = withHeader(
      { ...request, url: "http://10.0.0.2:3000/sms?x=1" },
      "x-forwarded-host",
      "app.example.com",
    );
    const { cause, sentence } = await theCause(behind, provider);
    assert.equal(cause, "address");
    assert.match(
      sentence,
      /signed the address https:\/\/app\.example\.com\/sms\?…, and this receiver sees http:\/\/10\.0\.0\.2:3000/,
    );
    const sq = square({ secret });
    const plain = await signRaw(sq, { body: BODY, url: "https://app.example.com/hook/" });
    assert.match(
      (await theCause({ ...plain, url: "http://app.example.com/hook" }, sq)).sentence,
      /trailing slash/,
    );
  });

  test("names the other sender whose signature came, or says that none did", async () => {
    const request = await signed(github({ secret }));
    const wrong = await theCause(request, stripe({ secret: WHSEC }));
    assert.equal(wrong.cause, "header");
    assert.match(wrong.sentence, /x-hub-signature-256 \(github or meta\) and no stripe-signature/);
    const none = await theCause({ ...request, headers: {} }, github({ secret }));
    assert.match(none.sentence, /no x-hub-signature-256: it is not signed/);
  });

  test("knows nothing better than the refusal where the secret is simply another", async () => {
    const finding = await theCause(
      await signed(github({ secret })),
      github({ secret: "some other secret" }),
    );
    assert.equal(finding.cause, "unknown");
    assert.match(finding.sentence, /None of the usual causes makes it fit/);
  });

  test("takes a Fetch request, and one whose body was parsed", async () => {
    const provider = github({ secret });
    const request = await signRequest(provider, { body: BODY, nowMs: NOW_MS });
    assert.deepEqual(await diagnose(request, provider, options), []);
    const parsed = { ...(await signed(provider)), body: JSON.parse(BODY) as Uint8Array };
    const { cause, sentence } = await theCause(parsed, provider);
    assert.equal(cause, "request");
    assert.match(sentence, /body parser ran first/);
  });

  test("asks the network for nothing but a certificate, and confirms no subscription", async () => {
    const asked: string[] = [];
    const fetch = (url: string): Promise<Response> => {
      asked.push(url);
      return Promise.resolve(new Response("", { status: 404 }));
    };
    const topic = "arn:aws:sns:us-east-1:123456789012:orders";
    const body = {
      Type: "SubscriptionConfirmation",
      MessageId: "1",
      Token: "t",
      TopicArn: topic,
      Message: "m",
      Timestamp: "2026-01-01T00:00:00.000Z",
      SubscribeURL: "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=t",
      SignatureVersion: "2",
      Signature: "AAAA",
      SigningCertURL: "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
    };
    const request = withText(
      { method: "POST", url: "https://receiver.test/", headers: {}, body: new Uint8Array() },
      JSON.stringify(body),
    );
    await find(request, awsSns({ topicArns: [topic], fetch }));
    assert.ok(
      asked.length > 0 && asked.every((url) => url === body.SigningCertURL),
      asked.join(" "),
    );
  });

  test("holds no secret, no signature and nothing of the body in what it says", async () => {
    const provider = github({ secret: `"${secret}"` });
    const { sentence } = await theCause(await signed(github({ secret })), provider);
    for (const hidden of [secret, "evt_1", "Zoë"]) assert.ok(!sentence.includes(hidden));
  });

  test("refuses to run in production, by what it is told or by the environment", async () => {
    const provider = github({ secret });
    const request = await signed(provider);
    const refused = {
      code: "CONFIG_INVALID",
      message: "expected diagnose to run in development, got NODE_ENV=production",
    };
    await assert.rejects(diagnose(request, provider, { environment: "production" }), refused);
    const before = process.env["NODE_ENV"];
    process.env["NODE_ENV"] = "production";
    try {
      await assert.rejects(diagnose(request, provider), refused);
    } finally {
      if (before === undefined) delete process.env["NODE_ENV"];
      else process.env["NODE_ENV"] = before;
    }
  });
});
