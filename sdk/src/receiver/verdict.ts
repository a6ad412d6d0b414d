/** What a claim, a handler's end and an error mean: the answer to the sender and the step of the inbox. Pure. */
import type { Claim, Failure } from "../inbox/inbox.ts";
import type { Answer } from "../verify/error.ts";
import { WebhookError } from "../verify/webhook-error.ts";
import { isIntegerIn } from "./checks.ts";
import {
  HandlerTimeoutError,
  InvalidPayloadError,
  PermanentError,
  RetryAfterError,
} from "./handler-errors.ts";
import type { HandlerResult, Outcome } from "./receiver.ts";

/** What the application chose; the rest of the table is fixed. */
export interface Policy {
  readonly duplicates: 200 | 409;
  readonly permanentStatus: number;
  readonly onInvalidPayload: "dead" | "reject";
}

/** How one request ends. */
export interface Ending {
  readonly outcome: Outcome;
  readonly answer: Answer;
  readonly error: WebhookError | null;
}

const RETRY_AFTER_MS = 2_000;
const ERROR_CHARACTERS_MAX = 2_000;

export function answerOf(
  status: number,
  body = "",
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers, body };
}

export function endingOf(outcome: Outcome, status: number): Ending {
  return { outcome, answer: answerOf(status), error: null };
}

function refusal(error: WebhookError, outcome: Outcome): Ending {
  return { outcome, answer: error.toAnswer(), error };
}

/**
 * What is refused before an event is known. `failed` where that is the receiver's fault and a retry may find it mended;
 * who sends too much is refused.
 */
export function refusalAtDoor(error: WebhookError): Ending {
  const isOwnFault = error.isRetryable && error.code !== "RATE_LIMITED";
  return refusal(error, isOwnFault ? "failed" : "refused");
}

/** What an event is answered that is not this caller's to handle. */
export function endingOfClaim(
  claim: Exclude<Claim, { readonly kind: "claimed" }>,
  policy: Policy,
): Ending {
  switch (claim.kind) {
    case "done":
      return duplicateOf(claim.answer, policy);
    case "pending":
      return marked("duplicate", answerOf(202));
    case "dead":
      return marked("dead", answerOf(200));
    case "conflict":
      return refusal(
        new WebhookError("ID_CONFLICT", "expected an id to keep its body, got other bytes", {
          hint: "the sender used one id for two events, or the id of a request was forged",
        }),
        "refused",
      );
    case "busy":
      return refusal(
        new WebhookError("BUSY", "expected the event to be free, got one being handled", {
          retryAfterMs: claim.retryAfterMs,
        }),
        "failed",
      );
  }
}

/**
 * Any answer but a success would make the sender try again, so what was kept is only replayed with a status of success.
 * 409 is for senders that are known to stop at it.
 */
function duplicateOf(kept: Answer | null, policy: Policy): Ending {
  if (policy.duplicates === 200) {
    const isSuccess = kept !== null && kept.status >= 200 && kept.status < 300;
    return marked("duplicate", { ...answerOf(200), ...kept, ...(!isSuccess && { status: 200 }) });
  }
  const error = new WebhookError("DUPLICATE", "expected a new event, got one handled before");
  return { ...marked("duplicate", error.toAnswer()), error };
}

function marked(outcome: Outcome, answer: Answer): Ending {
  const headers = { ...answer.headers, "webhook-duplicate": "true" };
  return { outcome, answer: { ...answer, headers }, error: null };
}

/** A success without a word is said in the provider's own words, where its sender waits for some (Adyen's `[accepted]`). */
export function acknowledged(ending: Ending, words: Answer | undefined): Ending {
  const { answer, error } = ending;
  const isBare = error === null && isIntegerIn(200, 299)(answer.status) && answer.body === "";
  if (words === undefined || !isBare) return ending;
  return { ...ending, answer: { ...words, headers: { ...answer.headers, ...words.headers } } };
}

const TEXT = "text/plain; charset=utf-8";

/**
 * The sender's answer to a handler's result. Throws for a status that is no success, as the event would count as handled and
 * its sender would try again: what is to be refused has to be thrown. Throws for what no HTTP answer could be made of.
 */
