/** `deferred` mode over SQL: leases, and what becomes of them. */
import type { Failure, InboxKey, LeasedEntry, LeaseRequest, TransactionalInbox } from "./inbox.ts";
import { isLockError } from "./dialect.ts";
import type { SqlDesk } from "./sql-desk.ts";
import { leasedOf, numberOf, textOrNull } from "./sql-values.ts";
import { eachOf } from "./statements.ts";
import { isBusyError, keptError, statusAfter } from "./state.ts";

const LEASES_MAX = 100;

export function openWorkshop<Tx extends object>(
  desk: SqlDesk<Tx>,
): Pick<TransactionalInbox<Tx>, "lease" | "take" | "release"> {
  const { exec, statements } = desk;
  return {
    async lease(request) {
      try {
        return await desk.own((tx) => lease(desk, tx, request));
      } catch (error) {
        // Others are at it: there is nothing for this worker now.
        if (isBusyError(error)) return [];
        throw error;
      }
    },
    take: (tx, key, token) => take(desk, tx, key, token),
    release: async ({ endpoint, id }: InboxKey, token, failure: Failure) => {
      const values = {
        endpoint,
        id,
        token,
        status: statusAfter(failure),
        error: keptError(failure.error),
        died: failure.isDead ? failure.nowMs : null,
        due: failure.isDead ? null : failure.dueAtMs,
      };
      await desk.own((tx) => exec(tx, statements.release, values));
    },
  };
}

/**
 * Finds first and locks then, by position: a search that locks as it goes holds every row that it passes in InnoDB, and the gaps
 * between them, against those who store. What somebody else took meanwhile is held by them or not due any more.
 */
async function lease<Tx extends object>(
  { exec, statements }: SqlDesk<Tx>,
  tx: Tx,
  { endpoint, limit, nowMs: now, leaseMs, token }: LeaseRequest,
): Promise<LeasedEntry[]> {
  const count = Math.min(Math.max(limit, 0), LEASES_MAX);
  const due = await exec(tx, statements.due(count), { endpoint, now });
  if (due.length === 0) return [];
  const wanted = eachOf(due.map((row) => numberOf(row["position"])));
  const held = await exec(tx, statements.holdDue(due.length), { ...wanted, now });
  if (held.length === 0) return [];
  const mine = eachOf(held.map((row) => numberOf(row["position"])));
  await exec(tx, statements.lease(held.length), { ...mine, token, until: now + leaseMs });
  const rows = await exec(tx, statements.leased(held.length), mine);
  return rows.map((row) => leasedOf(row, token));
}

/**
 * An event that was stored in the same moment as an earlier one of its key may have been leased before that one could be seen.
 * It is given back then: due at once, behind the other.
 */
async function take<Tx extends object>(
  desk: SqlDesk<Tx>,
  tx: Tx,
  key: InboxKey,
  token: string,
): Promise<boolean> {
  const { exec, statements } = desk;
  const { endpoint, id } = key;
  try {
    const [row] = await desk.limited(tx, () =>
      exec(tx, statements.holdLeased, { endpoint, id, token }),
    );
    if (row === undefined) return false;
    const position = numberOf(row["position"]);
    const orderingKey = textOrNull(row["orderkey"]);
    if (orderingKey === null) return true;
    const earlier = await exec(tx, statements.isBehind, { endpoint, key: orderingKey, position });
    if (earlier.length === 0) return true;
    await exec(tx, statements.giveBack, { position });
    return false;
  } catch (error) {
    // Somebody holds the row: not this caller's now, and free again when the lease is over.
    if (!isLockError(desk.dialect, error)) throw error;
    desk.lose(tx);
    return false;
  }
}
