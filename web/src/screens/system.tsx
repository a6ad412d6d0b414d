import { useEffect } from "preact/hooks";
import type { SystemJson } from "../../../daemon/api/system-json.ts";
import { useResource } from "../data/resource.ts";
import { ScreenHead } from "../parts/head.tsx";
import { Icon } from "../parts/icon.tsx";
import { PlainTable } from "../parts/list-table.tsx";
import { Problem } from "../parts/problem.tsx";
import { Time } from "../parts/time.tsx";
import { bytes, duration, number } from "../words/format.ts";
import { t } from "../words/words.ts";

const RELOAD_MS = 10_000;

/** The machine room: versions, the file by table, jobs and checks, anew every ten seconds. */
export function System() {
  const { value: system, problem, reload } = useResource<SystemJson>("system");
  useEffect(() => {
    const timer = setInterval(reload, RELOAD_MS);
    return () => clearInterval(timer);
  }, [reload]);
  return (
    <>
      <ScreenHead title={t("nav.system")} note={t("system.why")} />
      {problem !== null && <Problem problem={problem} retry={reload} />}
      {system === null && problem === null && <p class="soft">{t("list.loading")}</p>}
      {system !== null && (
        <>
          <Tiles system={system} />
          <div class="split">
            <Checks checks={system.checks} />
            <Versions system={system} />
          </div>
          <Tables system={system} />
          <Jobs jobs={system.jobs} />
        </>
      )}
    </>
  );
}

function Tiles({ system }: { readonly system: SystemJson }) {
  const { database } = system;
  const tiles = [
    [
      t("system.database"),
      bytes(database.bytes),
      t("system.free", { size: bytes(database.free_bytes) }),
    ],
    [t("system.wal"), bytes(database.wal_bytes), t("system.wal.why")],
    [t("system.disk"), bytes(system.disk_free_bytes), t("system.disk.why")],
    [t("system.memory"), bytes(system.memory_bytes), ""],
    [t("system.watchers"), number(system.watchers), t("system.watchers.why")],
  ] as const;
  return (
    <div class="tiles">
      {tiles.map(([name, value, note]) => (
        <div class="tile" key={name}>
          <span class="soft small">{name}</span>
          <b class="number">{value}</b>
          {note !== "" && <span class="soft small">{note}</span>}
        </div>
      ))}
    </div>
  );
}

function Checks({ checks }: { readonly checks: SystemJson["checks"] }) {
  return (
    <section class="panel">
      <h2>{t("system.checks")}</h2>
      <ul class="checks">
        {checks.map(({ name, ok, detail }) => (
          <li key={name}>
            <span class={ok ? "badge good" : "badge bad"}>
              <Icon name={ok ? "check" : "cross"} />
              {ok ? t("system.ok") : t("system.not-ok")}
            </span>
            <span>
              <b>{name}</b> <span class="soft">{detail}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Versions({ system }: { readonly system: SystemJson }) {
  const rows = [
    ["Posthorn", system.version],
    [t("system.page"), system.build],
    ["Node", system.node],
    ["SQLite", system.sqlite],
    [t("system.platform"), system.platform],
  ] as const;
  return (
    <section class="panel">
      <h2>{t("system.versions")}</h2>
      <dl class="facts">
        {rows.flatMap(([name, value]) => [
          <dt key={`${name} name`}>{name}</dt>,
          <dd key={name}>{value}</dd>,
        ])}
        <dt>{t("system.started")}</dt>
        <dd>
          <Time at={system.started_at} isDistance />
        </dd>
      </dl>
    </section>
  );
}

function Tables({ system: { database } }: { readonly system: SystemJson }) {
  const { tables, tables_note: note } = database;
  const largest = Math.max(1, ...tables.map((table) => table.bytes));
  return (
    <section class="panel">
      <h2>{t("system.tables")}</h2>
      {note !== null && <p class="soft">{note}</p>}
      <ul class="sizes">
        {tables.map((table) => (
          <li key={table.name}>
            <code>{table.name}</code>
            <meter aria-label={table.name} min={0} max={largest} value={table.bytes} />
            <span class="number right">{bytes(table.bytes)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Jobs({ jobs }: { readonly jobs: SystemJson["jobs"] }) {
  return (
    <section class="stack">
      <h2>{t("system.jobs")}</h2>
      <PlainTable
        label={t("system.jobs")}
        rows={jobs}
        keyOf={({ name }) => name}
        columns={[
          {
            key: "name",
            title: t("system.job"),
            cell: ({ name, last_error: error }) => (
              <div>
                <b>{name}</b>
                {error !== null && <p class="failed-text small">{error}</p>}
              </div>
            ),
          },
          { key: "cron", title: t("system.cron"), cell: ({ cron }) => <code>{cron}</code> },
          {
            key: "last",
            title: t("system.last"),
            cell: ({ last_at: at }) =>
              at === null ? (
                <span class="soft">{t("system.never")}</span>
              ) : (
                <Time at={at} isDistance />
              ),
          },
          {
            key: "took",
            title: t("system.took"),
            isNumber: true,
            cell: ({ last_ms: ms }) => (ms === null ? "–" : duration(ms)),
          },
          {
            key: "next",
            title: t("system.next"),
            cell: ({ next_at: at }) => <Time at={at} isDistance />,
          },
        ]}
      />
    </section>
  );
}
