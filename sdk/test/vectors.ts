import { adyen, adyenPlatform } from "../src/providers/adyen.ts";
import { awsSns } from "../src/providers/aws-sns.ts";
import { bitbucket } from "../src/providers/bitbucket.ts";
import { btcpay } from "../src/providers/btcpay.ts";
import { coinbaseCommerce } from "../src/providers/coinbase-commerce.ts";
import { discord } from "../src/providers/discord.ts";
import { forgejo } from "../src/providers/forgejo.ts";
import { gitea } from "../src/providers/gitea.ts";
import { github } from "../src/providers/github.ts";
import { gitlab } from "../src/providers/gitlab.ts";
import { grafana } from "../src/providers/grafana.ts";
import { hmac } from "../src/providers/hmac.ts";
import { hookdeck } from "../src/providers/hookdeck.ts";
import { hubspot } from "../src/providers/hubspot.ts";
import type { HubspotVersion } from "../src/providers/hubspot.ts";
import { intercom } from "../src/providers/intercom.ts";
import { lemonSqueezy } from "../src/providers/lemon-squeezy.ts";
import { linear } from "../src/providers/linear.ts";
import { mailgun } from "../src/providers/mailgun.ts";
import { meta } from "../src/providers/meta.ts";
import { nextcloud } from "../src/providers/nextcloud.ts";
import { paddle } from "../src/providers/paddle.ts";
import { paypal } from "../src/providers/paypal.ts";
import { polar } from "../src/providers/polar.ts";
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
import { twilio } from "../src/providers/twilio.ts";
import { typeform } from "../src/providers/typeform.ts";
import { woocommerce } from "../src/providers/woocommerce.ts";
import { workos } from "../src/providers/workos.ts";
import { xero } from "../src/providers/xero.ts";
import { zendesk } from "../src/providers/zendesk.ts";
import { zoom } from "../src/providers/zoom.ts";
import { BASE64, utf8 } from "../src/verify/codec.ts";
import type { EncodingName } from "../src/verify/codec.ts";
import type { Provider } from "../src/verify/provider.ts";
import type { RawRequest } from "../src/verify/request.ts";
import type { SecretValue } from "../src/verify/spec.ts";
import { verify } from "../src/verify/verify.ts";
import { WebhookError } from "../src/verify/webhook-error.ts";

/** A line of `vectors/provider-vectors.json`. */
export interface ProviderVector {
  readonly id: string;
  readonly provider: string;
  readonly method: string;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly bodyBase64?: string;
  readonly secret?: string | readonly string[];
  readonly secretBase64?: string;
  readonly publicKey?: string;
  readonly certificate?: string;
  readonly webhookId?: string;
  readonly verifyToken?: string;
  readonly mode?: string;
  readonly headerName?: string;
  readonly timestampHeader?: string;
  readonly algorithm?: "sha1" | "sha256" | "sha512";
  readonly encoding?: EncodingName;
  readonly prefix?: string;
  readonly now?: number;
  readonly nowMs?: number;
  readonly toleranceSeconds?: number;
  readonly expect: "valid" | "invalid";
  readonly reason?: string;
  readonly handshake?: {
    /** Absent where the vector only says in words what is to be done (SNS). */
    readonly status?: number;
    readonly body?: string;
    readonly contentType?: string;
  };
}

/** The clock where the vector has none: its scheme signs no time, and the certificates among them are from the day before. */
const NOW_MS = Date.UTC(2026, 10, 23);

/** What our code is called where it is not the reason in capitals. */
const CODES: Readonly<Record<string, string>> = {
  signature_scheme_unsupported: "SCHEME_UNSUPPORTED",
  body_invalid_json: "BODY_INVALID",
};

/**
 * Where we refuse for another reason than the file has, and why that one is better.
 *
 * stripe-11: the secret ends with a line end. That is found when the provider is made, and no request is ever judged by it.
 */
const OWN_CODES: Readonly<Record<string, string>> = { "stripe-11": "SECRET_INVALID" };

type Factory = (vector: ProviderVector, secret: SecretValue) => Provider;

