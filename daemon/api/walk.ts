/** One request's walk through its route: who, whether they may, in which application, what, and then the handler. */
import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { AppError, expected } from "../domain/errors.ts";
import type { Caller } from "../domain/ports.ts";
import { scanObject } from "../ingest/json.ts";
import type { Note } from "./audited.ts";
import { asksForRehearsal, audited, namesOf } from "./audited.ts";
import { applicationOf, callerIfAny, callerOf, mustBeAllowed } from "./auth.ts";
import { readBody } from "./body.ts";
import type { ApiNeeds } from "./needs.ts";
import { mustBeOwnPage, peerOf } from "./peer.ts";
import type { BytesRoute, Call, DoorRoute, JsonRoute, Reply, RequestBody, Route } from "./route.ts";
import { invalidRequest, validated, validatedQuery } from "./validation.ts";

/** A request that the router has matched. */
export interface Asked {
  readonly request: IncomingMessage;
  readonly params: Readonly<Record<string, string>>;
  readonly queryText: string;
  /** The caller where the listener knows it already; null where the request has to say. */
  readonly known: Caller | null;
}

/** The route's answer. Throws whatever `problemAnswer` can turn into one. */
export async function answer(needs: ApiNeeds, route: Route, asked: Asked): Promise<Reply> {
  if (route.kind === "open") return route.handle();
  const { request, params, known } = asked;
  if (route.kind === "door") return answerDoor(needs, route, asked);
  const peer = () => peerOf(request, needs.proxies);
  const caller = known ?? callerOf(request, peer, needs);
  return audited(needs, route, { caller, peer, params }, async (note) => {
    mustBeAllowed(caller, route.access);
    const application = applicationOf(caller, request, needs.directory);
    note.applicationSeq = application.seq;
    const base = { peer, caller, application, params, headers: request.headers };
    return handled(needs, route, asked, base, note);
  });
}

/** Reads what the route takes, and hands all of it over. */
async function handled(
  needs: ApiNeeds,
  route: Exclude<Route, { kind: "open" | "door" }>,
  asked: Asked,
  base: Omit<Call, "query" | "body">,
  note: Note,
): Promise<Reply> {
  const { request } = asked;
  if (route.kind === "bytes") {
    if (asked.queryText !== "") validatedQuery(NO_QUERY, asked.queryText);
    refuseRepeated(route, request);
    const body = await readBody(request, needs.config.limits.requestBytesMax);
    return route.handle({ ...base, query: undefined, body });
  }
  const query = queryOf(route, asked.queryText);
  const body =
    route.body === undefined
      ? await refuseBody(needs, request)
      : await jsonBody(needs, request, route.body);
  note.changed = namesOf(body);
  note.isRehearsal = asksForRehearsal(body);
  return route.handle({ ...base, query, body });
}

/** A route that strangers may use; who they are already is looked up, but never asked for. */
async function answerDoor(
  needs: ApiNeeds,
  route: DoorRoute<unknown>,
  { request, queryText, known }: Asked,
): Promise<Reply> {
  if (queryText !== "") validatedQuery(NO_QUERY, queryText);
  const peer = () => peerOf(request, needs.proxies);
  if (route.method !== "GET" && known === null) mustBeOwnPage(request, peer());
  const caller = known ?? callerIfAny(request, needs);
  const body =
    route.body === undefined
      ? await refuseBody(needs, request)
      : await jsonBody(needs, request, route.body);
  return route.handle({ peer, caller, body });
}

/** What a route takes that says nothing of parameters: a misspelt one must not look as if it had worked. */
const NO_QUERY = z.strictObject({});

function queryOf(route: JsonRoute<unknown, unknown>, queryText: string): unknown {
  if (route.query !== undefined) return validatedQuery(route.query, queryText);
  return queryText === "" ? undefined : validatedQuery(NO_QUERY, queryText);
}

/** Node joins equal header lines with a comma; whoever stands in front may have gone by the first one. */
function refuseRepeated({ requestHeaders }: BytesRoute, { headers, rawHeaders }: IncomingMessage) {
  for (const name in requestHeaders) {
    const lower = name.toLowerCase();
    const value = headers[lower];
    if (typeof value !== "string" || !value.includes(",")) continue;
    const isName = (text: string, place: number) => place % 2 === 0 && text.toLowerCase() === lower;
    if (rawHeaders.filter(isName).length < 2) continue;
    throw invalidRequest([{ path: name, message: expected(name, "there once", value) }]);
  }
}

/** For a route that takes no body. An empty object says nothing, and many clients send one with every POST. */
async function refuseBody(needs: ApiNeeds, request: IncomingMessage): Promise<void> {
  const { "content-length": length, "transfer-encoding": transfer } = request.headers;
  if (transfer === undefined && (length === undefined || length === "0")) return;
  const bytes = await readBody(request, needs.config.limits.requestBytesMax);
  const text = Buffer.from(bytes).toString("latin1").trim();
  if (text === "" || text === "{}") return;
  const message = `expected the body to be empty, got ${bytes.length} bytes`;
  throw invalidRequest([{ path: "", message }]);
}

async function jsonBody(
  needs: ApiNeeds,
  request: IncomingMessage,
  { schema, isOptional }: RequestBody<unknown>,
): Promise<unknown> {
  const type = request.headers["content-type"];
  if (type !== undefined && !isJson(type)) {
    throw new AppError(
      "unsupported_media_type",
      expected("Content-Type", "application/json", type),
    );
  }
  const bytes = await readBody(request, needs.config.limits.requestBytesMax);
  if (bytes.length === 0 && isOptional === true) return validated(schema, {}, "body");
  return validated(schema, membersOf(bytes), "body");
}

/** The members of a body that is one JSON object; throws `invalid_json` or `invalid_request`. */
function membersOf(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const scanned = scanObject(bytes);
  if (scanned.ok) return scanned.value.members;
  if (scanned.code === "invalid_request") throw invalidRequest([scanned.problem]);
  throw new AppError(scanned.code, scanned.problem.message, { problems: [scanned.problem] });
}

/** `application/json`, in UTF-8 if it says what in: RFC 8259 section 8.1 knows no other. */
export function isJson(contentType: string): boolean {
  if (contentType === "application/json") return true;
  return /^application\/json *(?:; *charset="?utf-?8"? *)?;?$/i.test(contentType.trim());
}
