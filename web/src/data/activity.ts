import { useEffect, useMemo, useRef, useState } from "preact/hooks";
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

/** So many rows are drawn anew once in a while, and not with each frame: nobody follows them all. */
const MANY_ROWS = 40;
const MANY_WAIT_MS = 700;

/**
 * The rows as they were read, with what the live feed said since; those that it said nothing of stay the same objects.
 * `onStateChange` is called where an endpoint's state became another one, which the daemon may have more to say about.
 */
export function useLiveRows<Row extends LiveRow>(
  rows: readonly Row[],
  onStateChange: () => void,
): readonly Row[] {
  const [news, setNews] = useState<News>(NO_NEWS);
  const made = useRef(new Map<string, Made<Row>>());
  // What was read anew is newer than numbers that came before; the cells of both are put together.
  useEffect(() => setNews((before) => withoutNumbers(before, rows)), [rows]);
  useEffect(() => {
    const waitMs = rows.length > MANY_ROWS ? MANY_WAIT_MS : 0;
    const states = new Map(rows.map(({ id, state }) => [id, state]));
    return heard(waitMs, (changed) => {
      setNews((before) => withNews(before, changed));
      if (changed.some(({ id, state }) => (states.get(id) ?? state) !== state)) onStateChange();
    });
  }, [rows, onStateChange]);
  return useMemo(
    () => rows.map((row) => madeOf(made.current, row, news.get(row.id))),
    [rows, news],
  );
}

/** What changes, gathered for a while; returns how to stop that. */
function heard(waitMs: number, tell: (changed: readonly LiveEndpoint[]) => void): () => void {
  let gathered: LiveEndpoint[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  function flush(): void {
    timer = undefined;
    const changed = gathered;
    gathered = [];
    tell(changed);
  }
  const stop = onDelta(({ endpoints = [] }) => {
    if (endpoints.length === 0) return;
    gathered.push(...endpoints);
    if (waitMs === 0) flush();
    else timer ??= setTimeout(flush, waitMs);
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}

interface Made<Row> {
  readonly row: Row;
  readonly news: LiveEndpoint | undefined;
  readonly result: Row;
}

function madeOf<Row extends LiveRow>(
  made: Map<string, Made<Row>>,
  row: Row,
  news: LiveEndpoint | undefined,
): Row {
  const before = made.get(row.id);
  if (before !== undefined && before.row === row && before.news === news) return before.result;
  const result = updated(row, news);
  made.set(row.id, { row, news, result });
  return result;
}

function withNews(before: News, changed: readonly LiveEndpoint[]): News {
  const next = new Map(before);
  for (const each of changed) {
    const strip = [...(next.get(each.id)?.strip ?? []), ...each.strip].slice(-CELLS_MAX);
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
