import { z } from "zod";
import { AppError } from "../domain/errors.ts";
import type { SessionCaller } from "../domain/ports.ts";
import {
  freshOut,
  recoveryCodesOut,
  sessionJson,
  sessionOut,
  signedInJson,
  signedInOut,
  totpOut,
} from "./account-json.ts";
import { noCookie, sessionCookie } from "./cookie.ts";
import { listPage, listQuery } from "./listing.ts";
import type { ApiNeeds } from "./needs.ts";
import type { Call, Route } from "./route.ts";
import {
  afterPassword,
  doorRoute,
  json,
  jsonRoute,
  needsPerson,
  needsScope,
  noContent,
  param,
} from "./route.ts";
import { pageOf, timeText } from "./schemas.ts";

const credentials = z.strictObject({
  name: z.string().max(64),
  password: z.string().max(1_024),
  code: z.string().max(64).optional().describe("Of the second factor, or a recovery code."),
});
const proof = z.strictObject({
  password: z.string().max(1_024).describe("Or a code of the second factor."),
});
const newPassword = z.strictObject({
  password: z.string().max(1_024),
  new_password: z.string().max(1_024),
});
const code = z.strictObject({ code: z.string().max(64) });

/** Signing in and out, and what people do with their own session. */
export function sessionRoutes(needs: ApiNeeds): readonly Route[] {
  return [
    signIn(needs),
    readSession(needs),
    signOut(needs),
    refresh(needs),
    changePassword(needs),
    startTotp(needs),
    confirmTotp(needs),
    removeTotp(needs),
    listSessions(needs),
    endSession(needs),
  ];
}

function signIn(needs: ApiNeeds): Route {
  return doorRoute({
    method: "POST",
    path: "/v1/session",
    operationId: "signIn",
    tag: "People",
    summary: "Sign in to the page",
    body: { schema: credentials, example: { name: "admin", password: "correct horse battery" } },
    answers: { 201: { description: "Signed in; the cookie is the session.", schema: signedInOut } },
    faults: ["sign_in_failed", "code_needed", "too_many_attempts", "cross_site", "unavailable"],
    async handle({ peer, body }) {
      const visitor = peer();
      const begun = await needs.people.sessions.signIn(
        { ...body, code: body.code ?? null },
        visitor,
      );
      const { account } = begun;
      needs.people.audit.note({
        actorKind: "account",
        actorId: account.id,
        actorName: account.name,
        action: "signIn",
        subjectId: begun.session.id,
        applicationSeq: null,
        address: visitor.address,
        changed: [],
        isRefused: false,
      });
      return {
        ...json(201, signedInJson(needs, begun)),
        headers: sessionCookie(begun.token, visitor),
      };
    },
  });
}

/** Where a trusted proxy names the user, asking who one is begins the session. */
function readSession(needs: ApiNeeds): Route {
  const { sessions, accounts } = needs.people;
  return doorRoute({
    method: "GET",
    path: "/v1/session",
    operationId: "getSession",
    tag: "People",
    summary: "Who is signed in",
    answers: { 200: { description: "The account and its session.", schema: signedInOut } },
    faults: ["unauthorized"],
    async handle({ peer, caller }) {
      if (caller !== null && caller.session !== null) {
        const account = accounts.byId(caller.session.accountId);
        const session = sessions.byId(caller.session.id);
        return json(200, signedInJson(needs, { account, session }));
      }
      const visitor = peer();
      if (visitor.userName === null) {
        throw new AppError(
          "unauthorized",
          "expected a session's cookie to be sent, got none that is good",
        );
      }
      const begun = await sessions.signInByHeader(
        visitor.userName,
        needs.config.authHeaderRole,
        visitor,
      );
      return {
        ...json(200, signedInJson(needs, begun)),
        headers: sessionCookie(begun.token, visitor),
      };
    },
  });
}

function signOut(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "DELETE",
    path: "/v1/session",
    operationId: "signOut",
    tag: "People",
    summary: "Sign out",
    access: needsPerson(),
    answers: { 204: { description: "The session is over." } },
    async handle(call) {
      await needs.people.sessions.end(null, own(call).id);
      return { ...noContent(), headers: noCookie() };
    },
  });
}

