import type { Awaitable, Hmac, Part } from "./crypto.ts";
import type { BodyFormat } from "./body.ts";
import type { Encoding, Form } from "./codec.ts";
import type { Answer } from "./error.ts";
import type { ReadRequest } from "./read-request.ts";
import type { WebhookError } from "./webhook-error.ts";

export type SecretValue = string | Uint8Array | readonly (string | Uint8Array)[];

/**
 * The secrets that are valid now, or a function that finds them by the request (an account's, or from a vault that rotates
 * them). A function's secrets are prepared again whenever it gives others than the last time.
 */
export type SecretSource =
  | SecretValue
  | ((request: ReadRequest) => SecretValue | Promise<SecretValue>);

/** A value read by a function, where data ends; `from` says what it is taken from. */
interface ComputedSource {
  readonly read: (request: ReadRequest, event: unknown) => string | number | null | undefined;
  readonly from: "header" | "body";
}

/** Where one text stands in a request. */
export type Source =
  | { readonly header: string }
  /** A path in the decoded body, such as `data.items.0.id`; strings and safe integers count. */
  | { readonly body: string }
  | { readonly query: string }
  | ComputedSource;

/** Several places: the first that holds something counts. */
export type Sources = Source | readonly Source[];

export type TimeUnit = "s" | "ms" | "iso";

export interface TimestampRule {
  /** `item`: the item of the signature's own list that begins with this prefix (`t=` at Stripe). */
  readonly from: Source | { readonly item: string };
  readonly unit: TimeUnit;
  /** How far it may be from the clock, before or after; default 300. `null`: any time will do, it is only reported. */
  readonly toleranceS?: number | null | undefined;
}

/** What is done with one secret: made once, used for each request. */
export interface Algorithm {
  /** As in `hmac-sha256`, `sha256`, `ed25519`: by it a test kit chooses how to sign. */
  readonly name: string;
  /** Null where the bytes are no key for it. */
  prepare(secret: Uint8Array): KeyCheck | null;
  /** What is said where nothing fits; default `SIGNATURE_MISMATCH`. */
  mismatch?(): WebhookError;
}

/** Whoever can verify can sign, too. */
export interface SymmetricAlgorithm extends Algorithm {
  sign(secret: Uint8Array): Hmac;
}

/** Whether any of the signatures is this key's over the parts. */
export type KeyCheck = (
  signatures: readonly Uint8Array[],
  parts: readonly Part[],
) => Awaitable<boolean>;

interface SchemeBase {
  readonly secret: SecretSource;
  /** How a secret's text becomes bytes; several: every form that it has is a key. Default `TEXT`. Bytes are taken as they are. */
  readonly secretForm?: Form | readonly Form[];
  /** The event's id where it depends on the scheme. What this scheme signs must not be taken from a header it does not. */
  readonly id?: Source;
}

export interface SignatureScheme extends SchemeBase {
  readonly kind: "signature";
  /** Where the signatures stand. Several places: those of all that are there count, and one has to be right. */
  readonly signature: Sources;
  /** Between the items of a list: ` ` (Standard Webhooks), `,` (Stripe, and the default where the time is an item), `;`. */
  readonly separator?: string;
  /** What comes before a signature: `sha256=`, `v1,`. Items with another prefix are no signatures of this scheme. */
  readonly prefix?: string;
  readonly encoding: Encoding;
  readonly algorithm: Algorithm;
  /**
   * The signed bytes as a template: literal text and `{body}`, `{timestamp}`, `{id}`, `{url}`, `{method}`, `{secret}` (for
   * plain digests) or a name of `values`. Or a function that gives all variants which may have been signed.
   */
  readonly signed: string | SignedVariants;
  /** Further values of the template. */
  readonly values?: Readonly<Record<string, Source>>;
  readonly timestamp?: TimestampRule;
  /** After the signature fits: what else has to (a digest of the body in the signed address). */
  readonly also?: (request: ReadRequest, event: unknown) => Awaitable<WebhookError | null>;
  /** Said of a mismatch in place of the usual hint, where another cause is likelier (a proxy that changes the address). */
  readonly hint?: string;
}

type SignedVariants = (request: ReadRequest, event: unknown) => readonly (readonly Part[])[];

/** Anything else. */
export interface CustomScheme {
  readonly kind: "custom";
  /** What a test kit signs with; what `check` needs of it is in its closure. */
  readonly secret?: SecretSource;
  readonly secretForm?: Form;
  /** What a sender signs of this request, and where it puts that: for test kits. */
  readonly signs?: (request: ReadRequest, event: unknown) => readonly ToSign[] | WebhookError;
  /** Never rejects for what the request holds. */
  check(request: ReadRequest, event: unknown, nowMs: number): Awaitable<Accepted | WebhookError>;
}

/** One signature, in base64, of the many that a request may need. */
export interface ToSign {
  readonly parts: readonly Part[];
  readonly place: Source;
  /** `sign` where whoever can verify can sign. */
  readonly algorithm: { readonly name: string; readonly sign?: SymmetricAlgorithm["sign"] };
}

export type Scheme = SignatureScheme | CustomScheme;

/** What a scheme found out about a genuine request. */
export interface Accepted {
  readonly signedAtMs: number | null;
  /** The id that the scheme's own `id` names. */
  readonly id?: string | null;
  /** The secret that fitted, for handshakes that have to answer with a MAC. */
  readonly secret?: Uint8Array;
}

/**
 * One sender's scheme as data, from which requests are verified and a test kit signs. Functions stand where data ends.
 *
 * A request is accepted if one scheme accepts it; otherwise the refusal of the scheme that came furthest is answered.
 */
export interface ProviderSpec<E = unknown> {
  readonly name: string;
  /** Default: POST alone. */
  readonly methods?: readonly string[];
  readonly schemes: readonly Scheme[];
  /** What duplicates are recognised by; a digest of the body where none is given or there. */
  readonly id?: Sources;
  /** What the digest is over, where there is no id; default the body. For batches, and for requests without a body. */
  readonly digestOf?: (request: ReadRequest, event: E) => readonly Part[];
  readonly type?: Sources;
  readonly occurredAt?: { readonly from: Sources; readonly unit: TimeUnit };
  /** The number of the attempt, from 1. */
  readonly attempt?: Sources;
  readonly orderingKey?: Sources;
  readonly sequence?: (
    request: ReadRequest,
    event: E,
  ) => { readonly stream: string; readonly number: number } | null;
  /** False where retries of one event may differ in their bytes. */
  readonly isBodyStable?: boolean;
  /** Default `JSON_BODY`. */
  readonly body?: BodyFormat;
  /** Before anything is verified: an answer for what is never signed, a refusal, or null to go on. */
  readonly preflight?: (request: ReadRequest) => Answer | WebhookError | null;
  /** Genuine, but not an event: what it is to be answered with, or null. */
  readonly handshake?: (input: HandshakeInput<E>) => Awaitable<Answer | null>;
  /** What a handled event is answered where the handler says nothing itself; default 200 without a body. */
  readonly acknowledgement?: Answer;
  /** What is answered in place of the usual refusal, where the sender insists on another: `withStatus`. */
  readonly refusal?: (error: WebhookError) => WebhookError;
}

export interface HandshakeInput<E> {
  readonly request: ReadRequest;
  readonly event: E;
  readonly accepted: Accepted;
}
