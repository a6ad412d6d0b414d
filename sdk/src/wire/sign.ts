import { sign } from "node:crypto";
import { topicTimestampS } from "./envelope.ts";
import { SdkError } from "./errors.ts";
import { hmacSha256 } from "./hmac.ts";
import { headerName } from "./profile.ts";
import type { Profile } from "./profile.ts";
import type { SigningKey } from "./secret.ts";

export interface SignInput {
  /**
   * The same on every attempt. Visible ASCII without a dot: Standard Webhooks signs
   * `id.timestamp.body`.
   */
  readonly id: string;
  /** The event type; it stands in a header of all profiles but `standard`. */
  readonly type: string;
  readonly occurredAtMs: number;
  /** The time of this attempt in whole unix seconds. */
  readonly timestampS: number;
  /** The bytes that are sent, JSON or not. */
  readonly body: Uint8Array;
}

/** A header as it is sent. */
export type Header = readonly [name: string, value: string];

// Visible ASCII with single spaces allowed inside: what every HTTP client and server carries
// unchanged.
const HEADER_VALUE = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;
const ID = /^[\x21-\x2d\x2f-\x7e]+$/;

/**
 * The headers that identify and sign one attempt, in the order to send them.
 *
 * `keys` are the secrets that are valid now, newest first; more than one during a rotation.
 * `standard` and `timestamped` put all signatures into the one header. `digest` and `topic` have
 * room for one there: it is the *oldest* key's, so that a receiver which knows nothing of rotation
 * keeps accepting until that secret expires; those of the newer keys go into `signatureNext`,
 * newest first, with commas between. Newest-in-front was the other way, and would fail every such
 * receiver in the second the secret is rotated.
 *
 * Throws `SdkError`: `key_missing`, `key_unsuited` (ed25519 outside `standard`), `id_invalid`,
 * `type_invalid`, `time_invalid`. The profile's names are taken on trust: check them with
 * `profileProblems` when they are set.
 */
export function profileHeaders(
  profile: Profile,
  input: SignInput,
  keys: readonly SigningKey[],
): Header[] {
  assertInput(profile, input);
  if (keys.length === 0) {
    throw new SdkError("key_missing", "expected at least one key to sign with, got none");
  }
  switch (profile.kind) {
    case "standard":
      return standardHeaders(profile, input, keys);
    case "timestamped":
      return timestampedHeaders(profile, input, keys);
    case "digest":
      return [
        [headerName(profile, "event"), input.type],
        [headerName(profile, "delivery"), input.id],
        ...digestSignatures(profile, input, keys),
      ];
    case "topic":
      return [
        [headerName(profile, "id"), input.id],
        [headerName(profile, "topic"), input.type],
        [headerName(profile, "timestamp"), `${topicTimestampS(input.occurredAtMs)}`],
        ...digestSignatures(profile, input, keys),
      ];
  }
}

function standardHeaders(
  profile: Profile,
  { id, timestampS, body }: SignInput,
  keys: readonly SigningKey[],
): Header[] {
  const signatures = keys.map((key) => standardSignature(`${id}.${timestampS}.`, body, key));
  return [
    [headerName(profile, "id"), id],
    [headerName(profile, "timestamp"), `${timestampS}`],
    [headerName(profile, "signature"), signatures.join(" ")],
  ];
}

function standardSignature(head: string, body: Uint8Array, { kind, key }: SigningKey): string {
  if (kind === "hmac") {
    return `v1,${hmacSha256(key, head, body, "base64")}`;
  }
  // Ed25519 reads its message twice, so node:crypto has no form that takes it in pieces: this one
  // costs a copy.
  return `v1a,${sign(null, Buffer.concat([Buffer.from(head), body]), key).toString("base64")}`;
}

function timestampedHeaders(
  profile: Profile,
  { id, type, timestampS, body }: SignInput,
  keys: readonly SigningKey[],
): Header[] {
  const signatures = keys.map((key) => `v1=${hexHmac(key, `${timestampS}.`, body)}`);
  return [
    [headerName(profile, "id"), id],
    [headerName(profile, "event"), type],
    [headerName(profile, "signature"), [`t=${timestampS}`, ...signatures].join(",")],
  ];
}

function digestSignatures(
  profile: Profile,
  { body }: SignInput,
  keys: readonly SigningKey[],
): Header[] {
  const signatures = keys.map((key) => `sha256=${hexHmac(key, "", body)}`);
  const oldest = signatures.pop() ?? "";
  const headers: Header[] = [[headerName(profile, "signature"), oldest]];
  if (signatures.length > 0) {
    headers.push([headerName(profile, "signatureNext"), signatures.join(",")]);
  }
  return headers;
}

function hexHmac({ kind, key }: SigningKey, head: string, body: Uint8Array): string {
  if (kind !== "hmac") {
    throw new SdkError("key_unsuited", `expected an HMAC key, got an ${kind} key`);
  }
  return hmacSha256(key, head, body, "hex");
}

function assertInput(profile: Profile, { id, type, occurredAtMs, timestampS }: SignInput): void {
  if (!ID.test(id)) {
    throw new SdkError(
      "id_invalid",
      `expected id to be visible ASCII without a dot, got ${shown(id)}`,
    );
  }
  if (profile.kind !== "standard" && !HEADER_VALUE.test(type)) {
    throw new SdkError("type_invalid", `expected type to be visible ASCII, got ${shown(type)}`);
  }
  if (!Number.isSafeInteger(timestampS) || timestampS < 0) {
    throw new SdkError("time_invalid", `expected timestampS to be unix seconds, got ${timestampS}`);
  }
  if (profile.kind === "topic" && !Number.isFinite(occurredAtMs)) {
    throw new SdkError("time_invalid", `expected occurredAtMs to be a number, got ${occurredAtMs}`);
  }
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
