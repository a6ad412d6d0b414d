/**
 * Why a delivery has its state, and what comes next: one code for programs, one sentence for the
 * operator. Everything is taken from what is known anyway (its row, its endpoint, how busy the
 * daemon is), so no reason is ever stored or stale.
 */
import type { Delivery, EndReason } from "./delivery.ts";
import type { Endpoint } from "./endpoint.ts";
import { backoffTable } from "./endpoint.ts";
import { errorWords } from "./error-words.ts";

/**
 * Stable: it is part of the API, filtered by and translated. A code may be added, none changes its
 * meaning.
 */
export type ReasonCode =
  | "in_flight" // its attempt is under way now
  | "due" // nothing is in its way; it goes with the next look at what is due
  | "scheduled" // the first attempt lies in the future
  | "retry_scheduled" // an attempt failed, the next one has a time
  | "egress_blocked" // the egress guard refused its target; a grant is needed
  | "endpoint_slowed" // the receiver asked for less traffic, its endpoint is left alone for a while
  | "waiting_for_probe" // after such a wish one attempt at a time is sent, and one is under way
  | "waiting_for_slot" // all of its endpoint's attempts at once are under way
  | "waiting_for_rate" // its endpoint's attempts per second are used up
  | "waiting_for_daemon" // all of the daemon's attempts at once are under way
  | "waiting_for_storage" // outcomes can't be recorded (disk full, …), so nothing is sent
  | "held_paused" // an operator paused its endpoint
  | "disabled_by_operator" // held: an operator disabled its endpoint
  | "disabled_gone" // held: the receiver answered 410
  | "disabled_by_receiver" // held: the receiver answered `webhook-delivery: disable`
  | "disabled_only_failures" // held: nothing but failures for the endpoint's number of days
  | "held_order" // an earlier delivery with the same ordering key has not ended
  | "being_released" // its endpoint was resumed, held deliveries are put back in motion bit by bit
  | "being_skipped" // its endpoint was resumed without what it held
  | "held_leftover" // held although its endpoint is active: resuming once more lets it go
  | "delivered" // answered with 2xx
  | "exhausted" // the backoff table is used up
  | "gone" // ended by 410
  | "rejected" // ended by a permanent 4xx, as the endpoint's `retry: transient` wants it
  | "aborted" // ended by `webhook-delivery: abort-message`
  | "test_failed" // a test has one attempt, and it failed
  | "cancelled" // by an operator
  | "skipped" // cancelled by the choice made when its endpoint was resumed
  | "endpoint_deleted"; // its endpoint is gone

export interface Reason {
  readonly code: ReasonCode;
  /** English, ends with a full stop, holds no secret. Times are ISO 8601 in UTC. */
  readonly sentence: string;
  /**
   * When something happens by itself, at the earliest; null when nothing does, or when it can't be
   * foretold.
   */
  readonly nextAtMs: number | null;
}

/** How busy the engine is, as `Dispatcher.load` counts it. */
export interface EngineFacts {
  /** The endpoint's attempts under way. */
  readonly inFlight: number;
  /** Attempts under way over all endpoints, and the most there may be. */
  readonly inFlightTotal: number;
  readonly inFlightTotalMax: number;
  /** The endpoint's pending deliveries, this one included. */
  readonly waiting: number;
  /** True while outcomes can't be recorded: then no attempt is started anywhere. */
  readonly isBlocked: boolean;
}

export interface ReasonInput {
  readonly delivery: Delivery;
  /** Null when it was deleted. */
  readonly endpoint: Endpoint | null;
  readonly isInFlight: boolean;
  /** When the attempt under way began; null where that is not known. */
  readonly inFlightSinceMs: number | null;
  /** The last attempt's own message: for a blocked one it names the grant. Null for none. */
  readonly lastMessage: string | null;
  readonly engine: EngineFacts;
  readonly nowMs: number;
}

/** Pure, and never throws: a combination that should not exist still gets a true sentence. */
export function explain(input: ReasonInput): Reason {
  const { delivery, endpoint, isInFlight } = input;
  if (isInFlight) return underWay(input);
  if (delivery.state !== "pending" && delivery.state !== "held") return ended(input);
  if (endpoint === null) {
    return never("endpoint_deleted", "Its endpoint was deleted; it is about to be cancelled.");
  }
  if (delivery.state === "held") return held(delivery, endpoint);
  // A test is sent whatever the endpoint's state is.
  if (endpoint.state !== "active" && !delivery.isTest) return inactive(endpoint);
  return pending(input, endpoint);
}

