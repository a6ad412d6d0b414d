import type { ChartsJson } from "../../../daemon/api/overview-json.ts";
import type { Span } from "../data/charts.ts";
import { SPANS_MS } from "../data/charts.ts";
import { compact, duration, number } from "../words/format.ts";
import type { Key } from "../words/en.ts";
import { t, tn } from "../words/words.ts";
import type { ChartSeries, ChartTone } from "./chart-series.ts";
import { Chart } from "./chart.tsx";
import { filterValue, SelectFilter } from "./filters.tsx";

type Point = ChartsJson["points"][number];

interface FlowChartProps {
  readonly charts: ChartsJson;
}

const CAUSES_SHOWN = 5;
const CAUSE_TONES: readonly ChartTone[] = ["bad", "warn", "calm", "action", "good", "soft"];

/** The span that the address asks for; an hour where it asks for none. */
export function spanOf(): Span {
  const given = filterValue("span");
  return given in SPANS_MS ? (given as Span) : "1h";
}

/** How far back the charts look. */
export function SpanFilter() {
  return (
    <SelectFilter
      name="span"
      label={t("chart.span")}
      options={(Object.keys(SPANS_MS) as Span[]).map((span) => [
        span === "1h" ? "" : span,
        t(`chart.span.${span}` satisfies Key),
      ])}
    />
  );
}

/** Events in, deliveries out, attempts that failed. */
export function ThroughputChart({
  charts,
  isTitleHidden = false,
}: FlowChartProps & { readonly isTitleHidden?: boolean }) {
  const { points } = charts;
  const accepted = points.map((point) => point.accepted);
  const series: ChartSeries[] = [
    {
      key: "delivered",
      label: t("flow.delivered"),
      tone: "good",
      isFilled: true,
      values: points.map(({ delivered }) => delivered),
    },
    {
      key: "failed",
      label: t("flow.failed"),
      tone: "bad",
      dash: [2, 3],
      values: points.map(({ failed }) => failed),
    },
  ];
  if (accepted.some((each) => each !== null)) {
    series.unshift({
      key: "accepted",
      label: t("flow.accepted"),
      tone: "action",
      dash: [8, 4],
      values: accepted,
    });
  }
  const values = {
    accepted: number(sum(accepted)),
    delivered: number(sum(points.map(({ delivered }) => delivered))),
    failed: number(sum(points.map(({ failed }) => failed))),
  };
  return (
    <Chart
      title={t("overview.throughput")}
      isTitleHidden={isTitleHidden}
      note={bucketText(charts.bucket_ms)}
      summary={t("chart.throughput.summary", values)}
      atMs={atMsOf(points)}
      series={series}
      format={compact}
      empty={t("chart.none")}
    />
  );
}

function bucketText(bucketMs: number): string {
  const minutes = Math.round(bucketMs / 60_000);
  return minutes < 60
    ? tn("chart.bucket.minutes", minutes)
    : tn("chart.bucket.hours", Math.round(minutes / 60));
}

/** How long attempts took, by percentile. */
export function LatencyChart({ charts }: FlowChartProps) {
  const { points } = charts;
  const last = points.findLast(({ p95_ms: ms }) => ms !== null);
  const series: readonly ChartSeries[] = [
    { key: "p50", label: "p50", tone: "good", values: points.map(({ p50_ms: ms }) => ms) },
    {
      key: "p95",
      label: "p95",
      tone: "action",
      dash: [8, 4],
      values: points.map(({ p95_ms: ms }) => ms),
    },
    {
      key: "p99",
      label: "p99",
      tone: "warn",
      dash: [2, 3],
      values: points.map(({ p99_ms: ms }) => ms),
    },
  ];
  const summary =
    last === undefined
      ? t("chart.none")
      : t("chart.latency.summary", {
          p50: duration(last.p50_ms ?? 0),
          p95: duration(last.p95_ms ?? 0),
        });
  return (
    <Chart
      title={t("chart.latency")}
      summary={summary}
      atMs={atMsOf(points)}
      series={series}
      format={duration}
      empty={t("chart.none")}
    />
  );
}

/** Failed attempts by what went wrong, the most frequent first. */
export function CausesChart({ charts }: FlowChartProps) {
  const { points } = charts;
  const ranked = rankedCauses(points);
  const named = ranked.slice(0, CAUSES_SHOWN).map(([cause]) => cause);
  const series = named.map((cause, index): ChartSeries => ({
    key: cause,
    label: cause,
    tone: CAUSE_TONES[index] ?? "soft",
    values: points.map(({ causes }) => causes[cause] ?? 0),
  }));
  if (ranked.length > named.length) {
    const others = points.map(({ causes }) =>
      sum(Object.entries(causes).map(([cause, n]) => (named.includes(cause) ? 0 : n))),
    );
    series.push({ key: "", label: t("chart.others"), tone: "soft", values: others });
  }
  const list = ranked.map(([cause, count]) => `${cause}: ${number(count)}`).join(", ");
  return (
    <Chart
      title={t("chart.causes")}
      summary={list === "" ? t("chart.causes.none") : list}
      atMs={atMsOf(points)}
      series={series.map((each) => ({
        ...each,
        label: `${each.label} (${number(sum(each.values))})`,
      }))}
      format={compact}
      isStacked
      empty={t("chart.causes.none")}
    />
  );
}

function rankedCauses(points: readonly Point[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { causes } of points) {
    for (const [cause, n] of Object.entries(causes)) {
      counts.set(cause, (counts.get(cause) ?? 0) + n);
    }
  }
  return [...counts].toSorted(([, a], [, b]) => b - a);
}

function atMsOf(points: readonly Point[]): readonly number[] {
  return points.map(({ at }) => Date.parse(at));
}

function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}
