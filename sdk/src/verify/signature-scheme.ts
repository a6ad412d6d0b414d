import { decode } from "./codec.ts";
import type { ReadRequest } from "./read-request.ts";
import type { Key } from "./secrets.ts";
import { prepareKeys } from "./secrets.ts";
import { signedParts } from "./signed-parts.ts";
import type { SignedParts } from "./signed-parts.ts";
import { readersOf } from "./sources.ts";
import type { Reader } from "./sources.ts";
import type { Accepted, CustomScheme, SignatureScheme, TimestampRule } from "./spec.ts";
import { TOLERANCE_S, timeMs, windowError } from "./times.ts";
import { WebhookError } from "./webhook-error.ts";

/** A scheme made ready. */
export type SchemeCheck = CustomScheme["check"] extends (
  request: infer R,
  event: unknown,
  nowMs: infer N,
) => infer A
  ? (request: R, event: () => unknown, nowMs: N) => A
  : never;

const SIGNATURES_MAX = 16;
const MISMATCH_HINT =
  "The secret is another endpoint's, or something between changed the body. diagnose() of posthorn-sdk/testing finds out which.";

interface Items {
  readonly signatures: readonly Uint8Array[];
  readonly timestamp: string | null;
}

/** Throws `WebhookError` for secrets and templates that can't be used. */
export function signatureCheck(
  scheme: SignatureScheme,
  bodyField: string | undefined,
): SchemeCheck {
  const readItems = itemReader(scheme);
  const readTime = scheme.timestamp === undefined ? null : timeReader(scheme.timestamp);
  const ids = readersOf(scheme.id);
  const partsOf = signedParts(scheme, bodyField);
  const keysOf = prepareKeys(scheme.secret, scheme.secretForm, scheme.algorithm);

  return async (request, event, nowMs) => {
    const items = readItems(request, event);
    if (items instanceof WebhookError) return items;
    const time = readTime?.(request, event, items.timestamp, nowMs) ?? NO_TIME;
    if (time.error !== null && !time.isSigned) return time.error;
    const state = { request, event, timestamp: time.text };
    const keys = keysOf(request);
    const fitting = await fittingKey(
      keys instanceof Promise ? await keys : keys,
      items.signatures,
      (secret) => partsOf(state, secret),
      scheme.hint ?? MISMATCH_HINT,
    );
    if (fitting instanceof WebhookError) return fitting;
    const error = time.error ?? (await scheme.also?.(request, event()));
    if (error) return error;
    return {
      signedAtMs: time.ms,
      id: ids[0]?.read(request, event) ?? null,
      secret: fitting.secret,
    } satisfies Accepted;
  };
}

async function fittingKey(
  keys: readonly Key[],
  signatures: readonly Uint8Array[],
  partsOf: (secret: Uint8Array) => ReturnType<SignedParts>,
  hint: string,
): Promise<Key | WebhookError> {
  for (const key of keys) {
    const variants = partsOf(key.secret);
    if (variants instanceof WebhookError) return variants;
    for (const parts of variants) {
      const isGenuine = key.check(signatures, parts);
      if (isGenuine instanceof Promise ? await isGenuine : isGenuine) return key;
    }
  }
  return new WebhookError(
    "SIGNATURE_MISMATCH",
    "expected a signature made with the secret, got another",
    { hint },
  );
}

/** Takes the signatures, and the time where it is among them, out of where they stand. */
function itemReader(
  scheme: SignatureScheme,
): (request: ReadRequest, event: () => unknown) => Items | WebhookError {
  const { separator, prefix = "", encoding, timestamp } = scheme;
  const readers = readersOf(scheme.signature);
  const timePrefix =
    timestamp !== undefined && "item" in timestamp.from ? timestamp.from.item : null;
  const name = readers.map((reader) => reader.name).join(" or ");

  return (request, event) => {
    const texts = readers.map(({ read }) => read(request, event)).filter((text) => text !== null);
    if (texts.length === 0) return new WebhookError("HEADER_MISSING", `expected ${name}, got none`);
    const items = separator === undefined ? texts : texts.flatMap((text) => text.split(separator));
    const signatures: string[] = [];
    const times: string[] = [];
    for (const padded of items) {
      const item = padded.trim();
      if (timePrefix !== null && item.startsWith(timePrefix))
        times.push(item.slice(timePrefix.length));
      else if (item.startsWith(prefix) && item !== "") signatures.push(item.slice(prefix.length));
    }
    if (signatures.length === 0) return unsupported(name, prefix, items);
    if (timePrefix !== null && times.length !== 1) {
      return malformed(`${name} to have one item ${timePrefix}…`, `${times.length}`);
    }
    const bytes = signatures.slice(0, SIGNATURES_MAX).map((text) => decode(encoding, text));
    return { signatures: bytes.filter((one) => one !== null), timestamp: times[0] ?? null };
  };
}

/** Another version or algorithm is told from something that is no signature at all. */
function unsupported(name: string, prefix: string, items: readonly string[]): WebhookError {
  return items.some((item) => /^\s*[a-z][a-z0-9]*[=,]./i.test(item))
    ? new WebhookError(
        "SCHEME_UNSUPPORTED",
        `expected ${name} to have a signature ${prefix}…, got other kinds only`,
      )
    : malformed(`${name} to have a signature ${prefix}…`, "none");
}

interface Time {
  readonly text: string;
  readonly ms: number | null;
  readonly error: WebhookError | null;
  /** Whether the error may count only after the signature: before that, the body is anybody's. */
  readonly isSigned: boolean;
}

const NO_TIME: Time = { text: "", ms: null, error: null, isSigned: false };

function timeReader({
  from,
  unit,
  toleranceS = TOLERANCE_S,
}: TimestampRule): (
  request: ReadRequest,
  event: () => unknown,
  item: string | null,
  nowMs: number,
) => Time {
  const reader: Reader | undefined = "item" in from ? undefined : readersOf(from)[0];
  const isSigned = reader?.from === "body";
  const name = reader?.name ?? "the timestamp";

  return (request, event, item, nowMs) => {
    const text = reader === undefined ? item : reader.read(request, event);
    if (text === null) {
      const code = isSigned ? "TIMESTAMP_MISSING" : "HEADER_MISSING";
      return { ...NO_TIME, isSigned, error: new WebhookError(code, `expected ${name}, got none`) };
    }
    const ms = timeMs(text, unit);
    if (ms === null) {
      return {
        text,
        ms,
        isSigned,
        error: malformed(`${name} to be a time in ${unit}`, "something else"),
      };
    }
    const error = toleranceS === null ? null : windowError(ms, nowMs, toleranceS);
    return { text, ms, isSigned, error };
  };
}

function malformed(wanted: string, got: string): WebhookError {
  return new WebhookError("HEADER_MALFORMED", `expected ${wanted}, got ${got}`);
}
