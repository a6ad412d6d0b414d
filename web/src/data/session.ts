import { signal } from "@preact/signals";
import type { SetupJson, SignedInJson } from "../../../daemon/api/account-json.ts";
import { chooseApplication, get, remove } from "./api.ts";
import { connect, disconnect } from "./live.ts";
import type { ProblemJson } from "./problem.ts";

/** Who is in front of the page. */
export type Session =
  | { readonly kind: "asking" }
  | { readonly kind: "set-up"; readonly setup: SetupJson }
  | { readonly kind: "signed-out" }
  | { readonly kind: "signed-in"; readonly who: SignedInJson }
  | { readonly kind: "unreachable"; readonly problem: ProblemJson };

export const session = signal<Session>({ kind: "asking" });
/** The application that the screens show. */
export const application = signal<string | null>(null);

/** Finds out who is there: a session, nobody, or an instance that nobody has set up yet. */
export async function askWho(): Promise<void> {
  const who = await get<SignedInJson>("session");
  if (who.kind === "good") return enter(who.value);
  if (who.problem.status !== 401) {
    session.value = { kind: "unreachable", problem: who.problem };
    return;
  }
  const setup = await get<SetupJson>("setup");
  const isNeeded = setup.kind === "good" && setup.value.is_needed;
  session.value = isNeeded ? { kind: "set-up", setup: setup.value } : { kind: "signed-out" };
}

/** Signed in as somebody: the live feed is opened. */
export function enter(who: SignedInJson): void {
  session.value = { kind: "signed-in", who };
  show(application.value ?? who.applications[0]?.id ?? null);
}

/** The account was changed: what the page knows of it is asked for again. */
export async function refreshWho(): Promise<void> {
  const who = await get<SignedInJson>("session");
  if (who.kind === "good") session.value = { kind: "signed-in", who: who.value };
}

/** Another application's endpoints, events and deliveries from now on. */
export function show(id: string | null): void {
  application.value = id;
  chooseApplication(id);
  disconnect();
  connect(id);
}

export async function signOut(): Promise<void> {
  await remove("session");
  leave();
}

/** The session is over, by our doing or the daemon's. */
export function leave(): void {
  disconnect();
  session.value = { kind: "signed-out" };
}

export function isAdmin(): boolean {
  return session.value.kind === "signed-in" && session.value.who.account.role === "admin";
}
