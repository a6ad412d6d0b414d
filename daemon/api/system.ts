import type { JobReport } from "../upkeep/report.ts";
import { checksOf } from "./health.ts";
import type { ApiNeeds } from "./needs.ts";
import type { Route } from "./route.ts";
import { json, jsonRoute, needsInstance } from "./route.ts";
import { timeText, timeTextOrNull } from "./schemas.ts";
import { systemOut } from "./system-json.ts";

export function systemRoutes(needs: ApiNeeds): readonly Route[] {
  return [readSystem(needs)];
}

function readSystem(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/system",
    operationId: "getSystem",
    tag: "Instance",
    summary: "What the daemon runs on, and how it is",
    description: "The sizes are a minute old at most.",
    access: needsInstance("read"),
    answers: { 200: { description: "The machine room.", schema: systemOut } },
    async handle() {
      const report = await needs.report();
      const { database } = report;
      return json(200, {
        version: needs.version,
        build: needs.page?.build ?? "",
        node: report.node,
        sqlite: report.sqlite,
        platform: report.platform,
        started_at: timeText(report.startedAtMs),
        memory_bytes: report.memoryBytes,
        database: {
          bytes: database.bytes,
          wal_bytes: database.walBytes,
          free_bytes: database.freeBytes,
          tables: database.tables,
          tables_note: database.note,
        },
        disk_free_bytes: report.diskFreeBytes,
        jobs: report.jobs.map(jobJson),
        checks: await checksOf(needs),
        watchers: report.watchers,
      });
    },
  });
}

function jobJson({ name, cron, lastAtMs, lastMs, lastError, nextAtMs }: JobReport) {
  return {
    name,
    cron,
    last_at: timeTextOrNull(lastAtMs),
    last_ms: lastMs,
    last_error: lastError,
    next_at: timeText(nextAtMs),
  };
}
