/** How the three languages of SQL differ where the inbox touches it, as data. */

export type Dialect = "postgres" | "mysql" | "sqlite";

export interface DialectTraits {
  /** What a value's place looks like; `n` counts from 1. */
  place(n: number): string;
  readonly quote: string;
  /** Holds the rows that were read until the transaction ends. */
  readonly lock: string;
  /** The same, passing over those that somebody else holds. */
  readonly lockFree: string;
  /** Makes an insert do nothing where the event is known; waits for whoever is making the same row. */
  readonly unlessKnown: string;
  /** mysql2 takes bytes as `Buffer` only, which not every runtime has. */
  readonly areBytesHex: boolean;
  /** Codes of errors that mean: the limit is over, and somebody else is still at it. All drivers', and what wraps them. */
  readonly waitedCodes: ReadonlySet<unknown>;
  /** The same for: this one of two had to give way. Tried again at once, it may well succeed. */
  readonly yieldedCodes: ReadonlySet<unknown>;
}

export const TRAITS: Readonly<Record<Dialect, DialectTraits>> = {
  postgres: {
    place: (n) => `$${n}`,
    quote: '"',
    lock: " FOR UPDATE",
    lockFree: " FOR UPDATE SKIP LOCKED",
    unlessKnown: "ON CONFLICT (endpoint, id) DO NOTHING",
    areBytesHex: false,
    // lock_not_available.
    waitedCodes: new Set(["55P03"]),
    // deadlock_detected, serialization_failure; Prisma's word for both.
    yieldedCodes: new Set(["40P01", "40001", "P2034"]),
  },
  mysql: {
    place: () => "?",
    quote: "`",
    lock: " FOR UPDATE",
    lockFree: " FOR UPDATE SKIP LOCKED",
    // Takes the exclusive lock of a known row at once. INSERT IGNORE takes a shared one, which two waiters then both want
    // to raise: a deadlock each time; and it hides every other error.
    unlessKnown: "ON DUPLICATE KEY UPDATE attempts = attempts",
    areBytesHex: true,
    // ER_LOCK_WAIT_TIMEOUT.
    waitedCodes: new Set([1205]),
    // ER_LOCK_DEADLOCK, ER_CHECKREAD (MariaDB's snapshot isolation).
    yieldedCodes: new Set([1213, 1020, "P2034"]),
  },
  sqlite: {
    place: () => "?",
    quote: '"',
    // The transaction holds the whole file from its start.
    lock: "",
    lockFree: "",
    unlessKnown: "ON CONFLICT (endpoint, id) DO NOTHING",
    areBytesHex: false,
    // SQLITE_BUSY and SQLITE_LOCKED, as better-sqlite3 and as node:sqlite say it.
    waitedCodes: new Set(["SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_LOCKED", 5, 6, 517]),
    yieldedCodes: new Set(),
  },
};

const CAUSES_MAX = 6;

/** Whether the database gave up because of somebody else's lock: nothing was done, and a later try may succeed. */
export function isLockError(dialect: Dialect, error: unknown): boolean {
  const { waitedCodes } = TRAITS[dialect];
  return hasCode(error, waitedCodes) || isYielded(dialect, error);
}

/** Whether it was a deadlock or the like, which is over as soon as one of the two has given way. */
export function isYielded(dialect: Dialect, error: unknown): boolean {
  return hasCode(error, TRAITS[dialect].yieldedCodes);
}

function hasCode(error: unknown, codes: ReadonlySet<unknown>): boolean {
  let current = error;
  for (let depth = 0; depth < CAUSES_MAX && isRecord(current); depth += 1) {
    const { code, errno, errcode, originalCode } = current;
    if ([code, errno, errcode, originalCode].some((one) => codes.has(one))) return true;
    current = current["cause"] ?? current["driverAdapterError"] ?? current["meta"];
  }
  return false;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
