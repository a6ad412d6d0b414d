/** An inbox over Prisma's client, on PostgreSQL, MySQL or MariaDB. */
import type { TransactionalInbox } from "./inbox.ts";
import { checkHandle } from "./handle-check.ts";
import { sqlInbox } from "./sql.ts";
import type { SqlInboxOptions, SqlRow } from "./sql-desk.ts";

/** Prisma's client inside an interactive transaction, by its raw SQL. */
export interface PrismaExecutor {
  $queryRawUnsafe(sql: string, ...values: unknown[]): PromiseLike<unknown>;
  $executeRawUnsafe(sql: string, ...values: unknown[]): PromiseLike<number>;
}

/** `PrismaClient`, by its shape. */
export interface PrismaClientLike<Tx extends PrismaExecutor> {
  $transaction<T>(
    work: (tx: Tx) => Promise<T>,
    options?: { maxWait?: number; timeout?: number },
  ): Promise<T>;
}

export interface PrismaInboxOptions extends SqlInboxOptions {
  readonly dialect: "postgres" | "mysql";
  /** Prisma ends a transaction that lasts longer; it must be more than the lock limit and the handler's time. Default 60,000. */
  readonly transactionTimeoutMs?: number;
  /** How long Prisma waits for a connection; default 5,000. */
  readonly connectTimeoutMs?: number;
}

/** `tx` is the client of Prisma's interactive transaction. Prisma itself refuses what a handler does after its end. */
export function prismaInbox<Tx extends PrismaExecutor>(
  prisma: PrismaClientLike<Tx>,
  options: PrismaInboxOptions,
): TransactionalInbox<Tx> {
  checkHandle("the client to be one of Prisma", prisma, "$transaction");
  const { dialect, transactionTimeoutMs: timeout = 60_000, connectTimeoutMs = 5_000 } = options;
  return sqlInbox<Tx>(
    {
      dialect,
      async run(tx, sql, values) {
        if (/^\s*(?:SELECT|WITH)/.test(sql)) {
          return (await tx.$queryRawUnsafe(sql, ...values)) as SqlRow[];
        }
        await tx.$executeRawUnsafe(sql, ...values);
        return [];
      },
      transaction: (work) => prisma.$transaction(work, { timeout, maxWait: connectTimeoutMs }),
    },
    options,
  );
}
