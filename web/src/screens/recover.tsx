import { useMemo, useState } from "preact/hooks";
import type { FailureGroupJson } from "../../../daemon/api/overview-json.ts";
import { endpointName, useEndpoints } from "../data/endpoints.ts";
import { useAgain } from "../data/charts.ts";
import { serverNowMs } from "../data/clock.ts";
import { useResource } from "../data/resource.ts";
import { useSteady } from "../data/steady.ts";
import { ActButton } from "../parts/act.tsx";
import { EmptyList } from "../parts/empty.tsx";
import { TextField } from "../parts/field.tsx";
import { filterValue, Filters, SelectFilter, setFilters } from "../parts/filters.tsx";
import { ScreenHead } from "../parts/head.tsx";
import { Icon } from "../parts/icon.tsx";
import { Problem } from "../parts/problem.tsx";
import { Time } from "../parts/time.tsx";
import { linkTo } from "../shell/address.ts";
import { number } from "../words/format.ts";
import { errorWords } from "../words/reason.ts";
import { t, tn } from "../words/words.ts";
import type { Progress, Target } from "./recover-dialog.tsx";
import { RecoverDialog } from "./recover-dialog.tsx";
import { RecoverProgress } from "./recover-progress.tsx";

const SPANS_MS = { "1h": 3_600_000, "24h": 86_400_000, "7d": 604_800_000 } as const;
type Span = keyof typeof SPANS_MS;

const AGAIN_MS = 15_000;
const AGAIN_SOON_MS = 3_000;

/** Everything that failed since a time, by endpoint and error, and the way to send it again. */
export function Recover() {
  const since = useSince();
  const endpointId = filterValue("endpoint_id");
  const failures = useResource<{ data: readonly FailureGroupJson[] }>("failures", {
    since,
    endpoint_id: endpointId,
  });
  const [targets, setTargets] = useState<readonly Target[] | null>(null);
  const [progress, setProgress] = useState<Progress | null>(null);
  const groups = failures.value?.data ?? null;
  const named = useMemo(() => (groups ?? []).map(withId), [groups]);
  const { rows, newCount, show } = useSteady(named, `${since} ${endpointId}`);
  const byEndpoint = useMemo(() => Map.groupBy(rows, (group) => group.endpoint_id), [rows]);
  useAgain(failures.reload, progress === null ? AGAIN_MS : AGAIN_SOON_MS);
  const all = [...byEndpoint.keys()].map((id): Target => ({ endpointId: id, error: null }));
  return (
    <>
      <ScreenHead title={t("nav.recover")} note={t("recover.why")}>
        {all.length > 0 && (
          <ActButton
            label={t("recover.all")}
            icon="recover"
            tone="primary"
            onDo={() => setTargets(all)}
          />
        )}
      </ScreenHead>
      <RecoverFilters />
      {progress !== null && <RecoverProgress key={progress.startedAtMs} progress={progress} />}
      {failures.problem !== null && <Problem problem={failures.problem} retry={failures.reload} />}
      {groups === null && failures.problem === null && (
        <p class="waiting soft">{t("list.loading")}</p>
      )}
      {newCount > 0 && (
        <button type="button" class="button small new-rows" onClick={show}>
          <Icon name="up" />
          {tn("list.new", newCount)}
        </button>
      )}
      {groups?.length === 0 && <NothingFailed />}
      {[...byEndpoint].map(([id, some]) => (
        <EndpointFailures key={id} id={id} groups={some} onRecover={setTargets} />
      ))}
      {targets !== null && (
        <RecoverDialog
          targets={targets}
          since={since}
          onClose={() => setTargets(null)}
          onDone={(made) => {
            setTargets(null);
            setProgress(made);
            failures.reload();
          }}
        />
      )}
    </>
  );
}

/** What the address asks for: an hour, a day (where it says nothing), a week, or since a moment. */
function useSince(): string {
  const wanted = filterValue("since") || "24h";
  return useMemo(() => {
    if (wanted in SPANS_MS) return new Date(serverNowMs() - SPANS_MS[wanted as Span]).toISOString();
    const atMs = Date.parse(wanted);
    return new Date(Number.isNaN(atMs) ? serverNowMs() - SPANS_MS["24h"] : atMs).toISOString();
  }, [wanted]);
}