function underWay({ delivery, endpoint, inFlightSinceMs }: ReasonInput): Reason {
  const since = inFlightSinceMs === null ? "" : ` since ${utc(inFlightSinceMs)}`;
  const attempt = `Attempt ${nextAttempt(delivery, endpoint)} is under way${since}`;
  if (delivery.state === "cancelled") {
    const rest = "it was cancelled meanwhile, but this attempt may still deliver it.";
    return never("in_flight", `${attempt}; ${rest}`);
  }
  const limit = endpoint === null ? "" : ` and ends after ${span(endpoint.settings.timeoutMs)}`;
  return never("in_flight", limit === "" ? `${attempt}.` : `${attempt}${limit} at the latest.`);
}

function pending(input: ReasonInput, endpoint: Endpoint): Reason {
  const { delivery, nowMs } = input;
  const dueAtMs = delivery.dueAtMs ?? nowMs;
  const slowedUntilMs = delivery.isTest ? null : endpoint.health.slowedUntilMs;
  if (delivery.lastError === "egress_blocked") return blocked(input, endpoint);
  if (slowedUntilMs !== null && slowedUntilMs > Math.max(nowMs, dueAtMs)) {
    return slowed(input, endpoint, slowedUntilMs);
  }
  if (dueAtMs > nowMs) return scheduled(input, endpoint, dueAtMs);
  return waiting(input, endpoint);
}

function slowed(input: ReasonInput, endpoint: Endpoint, untilMs: number): Reason {
  const { delivery, engine, nowMs } = input;
  const why = "Its receiver asked for less traffic (it answered 429, 502, 503 or 504)";
  const left = `so the endpoint is left alone until ${utc(untilMs)}, ${inTime(untilMs, nowMs)}`;
  const next = `then attempt ${nextAttempt(delivery, endpoint)} follows${others(engine.waiting)}`;
  return { code: "endpoint_slowed", sentence: `${why}, ${left}; ${next}.`, nextAtMs: untilMs };
}

function scheduled({ delivery, nowMs }: ReasonInput, endpoint: Endpoint, dueAtMs: number): Reason {
  const attempt = nextAttempt(delivery, endpoint);
  const due = `${attempt} is due at ${utc(dueAtMs)}, ${inTime(dueAtMs, nowMs)}`;
  if (delivery.lastError === null) {
    return { code: "scheduled", sentence: `Attempt ${due}.`, nextAtMs: dueAtMs };
  }
  const failed = `Attempt ${delivery.attemptCount} failed: ${errorWords(delivery.lastError)}`;
  return { code: "retry_scheduled", sentence: `${failed}. Attempt ${due}.`, nextAtMs: dueAtMs };
}

function blocked({ delivery, lastMessage, nowMs }: ReasonInput, endpoint: Endpoint): Reason {
  const dueAtMs = Math.max(delivery.dueAtMs ?? nowMs, nowMs);
  const due = dueAtMs > nowMs ? `due at ${utc(dueAtMs)}, ${inTime(dueAtMs, nowMs)}` : "due now";
  const attempt = nextAttempt(delivery, endpoint);
  const sentence =
    `Attempt ${delivery.attemptCount} was blocked by the egress guard${guardWords(lastMessage)}.` +
    ` Attempt ${attempt} is ${due}.`;
  return { code: "egress_blocked", sentence, nextAtMs: dueAtMs };
}

/** Due, and still not under way: what it waits for, the most likely first. */
function waiting(input: ReasonInput, endpoint: Endpoint): Reason {
  const { delivery, engine, nowMs } = input;
  const attempt = `Attempt ${nextAttempt(delivery, endpoint)} is due`;
  if (engine.isBlocked) {
    const why = "but outcomes can't be recorded now, so nothing is sent; look at the disk";
    return never("waiting_for_storage", `${attempt}, ${why}.`);
  }
  const wait = delivery.isTest ? null : waitForEndpoint(engine, endpoint);
  if (wait !== null) return never(wait.code, `${attempt} ${wait.why}${others(engine.waiting)}.`);
  if (engine.inFlightTotal >= engine.inFlightTotalMax) {
    const most = count(engine.inFlightTotalMax, "attempt");
    return never("waiting_for_daemon", `${attempt} and waits: the daemon makes ${most} at once.`);
  }
  const { ratePerSecond } = endpoint.settings;
  if (ratePerSecond !== null && !delivery.isTest) {
    const why = `and goes as soon as the endpoint's limit of ${ratePerSecond} a second lets it`;
    return never("waiting_for_rate", `${attempt} ${why}${others(engine.waiting)}.`);
  }
  const failed = delivery.lastError === null ? "" : `${failedWords(delivery)} `;
  return {
    code: "due",
    sentence: `${failed}${attempt} and starts within a second.`,
    nextAtMs: nowMs,
  };
}

