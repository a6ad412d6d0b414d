import type { Change, Feed } from "./ports.ts";

/** Passes changes on to whoever watches, in the same turn. A watcher that throws is a fault of ours and not hidden. */
export function createFeed(): Feed {
  const watchers = new Set<(changes: readonly Change[]) => void>();
  return {
    isWatched: () => watchers.size > 0,
    publish(changes) {
      for (const watch of watchers) watch(changes);
    },
    subscribe(watch) {
      watchers.add(watch);
      return () => void watchers.delete(watch);
    },
  };
}
