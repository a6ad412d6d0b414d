/** How things are going: the page's first screen, and its charts. */
import { z } from "zod";
import type { Application } from "../domain/application.ts";
import type { Endpoint } from "../domain/endpoint.ts";
import { AppError } from "../domain/errors.ts";
import type { ChartPlan, Tally } from "../domain/statistics.ts";
import {
  addTally,
  createTally,
  HOUR_MS,
  percentileMs,
  planChart,
  subjectOfApplication,
} from "../domain/statistics.ts";
import type { CellOutcome } from "../domain/strip.ts";
import type { Activity, Totals } from "../upkeep/insight.ts";
import { giveWay } from "../manage/give-way.ts";
import type { Finding } from "./attention.ts";
import { attentionTo, attentionToChecks } from "./attention.ts";
import { checksOf } from "./health.ts";
import type { ApiNeeds } from "./needs.ts";
import type {
  ActivityJson,
  AttentionJson,
  ChartsJson,
  OverviewEndpointJson,
  OverviewJson,
  TotalsJson,
} from "./overview-json.ts";
import { chartsOut, overviewOut } from "./overview-json.ts";
import type { Route } from "./route.ts";
import { json, jsonRoute, needsScope } from "./route.ts";
import { msOf, time, timeText, timeTextOrNull } from "./schemas.ts";

const ENDPOINTS_MAX = 200;
const ATTENTION_MAX = 200;
const POINTS_MAX = 240;
/** Looked at before everybody else has a turn, some eight milliseconds of each. With fewer, what a busy daemon is asked takes longer. */
const EXAMINED_PER_TURN = 5_000;
const WRITTEN_PER_TURN = 100;

const chartsQuery = z.strictObject({
  from: time.optional().describe("Default: an hour before `to`."),
  to: time.optional().describe("Default: now."),
  endpoint_id: z.string().optional().describe("Only this endpoint. Default: the application."),
});

export function overviewRoutes(needs: ApiNeeds): readonly Route[] {
  return [readOverview(needs), readCharts(needs)];
}

function readOverview(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/overview",
    operationId: "getOverview",
    tag: "Instance",
    summary: "How the application's deliveries are going, and what needs attention",
    description:
      "Statistics are counted by the minute and kept when it is over: a crash loses at most the last two minutes of them, and of nothing else.",
    access: needsScope("read"),
    answers: { 200: { description: "How it goes.", schema: overviewOut } },
    handle: async ({ application }) => json(200, await overview(needs, application)),
  });
}

async function overview(needs: ApiNeeds, application: Application): Promise<OverviewJson> {
  const { insight, directory } = needs;
  const all = directory.endpoints(application.seq);
  const { attention, shown } = await examined(needs, all);
  const activities = await insight.activities(shown);
  const endpoints = await overviewEndpoints(needs, shown, activities);
  const day = await insight.statistics.lastDay(subjectOfApplication(application.seq));
  return {
    totals: totalsJson(await insight.totals(application.seq)),
    last_minute: { ...insight.statistics.flowOf(application.seq).lastMinute },
    last_day: { accepted: day.accepted, delivered: day.delivered, failed: day.failed },
    attention: withDeliveries(attention, shown, activities),
    endpoints,
    endpoint_count: all.length,
  };
}

/** What needs attention, the worst first, and the endpoints to show: those that it concerns before the others. */
async function examined(
  needs: ApiNeeds,
  all: readonly Endpoint[],
): Promise<{ readonly attention: readonly AttentionJson[]; readonly shown: readonly Endpoint[] }> {
  const troubles = await needs.insight.statistics.troubles();
  const attention = attentionToChecks(await checksOf(needs));
  const concerned = new Set<Endpoint>();
  for (const [i, endpoint] of all.entries()) {
    if (i > 0 && i % EXAMINED_PER_TURN === 0) await giveWay(needs.timers);
    const found = attentionTo(endpoint, troubles.get(endpoint.seq));
    if (found.length === 0) continue;
    concerned.add(endpoint);
    attention.push(...found);
  }
  const shown = [...concerned].slice(0, ENDPOINTS_MAX);
  for (const endpoint of all) {
    if (shown.length >= ENDPOINTS_MAX) break;
    if (!concerned.has(endpoint)) shown.push(endpoint);
  }
  const isError = ({ severity }: Finding) => severity === "error";
  const sorted = [...attention.filter(isError), ...attention.filter((each) => !isError(each))];
  return { attention: sorted.slice(0, ATTENTION_MAX).map((each) => each.tell()), shown };
}

/** A few at a time: each has a strip of sixty attempts to write out. */
async function overviewEndpoints(
  { timers }: Pick<ApiNeeds, "timers">,
  shown: readonly Endpoint[],
  activities: readonly Activity[],
): Promise<OverviewEndpointJson[]> {
  const endpoints: OverviewEndpointJson[] = [];
  for (const [i, endpoint] of shown.entries()) {
    if (i > 0 && i % WRITTEN_PER_TURN === 0) await giveWay(timers);
    const activity = activities[i];
    if (activity !== undefined) endpoints.push(overviewEndpoint(endpoint, activity));
  }
  return endpoints;
}

