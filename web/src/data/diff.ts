/** One line of two texts that are held side by side: in both, or in one only. */
export interface DiffLine {
  readonly side: "both" | "left" | "right";
  readonly text: string;
}

const LINES_MAX = 400;

/** The lines of two texts, those of the left before those of the right where they differ; null where they are too long for it. */
export function diffLines(left: string, right: string): readonly DiffLine[] | null {
  const a = left.split("\n");
  const b = right.split("\n");
  if (a.length > LINES_MAX || b.length > LINES_MAX) return null;
  const lengths = commonLengths(a, b);
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const [here, there] = [a[i], b[j]];
    if (here !== undefined && here === there) {
      lines.push({ side: "both", text: here });
      i += 1;
      j += 1;
    } else if (
      here !== undefined &&
      (there === undefined || at(lengths, i + 1, j) >= at(lengths, i, j + 1))
    ) {
      lines.push({ side: "left", text: here });
      i += 1;
    } else {
      lines.push({ side: "right", text: there ?? "" });
      j += 1;
    }
  }
  return lines;
}

type Lengths = readonly Uint16Array[];

function at(lengths: Lengths, i: number, j: number): number {
  return lengths[i]?.[j] ?? 0;
}

/** For each pair of places, how many lines the rests have in common, in order. */
function commonLengths(a: readonly string[], b: readonly string[]): Lengths {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const longest =
        a[i] === b[j]
          ? at(lengths, i + 1, j + 1) + 1
          : Math.max(at(lengths, i + 1, j), at(lengths, i, j + 1));
      lengths[i]?.fill(longest, j, j + 1);
    }
  }
  return lengths;
}

interface DiffPair {
  readonly name: string;
  readonly left: string | null;
  readonly right: string | null;
}

/** Two sets of headers by name, each with both values. */
export function diffHeaders(
  left: Readonly<Record<string, string>>,
  right: Readonly<Record<string, string>>,
): readonly DiffPair[] {
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].toSorted();
  return names.map((name) => ({ name, left: left[name] ?? null, right: right[name] ?? null }));
}
