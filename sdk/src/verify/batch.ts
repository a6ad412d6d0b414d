import { at, textOf } from "./sources.ts";

/** Senders that put several events into one request: what identifies and names the request as a whole. */
export interface Batch {
  /** The event's id, where the request has one event. */
  readonly onlyId: string | null;
  /** All ids, for a digest, as retries repeat the batch; null where not every event has one, or there is none. */
  readonly ids: string | null;
  /** The type that all of them have; null where they differ. */
  readonly sharedType: string | null;
}

export function batchOf(
  items: unknown,
  idOf: (item: unknown) => string | null,
  typePath: string,
): Batch {
  const list: readonly unknown[] = Array.isArray(items) ? items : [items];
  const ids = list.map(idOf);
  const types = new Set(list.map((item) => textOf(at(item, [typePath]))));
  const [type = null] = types;
  return {
    onlyId: ids.length === 1 ? (ids[0] ?? null) : null,
    ids: ids.length === 0 || ids.includes(null) ? null : ids.join("\n"),
    sharedType: types.size === 1 ? type : null,
  };
}

/** The text at a name of an object, or null. */
export function field(item: unknown, ...path: readonly string[]): string | null {
  return textOf(at(item, path));
}
