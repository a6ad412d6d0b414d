import type {
  Account,
  AccountChange,
  AccountStore,
  AuditEntry,
  AuditQuery,
  Role,
  Session,
} from "../domain/account.ts";
import type { Connection } from "./open.ts";
import type { AccountTable, AuditTable, SessionTable } from "./schema.ts";
import { refuseTaken } from "./taken.ts";

const FORGET_AT_ONCE = 1_000;

type Row<T> = { readonly [K in keyof T]: K extends "seq" ? number : T[K] };

/** Accounts, their sessions, and the log of what was done. */
export function createAccountStore(connection: Connection): AccountStore {
  return {
    ...accountKeeper(connection),
    ...sessionKeeper(connection),
    ...auditKeeper(connection),
  };
}

type Accounts = Pick<
  AccountStore,
  "accounts" | "createAccount" | "updateAccount" | "deleteAccount"
>;

function accountKeeper(connection: Connection): Accounts {
  const { build } = connection;
  const bySeq = (seq: number): Account => {
    const row = connection.first(build.selectFrom("account").selectAll().where("seq", "=", seq));
    if (row === undefined) throw new Error(`expected account ${seq} to be there, got nothing`);
    return accountOf(row);
  };
  return {
    accounts: async () =>
      connection.all(build.selectFrom("account").selectAll().orderBy("seq")).map(accountOf),
    createAccount: async (account) =>
      refuseTaken("the account's name", account.name, () =>
        connection.commit(() => {
          const { lastSeq } = connection.run(
            build.insertInto("account").values({
              ...columnsOf(account),
              id: account.id,
              name: account.name,
              role: account.role,
              created_at_ms: account.createdAtMs,
              recovery_json: JSON.stringify(account.totp?.recoveryHashes ?? []),
            }),
          );
          return bySeq(lastSeq);
        }),
      ),
    updateAccount: async (seq, change) =>
      refuseTaken("the account's name", change.name ?? "", () =>
        connection.commit(() => {
          const columns = columnsOf(change);
          if (Object.keys(columns).length > 0) {
            connection.run(build.updateTable("account").set(columns).where("seq", "=", seq));
          }
          return bySeq(seq);
        }),
      ),
    async deleteAccount(seq) {
      connection.commit(() => {
        connection.run(build.deleteFrom("session").where("account_seq", "=", seq));
        connection.run(build.deleteFrom("account").where("seq", "=", seq));
      });
    },
  };
}

type Sessions = Pick<
  AccountStore,
  "sessions" | "createSession" | "updateSession" | "deleteSessions" | "touchSessions"
>;

function sessionKeeper(connection: Connection): Sessions {
  const { build } = connection;
  return {
    sessions: async () =>
      connection.all(build.selectFrom("session").selectAll().orderBy("seq")).map(sessionOf),
    async createSession(session) {
      const { lastSeq } = connection.commit(() =>
        connection.run(
          build.insertInto("session").values({
            id: session.id,
            account_seq: session.accountSeq,
            hash: session.hash,
            created_at_ms: session.createdAtMs,
            last_seen_at_ms: session.lastSeenAtMs,
            expires_at_ms: session.expiresAtMs,
            fresh_until_ms: session.freshUntilMs,
            address: session.address,
            user_agent: session.userAgent,
          }),
        ),
      );
      return { ...session, seq: lastSeq };
    },
    async updateSession(seq, { freshUntilMs }) {
      const change = build.updateTable("session").set({ fresh_until_ms: freshUntilMs });
      connection.commit(() => connection.run(change.where("seq", "=", seq)));
    },
    async deleteSessions(seqs) {
      if (seqs.length === 0) return;
      connection.commit(() => {
        for (const seq of seqs) connection.run(build.deleteFrom("session").where("seq", "=", seq));
      });
    },
    async touchSessions(seen) {
      if (seen.length === 0) return;
      connection.commit(() => {
        for (const { seq, atMs } of seen) {
          const touch = build.updateTable("session").set({ last_seen_at_ms: atMs });
          connection.run(touch.where("seq", "=", seq));
        }
      });
    },
  };
}

type Audit = Pick<AccountStore, "appendAudit" | "audit" | "forgetAudit">;

