/** The catalogue's senders by their own rules: signatures are made here with node:crypto alone, and no part of the SDK signs. */
import { createHmac } from "node:crypto";

import type { Provider } from "../src/index.ts";
import { bitbucket } from "../src/providers/bitbucket.ts";
import { btcpay } from "../src/providers/btcpay.ts";
import { coinbaseCommerce } from "../src/providers/coinbase-commerce.ts";
import { github } from "../src/providers/github.ts";
import { gitlab } from "../src/providers/gitlab.ts";
import { grafana } from "../src/providers/grafana.ts";
import { hookdeck } from "../src/providers/hookdeck.ts";
import { intercom } from "../src/providers/intercom.ts";
import { lemonSqueezy } from "../src/providers/lemon-squeezy.ts";
import { linear } from "../src/providers/linear.ts";
import { meta } from "../src/providers/meta.ts";
import { paddle } from "../src/providers/paddle.ts";
import { shopify } from "../src/providers/shopify.ts";
import { slack } from "../src/providers/slack.ts";
import { standardWebhooks } from "../src/providers/standard-webhooks.ts";
import { stripe } from "../src/providers/stripe.ts";
import { svix } from "../src/providers/svix.ts";
import { typeform } from "../src/providers/typeform.ts";
import { woocommerce } from "../src/providers/woocommerce.ts";
import { workos } from "../src/providers/workos.ts";
import { xero } from "../src/providers/xero.ts";
import { zendesk } from "../src/providers/zendesk.ts";
import { zoom } from "../src/providers/zoom.ts";

export const NOW_S = 1_700_000_000;
const secret = "a secret as text, of some length";
const whsec = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;

type Made = Readonly<Record<string, string>>;
type Writing = "hex" | "base64";

export interface Row {
  readonly name: string;
  readonly provider: Provider;
  readonly writing: Writing;
  /** The header that holds the signature. */
  readonly header: string;
  readonly sign: (body: string, atS: number) => Made;
  readonly body: object;
  readonly id: string | RegExp;
  readonly type: string;
  /** Null where the sender signs no time in a header. */
  readonly toleranceS?: number;
}

function mac(text: string, writing: Writing, hash = "sha256", key: string | Buffer = secret) {
  return createHmac(hash, key).update(text).digest(writing);
}

