import type { Awaitable } from "./crypto.ts";

/**
 * Remembers what may be used once. With more than one process it has to be theirs together; on Redis it is
 * `SET nonce:… 1 NX EX <keepS>`, which answers OK to the first alone.
 */
export interface NonceStore {
  /** True for the first caller with this nonce, false for all others within `keepS` seconds at least. */
  claim(nonce: string, keepS: number): Awaitable<boolean>;
}

/**
 * For one process, and until it ends. Keeps the last `noncesMax` (default 65,536, some 10 MB) and no clock: a nonce comes with
 * a time that is refused when it is old, so this is enough for that many requests within the tolerance.
 */
export function memoryNonces(noncesMax = 65_536): NonceStore {
  const seen = new Set<string>();
  return {
    claim(nonce) {
      if (seen.has(nonce)) return false;
      seen.add(nonce);
      for (const oldest of seen) {
        if (seen.size <= noncesMax) break;
        seen.delete(oldest);
      }
      return true;
    },
  };
}