/** So many failures in a row and an endpoint gets few of the slots that it may have. */
const FAILURES_BEFORE_FEW_SLOTS = 10;

function waitForEndpoint(
  { inFlight }: EngineFacts,
  { health, settings }: Endpoint,
): { code: ReasonCode; why: string } | null {
  if (inFlight === 0) return null;
  const under = inFlight === 1 ? "1 is" : `${inFlight} are`;
  if (health.slowCount > 0) {
    const why = `and waits: its receiver asked for less traffic, so one goes at a time`;
    return { code: "waiting_for_probe", why: `${why}, and ${under} under way` };
  }
  if (inFlight >= settings.concurrencyMax) {
    const slots = `${count(settings.concurrencyMax, "attempt")} at once`;
    return {
      code: "waiting_for_slot",
      why: `and waits: the endpoint takes ${slots}, all under way`,
    };
  }
  if (health.failedInARow < FAILURES_BEFORE_FEW_SLOTS) return null;
  const failed = `the endpoint failed ${health.failedInARow} times in a row`;
  const why = `and waits: ${failed}, so few attempts go at once, and ${under} under way`;
  return { code: "waiting_for_slot", why };
}

function held(delivery: Delivery, endpoint: Endpoint): Reason {
  if (endpoint.state !== "active") return inactive(endpoint);
  if (delivery.hold === "order") {
    const key = JSON.stringify(delivery.orderingKey ?? "");
    const what = `an earlier delivery with the ordering key ${key} has not ended`;
    return never("held_order", `Held: ${what}; this one follows when it does.`);
  }
  switch (endpoint.transition) {
    case "release_all":
      return never("being_released", `${resumed(endpoint)}; held deliveries are being released.`);
    case "release_latest": {
      const which = "of each ordering key only the newest held delivery is released";
      return never("being_released", `${resumed(endpoint)}; ${which}, the others are cancelled.`);
    }
    case "release_none":
      return never("being_skipped", `${resumed(endpoint)} without what was held; it is cancelled.`);
    case "hold":
    case "delete":
    case null: {
      const advice = "resend it, or resume the endpoint once more";
      return never("held_leftover", `Held although its endpoint is active; ${advice}.`);
    }
  }
}

function resumed(endpoint: Endpoint): string {
  return `Its endpoint was resumed at ${utc(endpoint.stateChangedAtMs)}`;
}

/** What holds everything of an endpoint that is paused or disabled. */
function inactive(endpoint: Endpoint): Reason {
  const at = utc(endpoint.stateChangedAtMs);
  if (endpoint.state === "paused") {
    return never("held_paused", `Held: its endpoint is paused since ${at}; resume it to go on.`);
  }
  const since = `Held: its endpoint was disabled at ${at}`;
  switch (endpoint.disabledReason) {
    case "gone":
      return never("disabled_gone", `${since}, since it answered 410 Gone; ${ENABLE}`);
    case "receiver_control": {
      const why = "since it asked for that (webhook-delivery: disable)";
      return never("disabled_by_receiver", `${since}, ${why}; ${ENABLE}`);
    }
    case "only_failures": {
      const days = endpoint.settings.autoDisableDays;
      const long = days === null ? "for days" : `for ${count(days, "day")}`;
      return never("disabled_only_failures", `${since} after only failures ${long}; ${ENABLE}`);
    }
    case "operator":
    case null:
      return never("disabled_by_operator", `${since} by an operator; ${ENABLE}`);
  }
}

const ENABLE = "enable it to go on.";

