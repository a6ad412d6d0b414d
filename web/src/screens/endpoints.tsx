import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import type { EndpointJson } from "../../../daemon/api/endpoint-json.ts";
import type { ActivityJson } from "../../../daemon/api/overview-json.ts";
import { useLiveRows } from "../data/activity.ts";
import { useAgain } from "../data/charts.ts";
import type { List } from "../data/list.ts";
import { useList } from "../data/list.ts";
import { useObjectNews } from "../data/objects.ts";
import { isAdmin } from "../data/session.ts";
import { useSteady } from "../data/steady.ts";
import { EmptyList } from "../parts/empty.tsx";
import type { EndpointRowData } from "../parts/endpoint-rows.tsx";
import { EndpointRows } from "../parts/endpoint-rows.tsx";
import { filterValue, Filters, SelectFilter, TextFilter } from "../parts/filters.tsx";
import { ScreenHead } from "../parts/head.tsx";
import { Icon } from "../parts/icon.tsx";
import { Problem } from "../parts/problem.tsx";
import { linkTo } from "../shell/address.ts";
import { t, tn } from "../words/words.ts";
import { EndpointScreen } from "./endpoint.tsx";
import { NewEndpoint } from "./endpoint-new.tsx";

const PAGE_ROWS = 250;
/** So many are read by themselves, so that the search looks through them; more only when asked for. */
const READ_ROWS = 1_000;
const SHOWN_ROWS = 100;
const AGAIN_MS = 30_000;
const STATES = ["active", "paused", "disabled"] as const;

const NO_ACTIVITY: ActivityJson = {
  waiting: 0,
  held: 0,
  day: { delivered: 0, failed: 0, p50_ms: null, p95_ms: null },
  strip: [],
};

type Row = EndpointJson & { readonly activity?: ActivityJson };

/** Every endpoint, one of them, or the form for a new one. */
export function Endpoints({ id }: { readonly id: string | null }) {
  if (id === null) return <EndpointList />;
  return id === "new" ? <NewEndpoint /> : <EndpointScreen id={id} />;
}

function EndpointList() {
  const list = useList<Row>("endpoints", { activity: true, limit: PAGE_ROWS });
  const { rows: read, hasMore, isLoading } = list;
  useEffect(() => {
    if (hasMore && !isLoading && read.length < READ_ROWS) list.more();
  }, [hasMore, isLoading, read.length]);
  const again = useCallback(() => {
    // A longer list is read in pages, and would be short again for a while.
    if (read.length <= PAGE_ROWS) list.reload();
  }, [read.length]);
  useAgain(again, AGAIN_MS);
  useObjectNews("endpoint", null, list.reload);
  return (
    <>
      <ScreenHead title={t("nav.endpoints")}>
        {isAdmin() && (
          <a class="button primary" href={linkTo(["endpoints", "new"])}>
            <Icon name="plus" />
            {t("endpoint.new")}
          </a>
        )}
      </ScreenHead>
      <Filters names={["text", "state"]}>
        <TextFilter
          name="text"
          label={t("filter.text")}
          placeholder={t("endpoints.filter.text")}
          isMain
        />
        <SelectFilter
          name="state"
          label={t("deliveries.state")}
          options={[
            ["", t("filter.all")],
            ...STATES.map((state) => [state, t(`state.${state}`)] as const),
          ]}
        />
      </Filters>
      <Found list={list} />
    </>
  );
}

function Found({ list }: { readonly list: List<Row> }) {
  const given = useMemo(() => list.rows.map(rowOf), [list.rows]);
  const live = useLiveRows(given, list.reload);
  const text = filterValue("text").toLowerCase();
  const state = filterValue("state");
  const matching = live.filter((row) => isMatching(row, text, state));
  // Pages that come in because they were asked for are no news.
  const read = list.hasMore ? list.rows.length : "all";
  const { rows, newCount, show } = useSteady(matching, `${text} ${state} ${read}`);
  const [shownMax, setShownMax] = useState(SHOWN_ROWS);
  if (list.problem !== null && list.rows.length === 0) {
    return <Problem problem={list.problem} retry={list.reload} />;
  }
  if (list.isLoading && list.rows.length === 0) {
    return <p class="waiting soft">{t("list.loading")}</p>;
  }
  if (matching.length === 0) return <NoneFound isFiltered={list.rows.length > 0} />;
  return (
    <>
      {newCount > 0 && (
        <button type="button" class="button small new-rows" onClick={show}>
          <Icon name="up" />
          {tn("list.new", newCount)}
        </button>
      )}
      <section class="panel flush" aria-label={t("nav.endpoints")}>
        <EndpointRows label={t("nav.endpoints")} rows={rows.slice(0, shownMax)} />
      </section>
      {list.problem !== null && <Problem problem={list.problem} retry={list.more} />}
      <p class="table-end soft small" role="status">
        {tn("endpoints.count", rows.length)}
      </p>
      {rows.length > shownMax && (
        <button type="button" class="button" onClick={() => setShownMax(shownMax + SHOWN_ROWS)}>
          {t("do.more")}
        </button>
      )}
      {rows.length <= shownMax && list.hasMore && !list.isLoading && (
        <button type="button" class="button" onClick={list.more}>
          {t("do.more")}
        </button>
      )}
    </>
  );
}

function NoneFound({ isFiltered }: { readonly isFiltered: boolean }) {
  return (
    <EmptyList isFiltered={isFiltered} title={t("endpoints.none")}>
      <p>{t("endpoints.none.why")}</p>
      {isAdmin() ? (
        <a class="button primary" href={linkTo(["endpoints", "new"])}>
          <Icon name="plus" />
          {t("endpoint.new")}
        </a>
      ) : (
        <p>{t("overview.first.viewer")}</p>
      )}
    </EmptyList>
  );
}

function rowOf(endpoint: Row): EndpointRowData & Pick<Row, "event_types" | "tenant"> {
  const { activity = NO_ACTIVITY, health } = endpoint;
  return {
    id: endpoint.id,
    url: endpoint.url,
    description: endpoint.description,
    state: endpoint.state,
    slowed_until: health.slowed_until,
    tls_verify: endpoint.tls_verify,
    event_types: endpoint.event_types,
    tenant: endpoint.tenant,
    ...activity,
  };
}

function isMatching(row: ReturnType<typeof rowOf>, text: string, state: string): boolean {
  if (state !== "" && row.state !== state) return false;
  const words = [row.id, row.url, row.description, row.tenant ?? "", ...row.event_types];
  return text === "" || words.some((each) => each.toLowerCase().includes(text));
}
