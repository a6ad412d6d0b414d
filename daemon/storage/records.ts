import type { RunResult } from "better-sqlite3";

import type { Answered, Outcome } from "../domain/attempt.ts";
import { errorCode } from "../domain/attempt.ts";
import type { AttemptRecord } from "../domain/stores.ts";
import type { CountChanges } from "./counts.ts";
import type { Connection } from "./open.ts";

/** Writes one attempt and what it means for its delivery. Belongs into a commit, whose counts it adds to. */
export interface RecordWriter {
  /** Returns whether the delivery is final now. */
  record(entry: AttemptRecord, nowMs: number, counts: CountChanges): boolean;
}

export function createRecordWriter({ file }: Pick<Connection, "file">): RecordWriter {
  const insertAttempt = file.prepare(
    `insert into attempt
       (delivery_seq, number, id, started_at_ms, duration_ms, status, error_code, error_message,
        request_headers, response_headers, response_excerpt, is_response_cut)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict do nothing`,
  );
  // What nearly every attempt leaves: an answer without a body. Each value that is bound costs a tenth of a microsecond.
  const insertBare = file.prepare(
    `insert into attempt
       (delivery_seq, number, id, started_at_ms, duration_ms, status, request_headers, response_headers)
     values (?, ?, ?, ?, ?, ?, ?, ?)
     on conflict do nothing`,
  );
  // An operator may have ended the delivery while its attempt was under way: that stands, unless it was delivered after all.
  const update = file.prepare(
    `update delivery set state = ?, hold = ?, due_at_ms = ?, attempt_count = ?, settled_at_ms = ?,
       last_status = ?, last_error = ?, end_reason = ?
     where seq = ? and state = 'pending'`,
  );
  // What nearly every attempt comes to; the fewer values are bound, the less it costs: a quarter of the other.
  const deliver = file.prepare(
    `update delivery set state = 'delivered', due_at_ms = null, attempt_count = ?, settled_at_ms = ?,
       last_status = ?, last_error = null, end_reason = 'accepted'
     where seq = ? and state = 'pending'`,
  );
  const stateOf = file
    .prepare<[number], string>("select state from delivery where seq = ?")
    .pluck();
  const overrule = file.prepare(
    `update delivery set state = ?, hold = null, due_at_ms = null, attempt_count = ?,
       settled_at_ms = ?, last_status = ?, last_error = ?, end_reason = ?
     where seq = ?`,
  );
  const noteAttempt = file.prepare(
    "update delivery set attempt_count = ?, last_status = ?, last_error = ? where seq = ?",
  );

  function addAttempt(entry: AttemptRecord, error: string | null, counts: CountChanges): void {
    const { changes } = isBare(entry.outcome)
      ? addBare(entry, entry.outcome)
      : addWhole(entry, error);
    counts.add(entry.endpointSeq, "attempts", changes);
    if (error !== null) counts.add(entry.endpointSeq, "failedAttempts", changes);
  }

  function addBare(entry: AttemptRecord, { durationMs, status, response }: Answered): RunResult {
    return insertBare.run(
      entry.deliverySeq,
      entry.number,
      entry.attemptId,
      entry.startedAtMs,
      Math.round(durationMs),
      status,
      entry.requestHeaders,
      response.headerLines,
    );
  }

  function addWhole(entry: AttemptRecord, error: string | null): RunResult {
    const { outcome } = entry;
    const response = outcome.kind === "answered" ? outcome.response : null;
    return insertAttempt.run(
      entry.deliverySeq,
      entry.number,
      entry.attemptId,
      entry.startedAtMs,
      Math.round(outcome.durationMs),
      outcome.kind === "answered" ? outcome.status : null,
      error,
      outcome.kind === "answered" ? null : outcome.message,
      entry.requestHeaders,
      response === null ? null : response.headerLines,
      response === null || response.excerpt.length === 0 ? null : response.excerpt,
      response?.isCut === true ? 1 : 0,
    );
  }

  function settleOther(
    entry: AttemptRecord,
    error: string | null,
    nowMs: number,
    counts: CountChanges,
  ): boolean {
    const before = stateOf.get(entry.deliverySeq);
    // Cancelled, and forgotten since: an attempt without its delivery would stay for ever.
    if (before === undefined) return false;
    addAttempt(entry, error, counts);
    const { state: after, endReason } = entry.settlement;
    const status = entry.outcome.kind === "answered" ? entry.outcome.status : null;
    const isHeldAndFinal = before === "held" && endReason !== null;
    if (after !== "delivered" && !isHeldAndFinal) {
      noteAttempt.run(entry.number, status, error, entry.deliverySeq);
      return false;
    }
    overrule.run(after, entry.number, nowMs, status, error, endReason, entry.deliverySeq);
    counts.add(entry.endpointSeq, before as "held", -1);
    counts.add(entry.endpointSeq, after, 1);
    return true;
  }

  function record(entry: AttemptRecord, nowMs: number, counts: CountChanges): boolean {
    const { settlement } = entry;
    const error = errorCode(entry.outcome);
    if (!settlePending(entry, error, nowMs)) return settleOther(entry, error, nowMs, counts);
    addAttempt(entry, error, counts);
    if (settlement.state !== "pending") {
      counts.add(entry.endpointSeq, "pending", -1);
      counts.add(entry.endpointSeq, settlement.state, 1);
    }
    return settlement.endReason !== null;
  }

  /** False where the delivery is not pending any more. */
  function settlePending(entry: AttemptRecord, error: string | null, nowMs: number): boolean {
    const { outcome, settlement, number, deliverySeq } = entry;
    const { state, hold, dueAtMs, endReason } = settlement;
    const status = outcome.kind === "answered" ? outcome.status : null;
    const settledAtMs = endReason === null ? null : nowMs;
    const { changes } =
      state === "delivered"
        ? deliver.run(number, settledAtMs, status, deliverySeq)
        : update.run(
            state,
            hold,
            dueAtMs,
            number,
            settledAtMs,
            status,
            error,
            endReason,
            deliverySeq,
          );
    return changes === 1;
  }

  return { record };
}

/** An answer of a row with nothing but the answer: no error, no body. */
function isBare(outcome: Outcome): outcome is Answered {
  return (
    outcome.kind === "answered" &&
    errorCode(outcome) === null &&
    outcome.response.excerpt.length === 0 &&
    !outcome.response.isCut
  );
}
