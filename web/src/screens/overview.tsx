import type { OverviewJson } from "../../../daemon/api/overview-json.ts";
import { useLiveRows } from "../data/activity.ts";
import { useAgain, useCharts } from "../data/charts.ts";
import { nowMs } from "../data/clock.ts";
import { lastMinute, totals } from "../data/live.ts";
import { useObjectNews } from "../data/objects.ts";
import { useResource } from "../data/resource.ts";
import { useSteady } from "../data/steady.ts";
import { EndpointRows } from "../parts/endpoint-rows.tsx";
import { SpanFilter, spanOf, ThroughputChart } from "../parts/flow-charts.tsx";
import { ScreenHead } from "../parts/head.tsx";
import { Icon } from "../parts/icon.tsx";
import { Problem } from "../parts/problem.tsx";
import { linkTo } from "../shell/address.ts";
import { compact } from "../words/format.ts";
import { t, tn } from "../words/words.ts";
import { Attention } from "./overview-attention.tsx";
import { NoEndpoints } from "./overview-first.tsx";

const AGAIN_MS = 30_000;

/** Rates, what waits, what needs a person, and every endpoint with a strip of its last attempts. */
export function Overview() {
  const { value, problem, reload } = useResource<OverviewJson>("overview");
  useAgain(reload, AGAIN_MS);
  useObjectNews("endpoint", null, reload);
  return (
    <>
      <ScreenHead title={t("nav.overview")} />
      {problem !== null && <Problem problem={problem} retry={reload} />}
      {value === null ? (
        problem === null && <p class="waiting soft">{t("list.loading")}</p>
      ) : (
        <>
          <Tiles overview={value} />
          <Attention overview={value} />
          {value.endpoint_count === 0 ? (
            <NoEndpoints hasEvents={value.last_day.accepted > 0} />
          ) : (
            <>
              <Throughput />
              <Endpoints overview={value} reload={reload} />
            </>
          )}
        </>
      )}
    </>
  );
}

function Tiles({ overview }: { readonly overview: OverviewJson }) {
  const { accepted, delivered, failed } = lastMinute.value ?? overview.last_minute;
  const now = totals.value ?? overview.totals;
  const day = overview.last_day;
  // The day was counted when the overview was read, the minute just now: a part is never more than the whole.
  const perDay = (n: number, minute: number): string =>
    t("overview.in-a-day", { n: compact(Math.max(n, minute)) });
  return (
    <dl class="tiles">
      <Tile name={t("overview.accepted")} value={accepted} note={perDay(day.accepted, accepted)} />
      <Tile
        name={t("overview.delivered")}
        value={delivered}
        note={perDay(day.delivered, delivered)}
      />
      <Tile
        name={t("overview.failed")}
        value={failed}
        note={perDay(day.failed, failed)}
        isBad={failed > 0}
      />
      <Tile
        name={t("overview.queue")}
        value={now.pending}
        note={tn("overview.in-flight", now.in_flight)}
        link={linkTo(["deliveries"], { state: "pending" })}
      />
      <Tile
        name={t("overview.oldest")}
        value={ageText(now.oldest_waiting_at)}
        note={t("overview.oldest.note")}
      />
      <Tile
        name={t("overview.held")}
        value={now.held}
        note={t("overview.held.note")}
        link={linkTo(["deliveries"], { state: "held" })}
      />
    </dl>
  );
}

interface TileProps {
  readonly name: string;
  readonly value: number | string;
  readonly note: string;
  readonly link?: string;
  readonly isBad?: boolean;
}

function Tile({ name, value, note, link, isBad = false }: TileProps) {
  const text = typeof value === "number" ? compact(value) : value;
  return (
    <div class="tile">
      <dt class="soft small">{link === undefined ? name : <a href={link}>{name}</a>}</dt>
      <dd>
        <b class={isBad ? "number ink-bad" : "number"}>{text}</b>
        <span class="soft small">{note}</span>
      </dd>
    </div>
  );
}

/** How long the oldest has waited, counting; a dash where none does. */
function ageText(at: string | null): string {
  if (at === null) return "–";
  const s = Math.max(0, Math.floor((nowMs.value - Date.parse(at)) / 1_000));
  if (s < 60) return t("age.seconds", { n: s });
  if (s < 3_600) return t("age.minutes", { n: Math.floor(s / 60) });
  if (s < 172_800) return t("age.hours", { n: Math.floor(s / 3_600) });
  return t("age.days", { n: Math.floor(s / 86_400) });
}

function Throughput() {
  const span = spanOf();
  const { value, problem, reload } = useCharts(span, null);
  return (
    <section class="panel" aria-label={t("overview.throughput")}>
      <div class="panel-head">
        <h2>{t("overview.throughput")}</h2>
        <SpanFilter />
      </div>
      {problem !== null && <Problem problem={problem} retry={reload} />}
      {value !== null && <ThroughputChart charts={value} isTitleHidden />}
      {value === null && problem === null && <p class="chart-empty soft">{t("list.loading")}</p>}
    </section>
  );
}

function Endpoints({
  overview,
  reload,
}: {
  readonly overview: OverviewJson;
  readonly reload: () => void;
}) {
  const live = useLiveRows(overview.endpoints, reload);
  const { rows, newCount, show } = useSteady(live, "");
  const more = overview.endpoint_count - overview.endpoints.length;
  return (
    <section class="panel flush" aria-label={t("nav.endpoints")}>
      <div class="panel-head">
        <h2>{t("nav.endpoints")}</h2>
        {newCount > 0 && (
          <button type="button" class="button small" onClick={show}>
            <Icon name="up" />
            {tn("list.new", newCount)}
          </button>
        )}
        <a href={linkTo(["endpoints"])}>{t("overview.all-endpoints")}</a>
      </div>
      <EndpointRows label={t("nav.endpoints")} rows={rows} />
      {more > 0 && (
        <p class="table-end soft small">
          <a href={linkTo(["endpoints"])}>{tn("overview.more-endpoints", more)}</a>
        </p>
      )}
    </section>
  );
}
