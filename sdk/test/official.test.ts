/** The senders' own libraries and ours, in both directions: what one signs the other takes, and what is spoilt neither takes. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hmacValidator as AdyenValidator } from "@adyen/api-library";
import { Signature as HubspotSignature } from "@hubspot/api-client";
import * as octokit from "@octokit/webhooks-methods";
import { WorkOS } from "@workos-inc/node";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Stripe } from "stripe";
import { Webhook as SvixWebhook } from "svix";
import twilio from "twilio";
import { signRaw } from "../src/testing/testing.ts";
import type { SignOptions } from "../src/testing/testing.ts";
import type { RawRequest } from "../src/verify/request.ts";
import { verify } from "../src/verify/verify.ts";
import { certificateDer, pem } from "./certificates.ts";
import { isAccepted, serveCertificate } from "./official.ts";
import type { Given, OfficialName } from "./official.ts";
import { NOW_MS, NOW_S } from "./sender.ts";
import {
  ECDSA_PUBLIC,
  ED25519_PUBLIC,
  HEX_SECRET,
  SIGNABLE,
  TEXT_SECRET,
  WHSEC,
} from "./signable.ts";
import type { Signable } from "./signable.ts";

interface Pair {
  readonly library: OfficialName;
  /** Of SIGNABLE. */
  readonly sender: string;
  readonly secret: string;
  readonly options?: SignOptions;
}

/** Fields and headers that a library insists on. */
const ADYEN_ITEM = {
  pspReference: "P1",
  merchantAccountCode: "Acme",
  merchantReference: "order:7",
  amount: { value: 1_250, currency: "EUR" },
  eventCode: "CAPTURE",
  success: "true",
};
const ADYEN_BODY = {
  live: "false",
  notificationItems: [{ NotificationRequestItem: ADYEN_ITEM }],
};
const SHOPIFY_HEADERS = {
  "x-shopify-topic": "orders/create",
  "x-shopify-shop-domain": "acme.myshopify.com",
  "x-shopify-api-version": "2026-07",
  "x-shopify-webhook-id": "b54557e4",
};
const snsBody = (SignatureVersion: string): object => ({
  TopicArn: "arn:aws:sns:us-east-1:123456789012:orders",
  Message: "hello",
  SignatureVersion,
  SigningCertURL: `https://sns.us-east-1.amazonaws.com/SimpleNotificationService-${SignatureVersion}.pem`,
});

const PAIRS: readonly Pair[] = [
  { library: "standardwebhooks", sender: "standardWebhooks, v1", secret: WHSEC },
  { library: "svix", sender: "svix", secret: WHSEC },
  { library: "stripe", sender: "stripe", secret: WHSEC },
  { library: "@octokit/webhooks-methods", sender: "github", secret: TEXT_SECRET },
  { library: "@octokit/webhooks-methods", sender: "github, as a form", secret: TEXT_SECRET },
  { library: "@slack/bolt", sender: "slack", secret: TEXT_SECRET },
  { library: "twilio", sender: "twilio, a form", secret: TEXT_SECRET },
  { library: "twilio", sender: "twilio, JSON", secret: TEXT_SECRET },
  { library: "discord-interactions", sender: "discord", secret: ED25519_PUBLIC.toString("hex") },
  { library: "@sendgrid/eventwebhook", sender: "sendgrid", secret: ECDSA_PUBLIC },
  { library: "square", sender: "square", secret: TEXT_SECRET },
  { library: "@linear/sdk", sender: "linear", secret: TEXT_SECRET },
  {
    library: "@adyen/api-library",
    sender: "adyen",
    secret: HEX_SECRET,
    options: { body: ADYEN_BODY },
  },
  { library: "@paddle/paddle-node-sdk", sender: "paddle", secret: TEXT_SECRET },
  {
    library: "@hubspot/api-client",
    sender: "hubspot, v1",
    secret: TEXT_SECRET,
    options: { headers: { "x-hubspot-signature-version": "v1" } },
  },
  {
    library: "@hubspot/api-client",
    sender: "hubspot, v2",
    secret: TEXT_SECRET,
    options: { headers: { "x-hubspot-signature-version": "v2" } },
  },
  { library: "@hubspot/api-client", sender: "hubspot, v3", secret: TEXT_SECRET },
  { library: "@workos-inc/node", sender: "workos", secret: TEXT_SECRET },
  {
    library: "@shopify/shopify-api",
    sender: "shopify",
    secret: TEXT_SECRET,
    options: { headers: SHOPIFY_HEADERS },
  },
  {
    library: "sns-validator",
    sender: "awsSns, version 1",
    secret: "",
    options: { body: snsBody("1") },
  },
  {
    library: "sns-validator",
    sender: "awsSns, version 2",
    secret: "",
    options: { body: snsBody("2") },
  },
];

function senderOf({ sender, options }: Pair): Signable {
  const found = SIGNABLE.find(({ name }) => name === sender) ?? assert.fail(sender);
  return { ...found, options: { nowMs: NOW_MS, ...found.options, ...options } };
}

function given({ method, url, headers, body }: RawRequest, secret: string): Given {
  return {
    method,
    url,
    headers: headers as Record<string, string>,
    body: Buffer.from(body),
    secret,
  };
}

