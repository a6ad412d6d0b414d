/**
 * Work that takes turns: of one key, each piece begins when the one before it has ended, well or
 * not. A change reads the endpoint, waits for its commit and writes the directory; two at once
 * would write back what the other had changed.
 */
export type TakeTurns = <T>(key: number, work: () => Promise<T>) => Promise<T>;

export function createTurns(): TakeTurns {
  const last = new Map<number, Promise<void>>();
  return (key, work) => {
    const result = (last.get(key) ?? Promise.resolve()).then(work);
    const forget = (): void => {
      if (last.get(key) === ended) last.delete(key);
    };
    const ended: Promise<void> = result.then(forget, forget);
    last.set(key, ended);
    return result;
  };
}
