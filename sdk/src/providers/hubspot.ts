import { BASE64, HEX } from "../verify/codec.ts";
import { HMAC_SHA256, SHA256 } from "../verify/algorithms.ts";
import { batchOf, field } from "../verify/batch.ts";
import type { Batch } from "../verify/batch.ts";
import { EITHER_BODY } from "../verify/body.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { TimedOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import type { ReadySignature } from "../verify/ready-scheme.ts";
import { timed } from "../verify/timed.ts";
import { ADDRESS_HINT, addressReader } from "../verify/public-url.ts";
import type { ReadRequest } from "../verify/read-request.ts";
import type { Source } from "../verify/spec.ts";
import { expected } from "../verify/webhook-error.ts";
import type { WebhookError } from "../verify/webhook-error.ts";

export interface HubspotItem {
  readonly eventId: number;
  readonly subscriptionId: number;
  readonly subscriptionType: string;
  readonly portalId: number;
  readonly occurredAt: number;
  readonly attemptNumber: number;
  readonly objectId?: number;
}

export type HubspotVersion = "v1" | "v2" | "v3";

export interface HubspotOptions extends TimedOptions {
  /**
   * Which signature has to fit; default `v3`. HubSpot sends the older ones beside it, but they sign no time, so that a copied
   * request would be good for ever.
   */
  readonly version?: HubspotVersion | undefined;
  /** Where a proxy changes the address: the one that HubSpot calls. The query is taken from the request. */
  readonly publicUrl?: string | undefined;
}

/**
 * HubSpot: v3 is HMAC-SHA256 over method, address, body and time; v1 and v2 are plain SHA-256 with the secret in front
 * (developers.hubspot.com, "Validating requests"). The secret is the app's client secret, as text. Webhooks come in batches:
 * the id is the event's where there is one, else a digest of all ids; the type is the one that all have, or "". `attempt` is
 * the first item's.
 */
export function hubspot(options: HubspotOptions): Provider {
  assertOptions("hubspot", options, ["secret", "version", "publicUrl", "toleranceS"]);
  const { version = "v3" } = options;
  return makeProvider({
    name: "hubspot",
    // Actions and cards of an app come with any of them, signed in the same way.
    methods: ["POST", "GET", "PUT", "PATCH", "DELETE"],
    schemes: [schemeOf(version, options)],
    preflight: (request) => (version === "v3" ? olderOnly(request) : null),
    body: EITHER_BODY,
    id: { read: (_, event) => batch(event).onlyId, from: "body" },
    digestOf: ({ url, body }, event) =>
      batch(event).ids === null ? [url, "\n", body] : [batch(event).ids ?? ""],
    type: { read: (_, event) => batch(event).sharedType, from: "body" },
    attempt: { read: (_, event) => attempt(event), from: "body" },
    // Retries have another attemptNumber in their bodies.
    isBodyStable: false,
  });
}

function schemeOf(version: HubspotVersion, options: HubspotOptions): ReadySignature {
  const { secret, toleranceS } = options;
  const addressOf = addressReader(options.publicUrl);
  const address: Source = { read: addressOf, from: "header" };
  const decoded: Source = { read: (request) => decodedAddress(addressOf(request)), from: "header" };
  const base = { kind: "signature", secret, hint: ADDRESS_HINT } as const;
  const older = {
    ...base,
    signature: { header: "x-hubspot-signature" },
    encoding: HEX,
    algorithm: SHA256,
  } as const;
  switch (version) {
    case "v1":
      return { ...older, signed: "{secret}{body}" };
    case "v2":
      return { ...older, signed: "{secret}{method}{address}{body}", values: { address } };
    case "v3":
      return {
        ...base,
        signature: { header: "x-hubspot-signature-v3" },
        encoding: BASE64,
        algorithm: HMAC_SHA256,
        signed: "{method}{address}{body}{timestamp}",
        values: { address: decoded },
        timestamp: timed({ header: "x-hubspot-request-timestamp" }, "ms", toleranceS),
      };
    default:
      throw expected("CONFIG_INVALID", "version to be v1, v2 or v3", JSON.stringify(version));
  }
}

/** The twelve characters that HubSpot decodes before it signs; all other escapes stay. */
const DECODED = /%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi;

function decodedAddress(address: string): string {
  return address.replace(DECODED, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

function olderOnly(request: ReadRequest): WebhookError | null {
  if (request.header("x-hubspot-signature-v3") || !request.header("x-hubspot-signature"))
    return null;
  return expected(
    "SCHEME_UNSUPPORTED",
    "the header x-hubspot-signature-v3",
    "an older version only",
    { hint: "If this app gets nothing newer, name the version by option: it signs no time." },
  );
}

function batch(event: unknown): Batch {
  return batchOf(event, (item) => field(item, "eventId"), "subscriptionType");
}

/** HubSpot counts from 0. */
function attempt(event: unknown): number {
  const first: unknown = Array.isArray(event) ? event[0] : event;
  return Number(field(first, "attemptNumber") ?? NaN) + 1;
}
