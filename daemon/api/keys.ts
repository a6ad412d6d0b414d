import { z } from "zod";
import type { Scope } from "../domain/application.ts";
import { SCOPES } from "../domain/application.ts";
import { AppError, expected } from "../domain/errors.ts";
import type { Caller } from "../domain/ports.ts";
import type { KeyOwner, KeyView } from "../manage/keys.ts";
import { KEY_NAME_LENGTH_MAX } from "../manage/keys.ts";
import { hasScope } from "./auth.ts";
import { listPage, listQuery } from "./listing.ts";
import type { ApiNeeds } from "./needs.ts";
import type { Call, Route } from "./route.ts";
import { afterPassword, json, jsonRoute, needsScope, param } from "./route.ts";
import { pageOf, timeOut, timeText, timeTextOrNull } from "./schemas.ts";
import { invalidRequest } from "./validation.ts";

const scope = z.enum(SCOPES);

const keyOut = z.object({
  id: z.string(),
  name: z.string(),
  application_id: z.string().nullable().describe("Null for a key of the whole instance."),
  scopes: z.array(scope),
  hint: z.string().describe("The key's first characters."),
  created_at: timeOut,
  last_used_at: timeOut.nullable(),
  revoked_at: timeOut.nullable(),
});

const createdKey = z.object({
  ...keyOut.shape,
  key: z.string().describe("Shown here and never again."),
});

export type KeyJson = z.infer<typeof keyOut>;
export type CreatedKeyJson = z.infer<typeof createdKey>;

const newKey = z.strictObject({
  name: z.string().min(1).max(KEY_NAME_LENGTH_MAX),
  scopes: z.array(scope).min(1).describe("`manage` includes `read`."),
  application: z
    .string()
    .optional()
    .describe("The application's id or name. Default: the one that the request acts in."),
  instance: z
    .boolean()
    .optional()
    .describe("True for a key of the whole instance, which only such a key can make."),
});

export function keyRoutes(needs: ApiNeeds): readonly Route[] {
  return [listKeys(needs), createKey(needs), revokeKey(needs)];
}

function listKeys(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "GET",
    path: "/v1/keys",
    operationId: "listKeys",
    tag: "Keys",
    summary: "List keys, oldest first, revoked ones included",
    description: "With a key of one application: its keys. With an instance-wide key: all keys.",
    access: needsScope("manage"),
    query: listQuery,
    answers: { 200: { description: "A page of keys.", schema: pageOf(keyOut) } },
    faults: ["invalid_cursor"],
    handle(call) {
      const all = needs.keys.list(ownerFor(call));
      const { rows, next } = listPage("keys", all, ({ id }) => id, call.query);
      return json(200, { data: rows.map((key) => keyJson(needs, key)), next_cursor: next });
    },
  });
}

function createKey(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "POST",
    path: "/v1/keys",
    operationId: "createKey",
    tag: "Keys",
    summary: "Create a key",
    description: "A key gives no more than it has: each scope must be one of the caller's own.",
    access: afterPassword(needsScope("manage")),
    body: { schema: newKey, example: { name: "billing", scopes: ["events:write"] } },
    answers: { 201: { description: "Created; the key is shown once.", schema: createdKey } },
    faults: ["not_found"],
    async handle(call) {
      const { name, scopes } = call.body;
      mustHoldAll(call.caller, scopes);
      const applicationSeq = newOwner(needs, call);
      const { key, token } = await needs.keys.create({ applicationSeq, name, scopes });
      const { id, ...shown } = keyJson(needs, key);
      return json(201, { id, key: token, ...shown });
    },
  });
}

function revokeKey(needs: ApiNeeds): Route {
  return jsonRoute({
    method: "DELETE",
    path: "/v1/keys/{id}",
    operationId: "revokeKey",
    tag: "Keys",
    summary: "Revoke a key: from now on it opens nothing",
    access: needsScope("manage"),
    answers: { 200: { description: "The key, revoked.", schema: keyOut } },
    async handle(call) {
      const key = await needs.keys.revoke(ownerFor(call), param(call, "id"));
      return json(200, keyJson(needs, key));
    },
  });
}

/** Else whoever may manage an application could also write into it, under a key of its own making. */
function mustHoldAll(caller: Caller, scopes: readonly Scope[]): void {
  const beyond = scopes.find((each) => !hasScope(caller, each));
  if (beyond === undefined) return;
  const message = expected("/scopes", "among those of the key that makes it", beyond);
  throw new AppError("forbidden", message, { problems: [{ path: "/scopes", message }] });
}

function ownerFor({ caller }: Call): KeyOwner {
  return caller.applicationSeq ?? "all";
}

/** Whose the new key is: null for the whole instance. */
function newOwner(
  { directory }: ApiNeeds,
  { caller, application, body }: Call<unknown, z.infer<typeof newKey>>,
): number | null {
  const { application: named, instance } = body;
  if (instance === true) return instanceOwner(caller.applicationSeq, named);
  if (named === undefined) return application.seq;
  const chosen = directory.application(named);
  const own = caller.applicationSeq;
  if (chosen !== undefined && (own === null || own === chosen.seq)) return chosen.seq;
  const wanted = "the id or name of an application that the key may use";
  throw new AppError("not_found", expected("/application", wanted, named));
}

function instanceOwner(own: number | null, named: string | undefined): null {
  if (named !== undefined) {
    const message = expected("/application", "absent where instance is true", named);
    throw invalidRequest([{ path: "/application", message }]);
  }
  if (own === null) return null;
  const message = "expected the key to be one for the whole instance, got one of one application";
  throw new AppError("forbidden", message);
}

function keyJson({ directory }: ApiNeeds, key: KeyView): z.infer<typeof keyOut> {
  const { applicationSeq } = key;
  const application = applicationSeq === null ? null : directory.applicationBySeq(applicationSeq);
  return {
    id: key.id,
    name: key.name,
    application_id: application?.id ?? null,
    scopes: [...key.scopes],
    hint: key.hint,
    created_at: timeText(key.createdAtMs),
    last_used_at: timeTextOrNull(key.lastUsedAtMs),
    revoked_at: timeTextOrNull(key.revokedAtMs),
  };
}