function standard(prefix: string): Row["sign"] {
  return (body, atS) => {
    const key = Buffer.from(whsec.slice(6), "base64");
    return {
      [`${prefix}-id`]: "msg_1",
      [`${prefix}-timestamp`]: `${atS}`,
      [`${prefix}-signature`]: `v1,${mac(`msg_1.${atS}.${body}`, "base64", "sha256", key)}`,
    };
  };
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const iso = (atS: number): string => new Date(atS * 1_000).toISOString();

export const ROWS: readonly Row[] = [
  row(
    "standard-webhooks",
    standardWebhooks({ secret: whsec }),
    "base64",
    "webhook-signature",
    standard("webhook"),
    { type: "a.b" },
    "msg_1",
    "a.b",
    300,
  ),
  row(
    "svix",
    svix({ secret: whsec }),
    "base64",
    "svix-signature",
    standard("svix"),
    { eventType: "a.b" },
    "msg_1",
    "a.b",
    300,
  ),
  row(
    "gitlab (signed)",
    gitlab({ signingToken: whsec }),
    "base64",
    "webhook-signature",
    standard("webhook"),
    { object_kind: "push" },
    "msg_1",
    "push",
    300,
  ),
  row(
    "stripe",
    stripe({ secret }),
    "hex",
    "stripe-signature",
    (body, atS) => ({ "stripe-signature": `t=${atS},v1=${mac(`${atS}.${body}`, "hex")}` }),
    { id: "evt_1", type: "charge.failed", request: { idempotency_key: "no" } },
    "evt_1",
    "charge.failed",
    300,
  ),
  row(
    "github",
    github({ secret }),
    "hex",
    "x-hub-signature-256",
    (body) => ({
      "x-hub-signature-256": `sha256=${mac(body, "hex")}`,
      "x-github-delivery": "guid",
      "x-github-event": "issues",
    }),
    { action: "opened" },
    "guid",
    "issues.opened",
  ),
  row(
    "bitbucket",
    bitbucket({ secret }),
    "hex",
    "x-hub-signature",
    (body) => ({
      "x-hub-signature": `sha256=${mac(body, "hex")}`,
      "x-request-uuid": "uuid",
      "x-event-key": "repo:push",
    }),
    {},
    "uuid",
    "repo:push",
  ),
  row(
    "shopify",
    shopify({ secret }),
    "base64",
    "x-shopify-hmac-sha256",
    (body) => ({
      "x-shopify-hmac-sha256": mac(body, "base64"),
      "x-shopify-webhook-id": "w1",
      "x-shopify-topic": "orders/create",
    }),
    { id: 1 },
    /w1/,
    "orders/create",
  ),
  row(
    "slack",
    slack({ secret }),
    "hex",
    "x-slack-signature",
    (body, atS) => ({
      "x-slack-request-timestamp": `${atS}`,
      "x-slack-signature": `v0=${mac(`v0:${atS}:${body}`, "hex")}`,
    }),
    { type: "event_callback", event_id: "Ev1", event: { type: "app_mention" } },
    "Ev1",
    "app_mention",
    300,
  ),
  row(
    "zoom",
    zoom({ secret }),
    "hex",
    "x-zm-signature",
    (body, atS) => ({
      "x-zm-request-timestamp": `${atS}`,
      "x-zm-signature": `v0=${mac(`v0:${atS}:${body}`, "hex")}`,
    }),
    { event: "meeting.started", event_ts: 5, payload: { object: { uuid: "u" } } },
    "meeting.started:5:u",
    "meeting.started",
    300,
  ),
  row(
    "meta",
    meta({ secret }),
    "hex",
    "x-hub-signature-256",
    (body) => ({ "x-hub-signature-256": `sha256=${mac(body, "hex")}` }),
    { object: "page", entry: [{ id: "1", time: 2, changes: [{ field: "feed", value: {} }] }] },
    DIGEST,
    "page.feed",
  ),
  row(
    "paddle",
    paddle({ secret }),
    "hex",
    "paddle-signature",
    (body, atS) => ({ "paddle-signature": `ts=${atS};h1=${mac(`${atS}:${body}`, "hex")}` }),
    { event_id: "evt_1", notification_id: "ntf_1", event_type: "a.b" },
    "evt_1",
    "a.b",
    300,
  ),
  row(
    "lemon squeezy",
    lemonSqueezy({ secret }),
    "hex",
    "x-signature",
    (body) => ({ "x-signature": mac(body, "hex"), "x-event-name": "order_created" }),
    { meta: { event_name: "order_created" } },
    DIGEST,
    "order_created",
  ),
  row(
    "intercom",
    intercom({ secret }),
    "hex",
    "x-hub-signature",
    (body) => ({ "x-hub-signature": `sha1=${mac(body, "hex", "sha1")}` }),
    { id: "notif_1", topic: "user.created" },
    "notif_1",
    "user.created",
  ),
  row(
    "typeform",
    typeform({ secret }),
    "base64",
    "typeform-signature",
    (body) => ({ "typeform-signature": `sha256=${mac(body, "base64")}` }),
    { event_id: "e1", event_type: "form_response" },
    "e1",
    "form_response",
  ),
  row(
    "zendesk",
    zendesk({ secret }),
    "base64",
    "x-zendesk-webhook-signature",
    (body, atS) => ({
      "x-zendesk-webhook-signature-timestamp": iso(atS),
      "x-zendesk-webhook-signature": mac(`${iso(atS)}${body}`, "base64"),
      "x-zendesk-webhook-invocation-id": "i1",
    }),
    { type: "zen:event-type:a" },
    "i1",
    "zen:event-type:a",
    300,
  ),
  row(
    "woocommerce",
    woocommerce({ secret }),
    "base64",
    "x-wc-webhook-signature",
    (body) => ({
      "x-wc-webhook-signature": mac(body, "base64"),
      "x-wc-webhook-delivery-id": "d1",
      "x-wc-webhook-topic": "order.updated",
    }),
    { id: 7 },
    "d1",
    "order.updated",
  ),
  row(
    "btcpay",
    btcpay({ secret }),
    "hex",
    "btcpay-sig",
    (body) => ({ "btcpay-sig": `sha256=${mac(body, "hex")}` }),
    { deliveryId: "d2", originalDeliveryId: "d1", type: "InvoiceSettled", timestamp: NOW_S },
    "d1",
    "InvoiceSettled",
  ),
  row(
    "coinbase",
    coinbaseCommerce({ secret }),
    "hex",
    "x-cc-webhook-signature",
    (body) => ({ "x-cc-webhook-signature": mac(body, "hex") }),
    { id: "no", event: { id: "c1", type: "charge:failed" } },
    "c1",
    "charge:failed",
  ),
  row(
    "xero",
    xero({ secret }),
    "base64",
    "x-xero-signature",
    (body) => ({ "x-xero-signature": mac(body, "base64") }),
    {
      events: [
        { resourceId: "r", eventDateUtc: "d", eventCategory: "INVOICE", eventType: "UPDATE" },
      ],
    },
    DIGEST,
    "INVOICE.UPDATE",
  ),
  row(
    "workos",
    workos({ secret }),
    "hex",
    "workos-signature",
    (body, atS) => ({ "workos-signature": `t=${atS}000, v1=${mac(`${atS}000.${body}`, "hex")}` }),
    { id: "event_1", event: "user.created" },
    "event_1",
    "user.created",
    180,
  ),
  row(
    "hookdeck",
    hookdeck({ secret }),
    "base64",
    "x-hookdeck-signature",
    (body) => ({ "x-hookdeck-signature": mac(body, "base64"), "x-hookdeck-eventid": "evt_1" }),
    {},
    "evt_1",
    "",
  ),
  row(
    "grafana",
    grafana({ secret, timestampHeader: "X-At" }),
    "hex",
    "x-grafana-alert-signature",
    (body, atS) => ({
      "x-at": `${atS}`,
      "x-grafana-alert-signature": mac(`${atS}:${body}`, "hex"),
    }),
    { status: "firing" },
    DIGEST,
    "firing",
    300,
  ),
  row(
    "linear",
    linear({ secret }),
    "hex",
    "linear-signature",
    (body) => ({ "linear-signature": mac(body, "hex"), "linear-delivery": "d1" }),
    { type: "Issue", action: "create", webhookTimestamp: NOW_S * 1_000 },
    "d1",
    "Issue.create",
  ),
];

function row(
  name: string,
  provider: Provider<never> | Provider,
  writing: Writing,
  header: string,
  sign: Row["sign"],
  body: object,
  id: string | RegExp,
  type: string,
  toleranceS?: number,
): Row {
  const own = { name, provider: provider as Provider, writing, header, sign, body, id, type };
  return toleranceS === undefined ? own : { ...own, toleranceS };
}
