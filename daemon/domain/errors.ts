/**
 * What can be a caller's fault, as a closed list. `api/problems.ts` holds the only table from these codes to HTTP
 * statuses. A failure of the world is an `Outcome` or an unavailable store; a failure of ours is an exception.
 */
export type ErrorCode =
  | "invalid_json" // the body is not JSON text, or not UTF-8
  | "invalid_request" // well-formed, but a member has the wrong type, is unknown or out of range
  | "invalid_cursor"
  | "schema_violation" // the event's data does not satisfy its type's JSON Schema
  | "unauthorized"
  | "forbidden" // the key is good, its scopes are not enough
  | "fresh_password_needed" // only within ten minutes of giving the password
  | "cross_site" // a cookie that another site's page sent along
  | "sign_in_failed"
  | "code_needed" // the password is right, and the account has a second factor
  | "claim_code_needed" // who sets the instance up from outside has to show that it is theirs
  | "too_many_attempts" // come back after `retryAfterS`
  | "not_found"
  | "method_not_allowed"
  | "conflict" // the same idempotency key with another body, a name that is taken, a state that does not allow it
  | "body_too_large"
  | "unsupported_media_type"
  | "backlog_full" // more waits than the limit allows; come back after `retryAfterS`
  | "unavailable" // the store can't commit now (disk full, read-only); nothing was accepted
  | "internal";

/** One thing wrong with a request, placed: `path` is a JSON pointer into the body, or a parameter's name. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** Thrown by work rooms, turned into an RFC 9457 problem document by the api room. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly problems: readonly Problem[];
  readonly retryAfterS: number | null;

  constructor(
    code: ErrorCode,
    message: string,
    more: { problems?: readonly Problem[]; retryAfterS?: number } = {},
  ) {
    super(message);
    this.name = "AppError";
    this.code = code;
    this.problems = more.problems ?? [];
    this.retryAfterS = more.retryAfterS ?? null;
  }
}

/** The daemon can't start as things are here. The message says what would have to change, so nobody needs the stack. */
export class StartRefused extends Error {}

/** The one sentence form for a wrong value. `got` is shown as JSON, cut to 80 characters. */
export function expected(what: string, wanted: string, got: unknown): string {
  const text = jsonText(got);
  const shown = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return `expected ${what} to be ${wanted}, got ${shown}`;
}

function jsonText(got: unknown): string {
  if (got === undefined) return "nothing";
  try {
    return JSON.stringify(got) ?? `a ${typeof got}`;
  } catch {
    // A BigInt, or something nested too deeply to be written down.
    return `a ${typeof got} that JSON can't show`;
  }
}
