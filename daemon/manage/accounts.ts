import type { Account, AccountStore, Role } from "../domain/account.ts";
import { ROLES } from "../domain/account.ts";
import type { Problem } from "../domain/errors.ts";
import { AppError, expected } from "../domain/errors.ts";
import type { IdMaker } from "../domain/id.ts";
import type { Clock, Passwords } from "../domain/ports.ts";
import { unknown } from "./lookup.ts";
import { refuseProblems } from "./problems.ts";
import type { Roster } from "./roster.ts";
import type { TakeTurns } from "./turns.ts";

const NAME_LENGTH_MAX = 64;
// NIST SP 800-63B asks for eight at least; nobody sets a password here often enough for ten to hurt.
const PASSWORD_LENGTH_MIN = 10;
const PASSWORD_LENGTH_MAX = 1_024;
/** One turn for all: whether somebody is the last admin is only true until somebody else changes it. */
const ALL = 0;

interface AccountInput {
  readonly name: string;
  readonly role: Role;
  /** Null for one that only a trusted proxy signs in. */
  readonly password: string | null;
}

export interface Accounts {
  /** False as long as nobody has an account: then the set-up page is open. */
  isSetUp(): boolean;
  list(): readonly Account[];
  /** `not_found` for an id that nobody has. */
  byId(id: string): Account;
  byName(name: string): Account | undefined;
  bySeq(seq: number): Account | undefined;
  /** `invalid_request` for a name or password that is not fit, `conflict` for a name that is taken. */
  create(input: AccountInput): Promise<Account>;
  /** The first account, an admin's; `conflict` where there is one already. Of two at once one succeeds. */
  createFirst(name: string, password: string): Promise<Account>;
  /** `conflict` where no admin would be left. A new password ends every session of the account. */
  update(id: string, change: Partial<AccountInput>): Promise<Account>;
  /** One's own new password: ends every session of the account but this one. */
  setPassword(id: string, password: string, sessionSeq: number): Promise<void>;
  /** With its sessions; `conflict` for the last admin. */
  remove(id: string): Promise<void>;
}

export interface AccountsNeeds {
  readonly store: AccountStore;
  readonly roster: Roster;
  readonly passwords: Passwords;
  readonly ids: IdMaker;
  readonly clock: Pick<Clock, "nowMs">;
  readonly takeTurns: TakeTurns;
}

export function createAccounts(needs: AccountsNeeds): Accounts {
  const { store, roster, passwords, ids, clock, takeTurns } = needs;

  async function add({ name, role, password }: AccountInput): Promise<Account> {
    refuseProblems([...nameProblems(name), ...roleProblems(role), ...passwordProblems(password)]);
    const passwordHash = password === null ? null : await passwords.hash(password);
    const account = await store.createAccount({
      id: ids.next("acc"),
      name,
      role,
      passwordHash,
      totp: null,
      createdAtMs: clock.nowMs(),
      lastSignInAtMs: null,
    });
    roster.putAccount(account);
    return account;
  }

  function byId(id: string): Account {
    const account = roster.accountById(id);
    if (account === undefined) throw unknown("account", id);
    return account;
  }

  function keepAnAdmin(leaving: Account): void {
    const isAnother = ({ seq, role }: Account) => role === "admin" && seq !== leaving.seq;
    if (leaving.role !== "admin" || roster.accounts().some(isAnother)) return;
    const message = `expected an admin to be left, got ${leaving.name} as the last one`;
    throw new AppError("conflict", message);
  }

  async function change(id: string, wanted: Partial<AccountInput>): Promise<Account> {
    const before = byId(id);
    const { name, role, password } = wanted;
    refuseProblems([
      ...(name === undefined ? [] : nameProblems(name)),
      ...(role === undefined ? [] : roleProblems(role)),
      ...(password === undefined ? [] : passwordProblems(password)),
    ]);
    if (role === "viewer") keepAnAdmin(before);
    const hash =
      password === undefined || password === null ? password : await passwords.hash(password);
    const after = await store.updateAccount(before.seq, {
      ...(name !== undefined && { name }),
      ...(role !== undefined && { role }),
      ...(hash !== undefined && { passwordHash: hash }),
    });
    if (password !== undefined) await endSessions(needs, after.seq);
    roster.putAccount(after);
    return after;
  }

  async function setPassword(id: string, password: string, sessionSeq: number): Promise<void> {
    refuseProblems(passwordProblems(password));
    const { seq } = byId(id);
    const account = await store.updateAccount(seq, {
      passwordHash: await passwords.hash(password),
    });
    await endSessions(needs, seq, sessionSeq);
    roster.putAccount(account);
  }

  async function leave(id: string): Promise<void> {
    const account = byId(id);
    keepAnAdmin(account);
    await store.deleteAccount(account.seq);
    for (const session of roster.sessions()) {
      if (session.accountSeq === account.seq) roster.removeSession(session.seq);
    }
    roster.removeAccount(account.seq);
  }

  return {
    isSetUp: () => roster.accounts().length > 0,
    list: () => roster.accounts(),
    byId,
    byName: (name) => roster.accountByName(name),
    bySeq: (seq) => roster.account(seq),
    create: (input) => takeTurns(ALL, () => add(input)),
    createFirst: (name, password) =>
      takeTurns(ALL, async () => {
        if (roster.accounts().length === 0) return add({ name, role: "admin", password });
        throw new AppError(
          "conflict",
          "expected nobody to have an account yet, got somebody who has",
        );
      }),
    update: (id, wanted) => takeTurns(ALL, () => change(id, wanted)),
    setPassword: (id, password, sessionSeq) =>
      takeTurns(ALL, () => setPassword(id, password, sessionSeq)),
    remove: (id) => takeTurns(ALL, () => leave(id)),
  };
}

/** Every session of an account, but the one that asked for it, is over. */
async function endSessions(
  { store, roster }: Pick<AccountsNeeds, "store" | "roster">,
  accountSeq: number,
  exceptSeq: number | null = null,
): Promise<void> {
  const ended = roster
    .sessions()
    .filter((session) => session.accountSeq === accountSeq && session.seq !== exceptSeq)
    .map(({ seq }) => seq);
  await store.deleteSessions(ended);
  for (const seq of ended) roster.removeSession(seq);
}

function nameProblems(name: string): readonly Problem[] {
  const isFit = name.trim() === name && name.length >= 1 && name.length <= NAME_LENGTH_MAX;
  // What a header of a proxy can carry, so that the same person can come both ways.
  if (isFit && /^[^\p{Cc}]+$/u.test(name)) return [];
  const wanted = `1 to ${NAME_LENGTH_MAX} characters without white space at its ends`;
  return [{ path: "/name", message: expected("name", wanted, name) }];
}

function roleProblems(role: Role): readonly Problem[] {
  if (ROLES.includes(role)) return [];
  return [{ path: "/role", message: expected("role", ROLES.join(" or "), role) }];
}

/** The password is not repeated. */
function passwordProblems(password: string | null): readonly Problem[] {
  if (password === null) return [];
  const { length } = password;
  if (length >= PASSWORD_LENGTH_MIN && length <= PASSWORD_LENGTH_MAX) return [];
  const wanted = `${PASSWORD_LENGTH_MIN} to ${PASSWORD_LENGTH_MAX} characters`;
  return [{ path: "/password", message: `expected password to be ${wanted}, got ${length}` }];
}
