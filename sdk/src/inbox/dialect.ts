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
  /** Codes of errors that mean: somebody else was at it. All drivers', and what wraps them. */
  readonly lockCodes: ReadonlySet<unknown>;
}

export const TRAITS: Readonly<Record<Dialect, DialectTraits>> = {
  postgres: {
    place: (n) => `$${n}`,
    quote: '"',
    lock: " FOR UPDATE",
    lockFree: " FOR UPDATE SKIP LOCKED",
    unlessKnown: "ON CONFLICT (endpoint, id) DO NOTHING",
    areBytesHex: false,
    // lock_not_available, deadlock_detected, serialization_failure; Prisma's word for the last two.
    lockCodes: new Set(["55P03", "40P01", "40001", "P2034"]),
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
    // ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK, ER_CHECKREAD (MariaDB's snapshot isolation).
    lockCodes: new Set([1205, 1213, 1020, "P2034"]),
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
    lockCodes: new Set([
      "SQLITE_BUSY",
      "SQLITE_BUSY_SNAPSHOT",
      "SQLITE_LOCKED",
      5,
      6,
      517,
      "P2034",
    ]),
  },
};

const CAUSES_MAX = 6;

/** Whether the database gave up because of somebody else's lock: nothing was done, and a later try may succeed. */
export function isLockError(dialect: Dialect, error: unknown): boolean {
  const { lockCodes } = TRAITS[dialect];
  let current = error;
  for (let depth = 0; depth < CAUSES_MAX && isRecord(current); depth += 1) {
    const { code, errno, errcode, originalCode } = current;
    if ([code, errno, errcode, originalCode].some((one) => lockCodes.has(one))) return true;
    current = current["cause"] ?? current["driverAdapterError"] ?? current["meta"];
  }
  return false;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
