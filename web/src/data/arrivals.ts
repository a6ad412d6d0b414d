import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { DeliveryJson } from "../../../daemon/api/delivery-json.ts";
import type { LiveDelivery } from "../../../daemon/domain/live.ts";
import type { List } from "./list.ts";
import { onDelta } from "./live.ts";

/** What came since a list was read. `isVague`: there may be more, or others, than the feed can tell. */
export interface Arrivals {
  readonly count: number;
  readonly isVague: boolean;
  clear(): void;
}

interface Rules {
  /** Whether a delivery belongs into the list, as far as the feed tells; null where it can't tell. */
  readonly belongs: (delivery: LiveDelivery) => boolean | null;
  /** Whether the newest stand first: then only what is newer than all of them is new. */
  readonly isNewestFirst: boolean;
}

const NONE = { ids: new Set<string>(), isVague: false } as const;

/** Keeps the rows of a list of deliveries as the feed tells them, and counts those that are not in it yet. */
export function useLiveDeliveries(list: List<DeliveryJson>, rules: Rules): Arrivals {
  const [state, setState] = useState<{
    readonly ids: ReadonlySet<string>;
    readonly isVague: boolean;
  }>(NONE);
  const { rows } = list;
  // News of rows leaves their ids as they are: a set of a hundred thousand is not made anew for each.
  const ids = useMemo(
    () => new Set(rows.map(({ id }) => id)),
    [rows.length, rows[0]?.id, rows.at(-1)?.id],
  );
  const now = useRef({ list, rules, ids });
  now.current = { list, rules, ids };

  useEffect(
    () =>
      onDelta(({ deliveries = [], omitted = 0 }) => {
        if (deliveries.length === 0 && omitted === 0) return;
        const { list: read, rules: told, ids: there } = now.current;
        patchRows(read, deliveries, there);
        const others = deliveries.filter(({ id }) => isNew(id, read, told, there));
        const judged = others.map((each) => [each.id, told.belongs(each)] as const);
        const come = judged.filter(([, belongs]) => belongs === true).map(([id]) => id);
        const isVague = omitted > 0 || judged.some(([, belongs]) => belongs === null);
        if (come.length === 0 && !isVague) return;
        setState((before) => ({
          ids: new Set([...before.ids, ...come]),
          isVague: before.isVague || isVague,
        }));
      }),
    [],
  );
  return { count: state.ids.size, isVague: state.isVague, clear: () => setState(NONE) };
}

function isNew(
  id: string,
  { rows, isLoading }: List<DeliveryJson>,
  { isNewestFirst }: Rules,
  there: ReadonlySet<string>,
): boolean {
  if (there.has(id) || isLoading) return false;
  const first = rows[0];
  // Ids sort by the time they were made.
  return first === undefined || !isNewestFirst || id > first.id;
}

function patchRows(
  list: List<DeliveryJson>,
  deliveries: readonly LiveDelivery[],
  there: ReadonlySet<string>,
): void {
  const changed = new Map(deliveries.filter(({ id }) => there.has(id)).map((row) => [row.id, row]));
  if (changed.size === 0) return;
  list.patch((row) => {
    const next = changed.get(row.id);
    return next === undefined ? row : withNews(row, next);
  });
}

/** A row as the feed has it now. Its reason is that of before, and is not shown in lists. */
function withNews(row: DeliveryJson, news: LiveDelivery): DeliveryJson {
  const { attempt_count, last_status, last_error, due_at } = news;
  const state = news.state as DeliveryJson["state"];
  return { ...row, state, attempt_count, last_status, last_error, due_at };
}
