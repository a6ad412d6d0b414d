/**
 * What a caller is told when something is wrong: RFC 9457 problem documents. This is the only table from the codes of
 * `ErrorCode` to HTTP statuses.
 */
import type { ErrorCode } from "../domain/errors.ts";
import { AppError } from "../domain/errors.ts";
import { StoreUnavailable } from "../domain/stores.ts";

interface ProblemKind {
  readonly status: number;
  /** The same for each occurrence, as RFC 9457 section 3.1.3 asks. */
  readonly title: string;
}

export const PROBLEM_KINDS: Readonly<Record<ErrorCode, ProblemKind>> = {
  invalid_json: { status: 400, title: "The body is not JSON" },
  invalid_request: { status: 400, title: "The request is not valid" },
  invalid_cursor: { status: 400, title: "The cursor is not one of ours" },
  schema_violation: { status: 422, title: "The data does not satisfy its event type's schema" },
  unauthorized: { status: 401, title: "An API key is needed" },
  forbidden: { status: 403, title: "The key does not allow this" },
  fresh_password_needed: { status: 403, title: "The password is needed once more" },
  cross_site: { status: 403, title: "The request comes from another site" },
  sign_in_failed: { status: 401, title: "Name, password or code is wrong" },
  code_needed: { status: 401, title: "A code is needed, too" },
  claim_code_needed: { status: 403, title: "The claim code is needed" },
  too_many_attempts: { status: 429, title: "Too many failed attempts" },
  not_found: { status: 404, title: "There is no such thing" },
  method_not_allowed: { status: 405, title: "The method does not fit the path" },
  conflict: { status: 409, title: "The request contradicts what is there" },
  body_too_large: { status: 413, title: "The body is too large" },
  unsupported_media_type: { status: 415, title: "The body's form is not understood" },
  backlog_full: { status: 429, title: "Too many deliveries wait" },
  unavailable: { status: 503, title: "Nothing can be stored now" },
  internal: { status: 500, title: "Something went wrong inside" },
};

const RETRY_AFTER_S_DEFAULT = 5;

/** One thing wrong, placed: a JSON pointer into the body, or the name of a parameter or header. */
interface PlacedProblem {
  readonly pointer: string;
  readonly detail: string;
}

/** The document as it is sent, with the content type `application/problem+json`. */
interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly instance: string;
  readonly problems?: readonly PlacedProblem[];
}

export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly document: ProblemDocument;
  /** True when the fault is ours or the machine's, so that it belongs in the log. */
  readonly isOurs: boolean;
}

/**
 * The answer to anything thrown while a request was handled. An exception that is no `AppError` becomes `internal`, and
 * nothing of it is shown: its text may hold what the caller must not see.
 */
export function problemAnswer(error: unknown, requestId: string): ProblemAnswer {
  const fault = faultOf(error, requestId);
  const { status, title } = PROBLEM_KINDS[fault.code];
  const document: ProblemDocument = {
    type: `urn:posthorn:problem:${fault.code}`,
    title,
    status,
    code: fault.code,
    detail: fault.message,
    instance: `urn:posthorn:request:${requestId}`,
    ...(fault.problems.length > 0 && {
      problems: fault.problems.map(({ path, message }) => ({ pointer: path, detail: message })),
    }),
  };
  return { status, headers: headersFor(fault), document, isOurs: status >= 500 };
}

function faultOf(error: unknown, requestId: string): AppError {
  if (error instanceof AppError && error.code !== "internal") return error;
  if (error instanceof StoreUnavailable) return new AppError("unavailable", error.message);
  return new AppError("internal", `the log has the details, under the request id ${requestId}`);
}

function headersFor(fault: AppError): Record<string, string> {
  const headers: Record<string, string> = {};
  if (fault.code === "unauthorized") headers["WWW-Authenticate"] = 'Bearer realm="posthorn"';
  if (fault.retryAfterS !== null) {
    headers["Retry-After"] = String(Math.max(1, Math.ceil(fault.retryAfterS)));
  } else if (fault.code === "unavailable" || fault.code === "backlog_full") {
    headers["Retry-After"] = String(RETRY_AFTER_S_DEFAULT);
  }
  return headers;
}
