/** Many deliveries at once, and what failed in groups. */
import { z } from "zod";
import type { AppError } from "../domain/errors.ts";
import type { Selection } from "../manage/bulk.ts";
import type { DeliveryFilterJson } from "./delivery-query.ts";
import { deliveryFilter, storeQuery } from "./delivery-query.ts";
import type { ApiNeeds } from "./needs.ts";
import { bulkOut, failureGroupOut } from "./overview-json.ts";
import type { Route } from "./route.ts";
import { json, jsonRoute, needsScope } from "./route.ts";
import { dryRun, time, timeText } from "./schemas.ts";
import { invalidRequest } from "./validation.ts";

const IDS_MAX = 1_000;
const DAY_MS = 86_400_000;

const selection = z.strictObject({
  ids: z.array(z.string().max(64)).min(1).max(IDS_MAX).optional(),
  filter: z
    .strictObject({ ...deliveryFilter, is_test: z.boolean().optional() })
    .optional()
    .describe("As the list is asked; `{}` is every delivery. Exactly one of ids and filter."),
  dry_run: dryRun,
});

const failureQuery = z.strictObject({
  since: time.optional().describe("Last failed at this time or later. Default: a day ago."),
  endpoint_id: z.string().optional().describe("Only this endpoint."),
});

const failuresOut = z.object({
  data: z.array(failureGroupOut).describe("At most 200, the largest first."),
  is_more: z
    .boolean()
    .describe("True where counting stopped at its limit, or there are more groups."),
});

export function bulkRoutes(needs: ApiNeeds): readonly Route[] {
  return [
    many(needs, "resend", "Send many deliveries again"),
    many(needs, "cancel", "Call many deliveries off"),
    listFailures(needs),
  ];
}

function many(needs: ApiNeeds, verb: "resend" | "cancel", summary: string): Route {
  return jsonRoute({
    method: "POST",
    path: `/v1/deliveries/${verb}`,
    operationId: `${verb}Deliveries`,
    tag: "Deliveries",
    summary,
    description:
      "Those that the verb for one delivery would refuse are left, and ids that are unknown. At most " +
      "10,000 at a call; `is_more` says that there are others. With `dry_run` it only counts.",
    access: needsScope("manage"),
    body: {
      schema: selection,
      example: { filter: { state: "exhausted", error: "http_500" }, dry_run: true },
    },
    answers: { 200: { description: "How many were moved, or would be.", schema: bulkOut } },
    faults: ["not_found"],
    async handle({ application, body }) {
      const wanted = await selectionOf(needs, application.seq, body);
      const move = verb === "resend" ? needs.motion.resendMany : needs.motion.cancelMany;
      const { count, isMore } = await move(wanted, body.dry_run === true);
      return json(200, { count, is_more: isMore });
    },
  });
}

async function selectionOf(
  needs: ApiNeeds,
  applicationSeq: number,
  { ids, filter }: { ids?: string[] | undefined; filter?: DeliveryFilterJson | undefined },
): Promise<Selection> {
  if (ids !== undefined && filter === undefined) return { kind: "ids", applicationSeq, ids };
  if (ids !== undefined || filter === undefined) throw notOne();
  const {
    limit: _limit,
    after: _after,
    ...query
  } = await storeQuery(needs, applicationSeq, {
    ...filter,
    limit: 1,
  });
  return { kind: "filter", query, isInFlight: filter.state === "in_flight" };
}

function notOne(): AppError {
  const message = "expected the body to have exactly one of ids and filter, got both or none";
  return invalidRequest([{ path: "", message }]);
}

function listFailures({ motion, clock }: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/failures",
    operationId: "listFailures",
    tag: "Deliveries",
    summary: "Count what failed since a time, by endpoint and error",
    description: "What recovering would send again: given up, or waiting for a retry; no tests.",
    access: needsScope("read"),
    query: failureQuery,
    answers: { 200: { description: "The groups.", schema: failuresOut } },
    faults: ["not_found"],
    async handle({ application, query }) {
      const { since, endpoint_id: endpointId } = query;
      const sinceMs = since === undefined ? clock.nowMs() - DAY_MS : Date.parse(since);
      const { groups, isMore } = await motion.failures(application.seq, { sinceMs, endpointId });
      const data = groups.map((group) => ({
        endpoint_id: group.endpointId,
        error: group.error,
        count: group.count,
        first_at: timeText(group.firstAtMs),
        last_at: timeText(group.lastAtMs),
        example_delivery_id: group.exampleId,
      }));
      return json(200, { data, is_more: isMore });
    },
  });
}
