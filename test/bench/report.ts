/** One line of the table: a ratio of two things measured in turn, in the same run. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly theirs: number;
  /** Median of the paired ratios, not ratio of the medians: the machine drifts, and a pair drifts together. */
  readonly ratio: number;
  readonly ratios: readonly number[];
  readonly wanted: Wanted;
  readonly note?: string;
}

export type Wanted = { readonly atLeast: number } | { readonly atMost: number };

export interface Pairing {
  readonly name: string;
  readonly unit: string;
  readonly wanted: Wanted;
  readonly pairs: number;
  readonly ours: () => Promise<number>;
  readonly theirs: () => Promise<number>;
}

/** Runs both once to warm up, then in turn, and takes medians. */
export async function paired(pairing: Pairing): Promise<Figure> {
  const { name, unit, wanted, pairs } = pairing;
  await pairing.ours();
  await pairing.theirs();
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let i = 0; i < pairs; i++) {
    // The order alternates, so that a machine that slows down favours neither.
    if (i % 2 === 0) ours.push(await pairing.ours());
    theirs.push(await pairing.theirs());
    if (i % 2 === 1) ours.push(await pairing.ours());
  }
  const ratios = ours.map((value, i) => value / (theirs[i] ?? Number.NaN));
  return {
    name,
    unit,
    ours: median(ours),
    theirs: median(theirs),
    ratio: median(ratios),
    ratios,
    wanted,
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export function isKept(figure: Figure): boolean {
  const { ratio, wanted } = figure;
  return "atLeast" in wanted ? ratio >= wanted.atLeast : ratio <= wanted.atMost;
}
