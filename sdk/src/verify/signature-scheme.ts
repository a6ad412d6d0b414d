import { after } from "./crypto.ts";
import type { Awaitable, Part } from "./crypto.ts";
import type { ReadRequest } from "./read-request.ts";
import type { ReadySignature } from "./ready-scheme.ts";
import { prepareKeys } from "./secrets.ts";
import type { Key } from "./secrets.ts";
import { signedParts } from "./signed-parts.ts";
import { readerOf, readersOf } from "./sources.ts";
import type { Reader } from "./sources.ts";
import type { Accepted } from "./spec.ts";
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
  readonly times: readonly string[];
}

/** Throws `WebhookError` for secrets and templates that can't be used. */
export function signatureCheck(scheme: ReadySignature): SchemeCheck {
  const places = readersOf(scheme.signature);
  const name = places.map((place) => place.name).join(" or ");
  const readItems = itemReader(scheme, places, name);
  const { timestamp } = scheme;
  const readTime = timestamp?.reader(timestamp, name);
  const id = scheme.id && readerOf(scheme.id);
  const partsOf = signedParts(scheme);
  const keysOf = prepareKeys(scheme.secret, scheme.secretForm, scheme.algorithm);

  // Waits only where it has to: Node has every answer at once.
  return (request, event, nowMs) => {
    const items = readItems(request, event);
    if (items instanceof WebhookError) return items;
    const time = readTime?.(request, event, items.times, nowMs);
    if (time?.error && !timestamp?.isInBody) return time.error;
    const state = { request, event, timestamp: time?.text ?? "" };
    return after(keysOf(request), (keys) => {
      const tries: (Key & { readonly parts: readonly Part[] })[] = [];
      for (const { secret, check } of keys) {
        const variants = partsOf(state, secret);
        if (variants instanceof WebhookError) return variants;
        for (const parts of variants) tries.push({ secret, check, parts });
      }
      const attempt = (index: number): Awaitable<Accepted | WebhookError> => {
        const one = tries[index];
        if (one === undefined) {
          const { algorithm, hint = MISMATCH_HINT } = scheme;
          return (
            algorithm.mismatch?.() ??
            expected("SIGNATURE_MISMATCH", "a signature by the secret", "another", { hint })
          );
        }
        const { secret, check, parts } = one;
        return after(check(items.signatures, parts), (isGenuine) => {
          if (!isGenuine) return attempt(index + 1);
          const also = time?.error ?? scheme.also?.(request, event()) ?? null;
          const accepted = {
            signedAtMs: time?.ms ?? null,
            id: id?.read(request, event) ?? null,
            secret,
          };
          return after(also, (error) => error ?? accepted);
        });
      };
      return attempt(0);
    });
  };
}

/** Takes the signatures, and the times that are among them, out of where they stand. */
function itemReader(
  { split, prefix = "", encoding }: ReadySignature,
  places: readonly Reader[],
  name: string,
): (request: ReadRequest, event: () => unknown) => Items | WebhookError {
  // `Bearer` may be written in any way; nothing else that stands before a signature has two.
  const lowerPrefix = prefix.toLowerCase();

  return (request, event) => {
    const signatures: Uint8Array[] = [];
    const others: string[] = [];
    const times: string[] = [];
    let count = 0;
    for (const { read } of places) {
      const text = read(request, event);
      if (text === null) continue;
      for (const item of split === undefined ? [text] : split(text, times)) {
        if (item.slice(0, prefix.length).toLowerCase() !== lowerPrefix) others.push(item);
        else if (count++ < SIGNATURES_MAX) {
          const bytes = encoding.decode(item.slice(prefix.length));
          if (bytes !== null) signatures.push(bytes);
        }
      }
    }
    if (count > 0) return { signatures, times };
    if (times.length + others.length === 0) return expected("HEADER_MISSING", name, "none");
    // Another version or algorithm is told from something that is no signature at all.
    const isOther = others.some((item) => /^[a-z][a-z0-9]*[=, ]./i.test(item));
    return expected(
      isOther ? "SCHEME_UNSUPPORTED" : "HEADER_MALFORMED",
      `${name} to have a signature ${prefix}…`,
      isOther ? "other kinds only" : "none",
    );
  };
}
