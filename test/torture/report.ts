import type { EndpointAccount } from "./ledger.ts";
import type { TortureReport } from "./run.ts";

type Column = readonly [head: string, of: (account: EndpointAccount) => string | number];

const COLUMNS: readonly Column[] = [
  ["receiver", ({ endpoint }) => endpoint],
  ["owed", ({ owed }) => owed],
  ["received", ({ received }) => received],
  ["lost", ({ owed, received }) => owed - received],
  ["accepted", ({ accepted }) => accepted],
  ["requests", ({ requests }) => requests],
  ["asked again", ({ askedFor }) => askedFor],
  ["by a kill", ({ killed }) => killed],
  ["unexplained", ({ unexplained }) => unexplained],
  ["out of order", ({ disordered }) => disordered],
];

/** The ledger as a table, and what else was measured. */
export function reportText(report: TortureReport): string {
  const rows = [
    COLUMNS.map(([head]) => head),
    ...report.accounts.map((account) => COLUMNS.map(([, of]) => shown(of(account)))),
    COLUMNS.map(([, of], index) => (index === 0 ? "all" : shown(sum(report.accounts, of)))),
  ];
  return [table(rows), "", ...facts(report), "", verdict(report)].join("\n");
}

function sum(accounts: readonly EndpointAccount[], of: Column[1]): number {
  return accounts.reduce((total, account) => total + Number(of(account)), 0);
}

function shown(value: string | number): string {
  return typeof value === "number" ? value.toLocaleString("en") : value;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = COLUMNS.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join("  "),
  );
  const rule = "-".repeat(lines[0]?.length ?? 0);
  return [lines[0], rule, ...lines.slice(1, -1), rule, lines.at(-1)].join("\n");
}

function facts(report: TortureReport): readonly string[] {
  const ready = report.readyMs.toSorted((left, right) => left - right);
  const at = (share: number) => Math.round(ready[Math.floor((ready.length - 1) * share)] ?? 0);
  const { afterLastKill, atEnd } = report;
  return [
    `kills                ${report.kills}, ${report.killsAtStart} of them while the daemon started`,
    `acknowledged events  ${shown(report.acknowledged)}; producers repeated ${shown(report.producerRepeats)} requests`,
    `start to ready       median ${at(0.5)} ms, longest ${at(1)} ms`,
    `answered, unrecorded at most ${Math.round(report.unrecordedMsMax)} ms before a kill`,
    `integrity_check      after the last kill: ${afterLastKill.integrity}; at the end: ${atEnd.integrity}`,
    `in the database      ${JSON.stringify(atEnd.deliveries)}, ${(report.drainMs / 1_000).toFixed(1)} s after the last event`,
  ];
}

function verdict({ violations, seed }: TortureReport): string {
  if (violations.length === 0) return "Every promise held.";
  return [`Broken (play the dice again with --seed ${seed}):`, ...violations].join("\n  ");
}
