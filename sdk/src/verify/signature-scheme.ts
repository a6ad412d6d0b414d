import { after } from "./crypto.ts";
import type { Awaitable, Part } from "./crypto.ts";
import type { ReadRequest } from "./read-request.ts";
import { prepareKeys } from "./secrets.ts";
import type { Key } from "./secrets.ts";
import { signedParts } from "./signed-parts.ts";
import { readersOf } from "./sources.ts";
import type { Reader } from "./sources.ts";
import type { Accepted, SignatureScheme, TimestampRule } from "./spec.ts";
import { TOLERANCE_S, timeMs, windowError } from "./times.ts";
import { WebhookError, expected } from "./webhook-error.ts";

/** A scheme made ready. */
export type SchemeCheck = (
  request: ReadRequest,
  event: () => unknown,
  nowMs: number,
) => Awaitable<Accepted | WebhookError>;

const SIGNATURES_MAX = 16;
const MISMATCH_HINT = "Another secret or a changed body: diagnose() of posthorn-sdk/testing tells.";

interface Items {
  readonly signatures: readonly Uint8Array[];
  readonly timestamp: string | null;
}

/** Throws `WebhookError` for secrets and templates that can't be used. */
export function signatureCheck(scheme: SignatureScheme): SchemeCheck {
  const readItems = itemReader(scheme);
  const readTime = scheme.timestamp === undefined ? null : timeReader(scheme.timestamp);
  const ids = readersOf(scheme.id);
  const partsOf = signedParts(scheme);
  const keysOf = prepareKeys(scheme.secret, scheme.secretForm, scheme.algorithm);

  // Waits only where it has to: Node has every answer at once.
  return (request, event, nowMs) => {
    const items = readItems(request, event);
    if (items instanceof WebhookError) return items;
    const time = readTime?.(request, event, items.timestamp, nowMs) ?? NO_TIME;
    if (time.error !== null && !time.isSigned) return time.error;
    const state = { request, event, timestamp: time.text };
    return after(keysOf(request), (keys) => {
      const tries: (Key & { readonly parts: readonly Part[] })[] = [];
      for (const { secret, check } of keys) {
        const variants = partsOf(state, secret);
        if (variants instanceof WebhookError) return variants;
        for (const parts of variants) tries.push({ secret, check, parts });
      }
      const attempt = (index: number): Awaitable<Accepted | WebhookError> => {
        const one = tries[index];
        if (one === undefined) return mismatch(scheme);
        const { secret, check, parts } = one;
        return after(check(items.signatures, parts), (isGenuine) => {
          if (!isGenuine) return attempt(index + 1);
          const also = time.error ?? scheme.also?.(request, event()) ?? null;
          const id = ids[0]?.read(request, event) ?? null;
          return after(also, (error) => error ?? { signedAtMs: time.ms, id, secret });
        });
      };
      return attempt(0);
    });
  };
}

function mismatch({ algorithm, hint = MISMATCH_HINT }: SignatureScheme): WebhookError {
  return (
    algorithm.mismatch?.() ??
    expected("SIGNATURE_MISMATCH", "a signature by the secret", "another", { hint })
  );
}

/** Takes the signatures, and the time where it is among them, out of where they stand. */
function itemReader(
  scheme: SignatureScheme,
): (request: ReadRequest, event: () => unknown) => Items | WebhookError {
  const { separator, prefix = "", encoding, timestamp } = scheme;
  // `Bearer` may be written in any way; nothing else that stands before a signature has two.
  const lowerPrefix = prefix.toLowerCase();
  const readers = readersOf(scheme.signature);
  const timePrefix =
    timestamp !== undefined && "item" in timestamp.from ? timestamp.from.item : null;
  const name = readers.map((reader) => reader.name).join(" or ");

  return (request, event) => {
    const signatures: Uint8Array[] = [];
    const others: string[] = [];
    const times: string[] = [];
    let count = 0;
    for (const { read } of readers) {
      const text = read(request, event);
      for (const item of text === null ? [] : itemsOf(text, separator)) {
        if (timePrefix !== null && item.startsWith(timePrefix)) {
          times.push(item.slice(timePrefix.length));
        } else if (item.slice(0, prefix.length).toLowerCase() !== lowerPrefix) others.push(item);
        else if (count++ < SIGNATURES_MAX) {
          const bytes = encoding.decode(item.slice(prefix.length));
          if (bytes !== null) signatures.push(bytes);
        }
      }
    }
    if (count === 0) return unsigned(name, prefix, times.length + others.length === 0, others);
    if (timePrefix !== null && times.length !== 1) {
      const wanted = `${name} to have one item ${timePrefix}…`;
      return expected("HEADER_MALFORMED", wanted, `${times.length}`);
    }
    return { signatures, timestamp: times[0] ?? null };
  };
}

function itemsOf(text: string, separator: string | undefined): readonly string[] {
  if (separator === undefined) return [text];
  return text
    .split(separator)
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** Another version or algorithm is told from something that is no signature at all. */
function unsigned(
  name: string,
  prefix: string,
  isMissing: boolean,
  others: readonly string[],
): WebhookError {
  if (isMissing) return expected("HEADER_MISSING", name, "none");
  const isOther = others.some((item) => /^[a-z][a-z0-9]*[=, ]./i.test(item));
  return expected(
    isOther ? "SCHEME_UNSUPPORTED" : "HEADER_MALFORMED",
    `${name} to have a signature ${prefix}…`,
    isOther ? "other kinds only" : "none",
  );
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
    const ms = text === null ? null : timeMs(text, unit);
    let error: WebhookError | null = null;
    if (text === null) {
      error = expected(isSigned ? "TIMESTAMP_MISSING" : "HEADER_MISSING", name, "none");
    } else if (ms === null) {
      error = expected("HEADER_MALFORMED", `${name} to be a time in ${unit}`, "something else");
    } else if (toleranceS !== null) error = windowError(ms, nowMs, toleranceS);
    return { text: text ?? "", ms, isSigned, error };
  };
}
