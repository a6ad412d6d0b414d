import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Account, Session } from "../domain/account.ts";

/** All accounts and sessions in memory: there are few, and each request asks. */
export interface Roster {
  accounts(): readonly Account[];
  account(seq: number): Account | undefined;
  accountById(id: string): Account | undefined;
  /** Without regard to case. */
  accountByName(name: string): Account | undefined;
  putAccount(account: Account): void;
  removeAccount(seq: number): void;
  sessions(): readonly Session[];
  sessionById(id: string): Session | undefined;
  sessionByToken(token: string): Session | undefined;
  putSession(session: Session): void;
  removeSession(seq: number): void;
}

export function createRoster(
  storedAccounts: readonly Account[],
  storedSessions: readonly Session[],
): Roster {
  const accounts = new Map<number, Account>();
  const sessions = new Map<number, Session>();
  const byHash = new Map<string, number>();

  function putSession(session: Session): void {
    sessions.set(session.seq, session);
    byHash.set(Buffer.from(session.hash).toString("hex"), session.seq);
  }

  function find(matches: (account: Account) => boolean): Account | undefined {
    return [...accounts.values()].find(matches);
  }

  for (const account of storedAccounts) accounts.set(account.seq, account);
  for (const session of storedSessions) putSession(session);
  return {
    accounts: () => [...accounts.values()].toSorted((left, right) => left.seq - right.seq),
    account: (seq) => accounts.get(seq),
    accountById: (id) => find((account) => account.id === id),
    accountByName: (name) => find((account) => account.name.toLowerCase() === name.toLowerCase()),
    putAccount: (account) => void accounts.set(account.seq, account),
    removeAccount: (seq) => void accounts.delete(seq),
    sessions: () => [...sessions.values()].toSorted((left, right) => right.seq - left.seq),
    sessionById: (id) => [...sessions.values()].find((session) => session.id === id),
    sessionByToken(token) {
      const seq = byHash.get(tokenHash(token).toString("hex"));
      return seq === undefined ? undefined : sessions.get(seq);
    },
    putSession,
    removeSession(seq) {
      const session = sessions.get(seq);
      if (session === undefined) return;
      sessions.delete(seq);
      byHash.delete(Buffer.from(session.hash).toString("hex"));
    },
  };
}

/** What is stored of a token that has 256 bits of chance. */
export function tokenHash(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
