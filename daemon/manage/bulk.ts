import type { Delivery } from "../domain/delivery.ts";
import type { DeliveryQuery, DeliveryRow } from "../domain/stores.ts";
import { changeOf } from "./change.ts";
import { createRest, giveWay } from "./give-way.ts";
import type { MotionNeeds } from "./motion-rules.ts";
import { holdAt, whyNotResent } from "./motion-rules.ts";

/** Moved in one commit, between two turns for everybody else. */
const CHUNK = 200;
const MOVED_MAX = 10_000;
const PAGE_ROWS = 250;
/** A filter that hardly anything passes ends here; whoever asked is told that there may be more. */
const PAGES_MAX = 400;

/** Which deliveries are meant: those with these ids, or all that a list shows. */
export type Selection =
  | {
      readonly kind: "ids";
      readonly applicationSeq: number;
      readonly ids: readonly string[];
    }
  | {
      readonly kind: "filter";
      readonly query: Omit<DeliveryQuery, "limit" | "after">;
      /** Only those with an attempt under way, which no store knows of. */
      readonly isInFlight: boolean;
    };

/** What was moved, or would be. `isMore`: looking ended at its limit, and not at the end. */
interface Moved {
  readonly count: number;
  readonly isMore: boolean;
}

export interface Bulk {
  /**
   * Sends many again, as `resend` does one; those that it would refuse are left. At most 10,000 at a call. A rehearsal counts what
   * the same call would move now.
   */
  resendMany(selection: Selection, isRehearsal: boolean): Promise<Moved>;
  /** Calls off those that wait, with the same bounds. */
  cancelMany(selection: Selection, isRehearsal: boolean): Promise<Moved>;
}

export function createBulk(needs: MotionNeeds): Bulk {
  const canResend = (row: DeliveryRow): boolean =>
    whyNotResent(row, needs.directory.endpoint(row.endpointSeq), needs.dispatcher) === null;
  return {
    async resendMany(selection, isRehearsal) {
      const { rows, isMore } = await selected(needs, selection, canResend);
      if (isRehearsal) return { count: rows.length, isMore };
      // Oldest first, since the first of an ordering key to be put back is the first to go.
      const inOrder = rows.toSorted((one, other) => one.seq - other.seq);
      const count = await inChunks(needs, inOrder, (chunk, nowMs) => {
        const wanted = chunk.flatMap((row) => {
          const endpoint = needs.directory.endpoint(row.endpointSeq);
          if (endpoint === undefined || !canResend(row)) return [];
          return [{ seq: row.seq, state: row.state, hold: holdAt(endpoint) }];
        });
        return needs.store.resendMany(wanted, nowMs);
      });
      return { count, isMore };
    },
    async cancelMany(selection, isRehearsal) {
      const { rows, isMore } = await selected(needs, selection, isWaiting);
      if (isRehearsal) return { count: rows.length, isMore };
      // What is held comes first: the other way round, each pending one's end would let a held one go.
      const inOrder = rows.toSorted((one, other) => rank(one) - rank(other));
      const count = await inChunks(needs, inOrder, (chunk, nowMs) =>
        needs.store.cancelMany(
          chunk.map(({ seq }) => seq),
          nowMs,
        ),
      );
      return { count, isMore };
    },
  };
}

function isWaiting({ state }: DeliveryRow): boolean {
  return state === "pending" || state === "held";
}

function rank({ state }: DeliveryRow): number {
  return state === "held" ? 0 : 1;
}

interface Selected {
  readonly rows: readonly DeliveryRow[];
  readonly isMore: boolean;
}

/** All of them are found before the first is moved: moving changes the lists that they are found in. */
async function selected(
  needs: MotionNeeds,
  selection: Selection,
  isFit: (row: DeliveryRow) => boolean,
): Promise<Selected> {
  if (selection.kind === "ids") return byIds(needs, selection, isFit);
  const { query, isInFlight } = selection;
  const rows = new Map<number, DeliveryRow>();
  const rest = createRest(needs);
  let after: string | null = null;
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const page: { rows: readonly DeliveryRow[]; next: string | null } =
      await needs.store.deliveries({ ...query, limit: PAGE_ROWS, after }, rest);
    for (const row of page.rows) {
      if (isInFlight && !needs.dispatcher.isInFlight(row.seq)) continue;
      if (!isFit(row)) continue;
      if (rows.size === MOVED_MAX) return { rows: [...rows.values()], isMore: true };
      rows.set(row.seq, row);
    }
    if (page.next === null) return { rows: [...rows.values()], isMore: false };
    after = page.next;
    await giveWay(needs.timers);
  }
  return { rows: [...rows.values()], isMore: true };
}

async function byIds(
  { store, timers }: MotionNeeds,
  { applicationSeq, ids }: Extract<Selection, { kind: "ids" }>,
  isFit: (row: DeliveryRow) => boolean,
): Promise<Selected> {
  const rows: DeliveryRow[] = [];
  let looked = 0;
  for (const id of new Set(ids)) {
    const row = await store.delivery(applicationSeq, id);
    if (row !== null && isFit(row)) rows.push(row);
    looked += 1;
    if (looked % CHUNK === 0) await giveWay(timers);
  }
  return { rows, isMore: false };
}

async function inChunks(
  needs: MotionNeeds,
  rows: readonly DeliveryRow[],
  move: (chunk: readonly DeliveryRow[], nowMs: number) => Promise<readonly Delivery[]>,
): Promise<number> {
  let count = 0;
  for (let start = 0; start < rows.length; start += CHUNK) {
    if (start > 0) await giveWay(needs.timers);
    const chunk = rows.slice(start, start + CHUNK);
    const moved = await move(chunk, needs.clock.nowMs());
    count += moved.length;
    tell(needs, moved, chunk);
  }
  return count;
}

/** What the engine has ready of these endpoints is read anew, and watchers see it. */
function tell(
  { dispatcher, feed }: MotionNeeds,
  moved: readonly Delivery[],
  chunk: readonly DeliveryRow[],
): void {
  for (const endpointSeq of new Set(moved.map((each) => each.endpointSeq))) {
    dispatcher.endpointChanged(endpointSeq);
    dispatcher.wake(endpointSeq);
  }
  const rows = new Map(chunk.map((row) => [row.seq, row]));
  const changes = moved.flatMap((delivery) => {
    const row = rows.get(delivery.seq);
    return row === undefined ? [] : [changeOf(delivery, row)];
  });
  feed.publish(changes);
}
