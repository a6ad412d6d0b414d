import { isEqual } from "#crypto";
import { HMAC_SHA256 } from "../verify/algorithms.ts";
import { batchOf } from "../verify/batch.ts";
import type { Batch } from "../verify/batch.ts";
import { BASE64, HEX, encode, utf8 } from "../verify/codec.ts";
import type { Part } from "../verify/crypto.ts";
import { makeProvider } from "../verify/make-provider.ts";
import type { Answer } from "../verify/error.ts";
import { assertOptions } from "../verify/options.ts";
import type { SecretOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import type { ReadRequest } from "../verify/read-request.ts";
import { prepareKeys } from "../verify/secrets.ts";
import type { Key } from "../verify/secrets.ts";
import { at, textOf } from "../verify/sources.ts";
import type { CustomScheme, ToSign } from "../verify/spec.ts";
import { WebhookError, expected } from "../verify/webhook-error.ts";

export interface AdyenItem {
  readonly pspReference: string;
  readonly originalReference?: string;
  readonly merchantAccountCode: string;
  readonly merchantReference?: string;
  readonly amount?: { readonly value: number; readonly currency: string };
  readonly eventCode: string;
  readonly eventDate?: string;
  readonly success: string;
  readonly additionalData?: Readonly<Record<string, string>>;
}

export interface AdyenEvent {
  readonly live: string;
  readonly notificationItems: readonly { readonly NotificationRequestItem: AdyenItem }[];
}

export interface AdyenPlatformEvent {
  readonly type: string;
  readonly environment?: string;
  readonly timestamp?: string;
  readonly data?: unknown;
}

export interface AdyenOptions extends SecretOptions {
  /** If given, the request has to have these Basic credentials besides its signature. */
  readonly basic?: { readonly user: string; readonly password: string } | undefined;
}

const OPTIONS = ["secret", "basic"];
/** Older accounts take nothing else for an acknowledgement. */
const ACCEPTED: Answer = {
  status: 202,
  headers: { "content-type": "text/plain" },
  body: "[accepted]",
};

/**
 * Adyen's standard (payments) webhooks: each item of the body has a signature of its own over eight of its fields, and all of
 * them have to fit. **No other field is signed.** The secret is the HMAC key in hex. Handled events are answered with
 * `[accepted]`. The id is pspReference, eventCode and success where there is one item (there is, unless old settings say
 * otherwise), else a digest of all of these.
 */
export function adyen(options: AdyenOptions): Provider<AdyenEvent> {
  assertOptions("adyen", options, OPTIONS);
  return makeProvider({
    name: "adyen",
    schemes: [itemsScheme(options.secret)],
    preflight: basicCheck(options.basic),
    acknowledgement: ACCEPTED,
    id: { read: (_, event) => batch(event).onlyId, from: "body" },
    digestOf: ({ body }, event) => [batch(event).ids ?? body],
    type: { read: (_, event) => batch(event).sharedType, from: "body" },
    occurredAt: {
      from: { body: "notificationItems.0.NotificationRequestItem.eventDate" },
      unit: "iso",
    },
    // What is not signed may be corrected in a repeat.
    isBodyStable: false,
  });
}

/** Adyen's other webhooks (balance platform, management, …): the header `HmacSignature` is over the body. */
export function adyenPlatform(options: AdyenOptions): Provider<AdyenPlatformEvent> {
  assertOptions("adyenPlatform", options, OPTIONS);
  return makeProvider({
    name: "adyen",
    schemes: [
      {
        kind: "signature",
        secret: options.secret,
        secretForm: HEX,
        signature: { header: "hmacsignature" },
        encoding: BASE64,
        algorithm: HMAC_SHA256,
        signed: "{body}",
      },
    ],
    preflight: basicCheck(options.basic),
    acknowledgement: ACCEPTED,
    id: { body: "id" },
    type: { body: "type" },
    occurredAt: { from: { body: "timestamp" }, unit: "iso" },
  });
}

function itemsScheme(secret: SecretOptions["secret"]): CustomScheme {
  const keysOf = prepareKeys(secret, HEX, HMAC_SHA256);
  return {
    kind: "custom",
    secret,
    secretForm: HEX,
    signs: (_, event) => signedItems(event),
    async check(request, event) {
      const items = signedItems(event);
      if (items instanceof WebhookError) return items;
      const keys = await keysOf(request);
      for (const { parts, place } of items) {
        const signature = at(event, place.body.split("."));
        if (typeof signature !== "string") return unsigned();
        const bytes = BASE64.decode(signature);
        if (bytes === null || !(await isSigned(bytes, parts, keys))) return mismatch();
      }
      return { signedAtMs: null };
    },
  };
}

async function isSigned(
  signature: Uint8Array,
  parts: readonly Part[],
  keys: readonly Key[],
): Promise<boolean> {
  for (const key of keys) if (await key.check([signature], parts)) return true;
  return false;
}

interface SignedItem extends ToSign {
  readonly place: { readonly body: string };
}

function signedItems(event: unknown): readonly SignedItem[] | WebhookError {
  const items = itemsOf(event);
  if (items.length === 0) {
    return expected("BODY_INVALID", "the body to have notificationItems", "none");
  }
  const signed: SignedItem[] = [];
  for (const [index, item] of items.entries()) {
    const text = signedText(item);
    if (text === null) return mismatch();
    const body = `notificationItems.${index}.NotificationRequestItem.additionalData.hmacSignature`;
    signed.push({ parts: [text], place: { body }, algorithm: HMAC_SHA256 });
  }
  return signed;
}

function unsigned(): WebhookError {
  return expected("HEADER_MISSING", "each item to have an hmacSignature", "one without", {
    hint: "Switch the HMAC signature on in the webhook's settings.",
  });
}

function mismatch(): WebhookError {
  return expected("SIGNATURE_MISMATCH", "each item to be signed with the key", "another");
}

const FIELDS = [
  ["pspReference"],
  ["originalReference"],
  ["merchantAccountCode"],
  ["merchantReference"],
  ["amount", "value"],
  ["amount", "currency"],
  ["eventCode"],
  ["success"],
] as const;

/**
 * Joined with ":", which is escaped nowhere: only the merchant's own reference may have one in it, so that no text can be
 * read as the fields of two different items.
 */
function signedText(item: unknown): string | null {
  const values = FIELDS.map((path) => fieldText(at(item, path)));
  const isAmbiguous = values.some((value, index) => value.includes(":") && index !== 3);
  return isAmbiguous ? null : values.join(":");
}

function fieldText(value: unknown): string {
  return typeof value === "boolean" ? String(value) : (textOf(value) ?? "");
}

function itemsOf(event: unknown): readonly unknown[] {
  const items = at(event, ["notificationItems"]);
  return Array.isArray(items) ? items.map((item) => at(item, ["NotificationRequestItem"])) : [];
}

function batch(event: unknown): Batch {
  const idOf = (item: unknown): string =>
    ["pspReference", "eventCode", "success"].map((name) => fieldText(at(item, [name]))).join(":");
  return batchOf(itemsOf(event), idOf, "eventCode");
}

function basicCheck(basic: AdyenOptions["basic"]): (request: ReadRequest) => WebhookError | null {
  if (basic === undefined) return () => null;
  const { user, password } = basic;
  const isGiven = [user, password].every((text) => typeof text === "string" && text !== "");
  if (!isGiven || user.includes(":")) {
    throw expected(
      "CONFIG_INVALID",
      "basic to have a user without colon and a password",
      "another",
    );
  }
  const wanted = utf8(encode("base64", utf8(`${user}:${password}`)));
  return (request) => {
    const given = /^basic +(\S+)$/i.exec(request.header("authorization") ?? "")?.[1];
    if (given === undefined) {
      return expected("HEADER_MISSING", "Basic credentials in the header authorization", "none");
    }
    if (isEqual(utf8(given), wanted)) return null;
    return expected("TOKEN_MISMATCH", "the Basic credentials to be those of the options", "others");
  };
}
