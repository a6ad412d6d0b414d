import type { Chance } from "../../daemon/domain/ports.ts";

/** Chance that can be played again: the same seed draws the same. Mulberry32, public domain (Tommy Ettinger). */
export interface Seeded extends Chance {
  /** A whole number from `from` to `to`, both included. */
  whole(from: number, to: number): number;
  /** True with the given probability. */
  happens(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
}

export function createSeeded(seed: number): Seeded {
  let state = seed >>> 0;
  function fraction(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  return {
    fraction,
    bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(fraction() * 256)),
    whole: (from, to) => from + Math.floor(fraction() * (to - from + 1)),
    happens: (probability) => fraction() < probability,
    pick: (from) => from[Math.floor(fraction() * from.length)] as (typeof from)[number],
  };
}
