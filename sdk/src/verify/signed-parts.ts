import type { Part } from "./crypto.ts";
import type { ReadRequest } from "./read-request.ts";
import { readerOf } from "./sources.ts";
import type { Reader } from "./sources.ts";
import type { SignatureScheme } from "./spec.ts";
import { WebhookError, expected } from "./webhook-error.ts";

/** What a template takes its values from. */
interface SigningState {
  readonly request: ReadRequest;
  readonly event: () => unknown;
  /** The text that stands in the request: never a number written anew. */
  readonly timestamp: string;
}

/** All variants of what may have been signed, or why there is none. `secret` is for `{secret}` alone. */
export type SignedParts = (
  state: SigningState,
  secret: Uint8Array,
) => readonly (readonly Part[])[] | WebhookError;

type Piece = (state: SigningState, secret: Uint8Array) => Part | WebhookError;

/** The part of a scheme that says what is signed. */
type Templated = Pick<SignatureScheme, "signed" | "id" | "values">;

/** Throws `CONFIG_INVALID` for a template with a name that nobody gives. A test kit signs with the same function. */
export function signedParts(scheme: Templated): SignedParts {
  const { signed } = scheme;
  if (typeof signed === "function") return ({ request, event }) => signed(request, event());
  const pieces = signed.split(/(?=\{)|(?<=\})/);
  const readers = pieces.map((text, index) => pieceOf(text, pieces[index + 1], scheme));
  return (state, secret) => {
    const parts: Part[] = [];
    for (const read of readers) {
      const part = read(state, secret);
      if (part instanceof WebhookError) return part;
      parts.push(part);
    }
    return [parts];
  };
}

function pieceOf(text: string, next: string | undefined, scheme: Templated): Piece {
  if (!text.startsWith("{")) return () => text;
  const name = text.slice(1, -1);
  const source = name === "id" ? scheme.id : scheme.values?.[name];
  if (source !== undefined) return valuePiece(readerOf(source), next);
  if (name === "secret") return (_, secret) => secret;
  if (name === "timestamp") return ({ timestamp }) => timestamp;
  if (name === "body" || name === "url" || name === "method") return ({ request }) => request[name];
  throw expected("CONFIG_INVALID", `{${name}} to be a value of the scheme`, "none");
}

function valuePiece({ name, read }: Reader, next: string | undefined): Piece {
  const border = next?.startsWith("{") ? undefined : next?.[0];
  return ({ request, event }) => {
    const value = read(request, event);
    if (value === null) return expected("HEADER_MISSING", name, "none");
    // "a.1" with "2" and "a" with "1.2" would be the same signed text.
    if (border === undefined || !value.includes(border)) return value;
    return expected("HEADER_MALFORMED", `${name} to be without "${border}"`, "it");
  };
}
