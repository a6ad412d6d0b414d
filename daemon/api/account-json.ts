/** People and their sessions as the API shows them. */
import { z } from "zod";
import { component } from "./component.ts";
import type { Account, AuditEntry, Session } from "../domain/account.ts";
import { ROLES } from "../domain/account.ts";
import type { Directory } from "../domain/directory.ts";
import type { ApiNeeds } from "./needs.ts";
import { timeOut, timeText, timeTextOrNull } from "./schemas.ts";

export const accountOut = component(
  "Account",
  z.object({
    id: z.string(),
    name: z.string(),
    role: z.enum(ROLES).describe("A viewer sees everything but secrets, and changes nothing."),
    has_password: z.boolean().describe("False for one that a trusted proxy signs in."),
    has_totp: z.boolean(),
    created_at: timeOut,
    last_sign_in_at: timeOut.nullable(),
  }),
);

export const sessionOut = component(
  "Session",
  z.object({
    id: z.string(),
    account_id: z.string(),
    account_name: z.string(),
    created_at: timeOut,
    last_seen_at: timeOut,
    expires_at: timeOut,
    address: z.string(),
    user_agent: z.string(),
    is_current: z.boolean(),
  }),
);

export const signedInOut = component(
  "SignedIn",
  z.object({
    account: accountOut,
    session: z.object({
      id: z.string(),
      expires_at: timeOut,
      fresh_until: timeOut
        .nullable()
        .describe("Until then secrets are shown without asking again."),
    }),
    applications: z.array(z.object({ id: z.string(), name: z.string() })),
  }),
);

export const setupOut = component(
  "Setup",
  z.object({
    is_needed: z.boolean(),
    needs_claim_code: z
      .boolean()
      .describe("True for whoever is neither on this machine nor on its network."),
    version: z.string(),
    build: z.string(),
  }),
);

export const setUpOut = component(
  "SetUp",
  z.object({
    account: accountOut,
    key: z
      .object({ id: z.string(), key: z.string() })
      .describe("The first API key; shown only here."),
  }),
);

export const totpOut = z.object({ secret: z.string(), uri: z.string() });
export const recoveryCodesOut = z.object({ recovery_codes: z.array(z.string()) });
export const freshOut = z.object({ fresh_until: timeOut });

export const auditOut = component(
  "AuditEntry",
  z.object({
    id: z.string(),
    at: timeOut,
    actor: z.object({
      kind: z.enum(["account", "key", "local", "daemon"]),
      id: z.string().nullable(),
      name: z.string(),
    }),
    action: z.string().describe("The operation's id in this document."),
    subject_id: z.string().nullable(),
    application_id: z.string().nullable(),
    address: z.string().nullable(),
    changed: z.array(z.string()).describe("The names of what was sent, never the values."),
    outcome: z.enum(["ok", "refused"]),
  }),
);

export type AccountJson = z.infer<typeof accountOut>;
export type SessionJson = z.infer<typeof sessionOut>;
export type SignedInJson = z.infer<typeof signedInOut>;
export type SetupJson = z.infer<typeof setupOut>;
export type SetUpJson = z.infer<typeof setUpOut>;
export type AuditJson = z.infer<typeof auditOut>;
export type FreshJson = z.infer<typeof freshOut>;

export function accountJson(account: Account): AccountJson {
  return {
    id: account.id,
    name: account.name,
    role: account.role,
    has_password: account.passwordHash !== null,
    has_totp: account.totp !== null,
    created_at: timeText(account.createdAtMs),
    last_sign_in_at: timeTextOrNull(account.lastSignInAtMs),
  };
}

export function sessionJson(
  session: Session,
  account: Account | undefined,
  currentId: string | null,
): SessionJson {
  return {
    id: session.id,
    account_id: account?.id ?? "",
    account_name: account?.name ?? "",
    created_at: timeText(session.createdAtMs),
    last_seen_at: timeText(session.lastSeenAtMs),
    expires_at: timeText(session.expiresAtMs),
    address: session.address,
    user_agent: session.userAgent,
    is_current: session.id === currentId,
  };
}

export function signedInJson(
  { directory, clock }: Pick<ApiNeeds, "directory" | "clock">,
  { account, session }: { readonly account: Account; readonly session: Session },
): SignedInJson {
  const { freshUntilMs } = session;
  const isFresh = freshUntilMs !== null && freshUntilMs > clock.nowMs();
  return {
    account: accountJson(account),
    session: {
      id: session.id,
      expires_at: timeText(session.expiresAtMs),
      fresh_until: isFresh ? timeText(freshUntilMs) : null,
    },
    applications: directory.applications().map(({ id, name }) => ({ id, name })),
  };
}

export function auditJson(directory: Directory, entry: AuditEntry): AuditJson {
  const { applicationSeq } = entry;
  return {
    id: entry.id,
    at: timeText(entry.atMs),
    actor: { kind: entry.actorKind, id: entry.actorId, name: entry.actorName },
    action: entry.action,
    subject_id: entry.subjectId,
    application_id:
      applicationSeq === null ? null : (directory.applicationBySeq(applicationSeq)?.id ?? null),
    address: entry.address,
    changed: [...entry.changed],
    outcome: entry.isRefused ? "refused" : "ok",
  };
}
