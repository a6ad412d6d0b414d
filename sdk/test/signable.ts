import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { adyen, adyenPlatform } from "../src/providers/adyen.ts";
import { awsSns } from "../src/providers/aws-sns.ts";
import { bitbucket } from "../src/providers/bitbucket.ts";
import { btcpay } from "../src/providers/btcpay.ts";
import { coinbaseCommerce } from "../src/providers/coinbase-commerce.ts";
import { discord } from "../src/providers/discord.ts";
import { dockerHub } from "../src/providers/docker-hub.ts";
import { forgejo } from "../src/providers/forgejo.ts";
import { gitea } from "../src/providers/gitea.ts";
import { github } from "../src/providers/github.ts";
import { gitlab } from "../src/providers/gitlab.ts";
import { grafana } from "../src/providers/grafana.ts";
import { hmac } from "../src/providers/hmac.ts";
import { homeAssistant } from "../src/providers/home-assistant.ts";
import { hookdeck } from "../src/providers/hookdeck.ts";
import { hubspot } from "../src/providers/hubspot.ts";
import { intercom } from "../src/providers/intercom.ts";
import { jellyfin } from "../src/providers/jellyfin.ts";
import { lemonSqueezy } from "../src/providers/lemon-squeezy.ts";
import { linear } from "../src/providers/linear.ts";
import { mailgun } from "../src/providers/mailgun.ts";
import { meta } from "../src/providers/meta.ts";
import { nextcloud } from "../src/providers/nextcloud.ts";
import { paddle } from "../src/providers/paddle.ts";
import { paperless } from "../src/providers/paperless.ts";
import { paypal } from "../src/providers/paypal.ts";
import { polar } from "../src/providers/polar.ts";
import { posthorn } from "../src/providers/posthorn.ts";
import { postmark } from "../src/providers/postmark.ts";
import { sendgrid } from "../src/providers/sendgrid.ts";
import { shopify } from "../src/providers/shopify.ts";
import { slack } from "../src/providers/slack.ts";
import { sonarr } from "../src/providers/sonarr.ts";
import { square } from "../src/providers/square.ts";
import { standardWebhooks } from "../src/providers/standard-webhooks.ts";
import { stripe } from "../src/providers/stripe.ts";
import { svix } from "../src/providers/svix.ts";
import { telegram } from "../src/providers/telegram.ts";
import { token } from "../src/providers/token.ts";
import { twilio } from "../src/providers/twilio.ts";
import { typeform } from "../src/providers/typeform.ts";
import { woocommerce } from "../src/providers/woocommerce.ts";
import { workos } from "../src/providers/workos.ts";
import { xero } from "../src/providers/xero.ts";
import { zendesk } from "../src/providers/zendesk.ts";
import { zoom } from "../src/providers/zoom.ts";
import { certificateFetch } from "../src/testing/testing.ts";
import type { SignOptions, Tamper } from "../src/testing/testing.ts";
import type { Provider } from "../src/verify/provider.ts";
import { RSA_PKCS8, RSA_SPKI } from "./certificates.ts";

/** Every provider of the SDK with a secret, a body as it likes it, and which ways of tampering its scheme notices. */
export interface Signable {
  readonly name: string;
  readonly provider: Provider;
  readonly options: SignOptions;
  readonly notices: readonly Tamper[];
}

export const TEXT_SECRET = "It's a Secret to Everybody";
export const WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
export const HEX_SECRET = "44".repeat(32);
const TOPIC = "arn:aws:sns:us-east-1:123456789012:orders";
const EVENT = {
  id: "evt_1",
  type: "invoice.paid",
  data: { amount: 1_250, note: "Zoë & Co. </a>" },
};

const ed25519 = generateKeyPairSync("ed25519");
const ecdsa = generateKeyPairSync("ec", { namedCurve: "P-256" });
/** Raw, as Discord has it. */
export const ED25519_PUBLIC = ed25519.publicKey
  .export({ format: "der", type: "spki" })
  .subarray(-32);
export const ED25519_PRIVATE = ed25519.privateKey
  .export({ format: "pem", type: "pkcs8" })
  .toString();
export const ECDSA_PUBLIC = ecdsa.publicKey
  .export({ format: "der", type: "spki" })
  .toString("base64");
export const ECDSA_PRIVATE = ecdsa.privateKey.export({ format: "pem", type: "pkcs8" }).toString();

const whsk = createHash("sha256").update("a seed").digest();
const whpk = createPublicKey(
  createPrivateKey({
    key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), whsk]),
    format: "der",
    type: "pkcs8",
  }),
)
  .export({ format: "der", type: "spki" })
  .subarray(-32);

