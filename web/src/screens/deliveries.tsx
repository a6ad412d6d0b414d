import { useMemo, useState } from "preact/hooks";
import type { DeliveryJson } from "../../../daemon/api/delivery-json.ts";
import type { LiveDelivery } from "../../../daemon/domain/live.ts";
import { useLiveDeliveries } from "../data/arrivals.ts";
import { nowMs } from "../data/clock.ts";
import { endpointName, useEndpoints } from "../data/endpoints.ts";
import { useList } from "../data/list.ts";
import { isAdmin } from "../data/session.ts";
import { ActButton } from "../parts/act.tsx";
import { NewRows } from "../parts/arrivals.tsx";
import { EmptyList } from "../parts/empty.tsx";
import { CheckField } from "../parts/field.tsx";
import {
  filterValue,
  Filters,
  SelectFilter,
  TextFilter,
  TimeFilter,
  useTimeRange,
} from "../parts/filters.tsx";
import { ScreenHead } from "../parts/head.tsx";
import { StateBadge } from "../parts/state.tsx";
import type { Column } from "../parts/table.tsx";
import { Table } from "../parts/table.tsx";
import { Time } from "../parts/time.tsx";
import { goTo, linkTo } from "../shell/address.ts";
import { t, tn } from "../words/words.ts";
import type { BulkTarget, BulkVerb } from "./deliveries-bulk.tsx";
import { BulkDialog } from "./deliveries-bulk.tsx";
import { DeliveryScreen } from "./delivery.tsx";

const PAGE_ROWS = 200;
const STATES = ["pending", "in_flight", "held", "delivered", "exhausted", "cancelled"] as const;
const STATUSES = ["4xx", "5xx", "408", "410", "429", "500", "502", "503", "504"] as const;
const OTHER_FILTERS = ["last", "from", "to"] as const;
const API_FILTERS = [
  "text",
  "state",
  "endpoint_id",
  "type",
  "tenant",
  "status",
  "error",
  "event_id",
  "is_test",
] as const;

/** Every delivery, or one of them. */
export function Deliveries({ id }: { readonly id: string | null }) {
  return id === null ? <DeliveryList /> : <DeliveryScreen id={id} />;
}

type Filter = Readonly<Record<string, string | null>>;

function useFilter(): Filter {
  const { from, to } = useTimeRange();
  return { ...Object.fromEntries(API_FILTERS.map((name) => [name, filterValue(name)])), from, to };
}

function DeliveryList() {
  const filter = useFilter();
  const list = useList<DeliveryJson>("deliveries", { ...filter, limit: PAGE_ROWS });
  const arrivals = useLiveDeliveries(list, {
    belongs: (delivery) => belongs(filter, delivery),
    isNewestFirst: filter["state"] !== "pending" && filter["state"] !== "in_flight",
  });
  const [picked, setPicked] = useState<Picked>(NOTHING);
  const [verb, setVerb] = useState<BulkVerb | null>(null);
  const columns = useColumns();
  const isFiltered = Object.values(filter).some((value) => value !== null && value !== "");
  const chosen = picked.isAll ? new Set(list.rows.map(({ id }) => id)) : picked.ids;

  function reload(): void {
    arrivals.clear();
    setPicked(NOTHING);
    list.reload();
  }

  return (
    <>
      <ScreenHead title={t("nav.deliveries")} />
      <DeliveryFilters />
      <Choice picked={picked} onPick={setPicked} onAct={setVerb} hasRows={list.rows.length > 0} />
      <div class="under-pill">
        <NewRows arrivals={arrivals} onShow={reload} />
        <Table
          label={t("nav.deliveries")}
          columns={columns}
          list={list}
          keyOf={({ id }) => id}
          onOpen={({ id }) => goTo(linkTo(["deliveries", id]))}
          {...(isAdmin() && {
            choice: { chosen, onChoose: (ids) => setPicked({ ids, isAll: false }) },
          })}
          empty={
            <EmptyList
              isFiltered={isFiltered}
              to={filter["to"] ?? null}
              title={t("deliveries.none")}
            >
              <p>{t("deliveries.none.why")}</p>
              <p class="buttons">
                <a class="button" href={linkTo(["events", "new"])}>
                  {t("events.send")}
                </a>
                <a class="button" href={linkTo(["endpoints"])}>
                  {t("nav.endpoints")}
                </a>
              </p>
            </EmptyList>
          }
        />
      </div>
      {verb !== null && (
        <BulkDialog
          verb={verb}
          target={targetOf(picked, filter)}
          onClose={() => setVerb(null)}
          onDone={reload}
        />
      )}
    </>
  );
}

interface Picked {
  readonly ids: ReadonlySet<string>;
  /** All that the filter matches, also those that were not read yet. */
  readonly isAll: boolean;
}

const NOTHING: Picked = { ids: new Set(), isAll: false };

function targetOf({ ids, isAll }: Picked, filter: Filter): BulkTarget {
  if (!isAll) return { ids: [...ids] };
  const set = Object.entries(filter).filter(([, value]) => value !== null && value !== "");
  return { filter: Object.fromEntries(set) };
}

