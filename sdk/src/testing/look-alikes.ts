import type { ReadRequest } from "../verify/read-request.ts";
import type { ProviderSpec, Sources } from "../verify/spec.ts";
import { listOf } from "./draft.ts";

/** Whose signature stands in which header. */
const HEADERS: Readonly<Record<string, string>> = {
  "stripe-signature": "stripe",
  "x-hub-signature-256": "github or meta",
  "x-hub-signature": "bitbucket or intercom (or the old one of GitHub)",
  "x-gitea-signature": "gitea or forgejo",
  "x-gitlab-token": "gitlab",
  "webhook-signature": "standardWebhooks (or gitlab with a signing token, polar, posthorn)",
  "svix-signature": "svix",
  "x-shopify-hmac-sha256": "shopify",
  "x-slack-signature": "slack",
  "x-twilio-signature": "twilio",
  "x-twilio-email-event-webhook-signature": "sendgrid",
  "x-signature-ed25519": "discord",
  "x-telegram-bot-api-secret-token": "telegram",
  "x-square-hmacsha256-signature": "square",
  "paypal-transmission-sig": "paypal",
  "paddle-signature": "paddle",
  "x-signature": "lemonSqueezy",
  "x-zm-signature": "zoom",
  "linear-signature": "linear",
  "typeform-signature": "typeform",
  "x-hubspot-signature-v3": "hubspot",
  "x-zendesk-webhook-signature": "zendesk",
  "x-wc-webhook-signature": "woocommerce",
  "btcpay-sig": "btcpay",
  "x-cc-webhook-signature": "coinbaseCommerce",
  hmacsignature: "adyenPlatform",
  "x-xero-signature": "xero",
  "workos-signature": "workos",
  "x-hookdeck-signature": "hookdeck",
  "x-grafana-alert-signature": "grafana",
  "x-webhook-signature": "posthorn with the profile timestamped",
  "x-posthorn-signature": "posthorn with the profile digest or topic",
};

/** Another sender's signature in a request that lacks this one's, or the plain lack of it; null where the header is there. */
export function missingHeader(spec: ProviderSpec, request: ReadRequest): string | null {
  const own = spec.schemes.flatMap((scheme) => {
    return scheme.kind === "signature" ? headersOf(scheme.signature) : [];
  });
  if (own.length === 0 || own.some((name) => request.header(name) !== null)) return null;
  const others = Object.keys(HEADERS).filter((name) => request.header(name) !== null);
  const wanted = own.join(" or ");
  if (others.length === 0) {
    return `The request has no ${wanted}: it is not signed, or a proxy, an edge function or a test client left the header out. Sign tests with signRequest, and have proxies pass all headers on.`;
  }
  const found = others.map((name) => `${name} (${HEADERS[name]})`).join(", ");
  return `The request has ${found} and no ${wanted}: it is another sender's. Give this route that provider.`;
}

function headersOf(sources: Sources): readonly string[] {
  return listOf(sources).flatMap((source) =>
    "header" in source ? [source.header.toLowerCase()] : [],
  );
}
