import { useEffect, useMemo, useState } from "preact/hooks";
import type { EventJson } from "../../../daemon/api/event-json.ts";
import type { Arrivals } from "../data/arrivals.ts";
import { useList } from "../data/list.ts";
import { onDelta } from "../data/live.ts";
import { isAdmin } from "../data/session.ts";
import { NewRows } from "../parts/arrivals.tsx";
import { EmptyList } from "../parts/empty.tsx";
import { Filters, filterValue, TextFilter, TimeFilter, useTimeRange } from "../parts/filters.tsx";
import { ScreenHead } from "../parts/head.tsx";
import { Icon } from "../parts/icon.tsx";
import type { Column } from "../parts/table.tsx";
import { Table } from "../parts/table.tsx";
import { Time } from "../parts/time.tsx";
import { goTo, linkTo } from "../shell/address.ts";
import { bytes } from "../words/format.ts";
import { t } from "../words/words.ts";
import { EventScreen } from "./event.tsx";
import { SendEvent } from "./event-send.tsx";

const PAGE_ROWS = 100;
const FILTERS = ["text", "type", "tenant", "last", "from", "to"] as const;

/** Every event, one of them, or the form that makes one. */
export function Events({ id }: { readonly id: string | null }) {
  if (id === null) return <EventList />;
  return id === "new" ? <SendEvent /> : <EventScreen id={id} />;
}

function EventList() {
  const { from, to } = useTimeRange();
  const [text, type, tenant] = [filterValue("text"), filterValue("type"), filterValue("tenant")];
  const list = useList<EventJson>("events", { text, type, tenant, from, to, limit: PAGE_ROWS });
  const isFiltered = [text, type, tenant, from, to].some(Boolean);
  const arrivals = useNewEvents(isFiltered);
  const columns = useColumns();
  return (
    <>
      <ScreenHead title={t("nav.events")}>{isAdmin() && <SendLink />}</ScreenHead>
      <Filters names={FILTERS}>
        <TextFilter
          name="text"
          label={t("filter.text")}
          placeholder={t("events.filter.text")}
          isMain
        />
        <TextFilter name="type" label={t("events.type")} placeholder="invoice.paid" />
        <TextFilter name="tenant" label={t("events.tenant")} />
        <TimeFilter />
      </Filters>
      <div class="under-pill">
        <NewRows arrivals={arrivals} onShow={list.reload} />
        <Table
          label={t("nav.events")}
          columns={columns}
          list={list}
          keyOf={({ id }) => id}
          onOpen={({ id }) => goTo(linkTo(["events", id]))}
          empty={
            <EmptyList isFiltered={isFiltered} to={to} title={t("events.none")}>
              <p>{t("events.none.why")}</p>
              {isAdmin() && <SendLink />}
            </EmptyList>
          }
        />
      </div>
    </>
  );
}

function SendLink() {
  return (
    <a class="button primary" href={linkTo(["events", "new"])}>
      <Icon name="plus" />
      {t("events.send")}
    </a>
  );
}

/** The feed counts events and does not name them: with a filter it can only be said that there may be some. */
function useNewEvents(isFiltered: boolean): Arrivals {
  const [count, setCount] = useState(0);
  useEffect(
    () =>
      onDelta(({ flow }) => {
        const accepted = flow?.accepted ?? 0;
        if (accepted > 0) setCount((before) => before + accepted);
      }),
    [],
  );
  return {
    count: isFiltered ? 0 : count,
    isVague: isFiltered && count > 0,
    clear: () => setCount(0),
  };
}

function useColumns(): readonly Column<EventJson>[] {
  return useMemo(
    () => [
      {
        key: "type",
        title: t("events.type"),
        width: "minmax(10rem, 1.6fr)",
        card: "title",
        cell: ({ id, type }) => (
          <a class="row-link" tabIndex={-1} href={linkTo(["events", id])}>
            {type}
          </a>
        ),
      },
      {
        key: "id",
        title: t("event.id"),
        width: "minmax(10rem, 1.6fr)",
        cell: ({ id }) => <code class="soft">{id}</code>,
      },
      {
        key: "tenant",
        title: t("events.tenant"),
        width: "minmax(6rem, 1fr)",
        card: "top",
        cell: ({ tenant }) => tenant ?? <span class="soft">–</span>,
      },
      {
        key: "deliveries",
        title: t("events.deliveries"),
        width: "7rem",
        isNumber: true,
        card: "foot",
        cell: ({ deliveries }) => <Count n={deliveries} />,
      },
      {
        key: "size",
        title: t("events.size"),
        width: "6rem",
        isNumber: true,
        card: "top-end",
        cell: ({ body_bytes: size }) => bytes(size),
      },
      {
        key: "accepted",
        title: t("events.accepted"),
        width: "minmax(7rem, 0.7fr)",
        card: "foot-end",
        cell: ({ accepted_at: at }) => <Time at={at} isDistance />,
      },
    ],
    [t("events.type")],
  );
}

function Count({ n }: { readonly n: number }) {
  if (n === 0) return <span class="badge mute">{t("events.nobody")}</span>;
  return (
    <>
      <span class="only-narrow soft">{t("events.deliveries")} </span>
      {n}
    </>
  );
}
