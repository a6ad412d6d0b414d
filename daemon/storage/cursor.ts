import { AppError, expected } from "../domain/errors.ts";

/** A place in a list: the numbers that its order goes by, of the last row that was looked at. */
export type Place = readonly number[];

/** Raised when the order of a list changes, so that an old cursor is refused instead of misread. */
const CURSOR_VERSION = 1;

/** What a client hands back for the next page. Its form is nobody's business: base64url of `[version, list, ...place]`. */
export function cursorText(list: string, place: Place): string {
  return Buffer.from(JSON.stringify([CURSOR_VERSION, list, ...place])).toString("base64url");
}

/** Throws AppError `invalid_cursor` for anything that `cursorText` did not make for this list. */
export function readCursor(list: string, length: number, text: string): Place {
  const parts = parsed(text);
  const isOurs = parts.length === length + 2 && parts[0] === CURSOR_VERSION && parts[1] === list;
  const place = parts.slice(2).filter((part) => typeof part === "number");
  if (!isOurs || place.length !== length || !place.every(Number.isSafeInteger)) {
    throw new AppError(
      "invalid_cursor",
      expected("the cursor", "the next_cursor of a page of this list", text),
    );
  }
  return place;
}

function parsed(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
