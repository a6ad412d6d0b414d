import { useMemo, useState } from "preact/hooks";

interface Steady<Row> {
  /** In the order in which they were first shown. */
  readonly rows: readonly Row[];
  /** How many there are that the reader has not asked for. */
  readonly newCount: number;
  /** All of them, in the order that they have now. */
  show(): void;
}

/**
 * Rows that stay where they are while they are read: what is new waits to be asked for, what is gone goes. Another `question` has
 * other answers, all of them asked for.
 */
export function useSteady<Row extends { readonly id: string }>(
  all: readonly Row[],
  question: string,
): Steady<Row> {
  const [seen, setSeen] = useState<Seen>({ question, ids: [] });
  const ids = all.map(({ id }) => id);
  // Nothing was shown before, so nothing can be moved.
  const isFirst = seen.question !== question || seen.ids.length === 0;
  if (isFirst && (ids.length > 0 || seen.question !== question)) setSeen({ question, ids });
  return useMemo(() => {
    const byId = new Map(all.map((row) => [row.id, row]));
    const shown = isFirst ? ids : seen.ids.filter((id) => byId.has(id));
    return {
      rows: shown.flatMap((id) => byId.get(id) ?? []),
      newCount: byId.size - shown.length,
      show: () => setSeen({ question, ids }),
    };
  }, [all, seen, question]);
}

interface Seen {
  readonly question: string;
  readonly ids: readonly string[];
}
