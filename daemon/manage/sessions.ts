import { Buffer } from "node:buffer";
import type { Account, AccountStore, Role, Session } from "../domain/account.ts";
import { scopesOf } from "../domain/account.ts";
import { AppError } from "../domain/errors.ts";
import type { IdMaker } from "../domain/id.ts";
import type { Caller, Chance, Clock, Log, Passwords } from "../domain/ports.ts";
import type { Accounts } from "./accounts.ts";
import { unknown } from "./lookup.ts";
import type { Roster } from "./roster.ts";
import { tokenHash } from "./roster.ts";
import type { SecondFactor } from "./second-factor.ts";
import type { Throttle } from "./throttle.ts";

const TOKEN_BYTES = 32;
const DAY_MS = 86_400_000;
const IDLE_MS_MAX = 14 * DAY_MS;
const AGE_MS_MAX = 90 * DAY_MS;
const FRESH_MS = 10 * 60_000;
const SESSIONS_PER_ACCOUNT_MAX = 50;
const USER_AGENT_LENGTH_MAX = 256;

/** Whoever is at the door, as the api room found out. */
export interface Visitor {
  readonly address: string;
  readonly userAgent: string;
}

interface Credentials {
  readonly name: string;
  readonly password: string;
  /** A code of the second factor, or a recovery code; null where none was given. */
  readonly code: string | null;
}

/** A session that has just begun. The token is returned here and never again. */
interface Begun {
  readonly account: Account;
  readonly session: Session;
  readonly token: string;
}

export interface Sessions {
  /**
   * `sign_in_failed` for any wrong name, password or code, after the same time; `code_needed` when only the code is missing;
   * `too_many_attempts` after many of them, by name and by address.
   */
  signIn(credentials: Credentials, visitor: Visitor): Promise<Begun>;
  /** For one whose password was just set or checked another way. */
  begin(account: Account, visitor: Visitor, isFresh: boolean): Promise<Begun>;
  /** By a trusted proxy's word: the account of this name, made with `role` where there is none. */
  signInByHeader(name: string, role: Role, visitor: Visitor): Promise<Begun>;
  /** Who holds this token; null for nobody, or a session that is over. */
  authenticate(
    token: string,
  ): { readonly caller: Caller; readonly account: Account; readonly session: Session } | null;
  /** Gives the password, or a code, once more. Throws as `signIn` does. */
  refresh(sessionId: string, proof: string, visitor: Visitor): Promise<Session>;
  /** Ends every other session of the account. `sign_in_failed` for a wrong present password. */
  changePassword(
    sessionId: string,
    password: string,
    next: string,
    visitor: Visitor,
  ): Promise<void>;
  /** Whether it has not ended; known within half a minute where it ended by age. Does not count as being seen. */
  isOpen(id: string): boolean;
  /** `not_found` for a session that is over. */
  byId(id: string): Session;
  list(accountSeq: number | null): readonly Session[];
  /** `not_found` for a session that is not this account's; null for anybody's. */
  end(accountSeq: number | null, id: string): Promise<void>;
  /** Stores when sessions were seen, and forgets those that are over. */
  flush(): Promise<void>;
}

export interface SessionsNeeds {
  readonly store: AccountStore;
  readonly roster: Roster;
  readonly accounts: Accounts;
  readonly secondFactor: SecondFactor;
  readonly passwords: Passwords;
  readonly throttle: Throttle;
  readonly ids: IdMaker;
  readonly chance: Pick<Chance, "bytes">;
  readonly clock: Pick<Clock, "nowMs" | "wallMs">;
  readonly log: Log;
}

