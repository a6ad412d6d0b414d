/** One line of the table. */
export interface Figure {
  readonly name: string;
  /** What is judged: a ratio, a time, a size. */
  readonly value: number;
  readonly unit: string;
  /** Null where the number is told and nothing is promised. */
  readonly wanted: Wanted | null;
  /** One per repetition. */
  readonly samples: readonly number[];
  readonly note: string;
}

export type Wanted = { readonly atLeast: number } | { readonly atMost: number };

/** What one benchmark comes to. */
export type Finding =
  | { readonly kind: "measured"; readonly figures: readonly Figure[] }
  | { readonly kind: "skipped"; readonly sentence: string };

/** How much is measured. */
export interface Scale {
  /** Repetitions that count; one more before them warms up. */
  readonly pairs: number;
  /** Small and short: shows that a benchmark works, not what it measures. */
  readonly isQuick: boolean;
  /** Also what takes minutes and gigabytes. */
  readonly isFull: boolean;
}

/**
 * Runs each once to warm up, then all of them in turn. Who comes first changes from round to round, so that a machine that
 * slows down favours nobody.
 */
export async function interleave<Name extends string, Sample>(
  rounds: number,
  runs: Readonly<Record<Name, () => Promise<Sample>>>,
): Promise<Record<Name, Sample[]>> {
  const names = Object.keys(runs) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    Sample[]
  >;
  for (const name of names) await runs[name]();
  for (let round = 0; round < rounds; round++) {
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      samples[name].push(await runs[name]());
    }
  }
  return samples;
}

export interface Pairing {
  readonly name: string;
  /** Of the two sides; the figure itself is their ratio. */
  readonly unit: string;
  readonly wanted: Wanted | null;
  readonly pairs: number;
  readonly ours: () => Promise<number>;
  readonly theirs: () => Promise<number>;
}

/** Measures both sides in turn, in the same run, and takes medians. */
export async function paired(pairing: Pairing): Promise<Figure> {
  const { ours, theirs } = pairing;
  return ratio({ ...pairing, ...(await interleave(pairing.pairs, { ours, theirs })) });
}

export interface Sides {
  readonly name: string;
  readonly unit: string;
  readonly wanted: Wanted | null;
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
}

/** The median of the paired ratios, not the ratio of the medians: the machine drifts, and a pair drifts together. */
export function ratio({ name, unit, wanted, ours, theirs }: Sides): Figure {
  const samples = ours.map((value, i) => value / (theirs[i] ?? Number.NaN));
  const note = `${shown(median(ours))} to ${shown(median(theirs))} ${unit}; ${range(samples)}`;
  return { name, value: median(samples), unit: "×", wanted, samples, note };
}

/** A number that stands for itself: the median of its repetitions. */
export function measure(
  name: string,
  samples: readonly number[],
  { unit, wanted, note = "" }: Pick<Figure, "unit" | "wanted"> & { readonly note?: string },
): Figure {
  const told = note === "" ? range(samples) : `${note}; ${range(samples)}`;
  return { name, value: median(samples), unit, wanted, samples, note: told };
}

function range(samples: readonly number[]): string {
  return `${shown(Math.min(...samples))} … ${shown(Math.max(...samples))} in ${samples.length}`;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Linear between the two nearest. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** Null where nothing was wanted. A number that could not be measured is not kept. */
export function isKept({ value, wanted }: Figure): boolean | null {
  if (wanted === null) return null;
  return "atLeast" in wanted ? value >= wanted.atLeast : value <= wanted.atMost;
}

/** Three digits that mean something, thousands apart. */
export function shown(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return value.toPrecision(Math.abs(value) < 1 ? 2 : 3);
}
