import { useState } from "preact/hooks";
import type { SessionJson } from "../../../daemon/api/account-json.ts";
import { remove } from "../data/api.ts";
import { useList } from "../data/list.ts";
import { ActButton } from "../parts/act.tsx";
import { Ask } from "../parts/ask.tsx";
import type { PlainColumns } from "../parts/list-table.tsx";
import { ListTable } from "../parts/list-table.tsx";
import { Empty } from "../parts/problem.tsx";
import { Time } from "../parts/time.tsx";
import { say } from "../parts/toast.tsx";
import { t } from "../words/words.ts";

/** Where people are signed in: an admin sees everybody's, others their own. */
export function Sessions() {
  const list = useList<SessionJson>("sessions", { limit: 250 });
  const [ending, setEnding] = useState<SessionJson | null>(null);
  return (
    <section class="stack">
      <p class="soft">{t("sessions.why")}</p>
      <ListTable
        label={t("settings.sessions")}
        columns={columns(setEnding)}
        list={list}
        keyOf={({ id }) => id}
        empty={<Empty title={t("sessions.none")} />}
      />
      {ending !== null && (
        <Ask
          title={t("sessions.end.title", { name: ending.account_name })}
          action={t("sessions.end")}
          tone="danger"
          onDo={() => remove(`sessions/${ending.id}`)}
          onDone={() => {
            say(t("sessions.ended"));
            setEnding(null);
            list.reload();
          }}
          onClose={() => setEnding(null)}
        >
          <p>{ending.is_current ? t("sessions.end.own") : t("sessions.end.why")}</p>
        </Ask>
      )}
    </section>
  );
}

function columns(onEnd: (session: SessionJson) => void): PlainColumns<SessionJson> {
  return [
    {
      key: "account",
      title: t("sessions.account"),
      cell: ({ account_name: name, is_current: isCurrent }) => (
        <span class="chips">
          <b>{name}</b>
          {isCurrent && <span class="badge calm">{t("sessions.current")}</span>}
        </span>
      ),
    },
    { key: "address", title: t("sessions.address"), cell: ({ address }) => <code>{address}</code> },
    {
      key: "browser",
      title: t("sessions.browser"),
      cell: ({ user_agent: agent }) => <span class="small clipped">{agent}</span>,
    },
    {
      key: "since",
      title: t("sessions.since"),
      cell: ({ created_at: at }) => <Time at={at} isDistance />,
    },
    {
      key: "seen",
      title: t("sessions.seen"),
      cell: ({ last_seen_at: at }) => <Time at={at} isDistance />,
    },
    {
      key: "do",
      title: t("sessions.end"),
      isQuiet: true,
      cell: (row) => (
        <ActButton label={t("sessions.end")} isSmall isForAll onDo={() => onEnd(row)} />
      ),
    },
  ];
}
