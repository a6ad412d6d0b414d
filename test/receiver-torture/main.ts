/** `npm run receiver-torture -- --help`. Ends with 1 where a promise was broken. */
import { parseArgs } from "node:util";

import type { Mode } from "./job.ts";
import { receiverReportText } from "./report.ts";
import { tortureReceiver } from "./run.ts";

const HELP = `Kills a receiver at random moments while a real daemon sends to it, and counts the effects in its own database.

  npm run receiver-torture -- [--mode inline|deferred|both] [--events 10000] [--kills 40] [--seed 1]

  --mode     who handles the event: the request itself, or a worker; default both, one after the other
  --events   how many are sent; default 10000
  --kills    how many times the receiver is killed (SIGKILL) and started anew; default 40
  --seed     plays the same dice; default by the clock`;

const MODES: Readonly<Record<string, readonly Mode[]>> = {
  inline: ["inline"],
  deferred: ["deferred"],
  both: ["inline", "deferred"],
};

const { values } = parseArgs({
  options: {
    mode: { type: "string", default: "both" },
    events: { type: "string", default: "10000" },
    kills: { type: "string", default: "40" },
    seed: { type: "string", default: String((Date.now() % 1_000_000) + 1) },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(HELP);
else await main();

async function main(): Promise<void> {
  const modes = MODES[values.mode];
  if (modes === undefined) return refuse("--mode", "inline, deferred or both", values.mode);
  const events = wholeNumber("--events", values.events);
  const kills = wholeNumber("--kills", values.kills);
  const seed = wholeNumber("--seed", values.seed);
  if (events === null || kills === null || seed === null) return;
  for (const mode of modes) {
    const say = (line: string): void => console.log(`${mode}: ${line}`);
    const report = await tortureReceiver({ mode, events, kills, seed, aheadMsPerLife: 0, say });
    console.log(`\n${receiverReportText(report)}\n`);
    if (report.violations.length > 0) process.exitCode = 1;
  }
}

function wholeNumber(name: string, text: string): number | null {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  refuse(name, "a whole number above 0", text);
  return null;
}

function refuse(name: string, wanted: string, got: string): void {
  console.error(`expected ${name} to be ${wanted}, got ${got}`);
  process.exitCode = 2;
}
