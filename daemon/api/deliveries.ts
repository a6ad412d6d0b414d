import { z } from "zod";
import { AppError, expected } from "../domain/errors.ts";
import type { DeliveryQuery, DeliveryRow, Page } from "../domain/stores.ts";
import {
  deliveriesJson,
  deliveryOut,
  deliveryWithAttempts,
  deliveryWithAttemptsOut,
  SHOWN_STATES,
} from "./delivery-json.ts";
import type { ApiNeeds } from "./needs.ts";
import type { Reply, Route } from "./route.ts";
import { json, jsonRoute, needsScope, param } from "./route.ts";
import { msOf, pageOf, pageQuery, present, time } from "./schemas.ts";

const deliveryQuery = z.strictObject({
  event_id: z.string().optional(),
  endpoint_id: z.string().optional(),
  state: z
    .enum(SHOWN_STATES)
    .optional()
    .describe(
      "`pending` includes those in flight. A page of `in_flight` may be empty and still have a next one.",
    ),
  type: z.string().optional().describe("The event's type."),
  tenant: z.string().optional(),
  from: time.optional().describe("Created at this time or later."),
  to: time.optional().describe("Created before this time."),
  error: z.string().max(64).optional().describe("The last attempt's error code, such as http_500."),
  ...pageQuery,
});

type DeliveryQueryJson = z.infer<typeof deliveryQuery>;

export function deliveryRoutes(needs: ApiNeeds): readonly Route[] {
  return [listDeliveries(needs), getDelivery(needs), resendDelivery(needs), cancelDelivery(needs)];
}

function listDeliveries(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/deliveries",
    operationId: "listDeliveries",
    tag: "Deliveries",
    summary: "List deliveries, each with its reason",
    description:
      "Newest first; those that are `pending` or `in_flight` by when they are due, the earliest first.",
    access: needsScope("read"),
    query: deliveryQuery,
    answers: { 200: { description: "A page of deliveries.", schema: pageOf(deliveryOut) } },
    faults: ["invalid_cursor", "not_found"],
    async handle({ application, query }) {
      const asked = await storeQuery(needs, application.seq, query);
      const isInFlight = query.state === "in_flight";
      const { rows, next } = isInFlight
        ? await inFlightPage(needs, asked)
        : await needs.read.deliveries(asked);
      return json(200, { data: await deliveriesJson(needs, rows), next_cursor: next });
    },
  });
}

async function storeQuery(
  needs: ApiNeeds,
  applicationSeq: number,
  query: DeliveryQueryJson,
): Promise<DeliveryQuery> {
  const eventSeq = await eventSeqOf(needs, applicationSeq, query.event_id);
  const endpointSeq = endpointSeqOf(needs, applicationSeq, query.endpoint_id);
  return {
    applicationSeq,
    limit: query.limit,
    after: query.cursor ?? null,
    ...present({ eventSeq, endpointSeq, type: query.type, tenant: query.tenant }),
    ...present({ state: query.state === "in_flight" ? "pending" : query.state }),
    ...present({ fromMs: msOf(query.from), toMs: msOf(query.to), lastError: query.error }),
  };
}

/** A filter by an unknown id is refused: an empty list would look as if nothing had been sent. */
async function eventSeqOf(
  { read }: ApiNeeds,
  applicationSeq: number,
  id: string | undefined,
): Promise<number | undefined> {
  if (id === undefined) return undefined;
  const event = await read.event(applicationSeq, id);
  if (event === null) throw unknown("event_id", "event", id);
  return event.seq;
}

function endpointSeqOf(
  { directory }: ApiNeeds,
  applicationSeq: number,
  id: string | undefined,
): number | undefined {
  if (id === undefined) return undefined;
  const endpoint = directory.endpointById(applicationSeq, id);
  if (endpoint === undefined) throw unknown("endpoint_id", "endpoint", id);
  return endpoint.seq;
}

function unknown(what: string, noun: string, id: string): AppError {
  return new AppError("not_found", expected(what, `that of an ${noun} of this application`, id));
}

const IN_FLIGHT_PAGES_MAX = 10;

/**
 * What is in flight is not stored, so pending deliveries are read until some of them are, or enough was looked at. The
 * cursor is the store's, so a page is never cut: it may hold fewer than the limit.
 */
async function inFlightPage(
  { read, dispatcher }: ApiNeeds,
  query: DeliveryQuery,
): Promise<Page<DeliveryRow>> {
  let after = query.after;
  for (let pages = 0; pages < IN_FLIGHT_PAGES_MAX; pages++) {
    if (dispatcher.load(query.endpointSeq ?? null).inFlight === 0) break;
    const { rows, next } = await read.deliveries({ ...query, after });
    const inFlight = rows.filter(({ seq }) => dispatcher.isInFlight(seq));
    if (inFlight.length > 0 || next === null) return { rows: inFlight, next };
    after = next;
  }
  return { rows: [], next: after === query.after ? null : after };
}

function getDelivery(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/deliveries/{id}",
    operationId: "getDelivery",
    tag: "Deliveries",
    summary: "Read one delivery with all its attempts",
    access: needsScope("read"),
    answers: { 200: { description: "The delivery.", schema: deliveryWithAttemptsOut } },
    handle: (call) => shown(needs, call.application.seq, param(call, "id")),
  });
}

function resendDelivery(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "POST",
    path: "/v1/deliveries/{id}/resend",
    operationId: "resendDelivery",
    tag: "Deliveries",
    summary: "Send a delivery again, its backoff table from the start",
    access: needsScope("manage"),
    answers: { 200: { description: "The delivery.", schema: deliveryWithAttemptsOut } },
    faults: ["conflict"],
    async handle(call) {
      await needs.motion.resend(call.application.seq, param(call, "id"));
      return shown(needs, call.application.seq, param(call, "id"));
    },
  });
}

function cancelDelivery(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "POST",
    path: "/v1/deliveries/{id}/cancel",
    operationId: "cancelDelivery",
    tag: "Deliveries",
    summary: "Call a delivery off",
    description:
      "An attempt under way can't be called back; where there is one, the reason says so.",
    access: needsScope("manage"),
    answers: { 200: { description: "The delivery.", schema: deliveryWithAttemptsOut } },
    faults: ["conflict"],
    async handle(call) {
      await needs.motion.cancel(call.application.seq, param(call, "id"));
      return shown(needs, call.application.seq, param(call, "id"));
    },
  });
}

async function shown(needs: ApiNeeds, applicationSeq: number, id: string): Promise<Reply> {
  const row = await needs.read.delivery(applicationSeq, id);
  if (row === null) {
    throw new AppError("not_found", expected("id", "that of a delivery of this application", id));
  }
  return json(200, await deliveryWithAttempts(needs, row));
}