function ended({ delivery, lastMessage }: ReasonInput): Reason {
  const at = delivery.settledAtMs === null ? "" : ` at ${utc(delivery.settledAtMs)}`;
  const attempt = `attempt ${delivery.attemptCount}`;
  const status = delivery.lastStatus === null ? "" : ` with status ${delivery.lastStatus}`;
  const resend = "resend it to try again.";
  switch (delivery.endReason ?? usualEnd(delivery.state)) {
    case "accepted":
      return never("delivered", `Delivered${at}: ${attempt} was answered${status}.`);
    case "table_used_up":
      return never("exhausted", exhausted(delivery, at, lastMessage));
    case "gone":
      return never("gone", `Given up${at}: ${attempt} was answered 410 Gone; ${resend}`);
    case "rejected": {
      const why = "which this endpoint's setting retry: transient takes as final";
      return never(
        "rejected",
        `Given up${at}: ${attempt} was answered${status}, ${why}; ${resend}`,
      );
    }
    case "aborted": {
      const why = `the receiver asked to stop (webhook-delivery: abort-message) at ${attempt}`;
      return never("aborted", `Given up${at}: ${why}.`);
    }
    case "test_failed": {
      const why = delivery.lastError === null ? "" : `: ${errorText(delivery, lastMessage)}`;
      return never("test_failed", `The test failed${at}${why}. Tests are not retried.`);
    }
    case "cancelled":
      return never("cancelled", `Cancelled by an operator${at}${after(delivery)}; ${resend}`);
    case "skipped": {
      const why = "when its endpoint was resumed without it";
      return never("skipped", `Skipped${at}, ${why}${after(delivery)}; ${resend}`);
    }
    case "endpoint_deleted":
      return never("endpoint_deleted", `Cancelled${at}: its endpoint was deleted.`);
  }
}

function usualEnd(state: Delivery["state"]): EndReason {
  if (state === "delivered") return "accepted";
  return state === "exhausted" ? "table_used_up" : "cancelled";
}

function exhausted(delivery: Delivery, at: string, lastMessage: string | null): string {
  const made = `Given up${at} after ${count(run(delivery), "attempt")}`;
  if (delivery.lastError === null) return `${made}; resend it to try again.`;
  const why = errorText(delivery, lastMessage);
  return `${made}. The last one failed: ${why}. Resend it to try again.`;
}

function errorText(delivery: Delivery, lastMessage: string | null): string {
  const code = delivery.lastError ?? "";
  if (code !== "egress_blocked") return errorWords(code);
  return errorWords(code) + guardWords(lastMessage);
}

function after(delivery: Delivery): string {
  return delivery.attemptCount === 0 ? "" : ` after ${count(delivery.attemptCount, "attempt")}`;
}

/** The guard's own message says what to allow and where, or that nothing can be: a second sentence could contradict it. */
function guardWords(message: string | null): string {
  if (message !== null && message !== "") return `: ${message.replace(/\.$/, "")}`;
  return ". Targets are allowed at the endpoint (egress_allow) or for all (POSTHORN_EGRESS_ALLOW)";
}

function failedWords(delivery: Delivery): string {
  return `Attempt ${delivery.attemptCount} failed: ${errorWords(delivery.lastError ?? "")}.`;
}

/** `3 of 11`: numbered over all runs through the table, as the attempts themselves are. */
function nextAttempt(delivery: Delivery, endpoint: Endpoint | null): string {
  const number = delivery.attemptCount + 1;
  return endpoint === null ? `${number}` : `${number} of ${attemptMax(delivery, endpoint)}`;
}

/** The number of the last attempt that the table has for it. */
export function attemptMax(delivery: Delivery, endpoint: Endpoint): number {
  const steps = delivery.isTest ? 0 : backoffTable(endpoint.settings.backoff).length;
  // A table that was shortened meanwhile must not make the next attempt 5 of 3.
  return Math.max(delivery.tableStart + steps, delivery.attemptCount) + 1;
}

/** Attempts on the present run through the table. */
function run(delivery: Delivery): number {
  return delivery.attemptCount - delivery.tableStart;
}

function others(waitingCount: number): string {
  const more = waitingCount - 1;
  if (more < 1) return "";
  return more === 1 ? " (1 other waits, too)" : ` (${more} others wait, too)`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function never(code: ReasonCode, sentence: string): Reason {
  return { code, sentence, nextAtMs: null };
}

function utc(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d{3}Z$/, "Z");
}

function inTime(atMs: number, nowMs: number): string {
  return `in ${span(atMs - nowMs)}`;
}

/** Two units at most, rounded up, so that a wait never reads as none. */
function span(durationMs: number): string {
  const seconds = Math.max(1, Math.ceil(durationMs / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  if (seconds < 3_600 && seconds % 60 === 0) return `${minutes} min`;
  if (seconds < 600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}
