import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { List } from "../data/list.ts";
import { t } from "../words/words.ts";
import { Problem } from "./problem.tsx";

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  /** A CSS grid track, such as `minmax(8rem, 1fr)`. */
  readonly width: string;
  readonly isNumber?: boolean;
  /** Left out below 640 px, where rows are cards. */
  readonly isMinor?: boolean;
  /** Where it stands on such a card; where any column has a place, those without one are left out. */
  readonly card?: "top" | "top-end" | "title" | "foot" | "foot-end";
  readonly cell: (row: Row) => ComponentChildren;
}

interface Choice {
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (chosen: ReadonlySet<string>) => void;
}

interface TableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly list: List<Row>;
  readonly keyOf: (row: Row) => string;
  /** Where a row leads to. */
  readonly onOpen: (row: Row) => void;
  /** Rows that are ticked, and how to change that; absent where rows can't be chosen. */
  readonly choice?: Choice;
  /** What stands there when there is no row. */
  readonly empty: ComponentChildren;
}

const ROW_PX = 44;
const CARD_PX = 104;
const OVERSCAN = 8;
/** The next page is asked for this many rows before its beginning would come into sight. */
const AHEAD = 60;
const NARROW = matchMedia("(max-width: 640px)");

/**
 * A list of any length: only the rows in sight exist, the next page is read before its end comes into sight. The rows are a
 * grid for assistive technology, with one tab stop; `j k` and arrows move, Enter opens, Space ticks.
 */
export function Table<Row>(props: TableProps<Row>) {
  const { label, columns, list, keyOf, onOpen, choice, empty } = props;
  const view = useRef<HTMLDivElement>(null);
  const rowPx = useNarrow() ? CARD_PX : ROW_PX;
  const [from, to] = useSpan(view, list.rows.length, rowPx);
  const [at, setAt] = useState(0);
  const row = list.rows[Math.min(at, list.rows.length - 1)];

  useEffect(() => {
    if (to >= list.rows.length - AHEAD && list.hasMore && list.problem === null) list.more();
  }, [to, list.rows.length, list.hasMore]);

  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS[event.key];
    if (step !== undefined) {
      const next = Math.max(0, Math.min(at + step, list.rows.length - 1));
      setAt(next);
      reveal(view.current, next, rowPx);
    } else if (event.key === "Enter" && row !== undefined && event.target === event.currentTarget)
      onOpen(row);
    else if (event.key === " " && row !== undefined && choice !== undefined)
      choice.onChoose(toggled(choice.chosen, keyOf(row)));
    else return;
    event.preventDefault();
  }

  if (list.rows.length === 0 && !list.isLoading) {
    return list.problem === null ? (
      <>{empty}</>
    ) : (
      <Problem problem={list.problem} retry={list.reload} />
    );
  }
  return (
    <div
      class={tableClass(columns, rowPx)}
      role="grid"
      aria-label={label}
      aria-rowcount={list.hasMore ? -1 : list.rows.length + 1}
      aria-busy={list.isLoading}
      aria-multiselectable={choice === undefined ? undefined : true}
      tabIndex={0}
      data-list
      aria-activedescendant={row === undefined ? undefined : `row-${keyOf(row)}`}
      onKeyDown={onKeyDown}
      style={{
        "--tracks": [
          ...(choice === undefined ? [] : ["2.25rem"]),
          ...columns.map(({ width }) => width),
        ].join(" "),
      }}
    >
      <Head columns={columns} hasChoice={choice !== undefined} />
      <div class="table-view" ref={view} role={list.rows.length === 0 ? undefined : "rowgroup"}>
        <div
          class="table-rows"
          style={{ blockSize: `${list.rows.length * rowPx}px` }}
          role="presentation"
        >
          {list.rows.slice(from, to).map((each, index) => (
            <TableRow
              key={keyOf(each)}
              {...{ columns, choice, row: each, id: keyOf(each), index: from + index, rowPx }}
              isAt={from + index === at}
              onOpen={() => {
                setAt(from + index);
                onOpen(each);
              }}
            />
          ))}
        </div>
        <p class="table-end soft small">
          {list.isLoading ? t("list.loading") : list.hasMore ? "" : t("list.end")}
        </p>
        {list.problem !== null && <Problem problem={list.problem} retry={list.more} />}
      </div>
    </div>
  );
}

