import { certificateScheme } from "../verify/certificate-scheme.ts";
import type { CertificateClaim } from "../verify/certificate-scheme.ts";
import { certificateSource, isPlainHttps } from "../verify/certificate-source.ts";
import { makeProvider } from "../verify/make-provider.ts";
import type { Answer } from "../verify/error.ts";
import { getBytes, globalFetch } from "../verify/fetch.ts";
import type { Fetch } from "../verify/fetch.ts";
import { assertOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import type { ReadRequest } from "../verify/read-request.ts";
import { at } from "../verify/sources.ts";
import { expected } from "../verify/webhook-error.ts";
import type { WebhookError } from "../verify/webhook-error.ts";

export interface SnsEvent {
  readonly Type: string;
  readonly MessageId: string;
  readonly TopicArn: string;
  readonly Subject?: string;
  readonly Message: string;
  readonly Timestamp: string;
  readonly UnsubscribeURL?: string;
  readonly MessageAttributes?: Readonly<
    Record<string, { readonly Type: string; readonly Value: string }>
  >;
}

export interface SnsOptions {
  /**
   * The topics that are meant. There is no way without: SNS signs the messages of every AWS customer with the same key, so
   * the topic alone says who sent one.
   */
  readonly topicArns: readonly string[];
  /** Default: no limit. SNS tries for hours, with the time of the publication. */
  readonly toleranceS?: number | undefined;
  /** For requests through a proxy. Only SNS' own addresses are ever asked for. */
  readonly fetch?: Fetch | undefined;
}

/**
 * A region's name has no digit in its first part: `sns.s3-us-west-2.amazonaws.com` is somebody's bucket called "sns". The
 * path is the one that SNS' certificates have, as the API at the same host answers what its callers put into it.
 */
const HOST = "https://sns\\.[a-z]{2,8}(-[a-z]{2,12})+-[0-9]{1,2}\\.amazonaws\\.(com|com\\.cn|eu)";
const CERTIFICATE = new RegExp(`^${HOST}/SimpleNotificationService-[0-9A-Za-z]{1,64}\\.pem$`);
const CONFIRMATION = new RegExp(`^${HOST}/\\?Action=ConfirmSubscription&[!-~]{1,900}$`);
const SIGNATURE = { body: "Signature" };
const CONFIRMATION_BYTES_MAX = 65_536;

/**
 * Amazon SNS: RSA over the fields of the body, signature versions 1 (SHA-1) and 2 (SHA-256), by a certificate that the body
 * names (docs.aws.amazon.com, "Verifying the signatures of Amazon SNS messages"). Its address has to be where SNS puts its
 * certificates; that, and the TLS it is fetched through, is what is trusted, as in sns-validator. Amazon's guide also asks for
 * the chain to a root: no list of roots is at hand here, so that is not done. Of a topic that is not in `topicArns` nothing is
 * taken.
 *
 * A `SubscriptionConfirmation` is confirmed at once, by a GET of its signed SubscribeURL; if that fails it is answered with
 * 503, so that SNS tries again. Switch raw message delivery off: it is not signed.
 */
export function awsSns(options: SnsOptions): Provider<SnsEvent> {
  assertOptions("awsSns", options, ["topicArns", "toleranceS", "fetch"]);
  const { topicArns, toleranceS = null, fetch: get = globalFetch } = options;
  if (!Array.isArray(topicArns) || topicArns.length === 0 || !topicArns.every(isTopicArn)) {
    throw expected("CONFIG_INVALID", "topicArns to be a list of topics' ARNs", "another");
  }
  const topics = new Set(topicArns);
  const certificates = certificateSource({ fetch: get, allow: (url) => CERTIFICATE.test(url) });
  return makeProvider<SnsEvent>({
    name: "aws-sns",
    schemes: [
      certificateScheme(certificates, toleranceS, SIGNATURE, (_, event) => claimOf(event, topics)),
    ],
    preflight: rawDelivery,
    id: { body: "MessageId" },
    type: { body: "Type" },
    occurredAt: { from: { body: "Timestamp" }, unit: "iso" },
    handshake: ({ event }) =>
      event.Type === "SubscriptionConfirmation" ? confirmed(get, event) : null,
  });
}

function isTopicArn(arn: unknown): boolean {
  return typeof arn === "string" && /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]+$/.test(arn);
}

const NOTIFICATION = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const SUBSCRIPTION = [
  "Message",
  "MessageId",
  "SubscribeURL",
  "Timestamp",
  "Token",
  "TopicArn",
  "Type",
];
const FIELDS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ["Notification", NOTIFICATION],
  ["SubscriptionConfirmation", SUBSCRIPTION],
  ["UnsubscribeConfirmation", SUBSCRIPTION],
]);

function claimOf(event: unknown, topics: ReadonlySet<string>): CertificateClaim | WebhookError {
  const read = (name: string): unknown => at(event, [name]);
  const fields = FIELDS.get(read("Type"));
  if (fields === undefined) return invalid("a Type of SNS");
  const version = read("SignatureVersion");
  if (version !== "1" && version !== "2") {
    return expected("SCHEME_UNSUPPORTED", "SignatureVersion to be 1 or 2", "another");
  }
  const [topicArn, signature, certificateUrl, time] = [
    read("TopicArn"),
    read("Signature"),
    read("SigningCertURL"),
    read("Timestamp"),
  ];
  if (
    typeof signature !== "string" ||
    typeof time !== "string" ||
    typeof certificateUrl !== "string"
  ) {
    return expected("HEADER_MISSING", "Signature, SigningCertURL and Timestamp", "less");
  }
  if (typeof topicArn !== "string" || !topics.has(topicArn)) {
    return expected("TOKEN_MISMATCH", "TopicArn to be one of topicArns", "another", {
      hint: "Anybody can have SNS sign messages of a topic of their own.",
    });
  }
  const text = signedText(fields, read);
  if (text === null) return invalid("its fields as one line of text each, but for the Message");
  const hash = version === "1" ? "sha1" : "sha256";
  return { certificateUrl, hash, signature, signed: [[text]], time };
}

/**
 * Name and value of each field on a line of its own. Only the message may have several: with line ends in others, the same
 * text could be read as different fields.
 */
function signedText(fields: readonly string[], read: (name: string) => unknown): string | null {
  let text = "";
  for (const name of fields) {
    const value = read(name);
    if (value === undefined && name === "Subject") continue;
    if (typeof value !== "string" || (name !== "Message" && /[\n\r]/.test(value))) return null;
    text += `${name}\n${value}\n`;
  }
  return text;
}

async function confirmed(get: Fetch, event: SnsEvent): Promise<Answer> {
  const url = at(event, ["SubscribeURL"]);
  const isListed = typeof url === "string" && CONFIRMATION.test(url) && isPlainHttps(url);
  const limits = { bytesMax: CONFIRMATION_BYTES_MAX, timeoutMs: 5_000 };
  const isDone = isListed && (await getBytes(get, url, limits)) !== null;
  return { status: isDone ? 200 : 503, headers: {}, body: "" };
}

function rawDelivery(request: ReadRequest): WebhookError | null {
  if (request.header("x-amz-sns-rawdelivery")?.toLowerCase() !== "true") return null;
  return expected("SCHEME_UNSUPPORTED", "a signed message", "a raw one", {
    hint: "Switch raw message delivery off in the subscription: raw messages are not signed.",
  });
}

function invalid(wanted: string): WebhookError {
  return expected("BODY_INVALID", `the body to have ${wanted}`, "another");
}