export function answerOfResult(result: HandlerResult | void): Answer {
  const { status = 200, body = "", contentType = body === "" ? undefined : TEXT } = result ?? {};
  const isSuccess = isIntegerIn(200, 299)(status);
  if (!isSuccess) throw wrongResult("status", "200 to 299 (throw to refuse an event)", status);
  if (typeof body !== "string") throw wrongResult("body", "text", typeof body);
  if (contentType === undefined) return answerOf(status);
  if (!/^[\x20-\x7e]+$/.test(contentType)) throw wrongResult("contentType", "ASCII", "other bytes");
  return answerOf(status, body, { "content-type": contentType });
}

function wrongResult(name: string, wanted: string, got: unknown): TypeError {
  return new TypeError(`expected a handler's ${name} to be ${wanted}, got ${String(got)}`);
}

/** What a handler threw, judged. `retryAfterMs` is what it asked for itself. */
export interface Fault {
  /** Whether it was the store that failed: no number of such attempts says anything against the event. */
  readonly isStores: boolean;
  readonly isDead: boolean;
  readonly retryAfterMs: number | null;
  readonly ending: Ending;
}

/** Whatever is thrown; only the four errors of handler-errors.ts mean something of their own. */
export function judgeFault(thrown: unknown, policy: Policy): Fault {
  if (thrown instanceof PermanentError) return permanentFault(thrown, policy);
  if (thrown instanceof InvalidPayloadError) return invalidFault(thrown, policy);
  if (thrown instanceof HandlerTimeoutError) {
    return retryableFault("HANDLER_TIMEOUT", thrown, null);
  }
  const retryAfterMs = thrown instanceof RetryAfterError ? thrown.retryAfterMs : null;
  return retryableFault("HANDLER_FAILED", thrown, retryAfterMs);
}

function retryableFault(
  code: "HANDLER_TIMEOUT" | "HANDLER_FAILED",
  cause: unknown,
  retryAfterMs: number | null,
): Fault {
  const message =
    code === "HANDLER_TIMEOUT"
      ? messageOf(cause)
      : "expected the handler to end well, got an error";
  const error = new WebhookError(code, message, {
    cause,
    ...(retryAfterMs !== null && { retryAfterMs, status: 503 }),
  });
  return { isStores: false, isDead: false, retryAfterMs, ending: refusal(error, "failed") };
}

function permanentFault(cause: PermanentError, { permanentStatus }: Policy): Fault {
  const message = "expected the handler to end well, got a permanent error";
  const error = new WebhookError("HANDLER_FAILED", message, { cause, status: permanentStatus });
  return deadFault(error);
}

function invalidFault(cause: InvalidPayloadError, { onInvalidPayload }: Policy): Fault {
  const isDead = onInvalidPayload === "dead";
  const error = new WebhookError("PAYLOAD_INVALID", cause.message, {
    cause,
    ...(isDead && { status: 200 }),
  });
  if (isDead) return deadFault(error);
  return { isStores: false, isDead, retryAfterMs: null, ending: refusal(error, "refused") };
}

function deadFault(error: WebhookError): Fault {
  return { isStores: false, isDead: true, retryAfterMs: null, ending: refusal(error, "dead") };
}

/**
 * The store did not do what it was asked, so nothing is known to be kept: never a success. Stores say with a `WebhookError`
 * what they know better (a row that stays locked, an id that no column holds).
 */
export function inboxDown(cause: unknown): Ending {
  if (cause instanceof WebhookError && cause.status >= 400) {
    return refusalAtDoor(cause);
  }
  return refusal(
    new WebhookError("INBOX_UNAVAILABLE", "expected the inbox to answer, got an error", {
      cause,
      retryAfterMs: RETRY_AFTER_MS,
      hint: "is the database reachable, and has inbox.migrate() run?",
    }),
    "failed",
  );
}

/** For a worker, whose store failed around a handler that did not. */
export function inboxFault(cause: unknown): Fault {
  return { isStores: true, isDead: false, retryAfterMs: null, ending: inboxDown(cause) };
}

/** What the inbox notes of a failed attempt. */
export function failureOf(
  thrown: unknown,
  { isDead }: Pick<Fault, "isDead">,
  nowMs: number,
  dueAtMs: number | null = null,
): Failure {
  return { error: messageOf(thrown).slice(0, ERROR_CHARACTERS_MAX), nowMs, dueAtMs, isDead };
}

function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return `${thrown.name}: ${thrown.message}`;
  try {
    return String(thrown);
  } catch {
    return "something that has no text";
  }
}
