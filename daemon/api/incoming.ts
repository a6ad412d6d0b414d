/**
 * What producers send, checked for form and turned into `IncomingEvent`s. zod checks a whole event in 0.3 µs, so the schema
 * of the OpenAPI document is also what runs; a second check by hand would save nothing and could disagree.
 */
import { z } from "zod";
import type { IncomingHttpHeaders } from "node:http";
import { AppError, expected } from "../domain/errors.ts";
import {
  EVENT_BATCH_MAX,
  EVENT_ID_PATTERN,
  IDEMPOTENCY_KEY_LENGTH_MAX,
  ORDERING_KEY_LENGTH_MAX,
  TENANT_LENGTH_MAX,
} from "../domain/event.ts";
import type { IncomingEvent } from "../domain/ports.ts";
import type { Scanned, ScannedObject } from "../ingest/json.ts";
import { scanObject, scanObjects } from "../ingest/json.ts";
import { EVENT_TYPE_WORDS, eventTime, ownEventType } from "./schemas.ts";
import { invalidRequest, validated } from "./validation.ts";
import { inWords } from "./wanted.ts";

const tenant = z.string().min(1).max(TENANT_LENGTH_MAX);
const orderingKey = z.string().min(1).max(ORDERING_KEY_LENGTH_MAX);
const eventId = inWords(
  "1 to 64 characters of A-Z a-z 0-9 _ -",
  z.string().regex(EVENT_ID_PATTERN),
);

export const newEvent = z.strictObject({
  type: ownEventType,
  data: z
    .unknown()
    .describe("Any JSON value. It is stored, signed and sent exactly as it is written here."),
  tenant: tenant.nullish().describe("The producer's own customer or user."),
  id: eventId
    .nullish()
    .describe("The producer's own id; it makes the request repeatable. Else one is made."),
  occurred_at: eventTime.nullish().describe("When it happened. Else: when it was accepted."),
  ordering_key: orderingKey
    .nullish()
    .describe("Ordered endpoints get events with the same key one after another."),
});

export const newEventBatch = z.strictObject({
  events: z.array(newEvent).min(1).max(EVENT_BATCH_MAX),
});

const rawHeaders = z.object({
  "Posthorn-Event-Type": ownEventType,
  "Posthorn-Tenant": tenant.optional(),
  "Posthorn-Ordering-Key": orderingKey.optional(),
  "Posthorn-Event-Id": eventId.optional(),
  "Content-Type": z.string().min(1).max(256),
});

const idempotencyHeader = z.object({
  "Idempotency-Key": z.string().min(1).max(IDEMPOTENCY_KEY_LENGTH_MAX).optional(),
});

type NewEventJson = z.infer<typeof newEvent>;

/** What an `IncomingEvent` takes from around the event itself. */
interface Surroundings {
  readonly applicationSeq: number;
  readonly idempotencyKey: string | null;
  readonly dataBytesMax: number;
}

/** One event from a body of `{type, data, …}`. */
export function eventFromJson(body: Uint8Array, around: Surroundings): IncomingEvent {
  const { members, dataBytes } = scannedOrThrow(scanObject(body), "");
  const event = validated(newEvent, members, "body");
  return incoming(event, dataBytes, around);
}

/** The events of a body of `{events: […]}`. All faults of all events at once, and nothing of it where there is one. */
export function eventsFromJson(body: Uint8Array, around: Surroundings): IncomingEvent[] {
  const scanned = scannedOrThrow(scanList(body), "/events");
  const members = scanned.map((each) => each.members);
  const { events } = validated(newEventBatch, { events: members }, "body");
  const { idempotencyKey } = around;
  return events.map((event, index) => {
    const key = idempotencyKey === null ? null : `${idempotencyKey}#${index}`;
    return incoming(event, scanned[index]?.dataBytes ?? null, { ...around, idempotencyKey: key });
  });
}

const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;

/** The objects of the list in `{"events": […]}`. Throws what is wrong where the body is anything else. */
function scanList(body: Uint8Array): Scanned<readonly ScannedObject[]> {
  const list = listInside(body);
  const scanned = list === null ? null : scanObjects(list);
  if (scanned !== null && (scanned.ok || scanned.code === "invalid_request")) return scanned;
  // Looked at as a whole once more, to name the fault and its place in what was sent.
  const { members } = scannedOrThrow(scanObject(body), "");
  validated(newEventBatch, members, "body");
  throw new AppError("invalid_json", 'expected body to be {"events": [...]} and nothing around it');
}

