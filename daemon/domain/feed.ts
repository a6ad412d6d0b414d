import type { Change, Feed } from "./ports.ts";

/**
 * Passes changes on to whoever watches, in the same turn. `onFault` hears of a watcher that throws: it
 * keeps no other from hearing, and never reaches the publisher, whose commit is done by then.
 */
export function createFeed(onFault: (error: unknown) => void): Feed {
  const watchers = new Set<(changes: readonly Change[]) => void>();

  function tell(watch: (changes: readonly Change[]) => void, changes: readonly Change[]): void {
    try {
      watch(changes);
    } catch (error) {
      onFault(error);
    }
  }

  return {
    isWatched: () => watchers.size > 0,
    publish(changes) {
      for (const watch of watchers) tell(watch, changes);
    },
    subscribe(watch) {
      watchers.add(watch);
      return () => void watchers.delete(watch);
    },
  };
}
