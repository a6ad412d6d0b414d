import { useEffect, useMemo, useState } from "preact/hooks";
import type {
  ActivityJson,
  OverviewEndpointJson,
  StripCellJson,
} from "../../../daemon/api/overview-json.ts";
import type { LiveEndpoint } from "../../../daemon/domain/live.ts";
import { onDelta } from "./live.ts";

/** What the live feed changes of an endpoint. */
export type LiveRow = { readonly id: string; readonly state: EndpointState } & ActivityJson;
type EndpointState = OverviewEndpointJson["state"];

type News = ReadonlyMap<string, LiveEndpoint>;

const CELLS_MAX = 60;
const NO_NEWS: News = new Map();

/**
 * The rows as they were read, with what the live feed said since. `onStateChange` is called where an endpoint's state became
 * another one, which the daemon may have more to say about.
 */
export function useLiveRows<Row extends LiveRow>(
  rows: readonly Row[],
  onStateChange: () => void,
): readonly Row[] {
  const [news, setNews] = useState<News>(NO_NEWS);
  // What was read anew is newer than numbers that came before; the cells of both are put together.
  useEffect(() => setNews((before) => withoutNumbers(before, rows)), [rows]);
  useEffect(
    () =>
      onDelta(({ endpoints }) => {
        if (endpoints === undefined || endpoints.length === 0) return;
        const states = new Map(rows.map(({ id, state }) => [id, state]));
        setNews((before) => withNews(before, endpoints));
        if (endpoints.some(({ id, state }) => (states.get(id) ?? state) !== state)) onStateChange();
      }),
    [rows, onStateChange],
  );
  return useMemo(() => rows.map((row) => updated(row, news.get(row.id))), [rows, news]);
}

function withNews(before: News, changed: readonly LiveEndpoint[]): News {
  const next = new Map(before);
  for (const each of changed) {
    const strip = [...(before.get(each.id)?.strip ?? []), ...each.strip].slice(-CELLS_MAX);
    next.set(each.id, { ...each, strip });
  }
  return next;
}

function withoutNumbers(before: News, rows: readonly LiveRow[]): News {
  if (before.size === 0) return before;
  const next = new Map<string, LiveEndpoint>();
  for (const { id, state, waiting, held } of rows) {
    const strip = before.get(id)?.strip;
    if (strip !== undefined) next.set(id, { id, state, waiting, held, strip });
  }
  return next;
}

function updated<Row extends LiveRow>(row: Row, news: LiveEndpoint | undefined): Row {
  if (news === undefined) return row;
  const known = new Set(row.strip.map(cellKey));
  const last = row.strip.at(-1)?.at ?? "";
  const added = (news.strip as readonly StripCellJson[]).filter(
    (cell) => cell.at >= last && !known.has(cellKey(cell)),
  );
  const delivered = added.filter(({ outcome }) => outcome === "delivered").length;
  return {
    ...row,
    state: news.state as EndpointState,
    waiting: news.waiting,
    held: news.held,
    strip: [...row.strip, ...added].slice(-CELLS_MAX),
    day: {
      ...row.day,
      delivered: row.day.delivered + delivered,
      failed: row.day.failed + added.length - delivered,
    },
  };
}

function cellKey({ at, delivery_id: id }: StripCellJson): string {
  return `${at} ${id}`;
}
