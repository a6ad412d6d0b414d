import { profileHeaderNames } from "../../sdk/src/wire/profile.ts";
import type { EndpointAuth, EndpointSettings, ProfileChoice } from "../domain/endpoint.ts";
import type { Problem } from "../domain/errors.ts";
import { expected } from "../domain/errors.ts";
import { pointer } from "./problems.ts";

const EXTRA_HEADERS_MAX = 32;
/** Names and values together. */
const EXTRA_HEADERS_BYTES_MAX = 8 * 1024;
const CREDENTIAL_LENGTH_MAX = 4_096;

/** Names that HTTP, the connection or the sender decide about, lower-case. */
const OWNED = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
]);

// RFC 9110, sections 5.6.2 and 5.5: bytes beyond ASCII are allowed as obs-text, and mean Latin-1 to
// whoever reads them.
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;

/**
 * What is wrong with an endpoint's extra headers; values are not repeated, since many are
 * credentials.
 */
export function headerProblems(
  headers: EndpointSettings["headers"],
  profile: ProfileChoice,
  hasAuth: boolean,
): readonly Problem[] {
  const names = Object.keys(headers);
  const problems: Problem[] = [];
  if (names.length > EXTRA_HEADERS_MAX) {
    const message = expected("headers", `at most ${EXTRA_HEADERS_MAX}`, names.length);
    problems.push({ path: "/headers", message });
  }
  const bytes = names.reduce((sum, name) => sum + name.length + (headers[name]?.length ?? 0), 0);
  if (bytes > EXTRA_HEADERS_BYTES_MAX) {
    const wanted = `at most ${EXTRA_HEADERS_BYTES_MAX} bytes with their names`;
    problems.push({ path: "/headers", message: expected("headers", wanted, bytes) });
  }
  const owned = new Set(profileHeaderNames(profile));
  const before = new Set<string>();
  for (const name of names) {
    const path = `/headers/${pointer(name)}`;
    const lower = name.toLowerCase();
    const nameWanted = before.has(lower) ? "there once" : wantedName(lower, owned, hasAuth);
    before.add(lower);
    if (nameWanted !== null) {
      problems.push({ path, message: expected("the header's name", nameWanted, name) });
    }
    if (!VALUE.test(headers[name] ?? "")) problems.push({ path, message: VALUE_PROBLEM });
  }
  return problems;
}

const VALUE_PROBLEM =
  "expected the header's value to be Latin-1 text without line ends and white space at its ends," +
  " got something else";

function wantedName(lower: string, owned: ReadonlySet<string>, hasAuth: boolean): string | null {
  if (!TOKEN.test(lower)) return "letters, digits and !#$%&'*+-.^_`|~ only (RFC 9110 token)";
  if (OWNED.has(lower) || lower.startsWith("proxy-") || lower.startsWith("posthorn-")) {
    return "none that HTTP or the sender owns";
  }
  if (owned.has(lower)) return "none that the profile owns";
  return lower === "authorization" && hasAuth ? "absent beside auth, which sets it" : null;
}

// Control characters would end the header line, and RFC 7617 forbids them in both halves.
const CONTROL = /\p{Cc}/u;
const VISIBLE = /^[\x21-\x7e]+$/;

/** What is wrong with the credentials; they are never repeated. */
export function authProblems(auth: EndpointAuth | null): readonly Problem[] {
  if (auth === null) return [];
  if (auth.kind === "bearer") {
    const isGood = VISIBLE.test(auth.token) && auth.token.length <= CREDENTIAL_LENGTH_MAX;
    const wanted = `1 to ${CREDENTIAL_LENGTH_MAX} visible ASCII characters without spaces`;
    return isGood ? [] : [hidden("/auth/token", "the token", wanted)];
  }
  const problems: Problem[] = [];
  if (auth.username.includes(":") || !isText(auth.username)) {
    const wanted = `at most ${CREDENTIAL_LENGTH_MAX} characters, no colon and no control character`;
    problems.push(hidden("/auth/username", "the user name", wanted));
  }
  if (!isText(auth.password)) {
    const wanted = `at most ${CREDENTIAL_LENGTH_MAX} characters, without control characters`;
    problems.push(hidden("/auth/password", "the password", wanted));
  }
  return problems;
}

function isText(text: string): boolean {
  return text.length <= CREDENTIAL_LENGTH_MAX && !CONTROL.test(text) && text.isWellFormed();
}

function hidden(path: string, what: string, wanted: string): Problem {
  return { path, message: `expected ${what} to be ${wanted}, got something else` };
}
