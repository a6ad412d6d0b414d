import assert from "node:assert/strict";
import { test } from "node:test";

import { simulate } from "./simulation/run.ts";

const SEEDS = 200;
const SEEDS_PER_TEST = 20;

for (let from = 1; from <= SEEDS; from += SEEDS_PER_TEST) {
  const to = from + SEEDS_PER_TEST - 1;
  test(`seeds ${from} to ${to}: through crashes, hung receivers, clock jumps and full disks every promise holds`, async () => {
    for (let seed = from; seed <= to; seed++) {
      const verdict = await simulate(seed);
      assert.deepEqual(verdict.violations, [], `replay: npm run simulate -- --seed ${seed}`);
    }
  });
}
