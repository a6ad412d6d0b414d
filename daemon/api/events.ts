import { z } from "zod";
import { AppError, expected } from "../domain/errors.ts";
import type { Problem } from "../domain/errors.ts";
import type { IngestAnswer } from "../domain/ports.ts";
import { createRest } from "../manage/give-way.ts";
import { eventJson, eventOut, eventWithBody, eventWithBodyOut } from "./event-json.ts";
import {
  eventFromJson,
  eventFromRaw,
  eventsFromJson,
  idempotencyKeyOf,
  newEvent,
  newEventBatch,
} from "./incoming.ts";
import type { ApiNeeds } from "./needs.ts";
import type { Call, Reply, Route } from "./route.ts";
import { bytesRoute, json, jsonRoute, needsScope, param } from "./route.ts";
import { msOf, pageOf, pageQuery, present, searchText, time } from "./schemas.ts";
import { isJson } from "./walk.ts";

const accepted = z.object({
  id: z.string(),
  deliveries: z.int().describe("How many endpoints it goes to; 0 where none is subscribed."),
});

const acceptedBatch = z.object({
  data: z
    .array(
      z.union([accepted, z.object({ error: z.object({ code: z.string(), detail: z.string() }) })]),
    )
    .describe("One answer per event, in the same order."),
});

const eventQuery = z.strictObject({
  type: z.string().optional().describe("The event's type."),
  tenant: z.string().optional().describe("The event's tenant."),
  from: time.optional().describe("Accepted at this time or later."),
  to: time.optional().describe("Accepted before this time."),
  text: searchText
    .optional()
    .describe(
      "A piece of text in the id, type, tenant, ordering key or body, as it was sent; A to Z " +
        "stand for a to z as well. A page looks through a bounded number of events, so it may be " +
        "short or empty and still have a next one.",
    ),
  ...pageQuery,
});

const EXAMPLE_EVENT = {
  type: "invoice.paid",
  data: { invoice: "in_1042", amount: 4200, currency: "EUR" },
  tenant: "acme",
};

const REPEATABLE = {
  "Idempotency-Key":
    "Up to 256 characters. The same key with the same request is answered with the first answer, " +
    "with another request it is a conflict.",
};

export function eventRoutes(needs: ApiNeeds): readonly Route[] {
  return [postEvent(needs), postBatch(needs), listEvents(needs), getEvent(needs)];
}

function postEvent(needs: ApiNeeds): Route {
  return bytesRoute({
    method: "POST",
    path: "/v1/events",
    operationId: "createEvent",
    isAudited: false,
    tag: "Events",
    summary: "Send an event to everyone who subscribed to it",
    description:
      "Answered after the event and one delivery per endpoint are safely on disk. As " +
      "`application/json` the body is the object below. With any other content type and the header " +
      "`Posthorn-Event-Type` the body is passed on byte for byte under that content type; a JSON " +
      "body of one's own can be sent so as `application/vnd.example+json`.",
    access: needsScope("events:write"),
    requestHeaders: {
      ...REPEATABLE,
      "Posthorn-Event-Type": "The type of a raw event; not allowed with application/json.",
      "Posthorn-Tenant": "The tenant of a raw event.",
      "Posthorn-Ordering-Key": "The ordering key of a raw event.",
      "Posthorn-Event-Id": "The producer's own id of a raw event.",
    },
    body: { schema: newEvent, example: EXAMPLE_EVENT },
    otherContentTypes: { "*/*": "A raw event, with the header `Posthorn-Event-Type`." },
    answers: {
      202: {
        description: "Accepted: it will be delivered.",
        schema: accepted,
        headers: { "Idempotent-Replayed": "`true` where the same request was answered before." },
      },
    },
    faults: ["invalid_json", "schema_violation", "conflict", "backlog_full"],
    handle: (call) => acceptOne(needs, call),
  });
}

async function acceptOne(needs: ApiNeeds, call: Call<unknown, Uint8Array>): Promise<Reply> {
  const { headers, body, application } = call;
  const around = {
    applicationSeq: application.seq,
    idempotencyKey: idempotencyKeyOf(headers),
    dataBytesMax: needs.config.limits.eventBytesMax,
  };
  const event = isEnvelope(headers)
    ? eventFromJson(body, around)
    : eventFromRaw(body, headers, around);
  const [answer] = await needs.ingest.accept([event]);
  if (answer === undefined) throw new Error("expected ingest to answer the event, got nothing");
  if (answer.kind === "conflict") throw new AppError("conflict", answer.message);
  // An id is made of letters, digits, _ and -, so the answer needs no escapes.
  const text = `{"id":"${answer.eventId}","deliveries":${answer.deliveryCount}}`;
  const reply = {
    status: 202,
    body: { kind: "text", contentType: "application/json", text },
  } as const;
  return answer.kind === "repeated" ? { ...reply, headers: REPLAYED } : reply;
}

