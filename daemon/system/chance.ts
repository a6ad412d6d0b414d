import { randomBytes, randomFillSync } from "node:crypto";

import type { Chance } from "../domain/ports.ts";

const POOL_BYTES = 4096;

/** The operating system's chance: good enough for secrets and keys. */
export function openChance(): Chance {
  // Ids want ten bytes each, thousands of times a second; asking the system for each costs more
  // than the id.
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  return {
    // Jitter needs no secrecy, and this is twenty times quicker.
    fraction: () => Math.random(),
    bytes(count) {
      if (count > POOL_BYTES / 4) return randomBytes(count);
      if (used + count > POOL_BYTES) {
        randomFillSync(pool);
        used = 0;
      }
      const bytes = Uint8Array.prototype.slice.call(pool, used, used + count);
      // What was given out is a secret of whoever asked; no copy of it stays here.
      pool.fill(0, used, used + count);
      used += count;
      return bytes;
    },
  };
}
