import type { Page, PageQuery, Rest } from "../domain/stores.ts";
import type { Place } from "./cursor.ts";
import { cursorText, readCursor } from "./cursor.ts";

/** One list in one order, along one index: what is wanted of it is picked out of the rows that the walk passes. */
export interface Walk<Row> {
  /** Which list a cursor belongs to. */
  readonly name: string;
  /** How many numbers make a place. */
  readonly placeLength: number;
  readonly patience: Patience;
  begin?(after: Place | null, rest: Rest): Promise<void>;
  /** Of the next `look` rows after the place, those that are wanted; at most `limit`, in order. */
  wanted(after: Place | null, look: number, limit: number): Row[];
  end(after: Place | null, look: number): End;
  placeOf(row: Row): Place;
}

/** Where the next rows end: the place of the last one, null when there are fewer; and what of bodies was looked through. */
export interface End {
  readonly place: Place | null;
  readonly bytes: number;
}

/** How far one request may look for rows that are wanted. The loop stands still for one step, and goes on between two. */
export interface Patience {
  readonly stepRows: number;
  readonly rowsMax: number;
  readonly bytesMax: number;
}

/**
 * At most about 25 ms, for a filter that nothing passes: two rows to look up for each row of the index. A step is small, since
 * each of these rows may lie in a page of its own that has to come from the disk.
 */
export const ROWS_PATIENCE: Patience = { stepRows: 200, rowsMax: 10_000, bytesMax: Infinity };

/** Bodies are searched as they lie there, so it is their bytes that try the patience. */
export const TEXT_PATIENCE: Patience = {
  stepRows: 64,
  rowsMax: 2_048,
  bytesMax: 4 * 1024 * 1024,
};

/**
 * One page. It may hold fewer rows than the limit, even none, and still have a `next`: then patience ended before the list did,
 * and the next page goes on looking from there.
 */
export async function readPage<Row>(
  walk: Walk<Row>,
  query: PageQuery,
  rest: Rest,
): Promise<Page<Row>> {
  const { patience } = walk;
  const rows: Row[] = [];
  let after = query.after === null ? null : readCursor(walk.name, walk.placeLength, query.after);
  await walk.begin?.(after, rest);
  let lookedRows = 0;
  let lookedBytes = 0;
  for (;;) {
    const look = nextStep(walk, after, patience.bytesMax - lookedBytes);
    // One more than is shown tells whether there is a next page.
    rows.push(...walk.wanted(after, look, query.limit + 1 - rows.length));
    if (rows.length > query.limit) return cut(walk, rows, query.limit);
    const { place, bytes } = walk.end(after, look);
    if (place === null) return { rows, next: null };
    after = place;
    lookedRows += look;
    lookedBytes += bytes;
    if (lookedRows >= patience.rowsMax || lookedBytes >= patience.bytesMax) {
      return { rows, next: cursorText(walk.name, after) };
    }
    await rest();
  }
}

/** How many rows are looked at next: where their bodies are large, as many as what is left of the patience is for; one at least. */
function nextStep<Row>(
  { patience, end }: Walk<Row>,
  after: Place | null,
  bytesLeft: number,
): number {
  let look = patience.stepRows;
  if (bytesLeft === Infinity) return look;
  while (look > 1 && end(after, look).bytes > bytesLeft) look = Math.floor(look / 2);
  return look;
}

function cut<Row>(walk: Walk<Row>, rows: Row[], limit: number): Page<Row> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    rows: shown,
    next: last === undefined ? null : cursorText(walk.name, walk.placeOf(last)),
  };
}
