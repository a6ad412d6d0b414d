import * as octokit from "@octokit/webhooks-methods";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Stripe } from "stripe";
import { Webhook as SvixWebhook } from "svix";
import * as stripeModule from "../../sdk/src/providers/stripe.ts";
import { github } from "../../sdk/src/providers/github.ts";
import { standardWebhooks } from "../../sdk/src/providers/standard-webhooks.ts";
import { svix } from "../../sdk/src/providers/svix.ts";
import { signRaw } from "../../sdk/src/testing/testing.ts";
import type { Provider } from "../../sdk/src/verify/provider.ts";
import type { RawRequest } from "../../sdk/src/verify/request.ts";
import * as verifyModule from "../../sdk/src/verify/verify.ts";
import { importWithWebCrypto } from "../../sdk/test/web-variant.ts";
import { paired, type Figure, type Finding, type Scale } from "./report.ts";

/** Verifications per second, ours against the official libraries'. Both sides begin with bytes and end with the event. */

const ROUND_MS = 300;
const TEXT_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const { verify } = verifyModule;

/** What a server has of a request: the bytes, and headers of which the signature's are a few. */
interface Arrived {
  readonly request: RawRequest;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

interface Rival {
  readonly name: string;
  readonly provider: Provider;
  /** Ends with the event, or throws. */
  readonly theirs: (arrived: Arrived) => unknown;
  /** Whether there is something to gain for nobody: the other side is Node's own synchronous cryptography. */
  readonly isSynchronousNode: boolean;
}

const stripeClient = new Stripe("sk_test_unused");
const standardWebhook = new StandardWebhook(TEXT_SECRET);
const svixWebhook = new SvixWebhook(TEXT_SECRET);

const RIVALS: readonly Rival[] = [
  {
    name: "stripe",
    provider: stripeModule.stripe({ secret: TEXT_SECRET }),
    theirs: ({ body, headers }) =>
      stripeClient.webhooks.constructEvent(body, headers["stripe-signature"] ?? "", TEXT_SECRET),
    isSynchronousNode: true,
  },
  {
    name: "@octokit/webhooks-methods",
    provider: github({ secret: TEXT_SECRET }),
    theirs: async ({ body, headers }) => {
      const text = body.toString();
      if (!(await octokit.verify(TEXT_SECRET, text, headers["x-hub-signature-256"] ?? "")))
        throw new Error("forged");
      return JSON.parse(text) as unknown;
    },
    isSynchronousNode: true,
  },
  {
    name: "standardwebhooks",
    provider: standardWebhooks({ secret: TEXT_SECRET }),
    theirs: ({ body, headers }) => standardWebhook.verify(body, headers),
    isSynchronousNode: false,
  },
  {
    name: "svix",
    provider: svix({ secret: TEXT_SECRET }),
    // Of version 2 it only checks.
    theirs: ({ body, headers }) => {
      svixWebhook.verify(body, headers);
      return JSON.parse(body.toString()) as unknown;
    },
    isSynchronousNode: false,
  },
];

/** (v) Verifying a webhook of 1 KB and of 64 KB. */
export async function benchVerify({ pairs, isQuick }: Scale): Promise<Finding> {
  const roundMs = isQuick ? ROUND_MS / 10 : ROUND_MS;
  const figures: Figure[] = [];
  for (const bytes of [1_024, 65_536]) {
    for (const rival of RIVALS) figures.push(await rivalFigure(rival, bytes, pairs, roundMs));
    figures.push(await webFigure(bytes, pairs, roundMs));
  }
  return { kind: "measured", figures };
}

async function rivalFigure(
  rival: Rival,
  bytes: number,
  pairs: number,
  roundMs: number,
): Promise<Figure> {
  const { name, provider, theirs, isSynchronousNode } = rival;
  const arrived = await arrivedAs(provider, bytes);
  const wanted = isSynchronousNode && bytes === 1_024 ? { atLeast: 1 } : null;
  return paired({
    name: `verify ${sizeText(bytes)}: ours to ${name}`,
    unit: "/s",
    wanted,
    pairs,
    ours: () => perSecond(roundMs, () => verified(verify, arrived.request, provider)),
    theirs: () => perSecond(roundMs, () => theirs(arrived)),
  });
}

/** Our own two cryptographies: what Workers and browsers pay. */
async function webFigure(bytes: number, pairs: number, roundMs: number): Promise<Figure> {
  const provider = stripeModule.stripe({ secret: TEXT_SECRET });
  const { request } = await arrivedAs(provider, bytes);
  const at = (path: string): URL => new URL(`../../sdk/src/${path}`, import.meta.url);
  const web = await importWithWebCrypto<typeof verifyModule>(at("verify/verify.ts"));
  const { stripe } = await importWithWebCrypto<typeof stripeModule>(at("providers/stripe.ts"));
  const webProvider = stripe({ secret: TEXT_SECRET });
  return paired({
    name: `verify ${sizeText(bytes)}: ours with WebCrypto to ours with node:crypto`,
    unit: "/s",
    wanted: null,
    pairs,
    ours: () => perSecond(roundMs, () => verified(web.verify, request, webProvider)),
    theirs: () => perSecond(roundMs, () => verified(verify, request, provider)),
  });
}

async function verified(
  check: typeof verify,
  request: RawRequest,
  provider: Provider,
): Promise<unknown> {
  const result = await check(request, provider);
  if (result.kind === "delivery") return result.delivery.event;
  throw new Error(`expected a delivery, got ${result.kind}`);
}

async function arrivedAs(provider: Provider, bytes: number): Promise<Arrived> {
  const signed = await signRaw(provider, { body: bodyOf(bytes) });
  const headers: Record<string, string> = {
    host: "receiver.example",
    "user-agent": "Sender/1.0 (+https://sender.example)",
    accept: "*/*",
    "accept-encoding": "gzip",
    "content-length": `${signed.body.length}`,
    "x-forwarded-for": "192.0.2.1",
    "x-github-event": "issues",
    ...(signed.headers as Record<string, string>),
  };
  // A Buffer, as servers have it: standardwebhooks takes no other bytes.
  const body = Buffer.from(signed.body);
  return { request: { ...signed, headers, body }, headers, body };
}

/** JSON of about this length, as events look: many short fields. */
function bodyOf(bytes: number): string {
  const item = {
    id: "li_1MzFHJ2eZvKYlo2C",
    object: "line_item",
    amount: 2_400,
    description: "Two of it",
  };
  const event = {
    id: "evt_1",
    type: "invoice.paid",
    created: 1_800_000_000,
    data: { object: { lines: [item] } },
  };
  while (JSON.stringify(event).length < bytes) event.data.object.lines.push(item);
  return JSON.stringify(event);
}

/** Batches, so that reading the clock costs nothing. */
async function perSecond(roundMs: number, run: () => unknown): Promise<number> {
  let count = 0;
  const startedAtMs = performance.now();
  let tookMs = 0;
  while (tookMs < roundMs) {
    for (let call = 0; call < 50; call++) await run();
    count += 50;
    tookMs = performance.now() - startedAtMs;
  }
  return (count * 1_000) / tookMs;
}

function sizeText(bytes: number): string {
  return `${bytes / 1_024} KB`;
}
