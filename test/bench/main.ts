import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import { benchAccepts } from "./accepts.ts";
import { benchBullmq } from "./bullmq.ts";
import { benchDrain } from "./drain.ts";
import { benchHung } from "./hung.ts";
import { benchInbox } from "./inbox.ts";
import { benchLatency } from "./latency.ts";
import { lookAtMachine, machineText } from "./machine.ts";
import { benchMatch } from "./match.ts";
import { benchMemory } from "./memory.ts";
import type { Finding, Scale } from "./report.ts";
import { isKept } from "./report.ts";
import { benchSaturation } from "./saturation.ts";
import { benchStoreSize } from "./store-size.ts";
import type { Entry } from "./table.ts";
import { table } from "./table.ts";
import { benchVerify } from "./verify.ts";
import { benchWatched } from "./watched.ts";

const BENCHMARKS: Readonly<Record<string, (scale: Scale) => Promise<Finding>>> = {
  a: benchDrain,
  b: benchBullmq,
  c: benchSaturation,
  d: benchLatency,
  e: benchStoreSize,
  f: benchHung,
  g: benchMemory,
  h: benchAccepts,
  i: benchMatch,
  j: benchInbox,
  v: benchVerify,
  w: benchWatched,
};

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    pairs: { type: "string" },
    quick: { type: "boolean", default: false },
    full: { type: "boolean", default: false },
    json: { type: "string" },
  },
});
const scale: Scale = { pairs: pairsWanted(), isQuick: values.quick, isFull: values.full };
const machine = lookAtMachine();
const entries: Entry[] = [];
for (const key of keysWanted()) {
  const startedAtMs = performance.now();
  const finding = await (BENCHMARKS[key] as (typeof BENCHMARKS)[string])(scale);
  process.stderr.write(`${key}: ${((performance.now() - startedAtMs) / 1_000).toFixed(0)} s\n`);
  entries.push({ key, finding });
}
console.log(`\n${machineText(machine)}\n\n${table(entries)}`);
if (values.json !== undefined) {
  await writeFile(values.json, `${JSON.stringify({ machine, scale, entries }, null, 2)}\n`);
}
process.exitCode = entries.some(({ finding }) => isMissed(finding)) ? 1 : 0;

function isMissed(finding: Finding): boolean {
  return finding.kind === "measured" && finding.figures.some((each) => isKept(each) === false);
}

function pairsWanted(): number {
  const pairs = Number(values.pairs ?? (values.quick ? 2 : 5));
  if (Number.isInteger(pairs) && pairs > 0) return pairs;
  throw new Error(`expected --pairs to be a whole number from 1, got ${values.pairs}`);
}

function keysWanted(): string[] {
  const known = Object.keys(BENCHMARKS);
  const wanted = values.only?.split(",") ?? known;
  const unknown = wanted.filter((key) => !known.includes(key));
  if (unknown.length === 0) return wanted;
  throw new Error(`expected --only to be some of ${known.join(",")}, got ${unknown.join(",")}`);
}
