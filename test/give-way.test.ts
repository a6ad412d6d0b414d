/** Long looks let everybody else have their turn, but no more often than it helps. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRest } from "../daemon/manage/give-way.ts";

test("steps that take ten milliseconds together are one turn, and one that takes longer is a turn of its own", async () => {
  let nowMs = 0;
  let turns = 0;
  const timers = {
    soon(run: () => void) {
      turns += 1;
      nowMs += 30;
      run();
    },
  };
  const rest = createRest({ clock: { nowMs: () => nowMs }, timers });
  const seen: number[] = [];
  for (const stepMs of [4, 4, 4, 4, 9, 40, 1, 40]) {
    nowMs += stepMs;
    await rest();
    seen.push(turns);
  }
  assert.deepEqual(seen, [0, 0, 1, 1, 2, 3, 3, 4], "what others took is none of the look's time");
});
