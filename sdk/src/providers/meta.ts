import { HEX } from "../verify/codec.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { isSameText } from "../verify/equal.ts";
import type { Answer } from "../verify/error.ts";
import { assertOptions } from "../verify/options.ts";
import type { SecretOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import type { ReadRequest } from "../verify/read-request.ts";
import { at, textOf } from "../verify/sources.ts";
import { WebhookError, expected, kindOf } from "../verify/webhook-error.ts";
import { bodySignature } from "../verify/body-signature.ts";

export interface MetaEvent {
  readonly object: string;
  readonly entry: readonly {
    readonly id: string;
    readonly time?: number;
    readonly changes?: readonly { readonly field: string; readonly value: unknown }[];
    readonly messaging?: readonly unknown[];
  }[];
}

export interface MetaOptions extends SecretOptions {
  /** What was entered as "Verify token". Without it the GET that sets the address up is refused. */
  readonly verifyToken?: string | undefined;
}

/**
 * Meta's Graph webhooks: WhatsApp, Messenger, Instagram, pages. `X-Hub-Signature-256: sha256=…` over the body as it was sent,
 * escapes and all, under the app secret (developers.facebook.com, "Getting started with webhooks"). Deliveries are batches: the
 * id is the message's where there is exactly one, and a digest otherwise, since `entry.id` with `time` is the same for
 * different changes of one second.
 */
export function meta(options: MetaOptions): Provider<MetaEvent> {
  assertOptions("meta", options, ["secret", "verifyToken"]);
  const { secret, verifyToken } = options;
  if (verifyToken !== undefined && (typeof verifyToken !== "string" || verifyToken === "")) {
    throw expected(
      "SECRET_MISSING",
      "verifyToken to be a text that is not empty",
      verifyToken === "" ? "none" : kindOf(verifyToken),
    );
  }
  return makeProvider({
    name: "meta",
    methods: verifyToken === undefined ? ["POST"] : ["POST", "GET"],
    schemes: [bodySignature(secret, "x-hub-signature-256", HEX, "sha256=")],
    id: { read: (_, event) => messageId(event), from: "body" },
    type: { read: (_, event) => eventType(event), from: "body" },
    ...(verifyToken === undefined ? {} : { preflight: (request) => setUp(request, verifyToken) }),
  });
}

function setUp(request: ReadRequest, verifyToken: string): Answer | WebhookError | null {
  if (request.method !== "GET") return null;
  const isMeant =
    request.query("hub.mode") === "subscribe" &&
    isSameText(request.query("hub.verify_token") ?? "", verifyToken);
  if (!isMeant) {
    const message = "expected hub.verify_token to be the verifyToken, got another";
    return new WebhookError("TOKEN_MISMATCH", message, { status: 403 });
  }
  // Echoed: no browser may take it for a page.
  const headers = { "content-type": "text/plain", "x-content-type-options": "nosniff" };
  return { status: 200, headers, body: request.query("hub.challenge") ?? "" };
}

function onlyOne(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : undefined;
}

function messageId(event: unknown): string | null {
  const entry = onlyOne(at(event, ["entry"]));
  const value = at(onlyOne(at(entry, ["changes"])), ["value"]);
  const isMixed = at(value, ["statuses"]) !== undefined;
  const message = isMixed ? undefined : onlyOne(at(value, ["messages"]));
  return (
    textOf(at(message, ["id"])) ?? textOf(at(onlyOne(at(entry, ["messaging"])), ["message", "mid"]))
  );
}

/** `whatsapp_business_account.messages`; the object alone where a batch has several fields. */
function eventType(event: unknown): string | null {
  const object = textOf(at(event, ["object"]));
  const entries = at(event, ["entry"]);
  if (object === null || !Array.isArray(entries)) return object;
  const changes = entries.flatMap((entry) => at(entry, ["changes"]) ?? []);
  const fields = new Set(changes.map((change) => textOf(at(change, ["field"]))));
  const [field] = fields;
  return fields.size === 1 && field ? `${object}.${field}` : object;
}
