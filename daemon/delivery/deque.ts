/** A first-in-first-out list whose `shift` does not move the rest. */
export interface Deque<T> {
  readonly length: number;
  push(item: T): void;
  shift(): T | undefined;
  /** The first, left where it is. */
  peek(): T | undefined;
  /** Empties it and hands back what was in it. */
  drain(): T[];
}

export function createDeque<T>(): Deque<T> {
  let items: (T | undefined)[] = [];
  let head = 0;
  return {
    get length() {
      return items.length - head;
    },
    push: (item) => void items.push(item),
    shift() {
      if (head === items.length) return undefined;
      const item = items[head];
      items[head] = undefined;
      head += 1;
      // Cut off the empty front once it outweighs the rest: each item is moved less than once on average.
      if (head > 64 && head * 2 > items.length) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
    peek: () => items[head],
    drain() {
      const rest = items.slice(head) as T[];
      items = [];
      head = 0;
      return rest;
    },
  };
}
