/** What people and the reconciliation ask of the inbox, over SQL. */
import type { DeadLetterQuery, InboxKey, InboxStatus, TransactionalInbox } from "./inbox.ts";
import type { SqlDesk, SqlRow } from "./sql-desk.ts";
import { deadLetterOf, numberOf, numberOrNull, textOf } from "./sql-values.ts";
import { eachOf, type Statement } from "./statements.ts";
import { isStorableName, keptError } from "./state.ts";

const IDS_AT_ONCE = 500;
const ROWS_AT_ONCE = 1_000;
const DEAD_LETTERS_MAX = 1_000;

type Upkeep<Tx extends object> = Pick<
  TransactionalInbox<Tx>,
  "deadLetters" | "redrive" | "discard" | "statusOf" | "prune"
>;

export function openUpkeep<Tx extends object>(desk: SqlDesk<Tx>): Upkeep<Tx> {
  const { exec, own, statements } = desk;

  /** Changes the dead letter of that name under its lock; false where there is none. */
  function raise(
    { endpoint, id }: InboxKey,
    change: Statement,
    values: Record<string, string | number>,
  ) {
    return own(async (tx) => {
      const [row] = await exec(tx, statements.holdDead, { endpoint, id });
      if (row === undefined) return false;
      await exec(tx, change, { ...values, position: numberOf(row["position"]) });
      return true;
    });
  }

  return {
    deadLetters: (query) => own((tx) => deadLetters(desk, tx, query)),
    redrive: (key, now) => raise(key, statements.redrive, { now }),
    discard: (key, why, now) => raise(key, statements.discard, { why: keptError(why), now }),
    statusOf: (endpoint, ids) => statusOf(desk, endpoint, ids),
    prune: (beforeMs) => prune(desk, beforeMs),
  };
}

async function deadLetters<Tx extends object>(
  { exec, statements }: SqlDesk<Tx>,
  tx: Tx,
  query: DeadLetterQuery,
) {
  const { endpoint, after: id } = query;
  const [last] = id === null ? [] : await exec(tx, statements.positionOf, { endpoint, id });
  if (id !== null && last === undefined) return [];
  const after = last === undefined ? 0 : numberOf(last["position"]);
  const limit = Math.min(Math.max(query.limit, 0), DEAD_LETTERS_MAX);
  const rows = await exec(tx, statements.deadLetters(limit), { endpoint, after });
  return rows.map((row) => deadLetterOf(row, endpoint));
}

async function statusOf<Tx extends object>(
  desk: SqlDesk<Tx>,
  endpoint: string,
  ids: readonly string[],
) {
  const { exec, own, statements } = desk;
  const known = new Map<string, InboxStatus>();
  const possible = ids.filter(isStorableName);
  for (let from = 0; from < possible.length; from += IDS_AT_ONCE) {
    const some = possible.slice(from, from + IDS_AT_ONCE);
    const statement = statements.statusOf(some.length);
    const rows = await own((tx) => exec(tx, statement, { ...eachOf(some), endpoint }));
    for (const row of rows) known.set(textOf(row["id"]), textOf(row["status"]) as InboxStatus);
  }
  return known;
}

/**
 * Walks the rows in the order of their coming, a slice in each transaction, and stops at the first slice that came wholly after
 * `beforeMs`: no index on the end is needed, which every event would have to pay for.
 */
async function prune<Tx extends object>(desk: SqlDesk<Tx>, beforeMs: number): Promise<number> {
  let forgotten = 0;
  let after = 0;
  for (;;) {
    const slice = await desk.own((tx) => pruneSlice(desk, tx, after, beforeMs));
    forgotten += slice.forgotten;
    if (slice.isLast) return forgotten;
    after = slice.end;
  }
}

async function pruneSlice<Tx extends object>(
  { exec, statements }: SqlDesk<Tx>,
  tx: Tx,
  after: number,
  beforeMs: number,
) {
  const rows = await exec(tx, statements.slice(ROWS_AT_ONCE), { after });
  const old = rows.filter((row) => isOver(row, beforeMs)).map((row) => numberOf(row["position"]));
  if (old.length > 0) await exec(tx, statements.forget(old.length), eachOf(old));
  const isLast =
    rows.length < ROWS_AT_ONCE || rows.every((row) => numberOf(row["received"]) >= beforeMs);
  return { forgotten: old.length, isLast, end: numberOf(rows.at(-1)?.["position"]) };
}

function isOver(row: SqlRow, beforeMs: number): boolean {
  const endedAtMs = numberOrNull(row["ended"]);
  const status = textOf(row["status"]);
  return (status === "done" || status === "ignored") && endedAtMs !== null && endedAtMs < beforeMs;
}
