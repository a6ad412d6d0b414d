/**
 * Which endpoints of one application an event goes to, without asking each of them. Endpoints stand in buckets by what
 * their patterns name, each bucket split by tenant; an event looks into the buckets that its type and tenant lead to,
 * and into no other. The cost of a match is that of the candidates, not of the endpoints.
 */
import type { Filter } from "./filter.ts";
import { filterHolds } from "./filter.ts";
import type { Pattern } from "./pattern.ts";
import { isReservedType } from "./pattern.ts";

/** What an endpoint asks for. */
export interface Route {
  /** One that matches is enough; none at all matches nothing. */
  readonly patterns: readonly Pattern[];
  /** Null takes every event; a tenant takes only events that have the same one. */
  readonly tenant: string | null;
  /** Null takes every body. */
  readonly filter: Filter | null;
}

/** The index of one application's endpoints. `T` is whatever the caller wants back, returned by identity. */
export interface Routes<T> {
  readonly size: number;
  /** Adds the endpoint, or replaces what stood under its key. Costs its own patterns, whatever the size. */
  put(key: number, route: Route, target: T): void;
  /** Takes the endpoint out; an unknown key is no error. */
  remove(key: number): void;
  /**
   * The targets that the event goes to, each once, by ascending key. `data` is called at most once, and only when a
   * candidate has a filter, so a caller may parse there.
   */
  match(type: string, tenant: string | null, data: () => unknown): T[];
}

interface Entry<T> {
  readonly key: number;
  readonly route: Route;
  readonly target: T;
}

/** Endpoints that one pattern text leads to. Each half is null while empty: most buckets hold one endpoint. */
interface Bucket<T> {
  anyTenant: Set<Entry<T>> | null;
  byTenant: Map<string, Set<Entry<T>>> | null;
}

interface Index<T> {
  readonly all: Bucket<T>;
  readonly exact: Map<string, Bucket<T>>;
  readonly under: Map<string, Bucket<T>>;
}

/** An empty index. */
export function createRoutes<T>(): Routes<T> {
  const entries = new Map<number, Entry<T>>();
  const index: Index<T> = { all: emptyBucket(), exact: new Map(), under: new Map() };

  function remove(key: number): void {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    for (const pattern of entry.route.patterns) takeOut(index, pattern, entry);
  }

  return {
    get size() {
      return entries.size;
    },
    put(key, route, target) {
      remove(key);
      const entry = { key, route, target };
      entries.set(key, entry);
      for (const pattern of route.patterns) putIn(bucketFor(index, pattern), entry);
    },
    remove,
    match(type, tenant, data) {
      const candidates: Entry<T>[] = [];
      if (!isReservedType(type)) gather(index.all, tenant, candidates);
      gather(index.exact.get(type), tenant, candidates);
      if (index.under.size > 0) {
        for (let dot = type.indexOf("."); dot !== -1; dot = type.indexOf(".", dot + 1)) {
          gather(index.under.get(type.slice(0, dot)), tenant, candidates);
        }
      }
      return chosen(candidates, data);
    },
  };
}

function gather<T>(
  bucket: Bucket<T> | undefined,
  tenant: string | null,
  candidates: Entry<T>[],
): void {
  if (bucket === undefined) return;
  // One by one: as arguments of a single push, a hundred thousand candidates would overflow the stack.
  if (bucket.anyTenant !== null) for (const entry of bucket.anyTenant) candidates.push(entry);
  const own = tenant === null ? undefined : bucket.byTenant?.get(tenant);
  if (own !== undefined) for (const entry of own) candidates.push(entry);
}

/** The candidates' targets by ascending key, without the repeats of endpoints with several matching patterns. */
function chosen<T>(candidates: Entry<T>[], data: () => unknown): T[] {
  candidates.sort((a, b) => a.key - b.key);
  const targets: T[] = [];
  let isParsed = false;
  let parsed: unknown;
  let lastKey: number | null = null;
  for (const { key, route, target } of candidates) {
    if (key === lastKey) continue;
    lastKey = key;
    if (route.filter !== null) {
      if (!isParsed) parsed = data();
      isParsed = true;
      if (!filterHolds(route.filter, parsed)) continue;
    }
    targets.push(target);
  }
  return targets;
}

function emptyBucket<T>(): Bucket<T> {
  return { anyTenant: null, byTenant: null };
}

function bucketFor<T>(index: Index<T>, pattern: Pattern): Bucket<T> {
  switch (pattern.kind) {
    case "all":
      return index.all;
    case "exact":
      return found(index.exact, pattern.type, emptyBucket<T>);
    case "under":
      return found(index.under, pattern.prefix, emptyBucket<T>);
  }
}

function found<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

function putIn<T>(bucket: Bucket<T>, entry: Entry<T>): void {
  const { tenant } = entry.route;
  if (tenant === null) {
    bucket.anyTenant ??= new Set();
    bucket.anyTenant.add(entry);
  } else {
    bucket.byTenant ??= new Map();
    found(bucket.byTenant, tenant, () => new Set()).add(entry);
  }
}

/** Empty sets and buckets go too: types and tenants come and go for as long as the daemon runs. */
function takeOut<T>(index: Index<T>, pattern: Pattern, entry: Entry<T>): void {
  const bucket = bucketFor(index, pattern);
  leave(bucket, entry);
  if (bucket.anyTenant !== null || bucket.byTenant !== null) return;
  if (pattern.kind === "exact") index.exact.delete(pattern.type);
  if (pattern.kind === "under") index.under.delete(pattern.prefix);
}

function leave<T>(bucket: Bucket<T>, entry: Entry<T>): void {
  const { tenant } = entry.route;
  if (tenant === null) {
    bucket.anyTenant?.delete(entry);
    if (bucket.anyTenant?.size === 0) bucket.anyTenant = null;
    return;
  }
  const own = bucket.byTenant?.get(tenant);
  own?.delete(entry);
  if (own?.size === 0) bucket.byTenant?.delete(tenant);
  if (bucket.byTenant?.size === 0) bucket.byTenant = null;
}
