import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import type { EndpointJson } from "../../../daemon/api/endpoint-json.ts";
import type { ActivityJson } from "../../../daemon/api/overview-json.ts";
import { useLiveRows } from "../data/activity.ts";
import { useAgain } from "../data/charts.ts";
import type { EndpointStats } from "../data/endpoint-stats.ts";
import { endpointName } from "../data/endpoints.ts";
import { useObjectNews } from "../data/objects.ts";
import { useResource } from "../data/resource.ts";
import { isAdmin } from "../data/session.ts";
import { CopyText } from "../parts/copy.tsx";
import { Missing } from "../parts/empty.tsx";
import { filterValue, setFilters } from "../parts/filters.tsx";
import { ScreenHead } from "../parts/head.tsx";
import { Problem } from "../parts/problem.tsx";
import { StateBadge } from "../parts/state.tsx";
import { Tabs } from "../parts/tabs.tsx";
import { t } from "../words/words.ts";
import { EndpointActions } from "./endpoint-actions.tsx";
import { EndpointActivity } from "./endpoint-activity.tsx";
import { BlockedNotice, StateNotice } from "./endpoint-notices.tsx";
import { EndpointSettings } from "./endpoint-settings.tsx";
import { EndpointSigning } from "./endpoint-signing.tsx";
import { Warnings } from "./endpoint-grant.tsx";

const AGAIN_MS = 15_000;
const TABS = ["activity", "settings", "signing"] as const;

/** One endpoint: how it does, how it is set, and what its receiver verifies with. */
export function EndpointScreen({ id }: { readonly id: string }) {
  const path = `endpoints/${encodeURIComponent(id)}`;
  const { value, problem, reload } = useResource<EndpointJson>(path);
  const stats = useResource<EndpointStats>(`${path}/stats`);
  const [changed, setChanged] = useState<EndpointJson | null>(null);
  useEffect(() => setChanged(null), [value]);
  const both = useCallback(() => {
    reload();
    stats.reload();
  }, [reload, stats.reload]);
  useAgain(both, AGAIN_MS);
  useObjectNews("endpoint", id, both);
  const endpoint = changed ?? value;
  // Somebody deleted it meanwhile: what was read of it is nobody's endpoint any more.
  if (endpoint === null || problem?.status === 404) {
    return problem === null ? (
      <p class="waiting soft">{t("list.loading")}</p>
    ) : (
      <Missing problem={problem} id={id} path="endpoints" retry={reload} />
    );
  }
  return (
    <>
      {problem !== null && <Problem problem={problem} retry={reload} />}
      <Known
        endpoint={endpoint}
        stats={stats.value}
        reload={both}
        onChange={(now) => {
          setChanged(now);
          stats.reload();
        }}
      />
    </>
  );
}

interface KnownProps {
  readonly endpoint: EndpointJson;
  readonly stats: EndpointStats | null;
  readonly reload: () => void;
  readonly onChange: (endpoint: EndpointJson) => void;
}

function Known({ endpoint, stats, reload, onChange }: KnownProps) {
  const activity = useActivity(endpoint, stats, reload);
  const wanted = filterValue("tab");
  const content = {
    activity: () => <EndpointActivity endpoint={endpoint} stats={stats} activity={activity} />,
    settings: () => <EndpointSettings endpoint={endpoint} onChange={onChange} />,
    signing: () => <EndpointSigning endpoint={endpoint} />,
  };
  const tabs = isAdmin() ? TABS : TABS.filter((key) => key === "activity");
  return (
    <>
      <ScreenHead
        back={{ path: "endpoints", label: t("nav.endpoints") }}
        title={
          <>
            {endpointName(endpoint)} <StateBadge state={endpoint.state} />
          </>
        }
        note={
          <>
            <p>{endpoint.url}</p>
            <CopyText text={endpoint.id} />
          </>
        }
      >
        <EndpointActions endpoint={endpoint} onChange={onChange} />
      </ScreenHead>
      <StateNotice endpoint={endpoint} />
      <BlockedNotice endpoint={endpoint} last={activity.strip.at(-1)} onChange={onChange} />
      <Warnings endpoint={endpoint} onChange={onChange} />
      <Tabs
        label={t("endpoint.tabs")}
        tabs={tabs.map((key) => ({
          key,
          label: t(`endpoint.tab.${key}`),
          content: content[key],
        }))}
        chosen={tabs.find((key) => key === wanted) ?? "activity"}
        onChoose={(tab) => setFilters({ tab: tab === "activity" ? null : tab })}
      />
    </>
  );
}

const NONE: ActivityJson = {
  waiting: 0,
  held: 0,
  day: { delivered: 0, failed: 0, p50_ms: null, p95_ms: null },
  strip: [],
};

/** As it was read, with what the live feed said since. */
function useActivity(
  { id, state }: EndpointJson,
  stats: EndpointStats | null,
  reload: () => void,
): ActivityJson {
  const rows = useMemo(
    () => [{ id, state, ...(stats?.activity ?? NONE) }],
    [id, state, stats?.activity],
  );
  return useLiveRows(rows, reload)[0] ?? NONE;
}
