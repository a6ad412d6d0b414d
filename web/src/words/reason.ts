import type { AttemptJson } from "../../../daemon/api/delivery-json.ts";
import type { ReasonJson } from "../../../daemon/api/reason-json.ts";
import type { ReasonCode } from "../../../daemon/domain/reason.ts";
import type { Key } from "./en.ts";
import { en } from "./en.ts";
import { duration, number } from "./format.ts";
import { language, t, tn } from "./words.ts";

type ErrorJson = NonNullable<AttemptJson["error"]>;
type Facts = ReasonJson["facts"];

/**
 * Why a delivery has its state, in the reader's language; the daemon's own sentence for a code that this page has no words for.
 * Moments are in it as RFC 3339, as they are in the daemon's, for the screen to show in the reader's zone.
 */
export function reasonWords(reason: ReasonJson): string {
  const { code, sentence, facts } = reason;
  if (!isKnown(code)) return sentence;
  const values = valuesOf(reason);
  const parts = partsOf(code, facts).map((key) => t(key, values));
  const others = facts.others_waiting ?? 0;
  return parts.join(" ") + (others > 0 ? tn("reason.others", others) : "");
}

function isKnown(code: string): code is ReasonCode {
  return Object.hasOwn(en, `reason.${code}`);
}

/** The sentences of a reason in their order, where that is not the one sentence of its code. */
const PARTS: Readonly<Partial<Record<ReasonCode, (facts: Facts) => readonly Key[]>>> = {
  in_flight: ({ is_cancelled: isCancelled, timeout_ms: timeoutMs }) => {
    if (isCancelled === true) return ["reason.in_flight", "reason.in_flight.cancelled"];
    return timeoutMs === undefined
      ? ["reason.in_flight"]
      : ["reason.in_flight", "reason.in_flight.limit"];
  },
  due: ({ last_error: error }) =>
    error === undefined ? ["reason.due"] : ["reason.failed", "reason.due"],
  retry_scheduled: () => ["reason.failed", "reason.retry_scheduled"],
  egress_blocked: ({ grant }) => [
    grant === undefined ? "reason.egress_blocked" : "reason.egress_blocked.grant",
  ],
  waiting_for_slot: ({ failed_in_a_row: failed }) => [
    failed === undefined ? "reason.waiting_for_slot" : "reason.waiting_for_slot.few",
  ],
  being_released: ({ is_latest_only: isLatestOnly }) => [
    isLatestOnly === true ? "reason.being_released.latest" : "reason.being_released",
  ],
  exhausted: ({ last_error: error }) =>
    error === undefined
      ? ["reason.exhausted", "reason.resend"]
      : ["reason.exhausted", "reason.exhausted.why", "reason.resend"],
  test_failed: ({ last_error: error }) => [
    error === undefined ? "reason.test_failed" : "reason.test_failed.why",
  ],
  cancelled: ({ attempts = 0 }) => [
    attempts > 0 ? "reason.cancelled.after" : "reason.cancelled",
    "reason.resend",
  ],
  gone: () => ["reason.gone", "reason.resend"],
  rejected: () => ["reason.rejected", "reason.resend"],
  skipped: () => ["reason.skipped", "reason.resend"],
};

function partsOf(code: ReasonCode, facts: Facts): readonly Key[] {
  return PARTS[code]?.(facts) ?? [`reason.${code}`];
}

function valuesOf({ facts, next_at: next }: ReasonJson): Readonly<Record<string, string>> {
  const { attempt = 0, attempt_max: max, last_error: error } = facts;
  const made = facts.attempts ?? 0;
  const run = facts.attempts_of_run ?? made;
  return {
    attempt: max === undefined ? number(attempt) : t("reason.attempt-of", { n: attempt, max }),
    attempts: number(made),
    made: tn("reason.attempts", made),
    run: tn("reason.attempts", run),
    error: error === undefined ? "" : errorWords(error),
    next: next ?? "",
    since: facts.endpoint_changed_at ?? "",
    grant: facts.grant ?? "",
    timeout: duration(facts.timeout_ms ?? 0),
    max: number(facts.concurrency ?? facts.daemon_concurrency ?? 0),
    failed: number(facts.failed_in_a_row ?? 0),
    rate: number(facts.rate_per_second ?? 0, 2),
    key: JSON.stringify(facts.ordering_key ?? ""),
    status: `${facts.last_status ?? "2xx"}`,
  };
}

/** Why an attempt failed: what the daemon says of this very case, after words in the reader's language where that is not English. */
export function errorText({ code, message }: ErrorJson): string {
  if (message === null) return errorWords(code);
  return language.value === "en" ? message : `${errorWords(code)}: ${message}`;
}

/** An error code as stored (`http_500`, `connect_refused`, …) in words; one that this page does not know stands for itself. */
export function errorWords(code: string): string {
  const status = /^http_(\d{3})$/.exec(code)?.[1];
  if (status !== undefined) {
    const isRedirect = status.startsWith("3") && status !== "304";
    return t(isRedirect ? "error.redirect" : "error.http", { status });
  }
  const key = `error.${code}`;
  return Object.hasOwn(en, key) ? t(key as Key) : code;
}