const ALL: readonly Tamper[] = ["body", "signature", "timestamp", "id", "secret"];
/** The body and nothing else: no time, and an id that stands in a header. */
const BODY_ALONE: readonly Tamper[] = ["body", "signature", "secret"];
/** The id stands in the body. */
const BODY_WITH_ID: readonly Tamper[] = ["body", "signature", "id", "secret"];
const BODY_AND_TIME: readonly Tamper[] = ["body", "signature", "timestamp", "secret"];
const TOKEN_ALONE: readonly Tamper[] = ["signature", "secret"];

function entry(
  name: string,
  provider: Provider,
  notices: readonly Tamper[],
  options: SignOptions = {},
): Signable {
  return { name, provider, notices, options: { body: EVENT, ...options } };
}

const secret = TEXT_SECRET;

export const SIGNABLE: readonly Signable[] = [
  entry("standardWebhooks, v1", standardWebhooks({ secret: WHSEC }), ALL),
  entry(
    "standardWebhooks, v1a",
    standardWebhooks({ publicKey: `whpk_${whpk.toString("base64")}` }),
    ALL,
    {
      privateKey: `whsk_${Buffer.concat([whsk, whpk]).toString("base64")}`,
    },
  ),
  entry("svix", svix({ secret: WHSEC }), ALL),
  entry("polar", polar({ secret: "polar_whs_0123456789abcdef" }), ALL),
  entry("posthorn, standard", posthorn({ secret: WHSEC }), ALL),
  entry("posthorn, timestamped", posthorn({ secret, profile: "timestamped" }), ALL),
  entry("posthorn, digest", posthorn({ secret, profile: "digest" }), BODY_ALONE),
  entry("posthorn, topic", posthorn({ secret, profile: "topic" }), BODY_WITH_ID),
  entry("stripe", stripe({ secret: WHSEC }), ALL),
  entry("github", github({ secret }), BODY_ALONE, { headers: { "x-github-event": "issues" } }),
  entry("github, as a form", github({ secret }), BODY_ALONE, {
    headers: { "content-type": "application/x-www-form-urlencoded", "x-github-event": "issues" },
  }),
  entry("gitea", gitea({ secret }), BODY_ALONE),
  entry("forgejo", forgejo({ secret }), BODY_ALONE),
  entry("bitbucket", bitbucket({ secret }), BODY_ALONE),
  entry("gitlab, signing token", gitlab({ signingToken: WHSEC }), ALL),
  entry("gitlab, token", gitlab({ token: secret }), TOKEN_ALONE),
  entry("shopify", shopify({ secret }), BODY_ALONE),
  entry("slack", slack({ secret }), ALL, {
    body: { type: "event_callback", event_id: "Ev1", event: { type: "message" } },
  }),
  entry("meta", meta({ secret, verifyToken: "v" }), BODY_ALONE),
  entry("paddle", paddle({ secret }), ALL, { body: { event_id: "evt_1", event_type: "a.b" } }),
  entry("lemonSqueezy", lemonSqueezy({ secret }), BODY_ALONE),
  entry("zoom", zoom({ secret }), BODY_AND_TIME, {
    body: { event: "meeting.started", payload: {} },
  }),
  entry("linear", linear({ secret }), BODY_AND_TIME, { body: { type: "Issue", action: "create" } }),
  entry("intercom", intercom({ secret }), BODY_WITH_ID),
  entry("typeform", typeform({ secret }), BODY_WITH_ID, {
    body: { event_id: "1", event_type: "form_response" },
  }),
  entry("zendesk", zendesk({ secret }), BODY_AND_TIME),
  entry("woocommerce", woocommerce({ secret }), BODY_ALONE),
  entry("btcpay", btcpay({ secret }), BODY_WITH_ID, {
    body: { originalDeliveryId: "d1", type: "InvoiceSettled" },
  }),
  entry("coinbaseCommerce", coinbaseCommerce({ secret }), BODY_WITH_ID, {
    body: { event: { id: "1", type: "charge:created" } },
  }),
  entry("xero", xero({ secret }), BODY_ALONE, { body: { events: [{ resourceId: "r" }] } }),
  entry("workos", workos({ secret }), ALL, { body: { id: "event_1", event: "user.created" } }),
  entry("hookdeck", hookdeck({ secret }), BODY_ALONE),
  entry("grafana", grafana({ secret }), BODY_ALONE, { body: { status: "firing" } }),
  entry("grafana, with a time", grafana({ secret, timestampHeader: "x-time" }), BODY_AND_TIME, {
    body: { status: "firing" },
  }),
  entry("square", square({ secret }), BODY_WITH_ID, {
    body: { event_id: "1", type: "payment.created" },
  }),
  entry("hubspot, v1", hubspot({ secret, version: "v1" }), BODY_ALONE, { body: [{ eventId: 1 }] }),
  entry("hubspot, v2", hubspot({ secret, version: "v2" }), BODY_ALONE, { body: [{ eventId: 1 }] }),
  entry("hubspot, v3", hubspot({ secret }), BODY_AND_TIME, { body: [{ eventId: 1 }] }),
  entry("twilio, a form", twilio({ secret }), BODY_ALONE, {
    body: { MessageSid: "SM1", MessageStatus: "sent", Body: "Zoë + Co." },
    headers: { "content-type": "application/x-www-form-urlencoded" },
  }),
  entry("twilio, JSON", twilio({ secret }), BODY_ALONE, { url: "https://receiver.test/hook?x=1" }),
  entry("sendgrid", sendgrid({ publicKey: ECDSA_PUBLIC }), BODY_AND_TIME, {
    body: [{ sg_event_id: "1", event: "delivered" }],
    privateKey: ECDSA_PRIVATE,
  }),
  entry("discord", discord({ publicKey: ED25519_PUBLIC.toString("hex") }), ALL, {
    body: { id: "1", type: 2 },
    privateKey: ED25519_PRIVATE,
  }),
  // Of the body only time and token; the event itself is signed by nothing.
  entry(
    "mailgun",
    mailgun({ secret, nonces: { claim: () => Promise.resolve(true) } }),
    BODY_AND_TIME,
    {
      body: { signature: { token: "t".repeat(50) }, "event-data": { id: "1", event: "delivered" } },
    },
  ),
  entry("adyen", adyen({ secret: HEX_SECRET }), BODY_ALONE, {
    body: {
      live: "false",
      notificationItems: [
        { NotificationRequestItem: { pspReference: "P1", eventCode: "CAPTURE", success: "true" } },
      ],
    },
  }),
  entry("adyenPlatform", adyenPlatform({ secret: HEX_SECRET }), BODY_WITH_ID),
  entry(
    "paypal",
    paypal({ webhookId: "W1", fetch: certificateFetch(RSA_SPKI), toleranceS: 60 }),
    ALL,
    {
      body: { id: "WH-1", event_type: "A.B" },
      privateKey: RSA_PKCS8,
    },
  ),
  ...["1", "2"].map((SignatureVersion) =>
    entry(
      `awsSns, version ${SignatureVersion}`,
      awsSns({ topicArns: [TOPIC], fetch: certificateFetch(RSA_SPKI), toleranceS: 60 }),
      ALL,
      { body: { TopicArn: TOPIC, Message: "hello", SignatureVersion }, privateKey: RSA_PKCS8 },
    ),
  ),
  entry(
    "hmac, sha512 in base64url",
    hmac({ secret, header: "x-mac", algorithm: "sha512", encoding: "base64url", prefix: "v=" }),
    BODY_ALONE,
  ),
  entry(
    "hmac, with a time",
    hmac({ secret, header: "x-mac", timestampHeader: "x-time", timestampUnit: "ms" }),
    BODY_AND_TIME,
  ),
  entry("telegram", telegram({ secret: "Token_1" }), TOKEN_ALONE, {
    body: { update_id: 1, message: {} },
  }),
  entry("postmark, Basic", postmark({ secret: "user:password", in: "basic" }), TOKEN_ALONE),
  entry("sonarr, Basic", sonarr({ secret: "user:password", in: "basic" }), TOKEN_ALONE),
  entry("nextcloud", nextcloud({ secret, in: { header: "x-token" } }), TOKEN_ALONE),
  entry("jellyfin", jellyfin({ secret, in: { header: "x-token" } }), TOKEN_ALONE),
  entry("paperless", paperless({ secret, in: "bearer" }), TOKEN_ALONE),
  entry(
    "homeAssistant",
    homeAssistant({ secret: "long-random-id-0123456789", in: { query: "key" } }),
    TOKEN_ALONE,
  ),
  entry(
    "dockerHub",
    dockerHub({ secret: "long-random-id-0123456789", in: { query: "key" } }),
    TOKEN_ALONE,
  ),
  entry("token", token({ secret, in: "bearer" }), TOKEN_ALONE),
];
