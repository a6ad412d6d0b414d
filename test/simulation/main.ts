import { parseArgs } from "node:util";

import { simulate } from "./run.ts";

/** `npm run simulate -- --seed 7` plays one seed again; `--seeds 5000 --from 1` plays many. Ends with 1 on a broken promise. */
const { values } = parseArgs({
  options: { seed: { type: "string" }, seeds: { type: "string" }, from: { type: "string" } },
});

const from = Number(values.seed ?? values.from ?? 1);
const count = values.seed === undefined ? Number(values.seeds ?? 2_000) : 1;
const startedAt = performance.now();
const total = { acknowledged: 0, posts: 0, crashes: 0, failed: 0 };

for (let seed = from; seed < from + count; seed++) {
  const verdict = await simulate(seed);
  total.acknowledged += verdict.acknowledged;
  total.posts += verdict.posts;
  total.crashes += verdict.crashes;
  if (verdict.violations.length === 0) continue;
  total.failed += 1;
  console.log(`seed ${seed} (replay: npm run simulate -- --seed ${seed})`);
  for (const violation of verdict.violations) console.log(`  ${violation}`);
}

const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
console.log(
  `${count} seeds in ${seconds} s: ${total.acknowledged} events acknowledged, ${total.posts} posts, ` +
    `${total.crashes} crashes, ${total.failed} seeds failed`,
);
process.exitCode = total.failed === 0 ? 0 : 1;
