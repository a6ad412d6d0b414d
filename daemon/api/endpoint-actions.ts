/** What is done with an endpoint rather than set at it. */
import { z } from "zod";
import type { ApiNeeds } from "./needs.ts";
import { deliveryWithAttempts, deliveryWithAttemptsOut } from "./delivery-json.ts";
import { endpointOut } from "./endpoint-json.ts";
import { shownEndpoint } from "./endpoints.ts";
import { activityJson } from "./overview.ts";
import { activityOut } from "./overview-json.ts";
import { testEndpoint } from "./endpoint-test.ts";
import { heldOut } from "./overview-json.ts";
import type { Route } from "./route.ts";
import { json, jsonRoute, needsScope, param } from "./route.ts";
import { dryRun, eventType, time } from "./schemas.ts";

const release = z.strictObject({
  held: z
    .enum(["all", "latest", "none"])
    .default("all")
    .describe("Which held deliveries go: all, the newest of each ordering key, or none."),
});

const stats = z.object({
  pending: z.int(),
  held: z.int(),
  delivered: z.int(),
  exhausted: z.int(),
  cancelled: z.int(),
  attempts: z.int(),
  failed_attempts: z.int(),
  in_flight: z.int().describe("Attempts under way now; their deliveries count as pending."),
  ready: z.int().describe("Deliveries that wait in memory."),
  activity: activityOut,
});

const recovery = z.strictObject({
  since: time.describe("Last failed at this time or later; not in the future."),
  error: z
    .string()
    .max(64)
    .optional()
    .describe("Only what last failed with this error code, such as http_500."),
  dry_run: dryRun,
});

const recovered = z.object({ recovered: z.int() });

const replaying = z.strictObject({
  from: time.describe("Accepted at this time or later."),
  to: time.optional().describe("Accepted before this time. Default: now."),
  type: eventType.optional().describe("Only events of this type."),
  dry_run: dryRun,
});

const replayed = z.object({
  created: z.int().describe("Never sent to this endpoint before."),
  resent: z.int().describe("Sent before, and now once more."),
  waiting: z.int().describe("On their way anyway, and left alone."),
});

export function endpointActionRoutes(needs: ApiNeeds): readonly Route[] {
  return [
    hold(needs, "pause", "Pause an endpoint: what arrives is held"),
    letGo(needs, "resume", "Resume a paused endpoint"),
    hold(needs, "disable", "Disable an endpoint: what arrives is held"),
    letGo(needs, "enable", "Enable a disabled endpoint"),
    test(needs),
    readStats(needs),
    readHeld(needs),
    recover(needs),
    replay(needs),
    cancelPending(needs),
  ];
}

function hold(needs: ApiNeeds, verb: "pause" | "disable", summary: string): Route {
  return jsonRoute({
    method: "POST",
    path: `/v1/endpoints/{id}/${verb}`,
    operationId: `${verb}Endpoint`,
    tag: "Endpoints",
    summary,
    access: needsScope("manage"),
    answers: { 200: { description: "The endpoint.", schema: endpointOut } },
    faults: ["conflict"],
    async handle(call) {
      const endpoint = await needs.endpoints[verb](call.application.seq, param(call, "id"));
      return json(200, shownEndpoint(needs, endpoint));
    },
  });
}

function letGo(needs: ApiNeeds, verb: "resume" | "enable", summary: string): Route {
  return jsonRoute({
    method: "POST",
    path: `/v1/endpoints/{id}/${verb}`,
    operationId: `${verb}Endpoint`,
    tag: "Endpoints",
    summary,
    access: needsScope("manage"),
    body: { schema: release, isOptional: true, example: { held: "latest" } },
    answers: { 200: { description: "The endpoint.", schema: endpointOut } },
    faults: ["conflict"],
    async handle(call) {
      const { application, body } = call;
      const endpoint = await needs.endpoints[verb](application.seq, param(call, "id"), body.held);
      return json(200, shownEndpoint(needs, endpoint));
    },
  });
}

