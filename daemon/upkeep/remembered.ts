/**
 * Does the work for the first who asks, and again once its answer is older than `ageMs`; whoever asks meanwhile waits for the
 * same. A failure is not remembered.
 */
export function remembered<Result>(
  nowMs: () => number,
  ageMs: number,
  work: () => Promise<Result>,
): () => Promise<Result> {
  let known: Promise<Result> | null = null;
  let untilMs = Infinity;
  return () => {
    if (known !== null && nowMs() < untilMs) return known;
    untilMs = Infinity;
    const answer = work();
    known = answer;
    answer.then(
      () => (untilMs = nowMs() + ageMs),
      () => (known = null),
    );
    return answer;
  };
}
