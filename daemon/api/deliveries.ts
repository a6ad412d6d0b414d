import type { z } from "zod";
import type { ShownRequest } from "../domain/attempt.ts";
import { AppError, expected } from "../domain/errors.ts";
import type { DeliveryQuery, DeliveryRow, Page } from "../domain/stores.ts";
import { createRest, giveWay } from "../manage/give-way.ts";
import {
  deliveriesJson,
  deliveryOut,
  deliveryWithAttempts,
  deliveryWithAttemptsOut,
  headersJson,
  textOf,
} from "./delivery-json.ts";
import { deliveryQuery, storeQuery } from "./delivery-query.ts";
import type { ApiNeeds } from "./needs.ts";
import { deliveryRequestOut } from "./overview-json.ts";
import type { Reply, Route } from "./route.ts";
import { json, jsonRoute, needsScope, param } from "./route.ts";
import { pageOf } from "./schemas.ts";
import { signatureStepJson } from "./signature-json.ts";

export function deliveryRoutes(needs: ApiNeeds): readonly Route[] {
  return [
    listDeliveries(needs),
    getDelivery(needs),
    getRequest(needs),
    resendDelivery(needs),
    cancelDelivery(needs),
  ];
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
        : await needs.read.deliveries(asked, createRest(needs));
      return json(200, { data: await deliveriesJson(needs, rows), next_cursor: next });
    },
  });
}

const IN_FLIGHT_PAGES_MAX = 10;

/**
 * What is in flight is not stored, so pending deliveries are read until some of them are, or enough was looked at. The
 * cursor is the store's, so a page is never cut: it may hold fewer than the limit.
 */
async function inFlightPage(needs: ApiNeeds, query: DeliveryQuery): Promise<Page<DeliveryRow>> {
  const { read, dispatcher, timers } = needs;
  const rest = createRest(needs);
  let after = query.after;
  for (let pages = 0; pages < IN_FLIGHT_PAGES_MAX; pages++) {
    if (dispatcher.load(query.endpointSeq ?? null).inFlight === 0) break;
    const { rows, next } = await read.deliveries({ ...query, after }, rest);
    const inFlight = rows.filter(({ seq }) => dispatcher.isInFlight(seq));
    if (inFlight.length > 0 || next === null) return { rows: inFlight, next };
    after = next;
    await giveWay(timers);
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

function getRequest(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/deliveries/{id}/request",
    operationId: "getDeliveryRequest",
    tag: "Deliveries",
    summary: "Show what was sent last, or would be next, and how its signature is made",
    description:
      "Credentials and most extra headers are masked, and no secret is shown: each is named by its " +
      "id. The address and the body are those of the endpoint as it is now.",
    access: needsScope("read"),
    answers: { 200: { description: "The request.", schema: deliveryRequestOut } },
    faults: ["conflict"],
    async handle(call) {
      const row = await rowOf(needs, call.application.seq, param(call, "id"));
      const request = await needs.shownRequest(row);
      if (request === null) {
        const got = "one whose endpoint was deleted";
        throw new AppError("conflict", expected("the delivery", "one of a present endpoint", got));
      }
      return json(200, requestJson(request));
    },
  });
}

function requestJson(request: ShownRequest): z.infer<typeof deliveryRequestOut> {
  const text = textOf(request.body, false);
  return {
    method: "POST",
    url: request.url,
    headers: headersJson(request.headerLines),
    is_sent: request.isSent,
    body: text ?? Buffer.from(request.body).toString("base64"),
    body_encoding: text === null ? "base64" : "text",
    signature: request.steps.map(signatureStepJson),
  };
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
  const row = await rowOf(needs, applicationSeq, id);
  return json(200, await deliveryWithAttempts(needs, row));
}

async function rowOf(needs: ApiNeeds, applicationSeq: number, id: string): Promise<DeliveryRow> {
  const row = await needs.read.delivery(applicationSeq, id);
  if (row === null) {
    throw new AppError("not_found", expected("id", "that of a delivery of this application", id));
  }
  return row;
}
