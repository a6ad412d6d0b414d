/** What people read: tables, lists of names and values, times. */

/** Columns as wide as their widest cell, two spaces between; every row on one line. */
export function tableText(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [heads, ...rows].map((row) => row.map(plain));
  const widths = heads.map((_, column) =>
    Math.max(...cells.map((row) => widthOf(row[column] ?? ""))),
  );
  return cells
    .map((row) =>
      row
        .map((cell, column) => padded(cell, widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** One `name  value` a line, the values below each other; those that are null are left out. */
export function listText(entries: readonly (readonly [string, string | null])[]): string {
  const shown = entries.flatMap(([name, value]) =>
    value === null ? [] : [[name, value] as const],
  );
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${padded(name, width)}  ${plain(value)}`).join("\n");
}

function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

const characters = new Intl.Segmenter();

/** By characters as people count them; that some are two columns wide is left to the terminal. */
function widthOf(text: string): number {
  return Array.from(characters.segment(text)).length;
}

/**
 * On one line and without control characters: names and answers are other people's, and the
 * terminal obeys them. Those that turn the direction of writing are among them: behind one, a line
 * reads as if it said something else (CVE-2021-42574).
 */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}]+/gu, " ");
}

/** As `plain`, but lines stay lines and tabs tabs. */
export function plainLines(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]|\p{Bidi_Control}/gu, " ");
}

/** A time as the API writes it, to the second; a dash for none. */
export function timeCell(time: string | null): string {
  return time === null ? "-" : time.replace(/\.\d+Z$/, "Z");
}

/** `1 delivery`, `3 deliveries`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** How a list goes on, or nothing. */
export function moreText(nextCursor: string | null): string {
  return nextCursor === null ? "" : `\n\nMore with --cursor ${nextCursor}`;
}
