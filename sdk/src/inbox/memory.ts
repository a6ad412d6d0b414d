/**
 * An inbox in this process's memory: for tests, and for services that may forget on a restart. Rows behave as in a
 * database: a claim holds the row until its transaction ends, others wait, and what was not committed is undone. What the
 * handler writes elsewhere is not, and a restart forgets every event.
 */
import { assertOptions } from "../verify/options.ts";
import { systemTimers, type Timers } from "../verify/timers.ts";
import type {
  Claim,
  DeadLetter,
  DeadLetterQuery,
  Failure,
  Finished,
  InboxEntry,
  InboxKey,
  InboxStatus,
  LeasedEntry,
  LeaseRequest,
  StoredEntry,
  TransactionalInbox,
} from "./inbox.ts";
import { createMemoryRows, isOpen, type MemoryRow, type RowsSession } from "./memory-rows.ts";
import {
  BUSY,
  busyError,
  checkEntry,
  claimOf,
  isFailable,
  keptAnswer,
  keptError,
  LOCK_WAIT_MS,
  statusAfter,
} from "./state.ts";

/** The inbox's own transaction; there is nothing that a handler could write through it. */
export interface MemoryTransaction {
  readonly store: "memory";
}

export interface MemoryInboxOptions {
  /** How long a claim waits for another one of the same event; default 3,000. */
  readonly lockWaitMs?: number;
  readonly timers?: Timers;
}

type NewRow = Omit<MemoryRow, "position">;

const ENDED: ReadonlySet<InboxStatus> = new Set(["done", "ignored"]);

/** Answers every call as the databases do. Grows until `prune` is called. */
export function memoryInbox(
  options: MemoryInboxOptions = {},
): TransactionalInbox<MemoryTransaction> {
  assertOptions("memoryInbox", options, ["lockWaitMs", "timers"]);
  const { lockWaitMs = LOCK_WAIT_MS, timers = systemTimers } = options;
  const rows = createMemoryRows(lockWaitMs, timers);
  const sessions = new WeakMap<MemoryTransaction, RowsSession>();

  function sessionOf(tx: MemoryTransaction): RowsSession {
    const session = sessions.get(tx);
    if (session === undefined) throw new Error("expected a transaction of this inbox, got another");
    return session;
  }

  function transaction<T>(work: (tx: MemoryTransaction) => Promise<T>): Promise<T> {
    return rows.transaction((session) => {
      const tx: MemoryTransaction = { store: "memory" };
      sessions.set(tx, session);
      return work(tx);
    });
  }

  async function claim(session: RowsSession, entry: InboxEntry): Promise<Claim> {
    checkEntry(entry);
    if (!(await session.lock(entry))) return BUSY;
    const row = session.read(entry) ?? newRow(entry);
    session.write(entry, row);
    return claimOf({ ...row, isWorkers: isWorkers(row) }, entry);
  }

  /** One change of one row in a transaction of its own; false where `change` leaves it as it is. */
  function alter(
    key: InboxKey,
    change: (row: MemoryRow | null) => NewRow | null,
  ): Promise<boolean> {
    return rows.transaction(async (session) => {
      if (!(await session.lock(key))) throw busyError();
      const changed = change(session.read(key));
      if (changed !== null) session.write(key, changed);
      return changed !== null;
    });
  }

  async function statusOf(endpoint: string, ids: readonly string[]) {
    const known = new Map<string, InboxStatus>();
    for (const id of ids) {
      const row = rows.find({ endpoint, id });
      if (row !== null) known.set(id, row.status);
    }
    return known;
  }

  return {
    guarantee: "transactional",
    ddl: [],
    migrate: async () => {},
    transaction,
    claim: (tx, entry) => claim(sessionOf(tx), entry),
    finish: async (tx, key, end) => finish(sessionOf(tx), key, end),
    fail: async (entry, failure) => {
      checkEntry(entry);
      await alter(entry, (row) => failedRow(row ?? newRow(entry), failure));
    },
    store: (entry) =>
      rows.transaction(async (session) => {
        const claimed = await claim(session, entry);
        const row = session.read(entry);
        if (claimed.kind === "claimed" && row !== null) session.write(entry, storedRow(row, entry));
        return claimed;
      }),
    lease: async (request) => lease(rows.all(), request, rows.replace),
    take: (tx, key, token) => take(sessionOf(tx), rows.all(), key, token),
    release: async (key, token, failure) => {
      await alter(key, (row) => releasedRow(row, token, failure));
    },
    deadLetters: async (query) => deadLetters(rows.all(), query),
    redrive: (key, nowMs) => alter(key, (row) => redrivenRow(row, nowMs)),
    discard: (key, why, nowMs) => alter(key, (row) => discardedRow(row, why, nowMs)),
    statusOf,
    prune: async (beforeMs) => {
      const old = rows
        .all()
        .filter((row) => ENDED.has(row.status) && (row.endedAtMs ?? 0) < beforeMs);
      return rows.forget(old);
    },
  };
}

