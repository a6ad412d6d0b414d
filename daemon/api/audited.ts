/** The one place where it is written down who changed what. */
import type { ActorKind } from "../domain/account.ts";
import { AppError } from "../domain/errors.ts";
import type { Caller } from "../domain/ports.ts";
import type { ApiNeeds } from "./needs.ts";
import type { Peer } from "./peer.ts";
import type { Reply, Route } from "./route.ts";

/** What becomes known of a deed while it is done. */
export interface Note {
  applicationSeq: number | null;
  changed: readonly string[];
  /** A count of what would be done: nothing was. */
  isRehearsal: boolean;
}

interface Scene {
  readonly caller: Caller;
  readonly peer: () => Peer;
  readonly params: Readonly<Record<string, string>>;
}

/** Refusals that somebody who looks through the log wants to see; the others are mistakes. */
const NOTED_REFUSALS: ReadonlySet<string> = new Set(["forbidden", "fresh_password_needed"]);

/** Does the deed, and notes it when it was done, or was not allowed. */
export async function audited(
  needs: Pick<ApiNeeds, "people" | "keys">,
  route: Route,
  scene: Scene,
  work: (note: Note) => Promise<Reply>,
): Promise<Reply> {
  const note: Note = {
    applicationSeq: scene.caller.applicationSeq,
    changed: [],
    isRehearsal: false,
  };
  if (!(route.isAudited ?? route.method !== "GET")) return work(note);
  try {
    const reply = await work(note);
    const subject = subjectOf(scene, reply);
    if (!note.isRehearsal) write(needs, route, scene, note, { subject, isRefused: false });
    return reply;
  } catch (error) {
    if (error instanceof AppError && NOTED_REFUSALS.has(error.code)) {
      write(needs, route, scene, note, { subject: subjectOf(scene, null), isRefused: true });
    }
    throw error;
  }
}

function write(
  needs: Pick<ApiNeeds, "people" | "keys">,
  route: Route,
  { caller, peer }: Scene,
  note: Note,
  { subject, isRefused }: { readonly subject: string | null; readonly isRefused: boolean },
): void {
  const { address } = peer();
  needs.people.audit.note({
    ...actorOf(needs, caller),
    action: route.operationId,
    subjectId: subject,
    applicationSeq: note.applicationSeq,
    address: address === "" ? null : address,
    changed: note.changed,
    isRefused,
  });
}

interface Actor {
  readonly actorKind: ActorKind;
  readonly actorId: string | null;
  readonly actorName: string;
}

/** A key's name may change hands; its id does not. */
function actorOf({ keys }: Pick<ApiNeeds, "keys">, caller: Caller): Actor {
  if (caller.session !== null) {
    const { accountId, accountName } = caller.session;
    return { actorKind: "account", actorId: accountId, actorName: accountName };
  }
  if (caller.kind === "local")
    return { actorKind: "local", actorId: null, actorName: "local socket" };
  const key = keys.list("all").find(({ seq }) => seq === caller.keySeq);
  return { actorKind: "key", actorId: key?.id ?? null, actorName: key?.name ?? "" };
}

function subjectOf({ params }: Scene, reply: Reply | null): string | null {
  const named = params["id"] ?? params["name"];
  if (named !== undefined) return named;
  const made =
    reply?.body.kind === "json" ? (reply.body.value as { id?: unknown } | null)?.id : null;
  return typeof made === "string" ? made : null;
}

/** Whether the body asks for a count only. */
export function asksForRehearsal(body: unknown): boolean {
  return typeof body === "object" && body !== null && Reflect.get(body, "dry_run") === true;
}

/** The members that were sent, by name: their values may be secrets. */
export function namesOf(body: unknown): readonly string[] {
  return typeof body === "object" && body !== null ? Object.keys(body) : [];
}
