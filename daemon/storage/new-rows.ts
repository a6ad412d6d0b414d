import type { Statement } from "better-sqlite3";

import type { Connection } from "./open.ts";
import type { Database } from "./schema.ts";

/** One value of a row. */
type Cell = string | number | Uint8Array | null;

/**
 * New rows of one table, gathered during one commit. A third of what a row costs by itself is the call for it, so they are
 * written up to 64 at a time.
 */
export interface NewRows<Row> {
  add(row: Row): void;
  /** Writes what was gathered. Belongs into the same commit, and before whatever has to see the rows. */
  write(): void;
}

/** With 16 an event costs half a microsecond more. All values of a statement are copied at once, so bodies bound it, too. */
const ROWS_MAX = 64;

/** Prepared once per connection, used for one commit at a time. A row's values come in the order of `columns`. */
export function createNewRows<
  Table extends keyof Database,
  const Columns extends readonly (keyof Database[Table] & string)[],
>(
  { file }: Connection,
  table: Table,
  columns: Columns,
): () => NewRows<{ readonly [Index in keyof Columns]: Cell }> {
  // By their number of rows: a power of two, so that seven statements write any number of rows in few steps.
  const statements = new Map<number, Statement>();

  function insertOf(rows: number): Statement {
    const known = statements.get(rows);
    if (known !== undefined) return known;
    const row = `(${columns.map(() => "?").join(", ")})`;
    const values = Array<string>(rows).fill(row).join(", ");
    const made = file.prepare(`insert into ${table} (${columns.join(", ")}) values ${values}`);
    statements.set(rows, made);
    return made;
  }

  return () => {
    let cells: Cell[] = [];
    return {
      add(row) {
        for (const cell of row) cells.push(cell);
      },
      write() {
        let at = 0;
        for (let rows = ROWS_MAX; at < cells.length; rows /= 2) {
          const step = rows * columns.length;
          while (cells.length - at >= step) {
            insertOf(rows).run(cells.slice(at, at + step));
            at += step;
          }
        }
        cells = [];
      },
    };
  };
}