for (const pair of PAIRS) {
  describe(`${pair.library} and ${pair.sender}`, () => {
    const { provider, options, notices } = senderOf(pair);

    test("the library takes what we sign", async (t) => {
      serveCertificate(t, pem(certificateDer()));
      const request = await signRaw(provider, options);
      assert.equal(await isAccepted(t, pair.library, given(request, pair.secret), NOW_MS), true);
    });

    for (const tamper of notices) {
      test(`both refuse what was tampered with: ${tamper}`, async (t) => {
        serveCertificate(t, pem(certificateDer()));
        const request = await signRaw(provider, { ...options, tamper });
        assert.equal(await isAccepted(t, pair.library, given(request, pair.secret), NOW_MS), false);
        const { kind } = await verify(request, provider, { clock: () => NOW_MS });
        assert.equal(kind, "refused");
      });
    }
  });
}

/** The libraries that sign, too; each gives the headers (or the body) of a request. */
interface Signer {
  readonly library: OfficialName;
  readonly sender: string;
  readonly sign: (body: string) => Promise<Partial<RawRequest>> | Partial<RawRequest>;
}

const BODY = '{"id":"evt_1","type":"a.b","note":"Zoë $& </a>"}';
const URL_OF = "https://receiver.test/webhook";
const json = { "content-type": "application/json" };

const SIGNERS: readonly Signer[] = [
  {
    library: "standardwebhooks",
    sender: "standardWebhooks, v1",
    sign: (body) => {
      const signature = new StandardWebhook(WHSEC).sign("msg_1", new Date(NOW_MS), body);
      return {
        headers: {
          "webhook-id": "msg_1",
          "webhook-timestamp": `${NOW_S}`,
          "webhook-signature": signature,
        },
      };
    },
  },
  {
    library: "svix",
    sender: "svix",
    sign: (body) => {
      const signature = new SvixWebhook(WHSEC).sign("msg_1", new Date(NOW_MS), body);
      return {
        headers: { "svix-id": "msg_1", "svix-timestamp": `${NOW_S}`, "svix-signature": signature },
      };
    },
  },
  {
    library: "stripe",
    sender: "stripe",
    sign: (payload) => {
      const options = { payload, secret: WHSEC, timestamp: NOW_S };
      return {
        headers: {
          "stripe-signature": new Stripe("sk_test_unused").webhooks.generateTestHeaderString(
            options,
          ),
        },
      };
    },
  },
  {
    library: "@octokit/webhooks-methods",
    sender: "github",
    sign: async (body) => ({
      headers: { "x-hub-signature-256": await octokit.sign(TEXT_SECRET, body) },
    }),
  },
  {
    library: "twilio",
    sender: "twilio, a form",
    sign: () => {
      const fields = { Body: "Zoë + Co.", MessageSid: "SM1", To: ["b", "a", "a"] };
      const signature = twilio.getExpectedTwilioSignature(TEXT_SECRET, URL_OF, fields);
      const body = new URLSearchParams([
        ["Body", "Zoë + Co."],
        ["To", "b"],
        ["To", "a"],
        ["MessageSid", "SM1"],
        ["To", "a"],
      ]);
      return {
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          "x-twilio-signature": signature,
        },
        body: Buffer.from(body.toString()),
      };
    },
  },
  ...(["v1", "v2", "v3"] as const).map((version): Signer => ({
    library: "@hubspot/api-client",
    sender: `hubspot, ${version}`,
    sign: (requestBody) => {
      const options = {
        clientSecret: TEXT_SECRET,
        requestBody,
        url: URL_OF,
        timestamp: NOW_MS,
        signature: "",
      };
      const signature = HubspotSignature.getSignature("POST", version, options);
      return {
        headers:
          version === "v3"
            ? { "x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": `${NOW_MS}` }
            : { "x-hubspot-signature": signature, "x-hubspot-signature-version": version },
      };
    },
  })),
  {
    library: "@adyen/api-library",
    sender: "adyen",
    sign: () => {
      const item = { ...ADYEN_ITEM, additionalData: {} } as unknown as Parameters<
        AdyenValidator["validateHMAC"]
      >[0];
      const hmacSignature = new AdyenValidator().calculateHmac(item, HEX_SECRET);
      const signed = { ...ADYEN_ITEM, additionalData: { hmacSignature } };
      const body = { live: "false", notificationItems: [{ NotificationRequestItem: signed }] };
      return { body: Buffer.from(JSON.stringify(body)) };
    },
  },
  {
    library: "@workos-inc/node",
    sender: "workos",
    sign: async (body) => {
      const mac = await new WorkOS("sk_test_unused").webhooks.computeSignature(
        NOW_MS,
        body,
        TEXT_SECRET,
      );
      return { headers: { "workos-signature": `t=${NOW_MS}, v1=${mac}` } };
    },
  },
];

for (const { library, sender, sign } of SIGNERS) {
  test(`we take what ${library} signs for ${sender}, and not with another body`, async () => {
    const { provider } = senderOf({ library, sender, secret: "" });
    const made = await sign(BODY);
    const request = {
      method: "POST",
      url: URL_OF,
      headers: json,
      body: Buffer.from(BODY),
      ...made,
    };
    const at = { clock: () => NOW_MS };
    assert.equal((await verify(request, provider, at)).kind, "delivery");
    const other = Buffer.from(request.body.toString().replace(/1|SM1/u, "2"));
    assert.equal((await verify({ ...request, body: other }, provider, at)).kind, "refused");
  });
}
