import type { Endpoint } from "../domain/endpoint.ts";
import type { HeldCount, RecoverPlace } from "../domain/motion-store.ts";
import { giveWay } from "./give-way.ts";
import { endpointOf } from "./lookup.ts";
import type { MotionNeeds } from "./motion-rules.ts";
import { inFuture } from "./motion-rules.ts";

const CHUNK = 500;
/** In rows, as is what an endpoint's last chunk costs beside those it finds: some sixteen endpoints a turn, not one. */
const WORK_MAX = 1_000 * CHUNK;
const LAST_CHUNK = 32;
const GROUPS_MAX = 200;

/** Deliveries of one endpoint that last failed in the same way. */
interface FailureGroup {
  readonly endpointId: string;
  readonly error: string;
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** The one that failed last. */
  readonly exampleId: string;
}

export interface Failures {
  /**
   * What `recover` would send again, by endpoint and last error, largest first. `isMore`: counting ended at its limit, or there are
   * more groups than are shown. `invalid_request` for a time in the future.
   */
  failures(
    applicationSeq: number,
    query: { readonly sinceMs: number; readonly endpointId: string | undefined },
  ): Promise<{ readonly groups: readonly FailureGroup[]; readonly isMore: boolean }>;
  /** What a resume (or enabling) would let go now, by each choice. */
  held(applicationSeq: number, endpointId: string): Promise<HeldCount>;
}

export function createFailures(needs: MotionNeeds): Failures {
  const { directory } = needs;
  return {
    async failures(applicationSeq, { sinceMs, endpointId }) {
      if (sinceMs > needs.clock.nowMs()) throw inFuture(sinceMs);
      const endpoints =
        endpointId === undefined
          ? directory.endpoints(applicationSeq)
          : [endpointOf(directory, applicationSeq, endpointId)];
      return grouped(needs, endpoints, sinceMs);
    },
    held: (applicationSeq, endpointId) =>
      held(needs, endpointOf(directory, applicationSeq, endpointId).seq),
  };
}

async function grouped(
  { store, clock, timers }: MotionNeeds,
  endpoints: readonly Endpoint[],
  sinceMs: number,
): ReturnType<Failures["failures"]> {
  const groups = new Map<string, FailureGroup>();
  const nowMs = clock.nowMs();
  let work = 0;
  let turnEnds = CHUNK;
  let isMore = false;
  for (const { seq: endpointSeq, id } of endpoints) {
    let after: RecoverPlace | null = null;
    do {
      if (work >= WORK_MAX) return { groups: largest(groups), isMore: true };
      const chunk = await failedChunk(store, { endpointSeq, sinceMs, after, limit: CHUNK, nowMs });
      for (const row of chunk.rows) {
        const { lastError: error } = row;
        if (error !== null) add(groups, { endpointId: id, error, ...row });
      }
      after = chunk.next;
      work += after === null ? LAST_CHUNK + chunk.rows.length : CHUNK;
      if (work < turnEnds) continue;
      turnEnds = work + CHUNK;
      await giveWay(timers);
    } while (after !== null);
  }
  if (groups.size > GROUPS_MAX) isMore = true;
  return { groups: largest(groups), isMore };
}

type FailedChunk = MotionNeeds["store"]["failedChunk"];

/** With its answer's type said, which a loop that feeds it back would leave open. */
function failedChunk(
  store: Pick<MotionNeeds["store"], "failedChunk">,
  query: Parameters<FailedChunk>[0],
): ReturnType<FailedChunk> {
  return store.failedChunk(query);
}

interface Failed {
  readonly endpointId: string;
  readonly error: string;
  readonly id: string;
  readonly failedAtMs: number;
}

function add(groups: Map<string, FailureGroup>, failed: Failed): void {
  const { endpointId, error, id, failedAtMs: atMs } = failed;
  const key = `${endpointId} ${error}`;
  const known = groups.get(key);
  const isLater = known === undefined || atMs >= known.lastAtMs;
  groups.set(key, {
    endpointId,
    error,
    count: (known?.count ?? 0) + 1,
    firstAtMs: Math.min(known?.firstAtMs ?? atMs, atMs),
    lastAtMs: Math.max(known?.lastAtMs ?? atMs, atMs),
    exampleId: isLater ? id : known.exampleId,
  });
}

function largest(groups: ReadonlyMap<string, FailureGroup>): readonly FailureGroup[] {
  return [...groups.values()]
    .toSorted((one, other) => other.count - one.count || other.lastAtMs - one.lastAtMs)
    .slice(0, GROUPS_MAX);
}

async function held({ store, timers }: MotionNeeds, endpointSeq: number): Promise<HeldCount> {
  let [all, latestPerKey] = [0, 0];
  for (const hold of ["paused", "disabled"] as const) {
    let afterSeq: number | null = 0;
    do {
      const query = { endpointSeq, hold, afterSeq, limit: CHUNK };
      const chunk: HeldCount & { next: number | null } = await store.heldChunk(query);
      all += chunk.all;
      latestPerKey += chunk.latestPerKey;
      afterSeq = chunk.next;
      if (afterSeq !== null) await giveWay(timers);
    } while (afterSeq !== null);
  }
  return { all, latestPerKey };
}
