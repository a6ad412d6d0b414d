import { z } from "zod";
import type { EventType } from "../domain/application.ts";
import { DESCRIPTION_LENGTH_MAX } from "../manage/settings.ts";
import { listPage, listQuery } from "./listing.ts";
import type { ApiNeeds } from "./needs.ts";
import type { Route } from "./route.ts";
import { json, jsonRoute, needsScope, noContent, param } from "./route.ts";
import { pageOf, timeOut, timeText } from "./schemas.ts";

const eventTypeOut = z.object({
  name: z.string(),
  description: z.string(),
  schema: z.unknown().describe("Null where there is none."),
  created_at: timeOut,
  updated_at: timeOut,
});

export type EventTypeJson = z.infer<typeof eventTypeOut>;

const eventTypeIn = z.strictObject({
  description: z.string().max(DESCRIPTION_LENGTH_MAX).default(""),
  schema: z
    .union([z.record(z.string(), z.unknown()), z.boolean()])
    .nullable()
    .default(null)
    .describe(
      "JSON Schema (draft 2020-12) that `data` of new events must satisfy, of at most 64 KiB. It has " +
        "250 ms for each event; where it takes longer, the type's events are refused for a minute.",
    ),
});

const EXAMPLE_TYPE = {
  description: "An invoice was paid in full.",
  schema: { type: "object", required: ["invoice"], properties: { invoice: { type: "string" } } },
};

export function eventTypeRoutes(needs: ApiNeeds): readonly Route[] {
  return [listTypes(needs), getType(needs), putType(needs), deleteType(needs)];
}

function listTypes({ eventTypes }: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/event-types",
    operationId: "listEventTypes",
    tag: "Event types",
    summary: "List the event types that were written down, by name",
    access: needsScope("read"),
    query: listQuery,
    answers: { 200: { description: "A page of event types.", schema: pageOf(eventTypeOut) } },
    faults: ["invalid_cursor"],
    handle({ application, query }) {
      const all = eventTypes.list(application.seq);
      const { rows, next } = listPage("event-types", all, ({ name }) => name, query);
      return json(200, { data: rows.map(eventTypeJson), next_cursor: next });
    },
  });
}

function getType({ eventTypes }: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/event-types/{name}",
    operationId: "getEventType",
    tag: "Event types",
    summary: "Read one event type",
    access: needsScope("read"),
    answers: { 200: { description: "The event type.", schema: eventTypeOut } },
    handle: (call) =>
      json(200, eventTypeJson(eventTypes.read(call.application.seq, param(call, "name")))),
  });
}

function putType({ eventTypes }: ApiNeeds): Route {
  return jsonRoute({
    method: "PUT",
    path: "/v1/event-types/{name}",
    operationId: "putEventType",
    tag: "Event types",
    summary: "Write down an event type, or replace what was written",
    description:
      "Events of unknown types are accepted, too; a schema makes the daemon check data, and refuse " +
      "raw events of the type.",
    access: needsScope("manage"),
    body: { schema: eventTypeIn, example: EXAMPLE_TYPE },
    answers: { 200: { description: "The event type as it is now.", schema: eventTypeOut } },
    faults: ["backlog_full"],
    async handle(call) {
      const { description, schema } = call.body;
      const input = { name: param(call, "name"), description, schema };
      return json(200, eventTypeJson(await eventTypes.put(call.application.seq, input)));
    },
  });
}

function deleteType({ eventTypes }: ApiNeeds): Route {
  return jsonRoute({
    method: "DELETE",
    path: "/v1/event-types/{name}",
    operationId: "deleteEventType",
    tag: "Event types",
    summary: "Forget an event type; its events are accepted as before, without a schema",
    access: needsScope("manage"),
    answers: { 204: { description: "It is forgotten." } },
    async handle(call) {
      await eventTypes.delete(call.application.seq, param(call, "name"));
      return noContent();
    },
  });
}

function eventTypeJson(type: EventType): z.infer<typeof eventTypeOut> {
  return {
    name: type.name,
    description: type.description,
    schema: type.schema,
    created_at: timeText(type.createdAtMs),
    updated_at: timeText(type.updatedAtMs),
  };
}
