import type { Selectable } from "kysely";

import type { Delivery, EndReason, Hold } from "../domain/delivery.ts";
import type { Event } from "../domain/event.ts";
import type { AttemptRow } from "../domain/stores.ts";
import type { AttemptTable, DeliveryTable, EventTable } from "./schema.ts";

/** From rows to nouns. What a CHECK holds to a closed list is taken at its word. */
export function eventOf(row: Omit<Selectable<EventTable>, "data_start">): Event {
  return {
    seq: row.seq,
    id: row.id,
    applicationSeq: row.application_seq,
    type: row.type,
    tenant: row.tenant,
    orderingKey: row.ordering_key,
    occurredAtMs: row.occurred_at_ms,
    acceptedAtMs: row.accepted_at_ms,
    contentType: row.content_type,
    bodyBytes: row.body_bytes,
  };
}

export function deliveryOf(row: Selectable<DeliveryTable>): Delivery {
  return {
    seq: row.seq,
    id: row.id,
    eventSeq: row.event_seq,
    endpointSeq: row.endpoint_seq,
    state: row.state as Delivery["state"],
    hold: row.hold as Hold | null,
    dueAtMs: row.due_at_ms,
    attemptCount: row.attempt_count,
    tableStart: row.table_start,
    orderingKey: row.ordering_key,
    isTest: row.is_test === 1,
    createdAtMs: row.created_at_ms,
    settledAtMs: row.settled_at_ms,
    lastStatus: row.last_status,
    lastError: row.last_error,
    endReason: row.end_reason as EndReason | null,
  };
}

export function attemptOf(row: Selectable<AttemptTable>): AttemptRow {
  return {
    id: row.id,
    number: row.number,
    startedAtMs: row.started_at_ms,
    durationMs: row.duration_ms,
    status: row.status,
    errorCode: row.error_code,
    errorMessage: row.error_message,
    requestHeaders: row.request_headers,
    responseHeaders: row.response_headers,
    responseExcerpt: row.response_excerpt,
    isResponseCut: row.is_response_cut === 1,
  };
}
