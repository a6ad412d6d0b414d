/**
 * Reading a producer's JSON without touching it. The parsed values serve validation, filters and schemas; what is
 * stored, signed and sent of `data` are the bytes as they came. Parsing and writing again would turn
 * 12345678901234567890 into 12345678901234567000 and 1.0 into 1: a receiver would get what its producer never said.
 *
 * JSON.parse does the parsing, and so is the judge of what is JSON; a second pass over the same bytes only finds where
 * `data` begins and ends, and may therefore trust what it walks on. It walks on bytes and not on the text, because all
 * characters that have a meaning in JSON are one byte in UTF-8, and no byte of a longer character looks like one of
 * them; offsets in the text would have to be turned into offsets in the bytes.
 */
import { isUtf8 } from "node:buffer";
import type { Problem } from "../domain/errors.ts";
import { expected } from "../domain/errors.ts";

/** One object of the body. */
export interface ScannedObject {
  /** All of its members, parsed. */
  readonly members: Readonly<Record<string, unknown>>;
  /**
   * The text of the member `data` exactly as it came, without the white space around it; null where there is no such
   * member. A view on the body's memory, not a copy: good as long as that is left alone, and keeping all of it alive.
   */
  readonly dataBytes: Uint8Array | null;
}

/** What a body comes to. The codes are those of `ErrorCode`: text that is no JSON, or JSON of another shape. */
export type Scanned<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly code: "invalid_json" | "invalid_request";
      readonly problem: Problem;
    };

/** Objects and arrays inside one another in one event, the event itself counted. */
export const JSON_NESTING_MAX = 256;

/**
 * Reads a body that is one JSON object. Refused are bytes that are not UTF-8, a byte order mark (RFC 8259, section 8.1),
 * text that is not JSON, nesting beyond `JSON_NESTING_MAX`, and a member name that comes twice at the top, where the
 * text that is passed on and the value that was looked at could be two different ones. Deeper inside, the last of equal
 * names is the one that filters and schemas see, as everywhere in JavaScript.
 */
export function scanObject(body: Uint8Array): Scanned<ScannedObject> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const parsed = parseText(bytes);
  if (!parsed.ok) return parsed;
  return scanOne(bytes, skipSpace(bytes, 0), { value: parsed.value, path: "" }).scanned;
}

/** Reads a body that is an array of such objects, for each as `scanObject` does. The first bad one fails them all. */
export function scanObjects(body: Uint8Array): Scanned<readonly ScannedObject[]> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const parsed = parseText(bytes);
  if (!parsed.ok) return parsed;
  const values = parsed.value;
  if (!Array.isArray(values)) return wrongShape("", "an array of objects", values);
  const objects: ScannedObject[] = [];
  let at = skipSpace(bytes, 0) + 1;
  for (const [index, value] of values.entries()) {
    const one = scanOne(bytes, skipSpace(bytes, at), { value, path: `/${index}` });
    if (!one.scanned.ok) return one.scanned;
    objects.push(one.scanned.value);
    at = skipSpace(bytes, one.end) + 1;
  }
  return { ok: true, value: objects };
}

function parseText(bytes: Buffer): Scanned<unknown> {
  if (!isUtf8(bytes)) return notJson("", "expected body to be UTF-8, got bytes that are not");
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return notJson("", "expected body to be JSON text, got a byte order mark before it");
  }
  try {
    return { ok: true, value: JSON.parse(bytes.toString()) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return notJson("", `expected body to be JSON text, got text that is not: ${reason}`);
  }
}

interface Parsed {
  readonly value: unknown;
  /** JSON pointer into the body. */
  readonly path: string;
}

function scanOne(
  bytes: Buffer,
  start: number,
  { value, path }: Parsed,
): { readonly scanned: Scanned<ScannedObject>; readonly end: number } {
  if (!isObject(value)) return { scanned: wrongShape(path, "an object", value), end: start };
  let dataBytes: Uint8Array | null = null;
  let memberCount = 0;
  const end = walkMembers(bytes, start, (member) => {
    memberCount += 1;
    if (isNamedData(bytes, member)) {
      dataBytes = bytes.subarray(member.valueStart, member.valueEnd);
    }
  });
  if (end === null) {
    const wanted = `at most ${JSON_NESTING_MAX} objects and arrays deep`;
    const message = `expected ${subject(path)} to be ${wanted}, got more`;
    return { scanned: notJson(path, message), end: start };
  }
  // JSON.parse keeps one of equal names, so a name that came twice shows as a difference in number.
  if (Object.keys(value).length !== memberCount) {
    return { scanned: notJson(path, repeatedName(bytes, start)), end };
  }
  return { scanned: { ok: true, value: { members: value, dataBytes } }, end };
}