/** What failed last there shows what is the matter; null where nothing of it is among the newest attempts. */
function withDeliveries(
  attention: readonly AttentionJson[],
  shown: readonly Endpoint[],
  activities: readonly Activity[],
): AttentionJson[] {
  const strips = new Map(shown.map(({ id }, i) => [id, activities[i]?.strip ?? []]));
  return attention.map((item) => {
    const outcomes = TOLD_BY[item.code] ?? [];
    const strip = strips.get(item.endpoint_id ?? "") ?? [];
    const last = strip.findLast(({ outcome }) => outcomes.includes(outcome));
    return { ...item, delivery_id: last?.deliveryId ?? null };
  });
}

/** The attempts that show what is meant, by what needs attention. */
const TOLD_BY: Partial<Record<AttentionJson["code"], readonly CellOutcome[]>> = {
  endpoint_failing: ["failed", "exhausted"],
  egress_blocked: ["blocked"],
  exhausted: ["exhausted"],
};

function overviewEndpoint(endpoint: Endpoint, activity: Activity): OverviewEndpointJson {
  const { id, settings, state, disabledReason, health } = endpoint;
  return {
    id,
    url: settings.url,
    description: settings.description,
    state,
    disabled_reason: disabledReason,
    slowed_until: timeTextOrNull(health.slowedUntilMs),
    ...activityJson(activity),
  };
}

export function activityJson({ waiting, held, day, strip }: Activity): ActivityJson {
  const { delivered, failed, p50Ms, p95Ms } = day;
  return {
    waiting,
    held,
    day: { delivered, failed, p50_ms: p50Ms, p95_ms: p95Ms },
    strip: strip.map(({ atMs, outcome, durationMs, status, deliveryId }) => ({
      at: timeText(atMs),
      outcome,
      duration_ms: durationMs,
      status,
      delivery_id: deliveryId,
    })),
  };
}

function totalsJson({ pending, held, inFlight, oldestWaitingAtMs }: Totals): TotalsJson {
  const oldest = timeTextOrNull(oldestWaitingAtMs);
  return { pending, held, in_flight: inFlight, oldest_waiting_at: oldest };
}

function readCharts(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/charts",
    operationId: "getCharts",
    tag: "Instance",
    summary: "What went through over time, in at most 240 points",
    description:
      "Minutes are kept for two days and hours for ninety (sooner forgotten where there are more than a million rows of either). A percentile is of all attempts, and off by a tenth at most.",
    access: needsScope("read"),
    query: chartsQuery,
    answers: { 200: { description: "The points, oldest first.", schema: chartsOut } },
    async handle({ application, query }) {
      const nowMs = needs.clock.nowMs();
      const toMs = Math.min(msOf(query.to) ?? nowMs, nowMs);
      const fromMs = msOf(query.from) ?? toMs - HOUR_MS;
      if (fromMs >= toMs) {
        throw new AppError(
          "invalid_request",
          "expected from to be before to, and not in the future",
        );
      }
      const subject =
        query.endpoint_id === undefined
          ? subjectOfApplication(application.seq)
          : needs.endpoints.read(application.seq, query.endpoint_id).seq;
      const plan = planChart(fromMs, toMs, nowMs, POINTS_MAX);
      const spans = await needs.insight.statistics.spans(subject, plan, toMs);
      return json(200, charts(plan, toMs, spans, query.endpoint_id === undefined));
    },
  });
}

/** A point for each bucket, also where nothing happened: a line over a gap would tell of traffic that there was not. */
function charts(
  { bucketMs, fromMs }: ChartPlan,
  toMs: number,
  spans: readonly { readonly atMs: number; readonly tally: Tally }[],
  isWhole: boolean,
): ChartsJson {
  const sums = new Map<number, Tally>();
  for (const { atMs, tally } of spans) {
    const bucket = Math.floor(atMs / bucketMs) * bucketMs;
    const sum = sums.get(bucket) ?? createTally();
    addTally(sum, tally);
    sums.set(bucket, sum);
  }
  const points = [];
  for (let atMs = fromMs; atMs < toMs && points.length < POINTS_MAX; atMs += bucketMs) {
    points.push(pointOf(atMs, sums.get(atMs) ?? createTally(), isWhole));
  }
  return { bucket_ms: bucketMs, points };
}

function pointOf(atMs: number, tally: Tally, isWhole: boolean): ChartsJson["points"][number] {
  const { accepted, delivered, failed, durations, causes } = tally;
  return {
    at: timeText(atMs),
    accepted: isWhole ? accepted : null,
    delivered,
    failed,
    p50_ms: percentileMs(durations, 0.5),
    p95_ms: percentileMs(durations, 0.95),
    p99_ms: percentileMs(durations, 0.99),
    causes: Object.fromEntries(causes ?? []),
  };
}
