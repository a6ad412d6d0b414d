import { certificateScheme } from "../verify/certificate-scheme.ts";
import type { CertificateClaim } from "../verify/certificate-scheme.ts";
import { certificateSource } from "../verify/certificate-source.ts";
import { makeProvider } from "../verify/make-provider.ts";
import type { Fetch } from "../verify/fetch.ts";
import { assertOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import type { ReadRequest } from "../verify/read-request.ts";
import { expected } from "../verify/webhook-error.ts";
import type { WebhookError } from "../verify/webhook-error.ts";

export interface PaypalEvent {
  readonly id: string;
  readonly event_type: string;
  readonly create_time?: string;
  readonly resource_type?: string;
  readonly summary?: string;
  readonly resource?: unknown;
}

export interface PaypalOptions {
  /** The id that PayPal gave to this webhook, or several. It is part of what is signed. */
  readonly webhookId: string | readonly string[];
  /** Default: no limit. PayPal documents none, and tries for three days. */
  readonly toleranceS?: number | undefined;
  /** For requests through a proxy. Only certificates' addresses at PayPal are ever asked for. */
  readonly fetch?: Fetch | undefined;
}

const SIGNATURE = { header: "paypal-transmission-sig" };
const CERTIFICATE =
  /^https:\/\/api(-m)?(\.sandbox)?\.paypal\.com\/v1\/notifications\/certs\/[\w-]{1,128}$/;

/**
 * PayPal: RSA-SHA256 over transmission id, time, webhook id and the body's CRC-32, by a certificate that the request names.
 * Its address has to be where PayPal's API puts certificates, live or sandbox; that, and the TLS it is fetched through, is
 * what is trusted. PayPal's former Java SDK also checked the chain up to DigiCert and the certificate's name; no list of roots
 * is at hand here, so that is not done. A sandbox signature does not fit a live webhook: the webhook id is signed.
 *
 * The CRC is no cryptographic hash: who sees a genuine request can make another body for its signature. What a payment is
 * worth should be asked of the API.
 */
export function paypal(options: PaypalOptions): Provider<PaypalEvent> {
  assertOptions("paypal", options, ["webhookId", "toleranceS", "fetch"]);
  const ids = [options.webhookId].flat();
  if (
    ids.length === 0 ||
    ids.length > 8 ||
    ids.some((id) => typeof id !== "string" || !/^\w+$/.test(id))
  ) {
    throw expected("CONFIG_INVALID", "webhookId to be 1 to 8 ids", "something else");
  }
  const certificates = certificateSource({
    fetch: options.fetch,
    allow: (url) => CERTIFICATE.test(url),
  });
  return makeProvider({
    name: "paypal",
    schemes: [
      certificateScheme(certificates, options.toleranceS ?? null, SIGNATURE, (request) =>
        claimOf(request, ids),
      ),
    ],
    id: { body: "id" },
    type: { body: "event_type" },
    occurredAt: { from: { body: "create_time" }, unit: "iso" },
  });
}

function claimOf(request: ReadRequest, ids: readonly string[]): CertificateClaim | WebhookError {
  const read = (name: string): string => request.header(`paypal-${name}`) ?? "";
  for (const name of [
    "transmission-id",
    "transmission-time",
    "transmission-sig",
    "cert-url",
    "auth-algo",
  ]) {
    if (read(name) === "") {
      return expected("HEADER_MISSING", `the header paypal-${name}`, "none");
    }
  }
  if (read("auth-algo").toLowerCase() !== "sha256withrsa") {
    return expected(
      "SCHEME_UNSUPPORTED",
      "the header paypal-auth-algo to be SHA256withRSA",
      "another",
    );
  }
  const [id, time] = [read("transmission-id"), read("transmission-time")];
  // With its own separator in it, a value could be taken for two.
  if (`${id}${time}`.includes("|")) {
    return expected("HEADER_MALFORMED", 'id and time to be without "|"', "it");
  }
  const crc = crc32(request.body);
  return {
    certificateUrl: read("cert-url"),
    hash: "sha256",
    signature: read("transmission-sig"),
    signed: ids.map((webhookId) => [`${id}|${time}|${webhookId}|${crc}`]),
    time,
  };
}

let crcTable: Uint32Array | undefined;

/** CRC-32 as zip has it, unsigned. */
function crc32(bytes: Uint8Array): number {
  const table = (crcTable ??= makeCrcTable());
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

function makeCrcTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
}