/**
 * The bytes of the list. `events` is the only member that there may be, so the list goes from the first bracket to the
 * last one, and the whole body need not be parsed a second time. Null where something else stands around it.
 */
function listInside(body: Uint8Array): Uint8Array | null {
  const start = body.indexOf(BRACKET_OPEN);
  const end = body.lastIndexOf(BRACKET_CLOSE) + 1;
  if (start === -1 || start > AROUND_BYTES_MAX || body.length - end > AROUND_BYTES_MAX) return null;
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const isList =
    HEAD.test(text.toString("latin1", 0, start)) && TAIL.test(text.toString("latin1", end));
  return isList ? body.subarray(start, end) : null;
}

const AROUND_BYTES_MAX = 1_024;
const HEAD = /^[ \t\r\n]*\{[ \t\r\n]*"events"[ \t\r\n]*:[ \t\r\n]*$/;
const TAIL = /^[ \t\r\n]*\}[ \t\r\n]*$/;

function scannedOrThrow<T>(scanned: Scanned<T>, base: string): T {
  if (scanned.ok) return scanned.value;
  const { path, message } = scanned.problem;
  const problems = [{ path: `${base}${path}`, message }];
  if (scanned.code === "invalid_request") throw invalidRequest(problems);
  throw new AppError(scanned.code, message, { problems });
}

function incoming(
  event: NewEventJson,
  dataBytes: Uint8Array | null,
  { applicationSeq, idempotencyKey, dataBytesMax }: Surroundings,
): IncomingEvent {
  const data = dataBytes ?? NO_BYTES;
  if (data.length > dataBytesMax) throw tooLarge("data", dataBytesMax, data.length);
  return {
    applicationSeq,
    type: event.type,
    tenant: event.tenant ?? null,
    id: event.id ?? null,
    occurredAtMs: msOrNull(event.occurred_at),
    orderingKey: event.ordering_key ?? null,
    idempotencyKey,
    contentType: null,
    data,
    value: event.data,
  };
}

function msOrNull(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : Date.parse(text);
}

const NO_BYTES = new Uint8Array(0);

/** One event whose body is passed on byte for byte; all that is known of it is in the headers. */
export function eventFromRaw(
  body: Uint8Array,
  headers: IncomingHttpHeaders,
  { applicationSeq, idempotencyKey, dataBytesMax }: Surroundings,
): IncomingEvent {
  if (body.length > dataBytesMax) throw tooLarge("the body", dataBytesMax, body.length);
  if (headers["posthorn-event-type"] === undefined) throw untyped(headers["content-type"]);
  const known = validated(
    rawHeaders,
    {
      "Posthorn-Event-Type": headers["posthorn-event-type"],
      "Posthorn-Tenant": headers["posthorn-tenant"],
      "Posthorn-Ordering-Key": headers["posthorn-ordering-key"],
      "Posthorn-Event-Id": headers["posthorn-event-id"],
      "Content-Type": headers["content-type"] ?? "application/octet-stream",
    },
    "query",
  );
  return {
    applicationSeq,
    type: known["Posthorn-Event-Type"],
    tenant: known["Posthorn-Tenant"] ?? null,
    id: known["Posthorn-Event-Id"] ?? null,
    occurredAtMs: null,
    orderingKey: known["Posthorn-Ordering-Key"] ?? null,
    idempotencyKey,
    contentType: known["Content-Type"],
    data: body,
    value: undefined,
  };
}

/** Most who end up here meant the JSON envelope: `curl -d` alone says that it sends a form. */
function untyped(contentType: string | undefined): AppError {
  const missing = expected("Posthorn-Event-Type", EVENT_TYPE_WORDS, undefined);
  const json = `or send Content-Type: application/json, not ${JSON.stringify(contentType ?? "none")}`;
  return invalidRequest([{ path: "Posthorn-Event-Type", message: `${missing}; ${json}` }]);
}

/** The header that makes a request repeatable; null where there is none. */
export function idempotencyKeyOf(headers: IncomingHttpHeaders): string | null {
  const given = headers["idempotency-key"];
  if (given === undefined) return null;
  return (
    validated(idempotencyHeader, { "Idempotency-Key": given }, "query")["Idempotency-Key"] ?? null
  );
}

function tooLarge(what: string, bytesMax: number, bytes: number): AppError {
  return new AppError("body_too_large", expected(what, `at most ${bytesMax} bytes`, bytes));
}
