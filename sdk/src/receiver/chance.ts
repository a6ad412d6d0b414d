/** Where a worker's dice and tokens come from. */
export interface Chance {
  /** From 0 to below 1. */
  fraction(): number;
  /** A text that nobody else has: it names one turn of one worker. */
  token(): string;
}

export const systemChance: Chance = {
  fraction: () => Math.random(),
  token: () => crypto.randomUUID(),
};
