import https from "node:https";
import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import type { TestContext } from "node:test";
import { hmacValidator as AdyenValidator } from "@adyen/api-library";
import { Signature as HubspotSignature } from "@hubspot/api-client";
import { LinearWebhookClient } from "@linear/sdk/webhooks";
import * as octokit from "@octokit/webhooks-methods";
import { Paddle } from "@paddle/paddle-node-sdk";
import { EventWebhook } from "@sendgrid/eventwebhook";
import { ApiVersion, shopifyApi } from "@shopify/shopify-api";
import { verifySlackRequest } from "@slack/bolt";
import { WorkOS } from "@workos-inc/node";
import { verifyKey } from "discord-interactions";
import { WebhooksHelper } from "square";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Stripe } from "stripe";
import { Webhook as SvixWebhook } from "svix";
import twilio from "twilio";

// Shopify's library has to be told by this what it runs on.
await import("@shopify/shopify-api/adapters/node");

/** What an official library is given: a request as it arrived, and the receiver's side of the secret. */
export interface Given {
  readonly method: string;
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly secret: string;
}

/** An official library: resolves with true, or false or an error for what it takes for forged. */
export type Judge = (given: Given) => unknown;

const header = ({ headers }: Given, name: string): string => headers[name] ?? "";
const stripe = new Stripe("sk_test_unused");
const paddle = new Paddle("unused");
const workos = new WorkOS("sk_test_unused");

export const JUDGES = {
  standardwebhooks: (given) => {
    new StandardWebhook(given.secret).verify(given.body, given.headers);
  },
  svix: (given) => {
    new SvixWebhook(given.secret).verify(given.body, given.headers);
  },
  stripe: (given) => {
    stripe.webhooks.constructEvent(given.body, header(given, "stripe-signature"), given.secret);
  },
  "@octokit/webhooks-methods": (given) =>
    octokit.verify(given.secret, given.body.toString(), header(given, "x-hub-signature-256")),
  "@slack/bolt": (given) => {
    verifySlackRequest({
      signingSecret: given.secret,
      body: given.body.toString(),
      headers: {
        "x-slack-signature": header(given, "x-slack-signature"),
        "x-slack-request-timestamp": Number(header(given, "x-slack-request-timestamp")),
      },
    });
  },
  twilio: (given) => {
    const { secret, url, body } = given;
    const signature = header(given, "x-twilio-signature");
    if (url.includes("bodySHA256"))
      return twilio.validateRequestWithBody(secret, signature, url, body.toString());
    return twilio.validateRequest(secret, signature, url, formOf(given));
  },
  "discord-interactions": (given) =>
    verifyKey(
      given.body,
      header(given, "x-signature-ed25519"),
      header(given, "x-signature-timestamp"),
      given.secret,
    ),
  "@sendgrid/eventwebhook": (given) => {
    const library = new EventWebhook();
    return library.verifySignature(
      library.convertPublicKeyToECDSA(given.secret),
      given.body,
      header(given, "x-twilio-email-event-webhook-signature"),
      header(given, "x-twilio-email-event-webhook-timestamp"),
    );
  },
  square: (given) =>
    WebhooksHelper.verifySignature({
      requestBody: given.body.toString(),
      signatureHeader: header(given, "x-square-hmacsha256-signature"),
      signatureKey: given.secret,
      notificationUrl: given.url,
    }),
  "@linear/sdk": (given) =>
    new LinearWebhookClient(given.secret).verify(given.body, header(given, "linear-signature")),
  "@adyen/api-library": (given) => {
    const { notificationItems } = JSON.parse(given.body.toString()) as AdyenBody;
    const validator = new AdyenValidator();
    return notificationItems.every(({ NotificationRequestItem }) =>
      validator.validateHMAC(NotificationRequestItem, given.secret),
    );
  },
  "@paddle/paddle-node-sdk": (given) =>
    paddle.webhooks.isSignatureValid(
      given.body.toString(),
      given.secret,
      header(given, "paddle-signature"),
    ),
  "@hubspot/api-client": (given) => {
    const v3 = header(given, "x-hubspot-signature-v3");
    return HubspotSignature.isValid({
      signatureVersion: v3 === "" ? header(given, "x-hubspot-signature-version") || "v1" : "v3",
      signature: v3 === "" ? header(given, "x-hubspot-signature") : v3,
      method: given.method,
      clientSecret: given.secret,
      requestBody: given.body.toString(),
      url: given.url,
      timestamp: Number(header(given, "x-hubspot-request-timestamp")),
    });
  },
  "@workos-inc/node": async (given) => {
    const sigHeader = header(given, "workos-signature");
    await workos.webhooks.verifyHeader({ payload: given.body, sigHeader, secret: given.secret });
  },
  "@shopify/shopify-api": async (given) => {
    const shopify = shopifyApi({
      apiKey: "unused",
      apiSecretKey: given.secret,
      apiVersion: ApiVersion.July26,
      hostName: "receiver.test",
      isEmbeddedApp: false,
      logger: { level: 0, log: () => Promise.resolve() },
    });
    const rawRequest = { method: given.method, url: given.url, headers: given.headers };
    const { valid } = await shopify.webhooks.validate({
      rawBody: given.body.toString(),
      rawRequest,
    });
    return valid;
  },
  "sns-validator": (given) =>
    new Promise<void>((resolve, reject) => {
      new SnsValidator().validate(given.body.toString(), (error) =>
        error === null ? resolve() : reject(error),
      );
    }),
} satisfies Readonly<Record<string, Judge>>;

export type OfficialName = keyof typeof JUDGES;

/** Whether the library accepts it at that time. All of them read the global clock. */
export async function isAccepted(
  t: TestContext,
  name: OfficialName,
  given: Given,
  nowMs: number,
): Promise<boolean> {
  t.mock.timers.enable({ apis: ["Date"], now: nowMs });
  try {
    return (await JUDGES[name](given)) !== false;
  } catch {
    return false;
  } finally {
    t.mock.timers.reset();
  }
}

/** What sns-validator fetches; no packet leaves. It keeps certificates by address, so each needs an address of its own. */
export function serveCertificate(t: TestContext, pem: string): void {
  t.mock.method(https, "get", (_: string, respond: (response: EventEmitter) => void) => {
    const response = Object.assign(new EventEmitter(), { statusCode: 200 });
    respond(response);
    response.emit("data", Buffer.from(pem));
    response.emit("end");
    return new EventEmitter();
  });
}

interface AdyenBody {
  readonly notificationItems: readonly {
    readonly NotificationRequestItem: Parameters<AdyenValidator["validateHMAC"]>[0];
  }[];
}

/** It comes without types. */
const SnsValidator = createRequire(import.meta.url)("sns-validator") as new () => {
  validate(message: string, done: (error: Error | null) => void): void;
};

/** As Express' parser has it. */
function formOf({ headers, body }: Given): Record<string, string | string[]> {
  if (!(headers["content-type"] ?? "").includes("form")) return {};
  const form = new URLSearchParams(body.toString());
  const entries = [...new Set(form.keys())].map((name): [string, string | string[]] => {
    const values = form.getAll(name);
    return [name, values.length === 1 ? (values[0] ?? "") : values];
  });
  return Object.fromEntries(entries);
}
