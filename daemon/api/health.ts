import { z } from "zod";
import { EVENT_BATCH_MAX } from "../domain/event.ts";
import type { ApiNeeds, Check } from "./needs.ts";
import type { Route } from "./route.ts";
import { json, jsonRoute, needsInstance, needsScope, openRoute } from "./route.ts";

const alive = z.object({ status: z.literal("ok") });

const checks = z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() }));

const readiness = z.object({ status: z.enum(["ok", "unavailable"]), checks });

const info = z.object({
  version: z.string(),
  uptime_s: z.int(),
  application: z.object({ id: z.string(), name: z.string() }).describe("The one acted in."),
  limits: z.object({
    event_bytes_max: z.int(),
    request_bytes_max: z.int(),
    batch_events_max: z.int(),
    backlog_max: z.int(),
    concurrency_max: z.int(),
  }),
});

export function healthRoutes(needs: ApiNeeds): readonly Route[] {
  return [healthz(), readyz(needs), metrics(needs), readInfo(needs)];
}

function healthz(): Route {
  return openRoute({
    method: "GET",
    path: "/healthz",
    operationId: "getHealth",
    tag: "Instance",
    summary: "Whether the daemon is alive",
    answers: { 200: { description: "It is.", schema: alive } },
    handle: () => json(200, { status: "ok" }),
  });
}

function readyz(needs: ApiNeeds): Route {
  return openRoute({
    method: "GET",
    path: "/readyz",
    operationId: "getReadiness",
    tag: "Instance",
    summary: "Whether the daemon can take events",
    answers: {
      200: { description: "It can.", schema: readiness },
      503: { description: "It can't, and the checks say why.", schema: readiness },
    },
    async handle() {
      const found = await checksOf(needs);
      const isReady = found.every(({ ok }) => ok);
      return json(isReady ? 200 : 503, { status: isReady ? "ok" : "unavailable", checks: found });
    },
  });
}

/** Whoever asks for readiness decides by the status, so a check that fails in itself is an answer, too. */
export async function checksOf({ readiness: ask, log }: ApiNeeds): Promise<readonly Check[]> {
  try {
    return await ask();
  } catch (error) {
    log.error("the readiness checks failed", { error });
    return [{ name: "checks", ok: false, detail: "the checks themselves failed; see the log" }];
  }
}

function metrics(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/metrics",
    operationId: "getMetrics",
    tag: "Instance",
    summary: "Counters for Prometheus",
    description: "Numbers of all applications, so it needs an instance-wide key.",
    access: needsInstance("read"),
    answers: { 200: { description: "Prometheus' text format.", contentType: "text/plain" } },
    async handle() {
      const { contentType, text } = await needs.metrics.page();
      return { status: 200, body: { kind: "text", contentType, text } };
    },
  });
}

function readInfo({ config, version, clock }: ApiNeeds): Route {
  const startedAtMs = clock.nowMs();
  const { limits } = config;
  return jsonRoute({
    method: "GET",
    path: "/v1/info",
    operationId: "getInfo",
    tag: "Instance",
    summary: "The daemon's version and limits",
    access: needsScope("read"),
    answers: { 200: { description: "What it is.", schema: info } },
    handle: ({ application }) =>
      json(200, {
        version,
        uptime_s: Math.floor((clock.nowMs() - startedAtMs) / 1_000),
        application: { id: application.id, name: application.name },
        limits: {
          event_bytes_max: limits.eventBytesMax,
          request_bytes_max: limits.requestBytesMax,
          batch_events_max: EVENT_BATCH_MAX,
          backlog_max: limits.backlogMax,
          concurrency_max: limits.concurrencyMax,
        },
      }),
  });
}