function RecoverFilters() {
  const endpoints = useEndpoints();
  const since = filterValue("since");
  const isOwn = since !== "" && !(since in SPANS_MS);
  return (
    <Filters names={["since", "endpoint_id"]}>
      <SelectFilter
        name="since"
        label={t("recover.since")}
        options={[
          ["1h", t("filter.time.hour")],
          ["", t("filter.time.day")],
          ["7d", t("filter.time.week")],
          [isOwn ? since : new Date(dayBefore()).toISOString(), t("recover.since.own")],
        ]}
      />
      {isOwn && (
        <TextField
          type="datetime-local"
          label={t("filter.from")}
          step={1}
          value={localText(since)}
          onValue={(text) => {
            const atMs = Date.parse(text);
            if (!Number.isNaN(atMs)) setFilters({ since: new Date(atMs).toISOString() });
          }}
        />
      )}
      <SelectFilter
        name="endpoint_id"
        label={t("deliveries.endpoint")}
        options={[
          ["", t("filter.all")],
          ...[...endpoints.values()].map((each) => [each.id, endpointName(each)] as const),
        ]}
      />
    </Filters>
  );
}

/** Where a reader begins who picks a moment of their own: the same at each drawing of the form. */
function dayBefore(): number {
  return new Date().setHours(0, 0, 0, 0);
}

/** As `datetime-local` wants it: the reader's own zone, without one. */
function localText(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function NothingFailed() {
  const isFiltered = filterValue("endpoint_id") !== "";
  return (
    <EmptyList isFiltered={isFiltered} title={t("recover.none")}>
      <p>{t("recover.none.why")}</p>
      <a class="button" href={linkTo(["deliveries"], { state: "pending" })}>
        {t("recover.none.waiting")}
      </a>
    </EmptyList>
  );
}

function withId(group: FailureGroupJson): FailureGroupJson & { readonly id: string } {
  return { ...group, id: `${group.endpoint_id} ${group.error}` };
}

interface EndpointFailuresProps {
  readonly id: string;
  readonly groups: readonly FailureGroupJson[];
  readonly onRecover: (targets: readonly Target[]) => void;
}

function EndpointFailures({ id, groups, onRecover }: EndpointFailuresProps) {
  const endpoint = useEndpoints().get(id);
  const name = endpoint === undefined ? id : endpointName(endpoint);
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  return (
    <section class="panel flush" aria-label={name}>
      <div class="panel-head">
        <h2>
          <a href={linkTo(["endpoints", id])}>{name}</a>
        </h2>
        <span class="soft">{tn("recover.failed", count)}</span>
        <ActButton
          label={t("recover.endpoint")}
          icon="recover"
          onDo={() => onRecover([{ endpointId: id, error: null }])}
        />
      </div>
      <ul class="failures">
        {groups.map((group) => (
          <Failure key={group.error} group={group} onRecover={onRecover} />
        ))}
      </ul>
    </section>
  );
}

function Failure({
  group,
  onRecover,
}: {
  readonly group: FailureGroupJson;
  readonly onRecover: EndpointFailuresProps["onRecover"];
}) {
  const { endpoint_id: endpointId, error, count } = group;
  return (
    <li>
      <b class="number failure-count">{number(count)}</b>
      <div>
        <a href={linkTo(["deliveries"], { endpoint_id: endpointId, error })}>
          <code>{error}</code>
        </a>{" "}
        <span>{errorWords(error)}</span>
        <p class="soft small">
          {t("recover.first")} <Time at={group.first_at} /> · {t("recover.last")}{" "}
          <Time at={group.last_at} />
        </p>
      </div>
      <div class="buttons">
        <a class="button small" href={linkTo(["deliveries", group.example_delivery_id])}>
          {t("recover.example")}
        </a>
        <ActButton
          label={t("recover.group")}
          icon="recover"
          isSmall
          onDo={() => onRecover([{ endpointId, error }])}
        />
      </div>
    </li>
  );
}
