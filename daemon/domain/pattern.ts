/**
 * Event types and the subscription patterns that pick them.
 *
 * An event type is one or more segments of `A-Z a-z 0-9 _ -`, joined by dots, at most 128 characters, and its case counts:
 * `invoice.paid`, `pull_request`, `InvoiceSettled`, `com.example.order-v2.created`. Slash and colon, which a few
 * providers use (`orders/create`), are left out: with one separator a pattern has one meaning, and a type can stand in
 * a URL, a header and a metric's label as it is. A source writes such a topic with dots.
 */
import { expected } from "./errors.ts";
import type { Parsed } from "./parsed.ts";

export const EVENT_TYPE_BYTES_MAX = 128;

/** The grammar without the length. Each step can continue in one way only, so matching is linear. */
export const EVENT_TYPE_PATTERN = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;

const RESERVED_PREFIX = "posthorn.";

/** A subscription pattern, read once when an endpoint is loaded. */
export type Pattern =
  /** `*`: every type but the daemon's own. */
  | { readonly kind: "all" }
  | { readonly kind: "exact"; readonly type: string }
  /** `invoice.*`: one or more segments after `invoice.`; `prefix` is without the dot. */
  | { readonly kind: "under"; readonly prefix: string };

/** Whether the text is an event type. A reserved one is a type too. */
export function isEventType(text: string): boolean {
  return text.length <= EVENT_TYPE_BYTES_MAX && EVENT_TYPE_PATTERN.test(text);
}

/**
 * Whether the type is the daemon's own: `posthorn.test`, `posthorn.endpoint.disabled` and whatever else begins with
 * `posthorn.`. A producer may not send these, and `*` does not match them: a receiver that asked for all of its
 * producer's events can't be assumed to know ours.
 */
export function isReservedType(type: string): boolean {
  return type.startsWith(RESERVED_PREFIX);
}

/** Reads `*`, an exact type or `invoice.*`. A star anywhere else is a problem, and so is white space. */
export function parsePattern(text: string): Parsed<Pattern> {
  if (text === "*") return { ok: true, value: { kind: "all" } };
  if (text.endsWith(".*")) {
    // A prefix that leaves no room for another segment could never match, and is refused with the others.
    const prefix = text.slice(0, -2);
    if (text.length <= EVENT_TYPE_BYTES_MAX && isEventType(prefix)) {
      return { ok: true, value: { kind: "under", prefix } };
    }
  } else if (isEventType(text)) {
    return { ok: true, value: { kind: "exact", type: text } };
  }
  const wanted =
    "`*`, an event type such as `invoice.paid` or a prefix such as `invoice.*`" +
    ` (dot-separated segments of A-Z a-z 0-9 _ -, at most ${EVENT_TYPE_BYTES_MAX} characters)`;
  return { ok: false, problem: expected("subscription pattern", wanted, text) };
}

/**
 * Whether the pattern picks the type. `createRoutes` answers the same for many endpoints at once; this is for one, where
 * somebody asks why an endpoint did or did not get an event.
 */
export function patternMatches(pattern: Pattern, type: string): boolean {
  switch (pattern.kind) {
    case "all":
      return !isReservedType(type);
    case "exact":
      return type === pattern.type;
    case "under":
      return type.startsWith(pattern.prefix) && type.charAt(pattern.prefix.length) === ".";
  }
}