function test(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "POST",
    path: "/v1/endpoints/{id}/test",
    operationId: "testEndpoint",
    tag: "Endpoints",
    summary: "Send a test event to this endpoint and wait for its answer",
    description:
      "A real delivery on the real path, sent even while the endpoint is paused, and not retried.",
    access: needsScope("manage"),
    answers: {
      200: { description: "The attempt has ended.", schema: deliveryWithAttemptsOut },
      202: { description: "It has not ended in time.", schema: deliveryWithAttemptsOut },
    },
    faults: ["backlog_full"],
    async handle(call) {
      const endpoint = needs.endpoints.read(call.application.seq, param(call, "id"));
      const { row, hasEnded } = await testEndpoint(needs, endpoint);
      return json(hasEnded ? 200 : 202, await deliveryWithAttempts(needs, row));
    },
  });
}

function readStats({ endpoints, read, dispatcher, insight }: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/endpoints/{id}/stats",
    operationId: "getEndpointStats",
    tag: "Endpoints",
    summary: "Counts of an endpoint's deliveries and attempts since it was made",
    access: needsScope("read"),
    answers: { 200: { description: "The counts.", schema: stats } },
    async handle(call) {
      const endpoint = endpoints.read(call.application.seq, param(call, "id"));
      const { seq } = endpoint;
      const { failedAttempts, ...counts } = await read.counts(seq);
      const { inFlight, ready } = dispatcher.load(seq);
      const activities = (await insight.activities([endpoint])).map(activityJson);
      return json(200, {
        ...counts,
        failed_attempts: failedAttempts,
        in_flight: inFlight,
        ready,
        activity: activities[0],
      });
    },
  });
}

function readHeld({ motion }: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/endpoints/{id}/held",
    operationId: "getHeldDeliveries",
    tag: "Endpoints",
    summary: "Count what resuming or enabling an endpoint would let go, by each choice",
    access: needsScope("read"),
    answers: { 200: { description: "The counts.", schema: heldOut } },
    async handle(call) {
      const { all, latestPerKey } = await motion.held(call.application.seq, param(call, "id"));
      return json(200, { all, latest_per_key: latestPerKey });
    },
  });
}

function recover({ motion }: ApiNeeds): Route {
  return jsonRoute({
    method: "POST",
    path: "/v1/endpoints/{id}/recover",
    operationId: "recoverEndpoint",
    tag: "Endpoints",
    summary: "Send everything again that failed since a time",
    description:
      "What was given up or waits for a retry, and last failed at that time or later. Tests are left out.",
    access: needsScope("manage"),
    body: { schema: recovery, example: { since: "2026-01-31T00:00:00Z" } },
    answers: {
      200: { description: "How many would be due (`dry_run`).", schema: recovered },
      202: { description: "How many are due now.", schema: recovered },
    },
    async handle(call) {
      const { since, error, dry_run: isRehearsal = false } = call.body;
      const wish = { sinceMs: Date.parse(since), error, isRehearsal };
      const counts = await motion.recover(call.application.seq, param(call, "id"), wish);
      return json(isRehearsal ? 200 : 202, counts);
    },
  });
}

function replay(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "POST",
    path: "/v1/endpoints/{id}/replay",
    operationId: "replayEvents",
    tag: "Endpoints",
    summary: "Send past events to this endpoint, those that it would get if they came now",
    access: needsScope("manage"),
    body: { schema: replaying, example: { from: "2026-01-30T00:00:00Z", type: "invoice.paid" } },
    answers: {
      200: { description: "What would become of them (`dry_run`).", schema: replayed },
      202: { description: "What became of them.", schema: replayed },
    },
    async handle(call) {
      const { from, to, type, dry_run: isRehearsal = false } = call.body;
      const toMs = to === undefined ? needs.clock.nowMs() : Date.parse(to);
      const input = { fromMs: Date.parse(from), toMs, type, isRehearsal };
      const counts = await needs.replay(call.application.seq, param(call, "id"), input);
      return json(isRehearsal ? 200 : 202, counts);
    },
  });
}

function cancelPending({ motion }: ApiNeeds): Route {
  return jsonRoute({
    method: "POST",
    path: "/v1/endpoints/{id}/cancel-pending",
    operationId: "cancelPendingDeliveries",
    tag: "Endpoints",
    summary: "Call off everything that waits at this endpoint, held deliveries included",
    access: needsScope("manage"),
    answers: {
      200: { description: "How many were called off.", schema: z.object({ cancelled: z.int() }) },
    },
    async handle(call) {
      return json(200, await motion.cancelWaiting(call.application.seq, param(call, "id")));
    },
  });
}