interface Member {
  /** From quote to quote. */
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** Where the object ends that begins at `start`, after each of its members was visited; null if one nests too deep. */
function walkMembers(bytes: Buffer, start: number, visit: (member: Member) => void): number | null {
  let at = skipSpace(bytes, start + 1);
  while (bytes[at] === QUOTE) {
    const nameEnd = stringEnd(bytes, at);
    const valueStart = skipSpace(bytes, skipSpace(bytes, nameEnd) + 1);
    const valueEnd = findValueEnd(bytes, valueStart);
    if (valueEnd === null) return null;
    visit({ nameStart: at, nameEnd, valueStart, valueEnd });
    at = skipSpace(bytes, valueEnd);
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
  }
  return at + 1;
}

function findValueEnd(bytes: Buffer, start: number): number | null {
  const first = bytes[start];
  if (first === QUOTE) return stringEnd(bytes, start);
  if (first === BRACE_OPEN || first === BRACKET_OPEN) return nestedEnd(bytes, start);
  let at = start;
  while (at < bytes.length && !endsScalar(bytes[at])) at += 1;
  return at;
}

/** After the brace or bracket that closes the one at `start`; null when it goes too deep. */
function nestedEnd(bytes: Buffer, start: number): number | null {
  let depth = 1; // the object around it
  let at = start;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = stringEnd(bytes, at);
      continue;
    }
    at += 1;
    if (byte === BRACE_OPEN || byte === BRACKET_OPEN) {
      depth += 1;
      if (depth > JSON_NESTING_MAX) return null;
    } else if (byte === BRACE_CLOSE || byte === BRACKET_CLOSE) {
      depth -= 1;
      if (depth === 1) return at;
    }
  }
  return at;
}

// Most strings are shorter than what a call into native code costs; in long ones (files in base 64) that call finds the
// end 30 times faster. Steps come first, and again after each search, so that a string full of quotes does not pay a
// call for each of them.
const STEPS_BEFORE_SEARCH = 64;

/** After the closing quote of the string whose opening quote is at `start`. */
function stringEnd(bytes: Buffer, start: number): number {
  const stepsEnd = Math.min(start + STEPS_BEFORE_SEARCH, bytes.length);
  let at = start + 1;
  for (; at < stepsEnd; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at += 1;
  }
  return longStringEnd(bytes, at);
}

/** The same from anywhere inside the string. */
function longStringEnd(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const quote = bytes.indexOf(QUOTE, at);
    if (quote === -1) return bytes.length;
    if (backslashesBefore(bytes, quote) % 2 === 0) return quote + 1;
    at = quote + 1;
    const stepsEnd = Math.min(at + STEPS_BEFORE_SEARCH, bytes.length);
    while (at < stepsEnd) {
      const byte = bytes[at];
      at += byte === BACKSLASH ? 2 : 1;
      if (byte === QUOTE) return at;
    }
  }
}

/** An odd number of backslashes escapes the quote. The string's own opening quote ends the count at the latest. */
function backslashesBefore(bytes: Buffer, quote: number): number {
  let at = quote;
  while (bytes[at - 1] === BACKSLASH) at -= 1;
  return quote - at;
}

// With quotes: `"data"`, and the same with one to four of its letters written as `\u0064`.
const DATA_NAME_BYTES = 6;
const DATA_NAME_BYTES_MAX = 26;

/** Also where the name is written with escapes: it is the same name. */
function isNamedData(bytes: Buffer, { nameStart, nameEnd }: Member): boolean {
  const length = nameEnd - nameStart;
  if (length < DATA_NAME_BYTES || length > DATA_NAME_BYTES_MAX) return false;
  const first = bytes[nameStart + 1];
  if (first !== 0x64 && first !== BACKSLASH) return false;
  return JSON.parse(bytes.toString("utf8", nameStart, nameEnd)) === "data";
}

function repeatedName(bytes: Buffer, start: number): string {
  const seen = new Set<string>();
  let repeated = "";
  walkMembers(bytes, start, ({ nameStart, nameEnd }) => {
    const name: string = JSON.parse(bytes.toString("utf8", nameStart, nameEnd));
    if (seen.has(name)) repeated = name;
    seen.add(name);
  });
  return expected("each member name", "there once", repeated);
}

function notJson(path: string, message: string): Scanned<never> {
  return { ok: false, code: "invalid_json", problem: { path, message } };
}

function wrongShape(path: string, wanted: string, got: unknown): Scanned<never> {
  const message = expected(subject(path), wanted, got);
  return { ok: false, code: "invalid_request", problem: { path, message } };
}

function subject(path: string): string {
  return path === "" ? "body" : `body${path}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;

/** JSON's white space: space, line feed, carriage return, tab. */
function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function skipSpace(bytes: Buffer, start: number): number {
  let at = start;
  while (isSpace(bytes[at])) at += 1;
  return at;
}

function endsScalar(byte: number | undefined): boolean {
  return byte === COMMA || byte === BRACE_CLOSE || byte === BRACKET_CLOSE || isSpace(byte);
}
