/** Who is asking, and in whose name: a bearer key, or a session's cookie from the daemon's own page. */
import type { IncomingMessage } from "node:http";
import type { Application, Scope } from "../domain/application.ts";
import { DEFAULT_APPLICATION, SCOPES } from "../domain/application.ts";
import type { Directory } from "../domain/directory.ts";
import { AppError, expected } from "../domain/errors.ts";
import type { Caller } from "../domain/ports.ts";
import type { Sessions } from "../manage/sessions.ts";
import { sessionToken } from "./cookie.ts";
import type { Peer } from "./peer.ts";
import { mustBeOwnPage } from "./peer.ts";
import type { Access } from "./route.ts";

/** Whoever can open the local socket may do everything: the file's permissions are the check. */
export const LOCAL_CALLER: Caller = {
  kind: "local",
  applicationSeq: null,
  scopes: SCOPES,
  keySeq: null,
  session: null,
};

/** Turns a key into its caller; null for a key that is unknown or revoked. */
type Authenticate = (key: string) => Caller | null;

const SCHEME = /^bearer +([\x21-\x7e]+)$/i;

/** What knows keys and sessions. */
interface Knowing {
  readonly keys: { readonly authenticate: Authenticate };
  readonly people: { readonly sessions: Pick<Sessions, "authenticate"> };
}

/**
 * The caller that a request's `Authorization: Bearer <key>` stands for, or else its cookie, which counts only from the daemon's
 * own page wherever it could change something. Never repeats a key in an error.
 */
export function callerOf(request: IncomingMessage, peer: () => Peer, knowing: Knowing): Caller {
  if (request.headers.authorization === undefined) {
    const caller = cookieCaller(request, knowing);
    if (caller !== null) {
      if (request.method !== "GET" && request.method !== "HEAD") mustBeOwnPage(request, peer());
      return caller;
    }
  }
  return keyCaller(request, knowing.keys.authenticate);
}

/** The key that the request bears; null for none. */
export function bearerKey({ headers }: IncomingMessage): string | null {
  return SCHEME.exec(headers.authorization ?? "")?.[1] ?? null;
}

/** The same, or null for a stranger. */
export function callerIfAny(request: IncomingMessage, knowing: Knowing): Caller | null {
  const key = SCHEME.exec(request.headers.authorization ?? "")?.[1];
  return key === undefined ? cookieCaller(request, knowing) : knowing.keys.authenticate(key);
}

function cookieCaller(request: IncomingMessage, { people }: Knowing): Caller | null {
  const token = sessionToken(request);
  return token === null ? null : (people.sessions.authenticate(token)?.caller ?? null);
}

function keyCaller(request: IncomingMessage, authenticate: Authenticate): Caller {
  const given = request.headers.authorization;
  if (given === undefined) {
    const wanted = "`Bearer <key>`";
    throw new AppError("unauthorized", expected("header Authorization", wanted, undefined));
  }
  const key = SCHEME.exec(given)?.[1];
  const caller = key === undefined ? null : authenticate(key);
  if (caller !== null) return caller;
  const got = key === undefined ? "something else" : "a key that is unknown or revoked";
  const message = `expected header Authorization to be \`Bearer <key>\` with a valid key, got ${got}`;
  throw new AppError("unauthorized", message);
}

/** Who acts for the instance and not for one application: the daemon's own network is theirs to open. */
export function isOperator({ applicationSeq }: Caller): boolean {
  return applicationSeq === null;
}

/** `manage` includes `read`: whoever may change a thing has to see it. */
export function hasScope(caller: Caller, scope: Scope): boolean {
  return caller.scopes.includes(scope) || (scope === "read" && caller.scopes.includes("manage"));
}

/** Throws `forbidden` where the caller's key does not go as far as the route asks. */
export function mustBeAllowed(caller: Caller, access: Access): void {
  if (!hasScope(caller, access.scope)) {
    throw new AppError(
      "forbidden",
      expected("the key's scopes", `such as to hold ${access.scope}`, caller.scopes),
    );
  }
  if (access.needsFresh === true) mustBeFresh(caller);
  if (access.isInstanceWide && caller.applicationSeq !== null) {
    const message = "expected the key to be one for the whole instance, got one of one application";
    throw new AppError("forbidden", message);
  }
}

/** Throws `fresh_password_needed` for somebody at the page who gave the password too long ago. A key needs none. */
export function mustBeFresh(caller: Caller): void {
  if (caller.session?.isFresh !== false) return;
  const message = "expected the password to be given within the last ten minutes, got none";
  throw new AppError("fresh_password_needed", message);
}

/**
 * The application that the request acts in: the key's own, or the one that an instance-wide caller names in
 * `Posthorn-App` by id or name. One that exists but is not the key's own is as unknown as one that does not.
 */
export function applicationOf(
  caller: Caller,
  request: IncomingMessage,
  directory: Directory,
): Application {
  const header = request.headers["posthorn-app"];
  const named = typeof header === "string" ? header : undefined;
  const own = caller.applicationSeq;
  const application =
    own !== null && named === undefined
      ? directory.applicationBySeq(own)
      : directory.application(named ?? DEFAULT_APPLICATION);
  if (application !== undefined && (own === null || own === application.seq)) return application;
  const wanted = "the id or name of an application that the key may use";
  throw new AppError("not_found", expected("header Posthorn-App", wanted, named));
}
