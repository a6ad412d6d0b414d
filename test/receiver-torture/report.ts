import type { ReceiverTortureReport } from "./run.ts";

/** What was counted, for a person. */
export function receiverReportText(report: ReceiverTortureReport): string {
  const { books, reconciliation, proof, heard } = report;
  const said = (word: string) => shown(heard.words.get(word) ?? 0);
  return [
    `mode             ${report.mode}`,
    `events           ${shown(report.events)}, in ${(report.durationMs / 1_000).toFixed(1)} s`,
    `kills            ${report.kills}, ${report.killsAtStart} of them while the receiver started`,
    `requests         ${said("received")}, of which ${shown(report.repeats)} were repeats`,
    `answers          handled ${said("handled")}, stored ${said("stored")}, duplicate ${said("duplicate")}, busy ${said("failed")}`,
    `effects          ${shown(books.effects)}; of ${books.twice.length} events more than one, of ${books.never.length} none`,
    `inbox            ${JSON.stringify(books.states)}, integrity_check ${books.integrity}`,
    `reconciliation   ${shown(reconciliation.known)} of ${shown(reconciliation.checked)} known, ${shown(reconciliation.missing.length)} missing, ${shown(reconciliation.resent)} sent again`,
    `and after that   ${shown(proof.known)} of ${shown(proof.checked)} known, ${shown(proof.missing.length)} missing`,
    "",
    verdict(report),
  ].join("\n");
}

function shown(value: number): string {
  return value.toLocaleString("en");
}

function verdict({ violations, seed }: ReceiverTortureReport): string {
  if (violations.length === 0) return "Every event had its effect exactly once.";
  return [`Broken (play the dice again with --seed ${seed}):`, ...violations].join("\n  ");
}
