import { useMemo } from "preact/hooks";
import type { AuditJson } from "../../../daemon/api/account-json.ts";
import { useList } from "../data/list.ts";
import { EmptyList } from "../parts/empty.tsx";
import { Filters, filterValue, TextFilter, TimeFilter, useTimeRange } from "../parts/filters.tsx";
import { ScreenHead } from "../parts/head.tsx";
import { Icon } from "../parts/icon.tsx";
import type { PlainColumns } from "../parts/list-table.tsx";
import { ListTable } from "../parts/list-table.tsx";
import { Time } from "../parts/time.tsx";
import { linkTo } from "../shell/address.ts";
import { t } from "../words/words.ts";

const PAGE_ROWS = 100;
const FILTERS = ["actor", "action", "last", "from", "to"] as const;

/** Who changed what, newest first. */
export function Audit() {
  const { from, to } = useTimeRange();
  const [actor, action] = [filterValue("actor"), filterValue("action")];
  const list = useList<AuditJson>("audit", { actor, action, from, to, limit: PAGE_ROWS });
  const columns = useMemo(auditColumns, [t("audit.when")]);
  return (
    <>
      <ScreenHead title={t("nav.audit")} note={t("audit.why")} />
      <Filters names={FILTERS}>
        <TextFilter
          name="actor"
          label={t("audit.actor")}
          placeholder={t("audit.actor.hint")}
          isMain
        />
        <TextFilter name="action" label={t("audit.action")} placeholder="updateEndpoint" />
        <TimeFilter />
      </Filters>
      <ListTable
        label={t("nav.audit")}
        columns={columns}
        list={list}
        keyOf={({ id }) => id}
        empty={
          <EmptyList isFiltered={[actor, action, from, to].some(Boolean)} title={t("audit.none")}>
            <p>{t("audit.none.why")}</p>
          </EmptyList>
        }
      />
    </>
  );
}

function auditColumns(): PlainColumns<AuditJson> {
  return [
    { key: "when", title: t("audit.when"), cell: ({ at }) => <Time at={at} /> },
    {
      key: "actor",
      title: t("audit.actor"),
      cell: ({ actor }) => (
        <span class="chips">
          <b>{actor.name}</b>
          {actor.kind !== "account" && (
            <span class="badge mute">{t(`audit.kind.${actor.kind}`)}</span>
          )}
        </span>
      ),
    },
    {
      key: "action",
      title: t("audit.action"),
      cell: ({ action, outcome }) => (
        <span class="chips">
          <code>{action}</code>
          {outcome === "refused" && (
            <span class="badge bad">
              <Icon name="ban" />
              {t("audit.refused")}
            </span>
          )}
        </span>
      ),
    },
    {
      key: "subject",
      title: t("audit.subject"),
      cell: ({ subject_id: id }) => <Subject id={id} />,
    },
    {
      key: "changed",
      title: t("audit.changed"),
      cell: ({ changed }) =>
        changed.length === 0 ? (
          <span class="soft">–</span>
        ) : (
          <span class="chips">
            {changed.map((name) => (
              <code key={name} class="badge mute">
                {name}
              </code>
            ))}
          </span>
        ),
    },
    {
      key: "address",
      title: t("audit.address"),
      cell: ({ address }) =>
        address === null ? <span class="soft">–</span> : <code>{address}</code>,
    },
  ];
}

const SCREEN_OF = { ep: "endpoints", evt: "events", dlv: "deliveries" } as const;

/** What was changed, with a link where the page has a screen for it. */
function Subject({ id }: { readonly id: string | null }) {
  if (id === null) return <span class="soft">–</span>;
  const prefix = id.split("_", 1)[0] ?? "";
  const screen = prefix in SCREEN_OF ? SCREEN_OF[prefix as keyof typeof SCREEN_OF] : null;
  if (screen === null) return <code>{id}</code>;
  return (
    <a href={linkTo([screen, id])}>
      <code>{id}</code>
    </a>
  );
}
