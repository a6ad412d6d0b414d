import type { Figure, Finding } from "./report.ts";
import { isKept, shown } from "./report.ts";

export interface Entry {
  /** The letter that selects it. */
  readonly key: string;
  readonly finding: Finding;
}

/** The aligned table that the run ends with. */
export function table(entries: readonly Entry[]): string {
  const head = ["", "figure", "got", "wanted", "kept", "measured"];
  const rows = entries.flatMap(({ key, finding }) =>
    finding.kind === "measured" ? finding.figures.map((figure) => cells(key, figure)) : [],
  );
  const skipped = entries.flatMap(({ key, finding }) =>
    finding.kind === "skipped" ? [`${key}  ${finding.sentence}`] : [],
  );
  return [...aligned([head, ...rows]), ...skipped].join("\n");
}

function cells(key: string, figure: Figure): string[] {
  const { name, value, unit, wanted, note } = figure;
  const kept = isKept(figure);
  const limit = wanted === null ? "" : wantedText(wanted, unit);
  return [key, name, withUnit(value, unit), limit, kept === null ? "" : yesNo(kept), note];
}

function yesNo(isYes: boolean): string {
  return isYes ? "yes" : "NO";
}

function wantedText(wanted: NonNullable<Figure["wanted"]>, unit: string): string {
  return "atLeast" in wanted
    ? `≥ ${withUnit(wanted.atLeast, unit)}`
    : `≤ ${withUnit(wanted.atMost, unit)}`;
}

function withUnit(value: number, unit: string): string {
  return unit === "×" ? `${shown(value)}×` : `${shown(value)} ${unit}`;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
