/** How a signature is made, step by step: a code for programs, English for the operator, and the values that it is made of. */

/** Stable: they are part of the API, and translated. One may be added, none changes its meaning. */
export const SIGNATURE_STEP_CODES = [
  "signed_content", // what is signed, by its parts
  "spelled_out", // the same, as it was with this request
  "secret", // what one secret makes of it; a step for each
  "header", // a header as it is sent; a step for each
  "compared", // whether that is what was sent
  "unsigned", // no signature can be made now; the only step
] as const;

export type SignatureStepCode = (typeof SIGNATURE_STEP_CODES)[number];

/** What is signed: its parts with the dots that stand between them, the timestamp in unix seconds. */
export type SignedContent = "id.timestamp.body" | "timestamp.body" | "body";

/** Why content is not spelled out to its end. */
export type LeftOut = "too_long" | "not_text";

/** What a step's English is made of, as plain values: for whoever says it in words of their own, in another language. */
interface SignatureFacts {
  readonly content?: SignedContent;
  /** Absent where all of the content is spelled out; then the next two are absent, too. */
  readonly leftOut?: LeftOut;
  /** What is spelled out. */
  readonly beginning?: string;
  readonly bodyBytes?: number;
  readonly secretId?: string;
  /** Its place among those that sign: 1 is the newest, `secretCount` the oldest. */
  readonly secretNumber?: number;
  readonly secretCount?: number;
  readonly algorithm?: "HMAC-SHA256" | "Ed25519";
  readonly encoding?: "base64" | "hex";
  /** What this secret puts into the header. */
  readonly signature?: string;
  /** The header's name. */
  readonly header?: string;
  /** The names of headers that were sent otherwise; none where it is the same. */
  readonly differsIn?: readonly string[];
}

export interface SignatureStep {
  readonly code: SignatureStepCode;
  /** English. */
  readonly title: string;
  /** What was signed or sent, or an English sentence. */
  readonly value: string;
  readonly facts: SignatureFacts;
}