function auditKeeper(connection: Connection): Audit {
  const { build } = connection;
  return {
    async appendAudit(entries) {
      connection.commit(() => {
        for (const entry of entries) {
          connection.run(build.insertInto("audit").values(auditColumns(entry)));
        }
      });
    },
    audit: async (query) => connection.all(auditPage(connection, query)).map(auditOf),
    async forgetAudit(beforeMs, keptMax) {
      return connection.commit(() => {
        const newest = connection.first(
          build.selectFrom("audit").select((all) => all.fn.max("seq").as("seq")),
        );
        const oldest = (newest?.seq ?? 0) - keptMax;
        const gone = build
          .selectFrom("audit")
          .select("seq")
          .where((all) => all.or([all("at_ms", "<", beforeMs), all("seq", "<=", oldest)]))
          .orderBy("seq")
          .limit(FORGET_AT_ONCE);
        return connection.run(build.deleteFrom("audit").where("seq", "in", gone)).changes;
      });
    },
  };
}

function auditPage({ build }: Connection, query: AuditQuery) {
  let page = build.selectFrom("audit").selectAll().orderBy("seq", "desc").limit(query.limit);
  if (query.before !== null) page = page.where("seq", "<", query.before);
  if (query.action !== undefined) page = page.where("action", "=", query.action);
  if (query.actorName !== undefined) page = page.where("actor_name", "=", query.actorName);
  if (query.fromMs !== undefined) page = page.where("at_ms", ">=", query.fromMs);
  if (query.toMs !== undefined) page = page.where("at_ms", "<", query.toMs);
  return page;
}

function columnsOf(change: AccountChange) {
  return {
    ...(change.name !== undefined && { name: change.name }),
    ...(change.role !== undefined && { role: change.role }),
    ...(change.passwordHash !== undefined && { password_hash: change.passwordHash }),
    ...(change.lastSignInAtMs !== undefined && { last_sign_in_at_ms: change.lastSignInAtMs }),
    ...(change.totp !== undefined && {
      totp_secret: change.totp?.sealedSecret ?? null,
      totp_last_step: change.totp?.lastStep ?? null,
      recovery_json: JSON.stringify(change.totp?.recoveryHashes ?? []),
    }),
  };
}

function accountOf(row: Row<AccountTable>): Account {
  const { totp_secret: sealedSecret, totp_last_step: lastStep } = row;
  const recoveryHashes = JSON.parse(row.recovery_json) as string[];
  return {
    seq: row.seq,
    id: row.id,
    name: row.name,
    role: row.role as Role,
    passwordHash: row.password_hash,
    totp: sealedSecret === null ? null : { sealedSecret, lastStep: lastStep ?? 0, recoveryHashes },
    createdAtMs: row.created_at_ms,
    lastSignInAtMs: row.last_sign_in_at_ms,
  };
}

function sessionOf(row: Row<SessionTable>): Session {
  return {
    seq: row.seq,
    id: row.id,
    accountSeq: row.account_seq,
    hash: row.hash,
    createdAtMs: row.created_at_ms,
    lastSeenAtMs: row.last_seen_at_ms,
    expiresAtMs: row.expires_at_ms,
    freshUntilMs: row.fresh_until_ms,
    address: row.address,
    userAgent: row.user_agent,
  };
}

function auditColumns(entry: Omit<AuditEntry, "seq">) {
  return {
    id: entry.id,
    at_ms: entry.atMs,
    actor_kind: entry.actorKind,
    actor_id: entry.actorId,
    actor_name: entry.actorName,
    action: entry.action,
    subject_id: entry.subjectId,
    application_seq: entry.applicationSeq,
    address: entry.address,
    changed_json: JSON.stringify(entry.changed),
    is_refused: entry.isRefused ? 1 : 0,
  };
}

function auditOf(row: Row<AuditTable>): AuditEntry {
  return {
    seq: row.seq,
    id: row.id,
    atMs: row.at_ms,
    actorKind: row.actor_kind as AuditEntry["actorKind"],
    actorId: row.actor_id,
    actorName: row.actor_name,
    action: row.action,
    subjectId: row.subject_id,
    applicationSeq: row.application_seq,
    address: row.address,
    changed: JSON.parse(row.changed_json) as string[],
    isRefused: row.is_refused === 1,
  };
}