const REPLAYED = { "Idempotent-Replayed": "true" };

/** Whether the body is `{type, data, …}` in JSON, and not a raw event. */
function isEnvelope(headers: Call["headers"]): boolean {
  const contentType = headers["content-type"];
  const rawType = headers["posthorn-event-type"];
  if (contentType === undefined) return rawType === undefined;
  if (!isJson(contentType)) return false;
  if (rawType === undefined) return true;
  // Read as either, it would be the wrong one for half of those who send it.
  const wanted =
    "absent with Content-Type application/json, where the type is a member of the body";
  const message = expected("header Posthorn-Event-Type", wanted, rawType);
  const problems = [{ path: "Posthorn-Event-Type", message }];
  throw new AppError("invalid_request", message, { problems });
}

function postBatch(needs: ApiNeeds): Route {
  return bytesRoute({
    method: "POST",
    path: "/v1/events/batch",
    operationId: "createEvents",
    isAudited: false,
    tag: "Events",
    summary: "Send up to 1,000 events at once",
    description:
      "Either all events are well-formed, or none is accepted and every fault is listed. With an " +
      "`Idempotency-Key` the event at position i has the key followed by `#` and i; one whose key " +
      "was used by another event is answered with an error, and the others are accepted.",
    access: needsScope("events:write"),
    requestHeaders: REPEATABLE,
    body: { schema: newEventBatch, example: { events: [EXAMPLE_EVENT] } },
    otherContentTypes: {},
    answers: { 202: { description: "Accepted, each as its answer says.", schema: acceptedBatch } },
    faults: ["invalid_json", "schema_violation", "backlog_full", "unsupported_media_type"],
    handle: (call) => acceptBatch(needs, call),
  });
}

async function acceptBatch(needs: ApiNeeds, call: Call<unknown, Uint8Array>): Promise<Reply> {
  const contentType = call.headers["content-type"];
  if (contentType !== undefined && !isJson(contentType)) {
    const message = expected("Content-Type", "application/json", contentType);
    throw new AppError("unsupported_media_type", message);
  }
  const events = eventsFromJson(call.body, {
    applicationSeq: call.application.seq,
    idempotencyKey: idempotencyKeyOf(call.headers),
    dataBytesMax: needs.config.limits.eventBytesMax,
  });
  const answers = await needs.ingest.accept(events).catch((error: unknown) => {
    throw events.length === 1 ? placedInBatch(error) : error;
  });
  return json(202, { data: answers.map(batchItem) });
}

/** Ingest places a single event's faults as if it were the whole body. */
function placedInBatch(error: unknown): unknown {
  if (!(error instanceof AppError) || error.problems.length === 0) return error;
  const problems: Problem[] = error.problems.map(({ path, message }) => ({
    path: `/events/0${path}`,
    message,
  }));
  return new AppError(error.code, error.message, { problems });
}

function batchItem(answer: IngestAnswer): z.infer<typeof acceptedBatch>["data"][number] {
  return answer.kind === "conflict"
    ? { error: { code: "conflict", detail: answer.message } }
    : { id: answer.eventId, deliveries: answer.deliveryCount };
}

function listEvents(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/events",
    operationId: "listEvents",
    tag: "Events",
    summary: "List events, newest first",
    access: needsScope("read"),
    query: eventQuery,
    answers: { 200: { description: "A page of events.", schema: pageOf(eventOut) } },
    faults: ["invalid_cursor"],
    async handle({ application, query }) {
      const asked = {
        applicationSeq: application.seq,
        limit: query.limit,
        after: query.cursor ?? null,
        ...present({ type: query.type, tenant: query.tenant, text: query.text }),
        ...present({ fromMs: msOf(query.from), toMs: msOf(query.to) }),
      };
      const { rows, next } = await needs.read.events(asked, createRest(needs));
      return json(200, { data: rows.map(eventJson), next_cursor: next });
    },
  });
}

function getEvent({ read }: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/events/{id}",
    operationId: "getEvent",
    tag: "Events",
    summary: "Read one event with its data",
    access: needsScope("read"),
    answers: { 200: { description: "The event.", schema: eventWithBodyOut } },
    async handle(call) {
      const id = param(call, "id");
      const event = await read.event(call.application.seq, id);
      if (event === null) throw notFound("an event", id);
      return { status: 200, body: eventWithBody(event) };
    },
  });
}

/** The same words whether there is no such thing or it is another application's. */
function notFound(what: string, id: string): AppError {
  return new AppError("not_found", expected("id", `that of ${what} of this application`, id));
}