function refresh(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "POST",
    path: "/v1/session/fresh",
    operationId: "refreshSession",
    tag: "People",
    summary: "Give the password once more",
    description:
      "For ten minutes secrets are shown, and accounts and keys made, without asking again.",
    access: needsPerson(),
    body: { schema: proof, example: { password: "correct horse battery" } },
    answers: { 200: { description: "Until when.", schema: freshOut } },
    faults: ["sign_in_failed", "too_many_attempts"],
    async handle(call) {
      const session = await needs.people.sessions.refresh(
        own(call).id,
        call.body.password,
        call.peer(),
      );
      return json(200, { fresh_until: timeText(session.freshUntilMs ?? 0) });
    },
  });
}

function changePassword(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "POST",
    path: "/v1/session/password",
    operationId: "changePassword",
    tag: "People",
    summary: "Change one's own password; every other session of the account is over",
    access: needsPerson(),
    body: {
      schema: newPassword,
      example: { password: "the old one", new_password: "a longer one" },
    },
    answers: { 204: { description: "Changed." } },
    faults: ["sign_in_failed", "too_many_attempts"],
    async handle(call) {
      const { password, new_password: next } = call.body;
      await needs.people.sessions.changePassword(own(call).id, password, next, call.peer());
      return noContent();
    },
  });
}

function startTotp(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "POST",
    path: "/v1/session/totp",
    operationId: "startTotp",
    tag: "People",
    summary: "A new second factor's secret, to be confirmed with a code",
    access: afterPassword(needsPerson()),
    answers: { 200: { description: "The secret, and as a link.", schema: totpOut } },
    handle: (call) => json(200, needs.people.secondFactor.start(ownAccount(needs, call).seq)),
  });
}

function confirmTotp(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "POST",
    path: "/v1/session/totp/confirm",
    operationId: "confirmTotp",
    tag: "People",
    summary: "Turn the second factor on",
    access: afterPassword(needsPerson()),
    body: { schema: code, example: { code: "123456" } },
    answers: {
      200: { description: "Codes for when it is lost, shown only here.", schema: recoveryCodesOut },
    },
    faults: ["sign_in_failed"],
    async handle(call) {
      const { seq } = ownAccount(needs, call);
      const codes = await needs.people.secondFactor.confirm(seq, call.body.code);
      return json(200, { recovery_codes: codes });
    },
  });
}

function removeTotp(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "DELETE",
    path: "/v1/session/totp",
    operationId: "removeTotp",
    tag: "People",
    summary: "Turn the second factor off",
    access: afterPassword(needsPerson()),
    answers: { 204: { description: "Off." } },
    async handle(call) {
      await needs.people.secondFactor.remove(ownAccount(needs, call).seq);
      return noContent();
    },
  });
}

function listSessions(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/sessions",
    operationId: "listSessions",
    tag: "People",
    summary: "Sessions: an admin sees everybody's, others their own",
    access: needsScope("read"),
    query: listQuery,
    answers: { 200: { description: "A page of sessions.", schema: pageOf(sessionOut) } },
    faults: ["invalid_cursor"],
    handle(call) {
      const sessions = needs.people.sessions.list(reach(needs, call));
      const { rows, next } = listPage("sessions", sessions, ({ id }) => id, call.query);
      const current = call.caller.session?.id ?? null;
      return json(200, {
        data: rows.map((row) =>
          sessionJson(row, needs.people.accounts.bySeq(row.accountSeq), current),
        ),
        next_cursor: next,
      });
    },
  });
}

function endSession(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "DELETE",
    path: "/v1/sessions/{id}",
    operationId: "endSession",
    tag: "People",
    summary: "End a session",
    access: needsScope("read"),
    answers: { 204: { description: "It is over." } },
    async handle(call) {
      await needs.people.sessions.end(reach(needs, call), param(call, "id"));
      return noContent();
    },
  });
}

/** The caller's session. Throws `forbidden` for keys and the local socket, which have none. */
function own({ caller }: Call): SessionCaller {
  if (caller.session !== null) return caller.session;
  throw new AppError(
    "forbidden",
    `expected the caller to be somebody at the page, got a ${caller.kind}`,
  );
}

function ownAccount(needs: ApiNeeds, call: Call) {
  return needs.people.accounts.byId(own(call).accountId);
}

/** Whose sessions a caller may see and end: null for everybody's. */
function reach(needs: ApiNeeds, call: Call): number | null {
  const { caller } = call;
  if (caller.session === null && caller.applicationSeq !== null) {
    throw new AppError(
      "forbidden",
      "expected the key to be one for the whole instance, got one of one application",
    );
  }
  return caller.scopes.includes("manage") ? null : ownAccount(needs, call).seq;
}
