import type { EndpointJson } from "../../../daemon/api/endpoint-json.ts";
import type { ActivityJson } from "../../../daemon/api/overview-json.ts";
import { useCharts } from "../data/charts.ts";
import type { EndpointStats } from "../data/endpoint-stats.ts";
import { endpointName } from "../data/endpoints.ts";
import { SuccessShare } from "../parts/endpoint-rows.tsx";
import {
  CausesChart,
  LatencyChart,
  SpanFilter,
  spanOf,
  ThroughputChart,
} from "../parts/flow-charts.tsx";
import { Icon } from "../parts/icon.tsx";
import { Problem } from "../parts/problem.tsx";
import { Strip } from "../parts/strip.tsx";
import { Time } from "../parts/time.tsx";
import { linkTo } from "../shell/address.ts";
import { compact, duration } from "../words/format.ts";
import { t } from "../words/words.ts";

interface ActivityProps {
  readonly endpoint: EndpointJson;
  readonly stats: EndpointStats | null;
  readonly activity: ActivityJson;
}

/** How an endpoint has been doing: its last attempts, numbers of the last day, and pictures of a span. */
export function EndpointActivity({ endpoint, stats, activity }: ActivityProps) {
  return (
    <div class="stack">
      <section class="panel" aria-label={t("endpoint.attempts")}>
        <div class="panel-head">
          <h2>{t("endpoint.attempts")}</h2>
          <Links id={endpoint.id} />
        </div>
        <Strip
          cells={activity.strip}
          label={t("endpoint.strip", { name: endpointName(endpoint) })}
        />
      </section>
      <Numbers endpoint={endpoint} stats={stats} activity={activity} />
      <Pictures id={endpoint.id} />
    </div>
  );
}

function Links({ id }: { readonly id: string }) {
  return (
    <p class="buttons">
      <a class="button small" href={linkTo(["deliveries"], { endpoint_id: id })}>
        <Icon name="deliveries" />
        {t("endpoint.deliveries")}
      </a>
      <a class="button small" href={linkTo(["recover"], { endpoint_id: id })}>
        <Icon name="recover" />
        {t("endpoint.failures")}
      </a>
    </p>
  );
}

function Numbers({ endpoint: { health }, stats, activity }: ActivityProps) {
  const { day, waiting, held } = activity;
  const facts = [
    [
      t("endpoint.success.long"),
      <SuccessShare key="s" delivered={day.delivered} failed={day.failed} />,
    ],
    [t("endpoint.median"), day.p50_ms === null ? "–" : duration(day.p50_ms)],
    [t("endpoint.p95.long"), day.p95_ms === null ? "–" : duration(day.p95_ms)],
    [t("endpoint.waiting"), compact(waiting)],
    [t("state.held"), compact(held)],
    [t("state.in_flight"), stats === null ? "–" : compact(stats.in_flight)],
    [t("endpoint.ever-delivered"), stats === null ? "–" : compact(stats.delivered)],
    [t("state.exhausted"), stats === null ? "–" : compact(stats.exhausted)],
    [t("endpoint.last-success"), <Time key="t" at={health.last_success_at} isDistance />],
    [t("endpoint.last-failure"), <Time key="t" at={health.last_failure_at} isDistance />],
  ] as const;
  return (
    <dl class="tiles small-tiles">
      {facts.map(([name, value]) => (
        <div key={name} class="tile">
          <dt class="soft small">{name}</dt>
          <dd class="number">
            <b>{value}</b>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Pictures({ id }: { readonly id: string }) {
  const { value, problem, reload } = useCharts(spanOf(), id);
  return (
    <section class="panel" aria-label={t("endpoint.charts")}>
      <div class="panel-head">
        <h2>{t("endpoint.charts")}</h2>
        <SpanFilter />
      </div>
      {problem !== null && <Problem problem={problem} retry={reload} />}
      {value === null ? (
        problem === null && <p class="chart-empty soft">{t("list.loading")}</p>
      ) : (
        <div class="charts">
          <ThroughputChart charts={value} />
          <LatencyChart charts={value} />
          <CausesChart charts={value} />
        </div>
      )}
    </section>
  );
}
