import { SdkError } from "./errors.ts";

/** Arrays and objects inside each other, at most. Real payloads stay under 20. */
export const SORTED_JSON_DEPTH_MAX = 512;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

interface Cursor {
  readonly text: string;
  at: number;
}

interface Member {
  /** The name as it decodes: what is sorted by. */
  readonly name: string;
  /** The name as it was written, with its quotes and escapes. */
  readonly token: string;
  readonly value: string;
}

/**
 * The same JSON value with the members of every object sorted by name and no white space between
 * tokens. Names are compared decoded, by UTF-16 code units (JavaScript's `<`). Every number and
 * every string keeps the exact text it had: `12345678901234567890`, `1.0`, `1e400` and `"\u00e9"`
 * stay as written, so this is not RFC 8785, which rewrites both.
 *
 * Throws `SdkError`: `json_invalid`, `json_duplicate_key` (compared decoded), `json_too_deep`
 * (over `SORTED_JSON_DEPTH_MAX`).
 */
export function sortedJson(text: string): string {
  assertJson(text);
  return readValue({ text, at: 0 }, 0);
}

// Costs a second reading, by native code. In return everything below may trust the grammar, and
// can't disagree with `JSON.parse` about what JSON is.
function assertJson(text: string): void {
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new SdkError("json_invalid", "expected the text to be JSON, got a syntax error", {
      cause,
    });
  }
}

function readValue(cursor: Cursor, depth: number): string {
  skipSpace(cursor);
  const code = cursor.text.charCodeAt(cursor.at);
  if (code === QUOTE) return readString(cursor);
  if (code !== OPEN_BRACE && code !== OPEN_BRACKET) return readLiteral(cursor);
  if (depth === SORTED_JSON_DEPTH_MAX) {
    throw new SdkError(
      "json_too_deep",
      `expected arrays and objects to be at most ${SORTED_JSON_DEPTH_MAX} deep, got more`,
    );
  }
  return code === OPEN_BRACE ? readObject(cursor, depth + 1) : readArray(cursor, depth + 1);
}

// Concatenation instead of `join`: V8 keeps it as a rope and copies once at the end, where joining
// at each level copies a deep value once per level.
function readArray(cursor: Cursor, depth: number): string {
  let out = "[";
  cursor.at += 1;
  while (!isAtEnd(cursor, CLOSE_BRACKET)) {
    if (out.length > 1) out += ",";
    out += readValue(cursor, depth);
  }
  return `${out}]`;
}

function readObject(cursor: Cursor, depth: number): string {
  const members: Member[] = [];
  cursor.at += 1;
  while (!isAtEnd(cursor, CLOSE_BRACE)) members.push(readMember(cursor, depth));
  members.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  let out = "{";
  let previous: string | undefined;
  for (const { name, token, value } of members) {
    if (name === previous) throw duplicateName();
    if (previous !== undefined) out += ",";
    out += `${token}:${value}`;
    previous = name;
  }
  return `${out}}`;
}

// The message does not say which name: it is part of the payload, and messages go to logs.
function duplicateName(): SdkError {
  return new SdkError(
    "json_duplicate_key",
    "expected each name of an object to be there once, got the same name twice",
  );
}

function readMember(cursor: Cursor, depth: number): Member {
  skipSpace(cursor);
  const token = readString(cursor);
  skipSpace(cursor);
  cursor.at += 1; // the colon
  // Each name by itself: inside an object V8 misreads some escaped names (nodejs/node#63785), and
  // two different ones would be taken for the same.
  const name = token.includes("\\") ? (JSON.parse(token) as string) : token.slice(1, -1);
  return { name, token, value: readValue(cursor, depth) };
}

/** Steps over the comma before a next item, or over the closing bracket; true for the latter. */
function isAtEnd(cursor: Cursor, close: number): boolean {
  skipSpace(cursor);
  const code = cursor.text.charCodeAt(cursor.at);
  if (code === close || code === COMMA) cursor.at += 1;
  return code === close;
}

function readString(cursor: Cursor): string {
  const { text, at: start } = cursor;
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  cursor.at = end + 1;
  return text.slice(start, end + 1);
}

/** Whether an odd number of backslashes stands right before. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
  return (at - first) % 2 === 1;
}

function readLiteral(cursor: Cursor): string {
  const { text, at: start } = cursor;
  let end = start;
  while (end < text.length && !endsLiteral(text.charCodeAt(end))) end += 1;
  cursor.at = end;
  return text.slice(start, end);
}

function endsLiteral(code: number): boolean {
  return code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || isSpace(code);
}

function skipSpace(cursor: Cursor): void {
  while (isSpace(cursor.text.charCodeAt(cursor.at))) cursor.at += 1;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