function newRow(entry: InboxEntry): NewRow {
  const { bodySha256 } = entry;
  const blank = { dueAtMs: null, token: null, error: null, endedAtMs: null, answer: null };
  return { entry, stored: null, status: "failed", attempts: 0, bodySha256, ...blank };
}

function isWorkers(row: NewRow): boolean {
  return row.stored !== null && row.dueAtMs !== null;
}

async function finish(session: RowsSession, key: InboxKey, end: Finished): Promise<void> {
  const row = session.read(key);
  if (row === null) return;
  const { status, nowMs: endedAtMs } = end;
  const answer = keptAnswer(end.answer);
  session.write(key, { ...row, ...NOTHING_DUE, stored: null, status, answer, endedAtMs });
}

const NOTHING_DUE = { dueAtMs: null, token: null };

function failedRow(row: NewRow, failure: Failure): NewRow | null {
  if (!isFailable({ ...row, isWorkers: isWorkers(row) }, failure)) return null;
  return { ...row, ...NOTHING_DUE, attempts: row.attempts + 1, ...afterFailure(failure) };
}

function releasedRow(row: MemoryRow | null, token: string, failure: Failure) {
  if (row === null || row.token !== token) return null;
  const dueAtMs = failure.isDead ? null : failure.dueAtMs;
  return { ...row, token: null, dueAtMs, ...afterFailure(failure) };
}

function afterFailure(failure: Failure) {
  const endedAtMs = failure.isDead ? failure.nowMs : null;
  return { status: statusAfter(failure), error: keptError(failure.error), endedAtMs };
}

function storedRow(row: MemoryRow, stored: StoredEntry): MemoryRow {
  const bodySha256 = stored.bodySha256 ?? row.bodySha256;
  return { ...row, entry: stored, stored, bodySha256, status: "pending", dueAtMs: stored.nowMs };
}

function redrivenRow(row: MemoryRow | null, nowMs: number) {
  if (row?.status !== "dead") return null;
  const alive = { ...row, attempts: 0, endedAtMs: null };
  if (row.stored === null) return { ...alive, status: "failed" as const };
  return { ...alive, status: "pending" as const, dueAtMs: nowMs };
}

function discardedRow(row: MemoryRow | null, why: string, nowMs: number) {
  if (row?.status !== "dead") return null;
  return {
    ...row,
    stored: null,
    status: "ignored" as const,
    error: keptError(why),
    endedAtMs: nowMs,
  };
}

function lease(
  all: readonly MemoryRow[],
  { endpoint, limit, nowMs, leaseMs, token }: LeaseRequest,
  replace: (row: MemoryRow) => boolean,
): LeasedEntry[] {
  const leased: LeasedEntry[] = [];
  for (const row of all) {
    if (leased.length === limit) break;
    const { stored, dueAtMs } = row;
    if (stored === null || dueAtMs === null || dueAtMs > nowMs) continue;
    if (stored.endpoint !== endpoint || isBehind(row, all, nowMs)) continue;
    const attempt = row.attempts + 1;
    if (!replace({ ...row, token, dueAtMs: nowMs + leaseMs, attempts: attempt })) continue;
    leased.push({ ...stored, attempt, token });
  }
  return leased;
}

/** Whether another event of its key has to end first: an earlier one, or one that a worker has now. */
function isBehind(row: MemoryRow, all: readonly MemoryRow[], nowMs: number): boolean {
  const key = row.stored?.orderingKey ?? null;
  if (key === null) return false;
  return all.some(
    (other) =>
      other !== row &&
      other.stored?.orderingKey === key &&
      other.entry.endpoint === row.entry.endpoint &&
      isOpen(other) &&
      (other.position < row.position || (other.token !== null && (other.dueAtMs ?? 0) > nowMs)),
  );
}

async function take(session: RowsSession, all: readonly MemoryRow[], key: InboxKey, token: string) {
  if (!(await session.lock(key))) return false;
  const row = session.read(key);
  if (row === null || row.token !== token || !isOpen(row)) return false;
  // An earlier one of its key that was stored at the same moment goes first; this one is due again at once.
  if (!isBehind(row, all, Number.POSITIVE_INFINITY)) return true;
  session.write(key, { ...row, token: null, dueAtMs: row.entry.nowMs, attempts: row.attempts - 1 });
  return false;
}

function deadLetters(all: readonly MemoryRow[], query: DeadLetterQuery): DeadLetter[] {
  const own = all.filter((row) => row.entry.endpoint === query.endpoint);
  const last = own.find((row) => row.entry.id === query.after);
  if (query.after !== null && last === undefined) return [];
  const after = last?.position ?? 0;
  return own
    .filter((row) => row.status === "dead" && row.position > after)
    .slice(0, query.limit)
    .map(({ entry, attempts, error, endedAtMs, stored }) => ({
      endpoint: entry.endpoint,
      id: entry.id,
      type: entry.type,
      attempts,
      error: error ?? "",
      receivedAtMs: entry.nowMs,
      diedAtMs: endedAtMs ?? 0,
      body: stored?.body ?? null,
    }));
}
