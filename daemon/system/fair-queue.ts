/** First in, first out for each owner, and owners take turns: who waits behind a crowd waits for one of it at a time. */
export interface FairQueue<T> {
  readonly size: number;
  put(owner: number, item: T): void;
  /** To the front of its owner's, in the owner's turn. */
  putBack(owner: number, item: T): void;
  take(): T | undefined;
}

export function createFairQueue<T>(): FairQueue<T> {
  // In the order of their turns; an owner without items is not in it.
  const owners = new Map<number, T[]>();
  let size = 0;

  function itemsOf(owner: number): T[] {
    const known = owners.get(owner);
    if (known !== undefined) return known;
    const fresh: T[] = [];
    owners.set(owner, fresh);
    return fresh;
  }

  return {
    get size() {
      return size;
    },
    put(owner, item) {
      size += 1;
      itemsOf(owner).push(item);
    },
    putBack(owner, item) {
      size += 1;
      itemsOf(owner).unshift(item);
    },
    take() {
      for (const [owner, items] of owners) {
        const item = items.shift();
        owners.delete(owner);
        if (items.length > 0) owners.set(owner, items);
        size -= 1;
        return item;
      }
      return undefined;
    },
  };
}
