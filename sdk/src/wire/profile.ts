import type { Shape } from "./envelope.ts";

/**
 * A wire profile as data: which of the four, and what of its header names is settled differently.
 */
export interface Profile {
  readonly kind: Shape;
  /** `<Name>` in the headers of `digest` and `topic`; "Posthorn" where it is not given. */
  readonly name?: string | null;
  /** Whole header names, by the profile's own key for each (see `HEADER_NAMES`). */
  readonly headers?: Readonly<Record<string, string>>;
}

/** One thing wrong with a profile; `path` is a JSON pointer into it. */
export interface ProfileProblem {
  readonly path: string;
  readonly message: string;
}

const DEFAULT_NAME = "Posthorn";
const HEADER_NAME_LENGTH_MAX = 128;

/**
 * The headers of each profile, in the order they are sent. `signatureNext` is there only while a
 * rotation lasts, and is called as the signature's header is, with `-Next` after it.
 */
const HEADER_NAMES = {
  standard: { id: "webhook-id", timestamp: "webhook-timestamp", signature: "webhook-signature" },
  timestamped: {
    id: "X-Webhook-Id",
    event: "X-Webhook-Event",
    signature: "X-Webhook-Signature",
  },
  digest: {
    event: "X-<Name>-Event",
    delivery: "X-<Name>-Delivery",
    signature: "X-<Name>-Signature",
    signatureNext: "<signature>-Next",
  },
  topic: {
    id: "X-<Name>-Event-Id",
    topic: "X-<Name>-Event-Topic",
    timestamp: "X-<Name>-Timestamp",
    signature: "X-<Name>-Signature",
    signatureNext: "<signature>-Next",
  },
} as const satisfies Record<Shape, Readonly<Record<string, string>>>;

/** A profile's own word for one of its headers. */
export type HeaderKey = { [K in Shape]: keyof (typeof HEADER_NAMES)[K] }[Shape];

// Names that HTTP, its connections or the sender itself decide about. A signature under one of
// these would be dropped by a proxy, or change what the request means.
const RESERVED = new Set([
  "accept",
  "accept-encoding",
  "authorization",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "cookie",
  "date",
  "expect",
  "host",
  "keep-alive",
  "posthorn-attempt",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
  "via",
]);

// RFC 9110, section 5.6.2.
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The name under which the profile sends one of its headers. */
export function headerName(profile: Profile, key: HeaderKey): string {
  return settledName(profile, key, HEADER_NAMES[profile.kind]);
}

/**
 * The names of all headers the profile may send, lower-case: a user's extra headers may use none of
 * them.
 */
export function profileHeaderNames(profile: Profile): readonly string[] {
  const names: Readonly<Record<string, string>> = HEADER_NAMES[profile.kind];
  return Object.keys(names).map((key) => settledName(profile, key, names).toLowerCase());
}

/** What is wrong with the profile's settable names; empty for a profile that can be signed with. */
export function profileProblems(profile: Profile): readonly ProfileProblem[] {
  return [...nameProblems(profile), ...keyProblems(profile), ...settledNameProblems(profile)];
}

function settledName(
  profile: Profile,
  key: string,
  names: Readonly<Record<string, string>>,
): string {
  const own = profile.headers?.[key];
  if (own !== undefined) return own;
  const name = names[key] ?? key;
  if (key === "signatureNext") return `${settledName(profile, "signature", names)}-Next`;
  // A function, since a token may hold "$&", which `replace` would take for the match.
  return name.replace("<Name>", () => profile.name ?? DEFAULT_NAME);
}

function nameProblems({ kind, name }: Profile): readonly ProfileProblem[] {
  if (name === undefined || name === null) return [];
  if (kind === "standard" || kind === "timestamped") {
    return [{ path: "/name", message: `expected name to be absent for ${kind}, got "${name}"` }];
  }
  if (TOKEN.test(name)) return [];
  return [{ path: "/name", message: `expected name to be ${TOKEN_WORDS}, got "${shown(name)}"` }];
}

function keyProblems({ kind, headers }: Profile): readonly ProfileProblem[] {
  const known = Object.keys(HEADER_NAMES[kind]);
  return Object.keys(headers ?? {})
    .filter((key) => !known.includes(key))
    .map((key) => ({
      path: `/headers/${pointer(key)}`,
      message: `expected the key to be one of ${known.join(", ")}, got "${shown(key)}"`,
    }));
}

function settledNameProblems(profile: Profile): readonly ProfileProblem[] {
  const keys = Object.keys(HEADER_NAMES[profile.kind]);
  const lowerNames = profileHeaderNames(profile);
  return keys.flatMap((key, at) => {
    const lowerName = lowerNames[at] ?? "";
    const wanted = wantedName(lowerName, lowerNames.slice(0, at));
    if (wanted === null) return [];
    const message = `expected the header's name to be ${wanted}, got "${shown(lowerName)}"`;
    return [{ path: `/headers/${key}`, message }];
  });
}

const TOKEN_WORDS = "letters, digits and !#$%&'*+-.^_`|~ only (RFC 9110 token)";

/** What the name should have been, or null where it is good. */
function wantedName(lowerName: string, before: readonly string[]): string | null {
  if (!TOKEN.test(lowerName)) return TOKEN_WORDS;
  if (lowerName.length > HEADER_NAME_LENGTH_MAX) return `at most ${HEADER_NAME_LENGTH_MAX} long`;
  if (RESERVED.has(lowerName) || lowerName.startsWith("proxy-")) {
    return "none that HTTP or the sender owns";
  }
  return before.includes(lowerName) ? "different from the profile's other headers" : null;
}

function pointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

function shown(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