function Choice({
  picked,
  onPick,
  onAct,
  hasRows,
}: {
  readonly picked: Picked;
  readonly onPick: (picked: Picked) => void;
  readonly onAct: (verb: BulkVerb) => void;
  readonly hasRows: boolean;
}) {
  const isNone = !picked.isAll && picked.ids.size === 0;
  if (!isAdmin() || !hasRows) return null;
  return (
    <div class="chosen">
      <CheckField
        label={t("deliveries.all")}
        value={picked.isAll}
        onValue={(isAll) => onPick({ ids: new Set(), isAll })}
      />
      <div class="buttons">
        <ActButton
          label={t("deliveries.resend.some")}
          icon="recover"
          isSmall
          disabled={isNone}
          onDo={() => onAct("resend")}
        />
        <ActButton
          label={t("deliveries.cancel.some")}
          icon="ban"
          isSmall
          disabled={isNone}
          onDo={() => onAct("cancel")}
        />
      </div>
      {picked.ids.size > 0 && (
        <span class="soft small">{tn("deliveries.chosen", picked.ids.size)}</span>
      )}
    </div>
  );
}

/** What the feed can tell of a filter; what it can't, it leaves open. */
function belongs(filter: Filter, delivery: LiveDelivery): boolean | null {
  const { state, endpoint_id: endpointId, type, status, event_id: eventId } = filter;
  if (state && state !== delivery.state) return false;
  if (endpointId && endpointId !== delivery.endpoint_id) return false;
  if (type && type !== delivery.event_type) return false;
  if (eventId && eventId !== delivery.event_id) return false;
  if (status && !statusMatches(status, delivery.last_status)) return false;
  const unknown = ["text", "tenant", "error", "is_test", "to"].some((name) => filter[name]);
  return unknown ? null : true;
}

function statusMatches(wanted: string, status: number | null): boolean {
  if (wanted === "none") return status === null;
  return status !== null && (`${status}` === wanted || `${Math.trunc(status / 100)}xx` === wanted);
}

function DeliveryFilters() {
  const endpoints = useEndpoints();
  const status = filterValue("status");
  const statuses = STATUSES.some((each) => each === status) || status === "none" || status === "";
  return (
    <Filters names={[...API_FILTERS, ...OTHER_FILTERS]}>
      <TextFilter
        name="text"
        label={t("filter.text")}
        placeholder={t("deliveries.filter.text")}
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
      <SelectFilter
        name="status"
        label={t("deliveries.status")}
        options={[
          ["", t("filter.all")],
          ["none", t("deliveries.status.none")],
          ...STATUSES.map((each) => [each, each] as const),
          ...(statuses ? [] : [[status, status] as const]),
        ]}
      />
      <SelectFilter
        name="endpoint_id"
        label={t("deliveries.endpoint")}
        options={[
          ["", t("filter.all")],
          ...[...endpoints.values()].map((each) => [each.id, endpointName(each)] as const),
        ]}
      />
      <TextFilter name="type" label={t("deliveries.type")} placeholder="invoice.paid" />
      <TextFilter name="tenant" label={t("deliveries.tenant")} />
      <TimeFilter />
    </Filters>
  );
}

/** The columns of a list of deliveries; the endpoint's may be left out where it is the same for all. */
function useColumns(): readonly Column<DeliveryJson>[] {
  const endpoints = useEndpoints();
  return useMemo(
    () => [
      {
        key: "state",
        title: t("deliveries.state"),
        width: "8rem",
        card: "top",
        cell: ({ state }) => <StateBadge state={state} />,
      },
      {
        key: "type",
        title: t("deliveries.type"),
        width: "minmax(9rem, 1.2fr)",
        card: "title",
        cell: ({ id, event_type: type, is_test: isTest }) => (
          <a class="row-link" tabIndex={-1} href={linkTo(["deliveries", id])}>
            {type}
            {isTest && <span class="badge mute">{t("deliveries.test")}</span>}
          </a>
        ),
      },
      {
        key: "endpoint",
        title: t("deliveries.endpoint"),
        width: "minmax(9rem, 1.4fr)",
        card: "foot",
        cell: ({ endpoint_id: endpointId }) => {
          const endpoint = endpointId === null ? undefined : endpoints.get(endpointId);
          return endpoint === undefined
            ? (endpointId ?? <span class="soft">{t("deliveries.endpoint.gone")}</span>)
            : endpointName(endpoint);
        },
      },
      {
        key: "attempts",
        title: t("deliveries.attempts"),
        width: "6rem",
        isNumber: true,
        isMinor: true,
        cell: ({ attempt_count: count }) => count,
      },
      {
        key: "last",
        title: t("deliveries.last"),
        width: "minmax(6rem, 0.8fr)",
        card: "top-end",
        cell: ({ last_status: status, last_error: error }) => (
          <code class={error === null ? undefined : "failed-text"}>{status ?? error ?? "–"}</code>
        ),
      },
      {
        key: "when",
        title: t("deliveries.when"),
        width: "minmax(7rem, 0.7fr)",
        card: "foot-end",
        cell: (row) => <When delivery={row} />,
      },
    ],
    [endpoints, t("deliveries.state")],
  );
}

/** When it goes, for what is under way; else how long ago it was made. */
function When({
  delivery: { state, due_at: dueAt, created_at: createdAt },
}: {
  readonly delivery: DeliveryJson;
}) {
  if (state === "pending" && dueAt !== null) {
    return (
      <span class="due">
        {Date.parse(dueAt) <= nowMs.value ? (
          t("deliveries.due.now")
        ) : (
          <>
            <span class="only-read">{t("deliveries.due")} </span>
            <Time at={dueAt} isDistance />
          </>
        )}
      </span>
    );
  }
  return <Time at={createdAt} isDistance />;
}