const FACTORIES: Readonly<Record<string, Factory>> = {
  "standard-webhooks": ({ publicKey }, secret) =>
    publicKey === undefined ? standardWebhooks({ secret }) : standardWebhooks({ publicKey }),
  svix: ({ publicKey }, secret) =>
    publicKey === undefined ? svix({ secret }) : svix({ publicKey }),
  polar: (_, secret) => polar({ secret }),
  stripe: ({ toleranceSeconds }, secret) => stripe({ secret, toleranceS: toleranceSeconds }),
  github: (_, secret) => github({ secret }),
  gitea: (_, secret) => gitea({ secret }),
  forgejo: (_, secret) => forgejo({ secret }),
  bitbucket: (_, secret) => bitbucket({ secret }),
  gitlab: ({ mode }, secret) =>
    mode === "token" ? gitlab({ token: secret }) : gitlab({ signingToken: secret }),
  shopify: (_, secret) => shopify({ secret }),
  slack: (_, secret) => slack({ secret }),
  meta: ({ verifyToken }, secret) => meta({ secret, verifyToken }),
  paddle: ({ toleranceSeconds }, secret) => paddle({ secret, toleranceS: toleranceSeconds }),
  lemonsqueezy: (_, secret) => lemonSqueezy({ secret }),
  zoom: (_, secret) => zoom({ secret }),
  linear: (_, secret) => linear({ secret }),
  intercom: (_, secret) => intercom({ secret }),
  typeform: (_, secret) => typeform({ secret }),
  zendesk: (_, secret) => zendesk({ secret }),
  woocommerce: (_, secret) => woocommerce({ secret }),
  btcpay: (_, secret) => btcpay({ secret }),
  "coinbase-commerce": (_, secret) => coinbaseCommerce({ secret }),
  xero: (_, secret) => xero({ secret }),
  workos: ({ toleranceSeconds }, secret) => workos({ secret, toleranceS: toleranceSeconds }),
  hookdeck: (_, secret) => hookdeck({ secret }),
  grafana: ({ timestampHeader }, secret) => grafana({ secret, timestampHeader }),
  "generic-hmac": ({ algorithm, encoding, prefix }, secret) =>
    hmac({ secret, header: "x-signature", algorithm, encoding, prefix }),
  postmark: ({ mode, headerName }, secret) => postmark({ secret, in: place(mode, headerName) }),
  sonarr: ({ mode, headerName }, secret) => sonarr({ secret, in: place(mode, headerName) }),
  nextcloud: ({ mode, headerName }, secret) => nextcloud({ secret, in: place(mode, headerName) }),
  telegram: (_, secret) => telegram({ secret }),

  twilio: (_, secret) => twilio({ secret }),
  sendgrid: ({ publicKey = "" }) => sendgrid({ publicKey }),
  mailgun: (_, secret) => mailgun({ secret }),
  discord: ({ publicKey = "" }) => discord({ publicKey }),
  square: (_, secret) => square({ secret }),
  paypal: ({ webhookId = "", certificate }) =>
    paypal({ webhookId, fetch: certificateFetch(certificate) }),
  hubspot: ({ mode }, secret) => hubspot({ secret, version: (mode ?? "v3") as HubspotVersion }),
  adyen: ({ mode }, secret) =>
    mode === "payments" ? adyen({ secret }) : adyenPlatform({ secret }),
  "aws-sns": ({ certificate }) =>
    awsSns({
      topicArns: ["arn:aws:sns:us-west-2:123456789012:MyTopic"],
      fetch: certificateFetch(certificate),
    }),
};

function place(
  mode: string | undefined,
  headerName: string | undefined,
): "basic" | "bearer" | { readonly header: string } | undefined {
  if (headerName !== undefined) return { header: headerName };
  return mode === "basic" || mode === "bearer" ? mode : undefined;
}

function certificateFetch(certificate: string | undefined): () => Promise<Response> {
  return async () =>
    new Response(certificate ?? "", { status: certificate === undefined ? 404 : 200 });
}

/** The provider whose receiver the vector is for. Throws as the provider's constructor does. */
export function providerOf(vector: ProviderVector): Provider {
  const factory = FACTORIES[vector.provider];
  if (factory === undefined)
    throw new Error(`expected a provider for ${vector.provider}, got none`);
  const bytes = vector.secretBase64 === undefined ? null : BASE64.decode(vector.secretBase64);
  return factory(vector, bytes ?? vector.secret ?? "");
}

export function requestOf(vector: ProviderVector): RawRequest {
  const { method, url = "https://receiver.test/hook", headers, body = "", bodyBase64 } = vector;
  const bytes = bodyBase64 === undefined ? utf8(body) : BASE64.decode(bodyBase64);
  return { method, url, headers, body: bytes ?? new Uint8Array() };
}

export function nowMsOf({ now, nowMs }: ProviderVector): number {
  return nowMs ?? (now === undefined ? NOW_MS : now * 1_000);
}

/** What is wrong with how the SDK judges the vector, as text, or null. Needs nothing but the SDK: runs in every runtime. */
export async function vectorProblem(vector: ProviderVector): Promise<string | null> {
  const wanted = wantedOutcome(vector);
  const got = await outcome(vector);
  return got === wanted ? null : `${vector.id}: expected ${wanted}, got ${got}`;
}

function wantedOutcome({ id, expect, reason = "", handshake }: ProviderVector): string {
  if (expect === "invalid") {
    const code = OWN_CODES[id] ?? CODES[reason] ?? reason.toUpperCase();
    return handshake === undefined ? code : `${code} ${handshake.status}`;
  }
  // Adyen's is no handshake but what a handled event is answered with.
  if (handshake === undefined || handshake.body === "[accepted]") return "delivery";
  const { status = 200, contentType = "", body: answer = "" } = handshake;
  return `handshake ${status} ${contentType} ${answer}`.trim();
}

async function outcome(vector: ProviderVector): Promise<string> {
  try {
    const options = { clock: () => nowMsOf(vector) };
    const result = await verify(requestOf(vector), providerOf(vector), options);
    if (result.kind === "delivery") return "delivery";
    if (result.kind === "refused") {
      const { code, status } = result.error;
      return vector.handshake === undefined ? code : `${code} ${status}`;
    }
    const { status, headers, body } = result.answer;
    return `handshake ${status} ${headers["content-type"] ?? ""} ${body}`.trim();
  } catch (error) {
    if (error instanceof WebhookError) return error.code;
    throw error;
  }
}
