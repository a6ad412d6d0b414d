/** Who is asking, and in whose name. Only bearer keys count, never cookies, so that no web page can act for its visitor. */
import type { IncomingMessage } from "node:http";
import type { Application, Scope } from "../domain/application.ts";
import { DEFAULT_APPLICATION, SCOPES } from "../domain/application.ts";
import type { Directory } from "../domain/directory.ts";
import { AppError, expected } from "../domain/errors.ts";
import type { Caller } from "../domain/ports.ts";
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
export type Authenticate = (key: string) => Caller | null;

const SCHEME = /^bearer +([\x21-\x7e]+)$/i;

/** The caller that a request's `Authorization: Bearer <key>` stands for. Never repeats the key in an error. */
export function callerOf(request: IncomingMessage, authenticate: Authenticate): Caller {
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
  if (access.isInstanceWide && caller.applicationSeq !== null) {
    const message = "expected the key to be one for the whole instance, got one of one application";
    throw new AppError("forbidden", message);
  }
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
