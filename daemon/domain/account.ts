/** People: who may sign in to the page, what they may do there, and what they did. */
import type { Scope } from "./application.ts";

/** `viewer` sees everything but secrets, and changes nothing. */
export type Role = "admin" | "viewer";
export const ROLES: readonly Role[] = ["admin", "viewer"];

const ROLE_SCOPES: Readonly<Record<Role, readonly Scope[]>> = {
  admin: ["events:write", "read", "manage"],
  viewer: ["read"],
};

/** What a role may do, in the words that keys have for it. */
export function scopesOf(role: Role): readonly Scope[] {
  return ROLE_SCOPES[role];
}

export interface Account {
  readonly seq: number;
  readonly id: string;
  /** Unique without regard to case. */
  readonly name: string;
  readonly role: Role;
  /** Null for one that only a trusted proxy signs in. */
  readonly passwordHash: string | null;
  readonly totp: Totp | null;
  readonly createdAtMs: number;
  readonly lastSignInAtMs: number | null;
}

/** A second factor by RFC 6238. */
export interface Totp {
  readonly sealedSecret: Uint8Array;
  /** The newest time step whose code was used: a code is good once. */
  readonly lastStep: number;
  /** SHA-256 of each recovery code that is left, in hex. */
  readonly recoveryHashes: readonly string[];
}

export interface Session {
  readonly seq: number;
  readonly id: string;
  readonly accountSeq: number;
  /** SHA-256 of the cookie's value: it has 256 bits of chance, so a slow hash would protect nothing. */
  readonly hash: Uint8Array;
  readonly createdAtMs: number;
  readonly lastSeenAtMs: number;
  /** Whatever happens; idle ones end earlier. */
  readonly expiresAtMs: number;
  /** Until then secrets are shown without asking for the password again; null where it was never asked. */
  readonly freshUntilMs: number | null;
  /** Where it was begun, for the person who looks through the list. */
  readonly address: string;
  readonly userAgent: string;
}

export type ActorKind = "account" | "key" | "local" | "daemon";

/** One change, or one showing of a secret: who, what, when. Never holds a value that was sent. */
export interface AuditEntry {
  readonly seq: number;
  readonly id: string;
  readonly atMs: number;
  readonly actorKind: ActorKind;
  readonly actorId: string | null;
  readonly actorName: string;
  /** The route's operation id. */
  readonly action: string;
  readonly subjectId: string | null;
  readonly applicationSeq: number | null;
  readonly address: string | null;
  /** Names of the members that were sent. */
  readonly changed: readonly string[];
  readonly isRefused: boolean;
}

export interface AuditQuery {
  readonly limit: number;
  /** The number of the last entry of the page before. */
  readonly before: number | null;
  readonly action?: string;
  readonly actorName?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
}

export type AccountChange = Partial<
  Pick<Account, "name" | "role" | "passwordHash" | "totp" | "lastSignInAtMs">
>;

/** What is kept of people. Rejects with `StoreUnavailable` where nothing can be stored now. */
export interface AccountStore {
  accounts(): Promise<Account[]>;
  /** Throws `conflict` for a name that is taken. */
  createAccount(account: Omit<Account, "seq">): Promise<Account>;
  updateAccount(seq: number, change: AccountChange): Promise<Account>;
  /** With its sessions. What it did stays in the audit log. */
  deleteAccount(seq: number): Promise<void>;

  sessions(): Promise<Session[]>;
  createSession(session: Omit<Session, "seq">): Promise<Session>;
  updateSession(seq: number, change: Pick<Session, "freshUntilMs">): Promise<void>;
  deleteSessions(seqs: readonly number[]): Promise<void>;
  /** Batched: when sessions were last seen. */
  touchSessions(seen: readonly { readonly seq: number; readonly atMs: number }[]): Promise<void>;

  appendAudit(entries: readonly Omit<AuditEntry, "seq">[]): Promise<void>;
  /** Newest first. */
  audit(query: AuditQuery): Promise<AuditEntry[]>;
  /** Forgets entries before a time, and the oldest beyond a number; returns how many. At most 1,000 at once. */
  forgetAudit(beforeMs: number, keptMax: number): Promise<number>;
}
