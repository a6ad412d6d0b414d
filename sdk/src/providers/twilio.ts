import { withStatus } from "../verify/with-status.ts";
import { isEqual, sha256Hex } from "#crypto";
import { HMAC_SHA1 } from "../verify/algorithms.ts";
import { field } from "../verify/batch.ts";
import { EITHER_BODY } from "../verify/body.ts";
import { BASE64, utf8 } from "../verify/codec.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { SecretOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { ADDRESS_HINT, addressReader } from "../verify/public-url.ts";
import type { ReadRequest } from "../verify/read-request.ts";
import { isForm } from "../verify/form.ts";
import { expected } from "../verify/webhook-error.ts";
import type { WebhookError } from "../verify/webhook-error.ts";

/** The fields of the form (of the query, for GET), or the JSON. */
export type TwilioEvent = Readonly<Record<string, unknown>>;

export interface TwilioOptions extends SecretOptions {
  /** Where a proxy changes the address: the one that Twilio calls. The query is taken from the request. */
  readonly publicUrl?: string | undefined;
}

/**
 * Twilio: `X-Twilio-Signature`, HMAC-SHA1 over the address and the sorted fields of the form; of JSON the address holds a
 * digest. The secret is the primary Auth Token. The address is taken as it came, with and without its port, and never
 * through `new URL`, which encodes some characters anew. Fields are read from the raw bytes, repeated ones included.
 */
export function twilio(options: TwilioOptions): Provider<TwilioEvent> {
  assertOptions("twilio", options, ["secret", "publicUrl"]);
  const addressOf = addressReader(options.publicUrl);
  return makeProvider<TwilioEvent>({
    name: "twilio",
    methods: ["POST", "GET"],
    schemes: [
      {
        kind: "signature",
        secret: options.secret,
        signature: { header: "x-twilio-signature" },
        encoding: BASE64,
        algorithm: HMAC_SHA1,
        signed: (request) => {
          const fields = isForm(request) ? sortedFields(request.body) : "";
          return addressVariants(addressOf(request)).map((address) => [address, fields]);
        },
        also: bodyDigestError,
        hint: ADDRESS_HINT,
      },
    ],
    refusal: withStatus(403),
    body: EITHER_BODY,
    id: [
      { header: "i-twilio-idempotency-token" },
      { read: (_, event) => messageOrCallId(event), from: "body" },
    ],
    digestOf: ({ url, body }) => [url, "\n", body],
    type: ["EventType", "StatusCallbackEvent", "MessageStatus", "SmsStatus", "CallStatus"].map(
      (name) => ({ body: name }),
    ),
  });
}

const ADDRESS = /^(https?:\/\/(?:[^/?#]*@)?)(\[[^\]/?#]*\]|[^:/?#]*)(:\d*)?([/?#].*)?$/is;

/** Twilio signs with or without the port, and which of the two depends on the product. */
function addressVariants(address: string): readonly string[] {
  const parts = ADDRESS.exec(address);
  if (parts === null) return [address];
  const [, start = "", host = "", port, rest = ""] = parts;
  const usual = /^https/i.test(start) ? ":443" : ":80";
  return [start + host + rest, start + host + (port ?? usual) + rest];
}

/** Names in order, each with each of its values once, in order too: that of their bytes, which is that of code points. */
function sortedFields(body: Uint8Array): Uint8Array {
  const fields = new Map<string, Set<string>>();
  for (const [name, value] of formFields(body)) {
    const values = fields.get(name) ?? new Set();
    fields.set(name, values.add(value));
  }
  let text = "";
  for (const [name, values] of [...fields].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    for (const value of [...values].toSorted()) text += name + value;
  }
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Decoded names and values with one character for each byte: what is not UTF-8 is signed, too. */
function formFields(body: Uint8Array): readonly (readonly [name: string, value: string])[] {
  let text = "";
  for (const byte of body) text += String.fromCharCode(byte);
  return text
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const equals = pair.indexOf("=");
      const name = equals === -1 ? pair : pair.slice(0, equals);
      return [formText(name), equals === -1 ? "" : formText(pair.slice(equals + 1))];
    });
}

function formText(text: string): string {
  return text
    .replaceAll("+", " ")
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

/** What is no form is signed by its digest in the address. Without one, any body would fit the signature of a GET. */
async function bodyDigestError(request: ReadRequest): Promise<WebhookError | null> {
  if (isForm(request) || request.body.length === 0) return null;
  const given = utf8(request.query("bodySHA256")?.toLowerCase() ?? "");
  if (isEqual(given, utf8(await sha256Hex([request.body])))) return null;
  return expected(
    "BODY_DIGEST_MISMATCH",
    "the address to hold the body's digest as bodySHA256",
    "none or another",
    { hint: "A parser or proxy changed the body: keep the raw bytes." },
  );
}

/** Where the product numbers nothing, the same call comes with the same status many times: only a digest tells them apart. */
function messageOrCallId(event: unknown): string | null {
  const message = field(event, "MessageSid");
  const messageStatus = field(event, "MessageStatus") ?? field(event, "SmsStatus");
  if (message !== null && messageStatus !== null) return `${message}:${messageStatus}`;
  const call = field(event, "CallSid");
  const number = field(event, "SequenceNumber");
  return call === null || number === null
    ? null
    : `${call}:${field(event, "CallStatus") ?? ""}:${number}`;
}
