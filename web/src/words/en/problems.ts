import type { ErrorCode } from "../../../../daemon/domain/errors.ts";

type Needed = `problem.${ErrorCode | "unreachable" | "foreign_answer" | "aborted"}`;

/** Why something did not work: words for each code that this daemon knows, and for those of the page's own. */
export const problems = {
  "problem.detailed": "{sentence}: {detail}",
  "problem.retry": "Try again in {seconds} s.",
  "problem.unreachable": "The daemon does not answer.",
  "problem.foreign_answer": "Something in between answered, and not the daemon",
  "problem.aborted": "Called off.",
  "problem.invalid_json": "This is not JSON",
  "problem.invalid_request": "This is not valid",
  "problem.invalid_cursor": "The list does not go on from here. Load it anew.",
  "problem.schema_violation": "The data does not satisfy its event type's schema",
  "problem.unauthorized": "You are not signed in.",
  "problem.forbidden": "Your account may not do this",
  "problem.fresh_password_needed": "Your password is needed once more.",
  "problem.cross_site": "The daemon takes this for a request from another site",
  "problem.sign_in_failed": "The name, the password or the code is wrong.",
  "problem.code_needed": "A code is needed, too.",
  "problem.claim_code_needed": "The claim code is missing, or is wrong.",
  "problem.too_many_attempts": "Too many failed attempts.",
  "problem.not_found": "There is no such thing",
  "problem.method_not_allowed": "The method does not fit the path",
  "problem.conflict": "This contradicts what is there",
  "problem.body_too_large": "This is too large",
  "problem.unsupported_media_type": "The body's form is not understood",
  "problem.backlog_full": "Too many deliveries wait",
  "problem.unavailable": "The daemon can't do this now",
  "problem.internal": "Something went wrong inside the daemon",
} as const satisfies Readonly<Record<Needed, string> & Record<string, string>>;
