import type { Compilable, RawBuilder } from "kysely";
import { sql } from "kysely";

import type { Place } from "./cursor.ts";
import type { Connection } from "./open.ts";

/** A query in SQL's own words, for what Kysely's builder says less plainly: the row it gives is named by the caller. */
export function written<Row>(connection: Connection, query: RawBuilder<unknown>): Compilable<Row> {
  return {
    compile: () => query.compile(connection.build),
  };
}

export type Condition = RawBuilder<unknown>;

export function allOf(conditions: readonly Condition[]): Condition {
  return sql.join(conditions, sql` and `);
}

/**
 * Whether one of the columns has the text in it, A to Z taken for a to z. `instr` and not `like`: what stands for itself there would
 * have to be escaped, and a pattern of wildcards can be made that takes long. Columns that are null have no text.
 */
export function contains(columns: readonly Condition[], text: string): Condition {
  return sql`instr(lower(concat_ws(char(10), ${sql.join(columns)})), lower(${text})) > 0`;
}

/** The same of the data in the body of event `e`, not of the envelope around it. What is no UTF-8 is compared byte for byte. */
export function inBody(text: string): Condition {
  return sql`(select instr(lower(cast(substr(b.bytes, e.data_start + 1) as text)), lower(${text}))
    from event_body b where b.event_seq = e.seq) > 0`;
}

interface Span {
  readonly fromMs?: number;
  readonly toMs?: number;
}

/**
 * From `fromMs`, and before `toMs` or the page's start, whichever is earlier: as one bound, because SQLite seeks by one of two
 * and would walk from the other each time. It seeks by the time alone, so what came in the very millisecond of the page's start is
 * passed again: a commit or two.
 */
export function inSpan(
  time: Condition,
  seq: Condition,
  query: Span,
  after: Place | null,
): Condition[] {
  const conditions: Condition[] = [];
  const bound = earlier(query.toMs, after);
  if (bound !== null) conditions.push(sql`(${time}, ${seq}) < (${bound[0]}, ${bound[1]})`);
  if (query.fromMs !== undefined) conditions.push(sql`${time} >= ${query.fromMs}`);
  return conditions;
}

function earlier(toMs: number | undefined, after: Place | null): Place | null {
  if (toMs === undefined) return after;
  // Numbers of rows begin with 1, so this stands before each row of that millisecond.
  const end = [toMs, 0];
  return after === null || (after[0] ?? 0) >= toMs ? end : after;
}
