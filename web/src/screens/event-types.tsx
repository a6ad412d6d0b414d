import { useState } from "preact/hooks";
import type { EventTypeJson } from "../../../daemon/api/event-types.ts";
import { put } from "../data/api.ts";
import { useList } from "../data/list.ts";
import { useObjectNews } from "../data/objects.ts";
import { problemAt } from "../data/problem.ts";
import { ActButton } from "../parts/act.tsx";
import { Ask } from "../parts/ask.tsx";
import { TextField } from "../parts/field.tsx";
import { filterValue, setFilters } from "../parts/filters.tsx";
import { ScreenHead } from "../parts/head.tsx";
import { Icon } from "../parts/icon.tsx";
import type { PlainColumns } from "../parts/list-table.tsx";
import { ListTable } from "../parts/list-table.tsx";
import { Empty } from "../parts/problem.tsx";
import { Time } from "../parts/time.tsx";
import { goTo, linkTo } from "../shell/address.ts";
import { t } from "../words/words.ts";
import { EventTypeScreen } from "./event-type.tsx";

const PAGE_ROWS = 250;

/** The event types that were written down, or one of them. */
export function EventTypes({ id }: { readonly id: string | null }) {
  return id === null ? <TypeList /> : <EventTypeScreen name={id} />;
}

function TypeList() {
  const list = useList<EventTypeJson>("event-types", { limit: PAGE_ROWS });
  useObjectNews("event_type", null, list.reload);
  const make = (
    <ActButton
      label={t("types.make")}
      icon="plus"
      tone="primary"
      onDo={() => setFilters({ make: "1" })}
    />
  );
  return (
    <>
      <ScreenHead title={t("nav.event-types")} note={t("types.why")}>
        {make}
      </ScreenHead>
      <ListTable
        label={t("nav.event-types")}
        columns={columns()}
        list={list}
        keyOf={({ name }) => name}
        empty={
          <Empty title={t("types.none")}>
            <p>{t("types.none.why")}</p>
            {make}
          </Empty>
        }
      />
      {filterValue("make") !== "" && <MakeType />}
    </>
  );
}

function columns(): PlainColumns<EventTypeJson> {
  return [
    {
      key: "name",
      title: t("types.name"),
      cell: ({ name }) => (
        <a class="row-link" href={linkTo(["event-types", name])}>
          {name}
        </a>
      ),
    },
    {
      key: "description",
      title: t("types.description"),
      cell: ({ description }) => description || <span class="soft">–</span>,
    },
    {
      key: "schema",
      title: t("types.schema"),
      cell: ({ schema }) =>
        schema === null ? (
          <span class="soft">{t("types.schema.none")}</span>
        ) : (
          <span class="badge calm">
            <Icon name="check" />
            {t("types.schema.checked")}
          </span>
        ),
    },
    {
      key: "updated",
      title: t("types.updated"),
      cell: ({ updated_at: at }) => <Time at={at} isDistance />,
    },
  ];
}

function MakeType() {
  const [name, setName] = useState("");
  const close = (): void => setFilters({ make: "" });
  return (
    <Ask<EventTypeJson>
      title={t("types.make")}
      action={t("types.make.do")}
      disabled={name.trim() === ""}
      onDo={() => put(`event-types/${encodeURIComponent(name.trim())}`, {})}
      onDone={(made) => {
        close();
        goTo(linkTo(["event-types", made.name]));
      }}
      onClose={close}
    >
      {(problem) => (
        <TextField
          label={t("types.name")}
          hint={t("send.type.hint")}
          value={name}
          onValue={setName}
          error={problemAt(problem, "/name")}
          placeholder="invoice.paid"
          required
        />
      )}
    </Ask>
  );
}
