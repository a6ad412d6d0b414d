import type { Outcome } from "./attempt.ts";
import { errorCode } from "./attempt.ts";
import { longestStepMs, retryDelayMs } from "./backoff.ts";
import type { DisabledReason, EndpointState } from "./endpoint.ts";

/**
 * States as they are stored. `in_flight` is no stored state: claims live in memory (one process owns the file), so after a
 * crash everything that is not final is due again. The API shows `in_flight` where the engine says so.
 */
type DeliveryState = "pending" | "held" | "delivered" | "exhausted" | "cancelled";
export type ShownState = DeliveryState | "in_flight";

/** Why a held delivery is held. `order`: an earlier delivery with the same ordering key has not ended. */
export type Hold = "paused" | "disabled" | "order";

/** Why a final delivery is final. */
export type EndReason =
  | "accepted" // 2xx
  | "table_used_up"
  | "gone" // 410
  | "rejected" // a permanent 4xx under `retry: transient`
  | "aborted" // `webhook-delivery: abort-message`
  | "test_failed" // a test delivery has one attempt
  | "cancelled" // by an operator
  | "skipped" // by the choice made at resume
  | "endpoint_deleted";

export interface Delivery {
  readonly seq: number;
  readonly id: string;
  readonly eventSeq: number;
  readonly endpointSeq: number;
  readonly state: DeliveryState;
  readonly hold: Hold | null;
  /** Null exactly when nothing is to be done by itself. */
  readonly dueAtMs: number | null;
  readonly attemptCount: number;
  /** Attempts made before the table was started again by a resend. */
  readonly tableStart: number;
  readonly orderingKey: string | null;
  readonly isTest: boolean;
  readonly createdAtMs: number;
  readonly settledAtMs: number | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly endReason: EndReason | null;
}

/** What `settle` must know of the delivery and its endpoint. */
export interface SettleInput {
  readonly outcome: Outcome;
  /** Attempts on the present run through the table, the one just made included. */
  readonly tryNumber: number;
  readonly isTest: boolean;
  readonly table: readonly number[];
  readonly retry: "all" | "transient";
  /** The endpoint's state now that the attempt has ended; it may have changed meanwhile. */
  readonly endpointState: EndpointState;
  /** What the calendar says: a date in Retry-After is the receiver's calendar's. */
  readonly wallMs: number;
}

/** What one attempt's ending means for its delivery, and what it asks of the endpoint. */
export interface Settlement {
  readonly state: "pending" | "held" | "delivered" | "exhausted";
  readonly hold: "paused" | "disabled" | null;
  readonly dueAtMs: number | null;
  readonly endReason: EndReason | null;
  readonly disables: DisabledReason | null;
  /** Null unless the answer asks for less traffic; then the least time to wait, 0 when the receiver named none. */
  readonly slowsForMs: number | null;
}

const PASSING_4XX = new Set([408, 409, 425, 429]);
const THROTTLING = new Set([429, 502, 503, 504]);

/** The one decision: what an outcome means. Pure; `jitter` is in [0, 1). */
export function settle(input: SettleInput, nowMs: number, jitter: number): Settlement {
  const { outcome } = input;
  const status = outcome.kind === "answered" ? outcome.status : 0;
  const control = outcome.kind === "answered" ? outcome.control : null;
  const disables: DisabledReason | null =
    status === 410 ? "gone" : control === "disable" ? "receiver_control" : null;
  const endReason = finalReason(input, status);
  const askedMs = retryAfterMs(input);
  const slowsForMs = THROTTLING.has(status) ? askedMs : null;
  if (endReason !== null) {
    const state = endReason === "accepted" ? "delivered" : "exhausted";
    return { state, hold: null, dueAtMs: null, endReason, disables, slowsForMs };
  }
  const delayMs = retryDelayMs(input.table, input.tryNumber, jitter);
  if (delayMs === null) {
    const usedUp = { state: "exhausted", hold: null, dueAtMs: null } as const;
    return { ...usedUp, endReason: "table_used_up", disables, slowsForMs };
  }
  const hold = disables !== null ? "disabled" : holdFor(input.endpointState);
  // Strictly later than now, so that a retry can never be read twice within one look at what is due.
  const dueAtMs = hold === null ? nowMs + Math.max(delayMs, askedMs, 1) : null;
  const state = hold === null ? "pending" : "held";
  return { state, hold, dueAtMs, endReason: null, disables, slowsForMs };
}

function finalReason(input: SettleInput, status: number): EndReason | null {
  if (status >= 200 && status < 300) return "accepted";
  if (input.isTest) return "test_failed";
  if (status === 410) return "gone";
  const { outcome, retry } = input;
  if (outcome.kind === "answered" && outcome.control === "abort-message") return "aborted";
  const isPermanent = status >= 400 && status < 500 && !PASSING_4XX.has(status);
  return retry === "transient" && isPermanent ? "rejected" : null;
}

function holdFor(state: EndpointState): "paused" | "disabled" | null {
  return state === "active" ? null : state;
}

/**
 * Retry-After in milliseconds from now, as RFC 9110 section 10.2.3 has it (seconds or an HTTP date), at most the table's
 * longest step; 0 where none was given or it can't be read. Asked of every failing answer, not only of 429 and 503.
 */
function retryAfterMs({ outcome, wallMs, table }: SettleInput): number {
  if (outcome.kind !== "answered" || outcome.retryAfter === null) return 0;
  const text = outcome.retryAfter.trim();
  const askedMs = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - wallMs;
  return Number.isNaN(askedMs) ? 0 : Math.min(Math.max(askedMs, 0), longestStepMs(table));
}

/** What is kept of an outcome in the delivery's own row, for lists and reasons. */
export function lastOutcome(outcome: Outcome): { status: number | null; error: string | null } {
  return {
    status: outcome.kind === "answered" ? outcome.status : null,
    error: errorCode(outcome),
  };
}
