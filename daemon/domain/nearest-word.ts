/** The known word that a mistyped one most likely was; null where none is near enough to suggest. */
export function nearestWord(given: string, known: readonly string[]): string | null {
  if (given.length > GIVEN_LENGTH_MAX) return null;
  const distanceMax = Math.max(1, Math.floor(given.length / 3));
  let best: string | null = null;
  let bestDistance = distanceMax + 1;
  for (const word of known) {
    const distance = editDistance(squeezed(given), squeezed(word));
    if (distance < bestDistance) {
      best = word;
      bestDistance = distance;
    }
  }
  return best;
}

const GIVEN_LENGTH_MAX = 64;

/** `eventTypes`, `event-types` and `event_types` are the same word in three spellings. */
function squeezed(word: string): string {
  return word.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

/** Levenshtein's distance, one row at a time. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
