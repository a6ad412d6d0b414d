import { describe, test } from "node:test";

import { acceptanceLaws } from "./store-accept.ts";
import type { OpenStore } from "./store-desk.ts";
import { openDesk } from "./store-desk.ts";
import { dueLaws } from "./store-due.ts";
import { listLaws } from "./store-lists.ts";
import { motionLaws } from "./store-motion.ts";
import { officeLaws } from "./store-office.ts";
import { orderLaws } from "./store-order.ts";
import { randomLaws } from "./store-random.ts";
import { searchLaws } from "./store-search.ts";
import { transitionLaws } from "./store-transitions.ts";
import { upkeepLaws } from "./store-upkeep.ts";

const LAWS = {
  ...acceptanceLaws,
  ...dueLaws,
  ...orderLaws,
  ...transitionLaws,
  ...motionLaws,
  ...listLaws,
  ...searchLaws,
  ...officeLaws,
  ...upkeepLaws,
  ...randomLaws,
};

/**
 * What every implementation of the store ports owes the rooms above it. `open` gives a new, empty store each time; the laws speak
 * to nothing but its ports, so another database needs no other tests than these and those of its own ways to fail.
 */
export function storeConformance(name: string, open: OpenStore): void {
  describe(name, () => {
    for (const [sentence, run] of Object.entries(LAWS)) {
      test(sentence, async () => {
        const desk = await openDesk(open);
        try {
          await run(desk);
        } finally {
          desk.store.close();
        }
      });
    }
  });
}