export function createSessions(needs: SessionsNeeds): Sessions {
  const { store, roster, accounts, secondFactor, passwords, throttle, clock, log } = needs;
  let seen = new Map<number, number>();
  // Somebody who does not exist is checked against this, so that guessing names takes as long as guessing passwords.
  const nobody = passwords.hash(Buffer.from(needs.chance.bytes(TOKEN_BYTES)).toString("hex"));

  async function hasPassword(account: Account | undefined, password: string): Promise<boolean> {
    const isRight = await passwords.isRight(password, account?.passwordHash ?? (await nobody));
    return isRight && account !== undefined && account.passwordHash !== null;
  }

  /** Says so once, in a line that fail2ban can read. */
  function refuse(visitor: Visitor): never {
    log.warn("sign-in failed", { address: visitor.address });
    throw new AppError(
      "sign_in_failed",
      "expected the name, password and code of an account, got others",
    );
  }

  async function begin(account: Account, visitor: Visitor, isFresh: boolean): Promise<Begun> {
    const token = Buffer.from(needs.chance.bytes(TOKEN_BYTES)).toString("base64url");
    const nowMs = clock.nowMs();
    const session = await store.createSession({
      id: needs.ids.next("ses"),
      accountSeq: account.seq,
      hash: tokenHash(token),
      createdAtMs: nowMs,
      lastSeenAtMs: nowMs,
      expiresAtMs: nowMs + AGE_MS_MAX,
      freshUntilMs: isFresh ? nowMs + FRESH_MS : null,
      address: visitor.address,
      userAgent: visitor.userAgent.slice(0, USER_AGENT_LENGTH_MAX),
    });
    roster.putSession(session);
    const signedIn = await store.updateAccount(account.seq, { lastSignInAtMs: nowMs });
    roster.putAccount(signedIn);
    await endOldest(account.seq);
    return { account: signedIn, session, token };
  }

  async function endOldest(accountSeq: number): Promise<void> {
    const own = roster.sessions().filter((session) => session.accountSeq === accountSeq);
    const surplus = own.slice(SESSIONS_PER_ACCOUNT_MAX).map(({ seq }) => seq);
    await store.deleteSessions(surplus);
    for (const seq of surplus) roster.removeSession(seq);
  }

  async function signIn({ name, password, code }: Credentials, visitor: Visitor): Promise<Begun> {
    const subjects = subjectsOf(roster, name, visitor);
    throttle.attempt(subjects);
    const account = roster.accountByName(name);
    if (!(await hasPassword(account, password)) || account === undefined) refuse(visitor);
    if (account.totp !== null) {
      if (code === null) {
        // The password was right: asking for the code must not use up an attempt.
        throttle.succeeded(subjects);
        throw new AppError("code_needed", "expected code to be given, got nothing");
      }
      if (!(await secondFactor.accept(account.seq, code))) refuse(visitor);
    }
    throttle.succeeded(subjects);
    return begin(roster.account(account.seq) ?? account, visitor, true);
  }

  function present(sessionId: string): { session: Session; account: Account } {
    const session = roster.sessionById(sessionId);
    const account = session === undefined ? undefined : roster.account(session.accountSeq);
    if (session === undefined || account === undefined) throw unknown("session", sessionId);
    return { session, account };
  }

  return {
    signIn,
    begin,
    async signInByHeader(name, role, visitor) {
      const account =
        accounts.byName(name) ?? (await accounts.create({ name, role, password: null }));
      return begin(account, visitor, false);
    },
    authenticate(token) {
      const session = roster.sessionByToken(token);
      const account = session === undefined ? undefined : roster.account(session.accountSeq);
      if (session === undefined || account === undefined) return null;
      const nowMs = clock.nowMs();
      const lastSeenAtMs = seen.get(session.seq) ?? session.lastSeenAtMs;
      if (nowMs >= session.expiresAtMs || nowMs - lastSeenAtMs >= IDLE_MS_MAX) return null;
      seen.set(session.seq, nowMs);
      return { account, session, caller: callerOf(account, session, nowMs) };
    },
    async refresh(sessionId, proof, visitor) {
      const { session, account } = present(sessionId);
      const subjects = subjectsOf(roster, account.name, visitor);
      throttle.attempt(subjects);
      const isRight =
        (await hasPassword(account, proof)) ||
        (account.totp !== null && (await secondFactor.accept(account.seq, proof)));
      if (!isRight) refuse(visitor);
      throttle.succeeded(subjects);
      const fresh = { ...session, freshUntilMs: clock.nowMs() + FRESH_MS };
      await store.updateSession(session.seq, fresh);
      roster.putSession(fresh);
      return fresh;
    },
    async changePassword(sessionId, password, next, visitor) {
      const { session, account } = present(sessionId);
      const subjects = subjectsOf(roster, account.name, visitor);
      throttle.attempt(subjects);
      if (!(await hasPassword(account, password))) refuse(visitor);
      throttle.succeeded(subjects);
      await accounts.setPassword(account.id, next, session.seq);
    },
    isOpen(id) {
      const session = roster.sessionById(id);
      return session !== undefined && roster.account(session.accountSeq) !== undefined;
    },
    byId: (id) => present(id).session,
    list: (accountSeq) =>
      roster
        .sessions()
        .filter((session) => accountSeq === null || session.accountSeq === accountSeq)
        .map((session) => ({
          ...session,
          lastSeenAtMs: seen.get(session.seq) ?? session.lastSeenAtMs,
        })),
    async end(accountSeq, id) {
      const session = roster.sessionById(id);
      if (session === undefined || (accountSeq !== null && session.accountSeq !== accountSeq)) {
        throw unknown("session", id);
      }
      await store.deleteSessions([session.seq]);
      roster.removeSession(session.seq);
    },
    async flush() {
      const before = seen;
      seen = new Map();
      const nowMs = clock.nowMs();
      try {
        await store.touchSessions([...before].map(([seq, atMs]) => ({ seq, atMs })));
      } catch (error) {
        seen = new Map([...before, ...seen]);
        throw error;
      }
      for (const session of roster.sessions()) {
        const lastSeenAtMs = before.get(session.seq) ?? session.lastSeenAtMs;
        if (nowMs < session.expiresAtMs && nowMs - lastSeenAtMs < IDLE_MS_MAX) {
          roster.putSession({ ...session, lastSeenAtMs });
          continue;
        }
        await store.deleteSessions([session.seq]);
        roster.removeSession(session.seq);
      }
    },
  };
}

/**
 * Guesses at a name count together wherever they come from, but not against addresses that somebody is signed in from under that name:
 * else a stranger could keep the owner out by guessing.
 */
function subjectsOf(roster: Roster, name: string, { address }: Visitor): readonly string[] {
  const account = roster.accountByName(name);
  const isKnown = roster
    .sessions()
    .some((session) => session.accountSeq === account?.seq && session.address === address);
  const plain = name.toLowerCase();
  return [isKnown ? `name ${plain} at ${address}` : `name ${plain}`, `address ${address}`];
}

function callerOf({ id, name, role }: Account, session: Session, nowMs: number): Caller {
  return {
    kind: "session",
    applicationSeq: null,
    scopes: scopesOf(role),
    keySeq: null,
    session: {
      id: session.id,
      accountId: id,
      accountName: name,
      isFresh: session.freshUntilMs !== null && nowMs < session.freshUntilMs,
    },
  };
}
