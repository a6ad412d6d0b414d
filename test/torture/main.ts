/** `npm run torture -- [--kills 25] [--seed 1] [--life-ms 1500] [--flood]`. Ends with 1 where a promise was broken. */
import { parseArgs } from "node:util";

import { reportText } from "./report.ts";
import { torture } from "./run.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "25" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    "life-ms": { type: "string", default: "1500" },
    flood: { type: "boolean", default: false },
  },
});

const report = await torture({
  kills: wholeNumber("--kills", values.kills),
  seed: wholeNumber("--seed", values.seed),
  lifeMsMax: wholeNumber("--life-ms", values["life-ms"]),
  isFlood: values.flood,
  say: (line) => console.log(line),
});
console.log(`\n${reportText(report)}`);
process.exitCode = report.violations.length === 0 ? 0 : 1;

function wholeNumber(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  console.error(`expected ${name} to be a whole number above 0, got ${text}`);
  process.exit(2);
}