function tableClass<Row>(columns: readonly Column<Row>[], rowPx: number): string {
  if (rowPx !== CARD_PX) return "table";
  return columns.some(({ card }) => card !== undefined) ? "table narrow cards" : "table narrow";
}

function Head<Row>({
  columns,
  hasChoice,
}: {
  readonly columns: readonly Column<Row>[];
  readonly hasChoice: boolean;
}) {
  return (
    <div class="table-head" role="rowgroup">
      <div class="table-row" role="row" aria-rowindex={1}>
        {hasChoice && (
          <span role="columnheader">
            <span class="only-read">{t("list.chosen")}</span>
          </span>
        )}
        {columns.map(({ key, title, isNumber }) => (
          <span key={key} role="columnheader" class={isNumber === true ? "right" : undefined}>
            {title}
          </span>
        ))}
      </div>
    </div>
  );
}

function toggled(chosen: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(chosen);
  if (!next.delete(key)) next.add(key);
  return next;
}

const STEPS: Readonly<Record<string, number>> = {
  j: 1,
  k: -1,
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 10,
  PageUp: -10,
  Home: -Infinity,
  End: Infinity,
};

interface TableRowProps<Row> extends Pick<TableProps<Row>, "columns" | "choice"> {
  readonly row: Row;
  readonly id: string;
  readonly index: number;
  readonly rowPx: number;
  readonly isAt: boolean;
  readonly onOpen: () => void;
}

function TableRow<Row>({
  row,
  id,
  index,
  rowPx,
  columns,
  isAt,
  choice,
  onOpen,
}: TableRowProps<Row>) {
  const isChosen = choice?.chosen.has(id);
  return (
    <div
      id={`row-${id}`}
      class={isAt ? "table-row at" : "table-row"}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isChosen ?? isAt}
      style={{ insetBlockStart: `${index * rowPx}px`, blockSize: `${rowPx}px` }}
      onClick={onOpen}
    >
      {choice !== undefined && (
        <span role="gridcell" class="check" onClick={(event) => event.stopPropagation()}>
          <input
            type="checkbox"
            tabIndex={-1}
            checked={isChosen}
            aria-label={id}
            onChange={() => choice.onChoose(toggled(choice.chosen, id))}
          />
        </span>
      )}
      {columns.map(({ key, title, isNumber, isMinor, card, cell }) => (
        <span
          key={key}
          role="gridcell"
          class={
            [
              isNumber === true ? "right number" : "",
              isMinor === true ? "minor" : "",
              card === undefined ? "" : `card-${card}`,
            ]
              .filter(Boolean)
              .join(" ") || undefined
          }
          data-title={title}
        >
          {cell(row)}
        </span>
      ))}
    </div>
  );
}

/** Which rows are in sight, and some on either side. */
function useSpan(view: { readonly current: HTMLDivElement | null }, count: number, rowPx: number) {
  const [span, setSpan] = useState<readonly [number, number]>([0, 40]);
  useLayoutEffect(() => {
    const element = view.current;
    if (element === null) return undefined;
    const look = (): void => {
      const from = Math.max(0, Math.floor(element.scrollTop / rowPx) - OVERSCAN);
      const to = Math.ceil((element.scrollTop + element.clientHeight) / rowPx) + OVERSCAN;
      setSpan((before) => (before[0] === from && before[1] === to ? before : [from, to]));
    };
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, [count === 0, rowPx]);
  return span;
}

function reveal(view: HTMLDivElement | null, index: number, rowPx: number): void {
  if (view === null) return;
  const top = index * rowPx;
  if (top < view.scrollTop) view.scrollTop = top;
  else if (top + rowPx > view.scrollTop + view.clientHeight)
    view.scrollTop = top + rowPx - view.clientHeight;
}

function useNarrow(): boolean {
  const [isNarrow, setNarrow] = useState(NARROW.matches);
  useEffect(() => {
    const look = (): void => setNarrow(NARROW.matches);
    NARROW.addEventListener("change", look);
    return () => NARROW.removeEventListener("change", look);
  }, []);
  return isNarrow;
}
