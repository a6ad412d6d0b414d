/** Pages of lists that are in memory whole: what people made by hand, and scripts by the ten thousand. */
import { z } from "zod";
import { AppError, expected } from "../domain/errors.ts";
import { pageQuery } from "./schemas.ts";

/** The query of a list without filters. */
export const listQuery = z.strictObject(pageQuery);

export interface ListPage<Item> {
  readonly rows: readonly Item[];
  /** Where the next page starts; null at the end. */
  readonly next: string | null;
}

/**
 * One page of the items in the order of their keys (ids are time-ordered, so that is oldest first). The cursor holds the
 * last key that was shown and no position: what is deleted or made between two pages shifts nothing. Throws
 * `invalid_cursor` for one of another list.
 */
export function listPage<Item>(
  list: string,
  items: readonly Item[],
  keyOf: (item: Item) => string,
  query: z.infer<typeof listQuery>,
): ListPage<Item> {
  const after = query.cursor === undefined ? null : keyIn(list, query.cursor);
  const left = after === null ? items : items.filter((item) => keyOf(item) > after);
  const sorted = left.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const rows = sorted.slice(0, query.limit);
  const last = rows.at(-1);
  const isEnd = last === undefined || sorted.length === rows.length;
  return { rows, next: isEnd ? null : cursorText(list, keyOf(last)) };
}

function cursorText(list: string, key: string): string {
  return Buffer.from(JSON.stringify([list, key])).toString("base64url");
}

function keyIn(list: string, cursor: string): string {
  const parts = partsOf(cursor);
  const [name, key] = parts;
  if (parts.length === 2 && name === list && typeof key === "string") return key;
  const message = expected("the cursor", "the next_cursor of a page of this list", cursor);
  throw new AppError("invalid_cursor", message);
}

function partsOf(cursor: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
