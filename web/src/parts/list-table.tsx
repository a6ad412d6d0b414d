import type { ComponentChildren } from "preact";
import type { List } from "../data/list.ts";
import { t } from "../words/words.ts";
import { Problem } from "./problem.tsx";

interface PlainColumn<Row> {
  readonly key: string;
  readonly title: string;
  readonly isNumber?: boolean;
  /** Said to those who read by ear only: for the column of buttons. */
  readonly isQuiet?: boolean;
  readonly cell: (row: Row) => ComponentChildren;
}

export type PlainColumns<Row> = readonly PlainColumn<Row>[];

interface PlainTableProps<Row> {
  readonly label: string;
  readonly columns: PlainColumns<Row>;
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly isFaint?: (row: Row) => boolean;
}

/**
 * A table of few rows, with links and buttons of their own in it; on narrow screens each row is a card. The roles are written
 * out, since a browser forgets them where a style sheet lays a table out otherwise.
 */
export function PlainTable<Row>(props: PlainTableProps<Row>) {
  const { label, columns, rows, keyOf, isFaint } = props;
  return (
    <div class="plain-frame">
      <table class="plain" role="table" aria-label={label}>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ key, title, isNumber, isQuiet }) => (
              <th
                key={key}
                role="columnheader"
                scope="col"
                class={isNumber === true ? "right" : undefined}
              >
                {isQuiet === true ? <span class="only-read">{title}</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={keyOf(row)} role="row" class={isFaint?.(row) === true ? "faint" : undefined}>
              {columns.map(({ key, title, isNumber, isQuiet, cell }) => (
                <td
                  key={key}
                  role="cell"
                  class={isNumber === true ? "right number" : undefined}
                  data-title={isQuiet === true ? "" : title}
                >
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

type ListTableProps<Row> = Omit<PlainTableProps<Row>, "rows"> & {
  readonly list: List<Row>;
  readonly empty: ComponentChildren;
};

/** A list of the API as a plain table, with a button for what comes after. */
export function ListTable<Row>({ list, empty, ...rest }: ListTableProps<Row>) {
  const { rows, problem, isLoading, hasMore } = list;
  if (rows.length === 0 && isLoading) return <p class="soft">{t("list.loading")}</p>;
  if (rows.length === 0 && problem === null) return <>{empty}</>;
  return (
    <>
      {problem !== null && <Problem problem={problem} retry={list.reload} />}
      {rows.length > 0 && <PlainTable {...rest} rows={rows} />}
      {hasMore && (
        <div>
          <button type="button" class="button" disabled={isLoading} onClick={list.more}>
            {t("do.more")}
          </button>
        </div>
      )}
    </>
  );
}
