import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Query } from "./api.ts";
import { get } from "./api.ts";
import { resets } from "./live.ts";
import type { ProblemJson } from "./problem.ts";

interface PageJson<Row> {
  readonly data: readonly Row[];
  readonly next_cursor: string | null;
}

/** A list as far as it was read: pages are added at its end as the reader goes on, and nothing moves by itself. */
export interface List<Row> {
  readonly rows: readonly Row[];
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly problem: ProblemJson | null;
  /** The next page, if there is one and none is on its way. */
  more(): void;
  /** From the beginning, with what is new. */
  reload(): void;
  /** Puts newer words of rows that are here in their place. */
  patch(change: (row: Row) => Row): void;
}

const EMPTY = { rows: [], cursor: null, problem: null, isLoading: false } as const;
const EMPTY_PAGES_MAX = 20;

interface State<Row> {
  readonly rows: readonly Row[];
  /** Null at the end. */
  readonly cursor: string | null;
  readonly problem: ProblemJson | null;
  readonly isLoading: boolean;
}

/** A list of the API by its filters. A null path asks for nothing. */
export function useList<Row>(path: string | null, query: Query = {}): List<Row> {
  const [state, setState] = useState<State<Row>>(EMPTY);
  const turn = useRef(0);
  const key = path === null ? null : `${path}?${JSON.stringify(query)}`;

  const load = useCallback(
    async (cursor: string | null, kept: readonly Row[]) => {
      if (path === null) return;
      turn.current += 1;
      const mine = turn.current;
      setState((before) => ({ ...before, isLoading: true }));
      const page = await filledPage<Row>(path, query, cursor);
      if (mine !== turn.current) return;
      setState((before) =>
        page.kind === "bad"
          ? { ...before, problem: page.problem, isLoading: false }
          : {
              rows: [...kept, ...page.value.data],
              cursor: page.value.next_cursor,
              problem: null,
              isLoading: false,
            },
      );
    },
    [key],
  );

  useEffect(() => {
    setState({ ...EMPTY, isLoading: path !== null });
    void load(null, []);
    return () => {
      turn.current += 1;
    };
  }, [load]);
  useEffect(() => (resets.value > 0 ? void load(null, []) : undefined), [resets.value]);

  return {
    rows: state.rows,
    hasMore: state.cursor !== null,
    isLoading: state.isLoading,
    problem: state.problem,
    more() {
      if (state.cursor !== null && !state.isLoading) void load(state.cursor, state.rows);
    },
    reload: () => void load(null, []),
    patch: (change) => setState((before) => ({ ...before, rows: before.rows.map(change) })),
  };
}

/** A page may be empty and still have a next one; the reader should not have to ask for each. */
async function filledPage<Row>(path: string, query: Query, cursor: string | null) {
  let page = await get<PageJson<Row>>(path, { ...query, cursor });
  for (let pages = 1; pages < EMPTY_PAGES_MAX; pages++) {
    if (page.kind === "bad" || page.value.data.length > 0 || page.value.next_cursor === null) break;
    page = await get<PageJson<Row>>(path, { ...query, cursor: page.value.next_cursor });
  }
  return page;
}
