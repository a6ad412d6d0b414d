/**
 * A route is a row of a table: from the same row come the router's entry, the check of who may call it, the check of
 * what is sent, and its operation in the OpenAPI document. None of them can then say something else than the others.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { z } from "zod";
import type { Application, Scope } from "../domain/application.ts";
import type { ErrorCode } from "../domain/errors.ts";
import type { Caller } from "../domain/ports.ts";
import type { Peer } from "./peer.ts";

/** A request to a door that opens without a key: where one sets up, or signs in. */
interface Knock<Body = unknown> {
  readonly peer: () => Peer;
  readonly body: Body;
  /** Whoever the request says it is already; null for a stranger. */
  readonly caller: Caller | null;
}

/** One request, checked: who asks, in which application, and what. */
export interface Call<Query = unknown, Body = unknown> {
  /** Looked up when asked for: most requests have a key, and it does not matter where they come from. */
  readonly peer: () => Peer;
  readonly caller: Caller;
  readonly application: Application;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  readonly headers: IncomingHttpHeaders;
}

export type ReplyBody =
  | { readonly kind: "none" }
  | { readonly kind: "json"; readonly value: unknown }
  /** Written as it is. */
  | { readonly kind: "text"; readonly contentType: string; readonly text: string | Uint8Array };

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: ReplyBody;
}

/** What a caller must be allowed to; some routes are only for those who act for the whole instance. */
export interface Access {
  readonly scope: Scope;
  readonly isInstanceWide: boolean;
  /** Somebody at the page must have given the password within the last ten minutes. */
  readonly needsFresh?: boolean;
  /** Only for somebody at the page; keys and the local socket are refused by the handler. */
  readonly isPersonal?: boolean;
}

type Tag =
  | "Events"
  | "Deliveries"
  | "Endpoints"
  | "Applications"
  | "Keys"
  | "Event types"
  | "Instance"
  | "People";

/** One possible answer, for the OpenAPI document. */
export interface AnswerDoc {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RequestBody<Body> {
  readonly schema: z.ZodType<Body>;
  /** An empty body stands for `{}`. */
  readonly isOptional?: boolean;
  /** What the OpenAPI document shows as an example; the tests send it. */
  readonly example: unknown;
}

interface Operation {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** As OpenAPI writes it: `/v1/endpoints/{id}`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** Request headers with a meaning of their own, and what it is. */
  readonly requestHeaders?: Readonly<Record<string, string>>;
  readonly answers: Readonly<Record<number, AnswerDoc>>;
  /** False for what happens all the time, true for what only reads and shows secrets. Default: what is no GET is logged. */
  readonly isAudited?: boolean;
  /** Faults beyond those that every route of its kind has. */
  readonly faults?: readonly ErrorCode[];
}

/** What is written down for a route whose body, if any, is one JSON object. */
export interface JsonRoute<Query, Body> extends Operation {
  readonly kind: "json";
  readonly access: Access;
  readonly query?: z.ZodType<Query>;
  readonly body?: RequestBody<Body>;
  handle(call: Call<Query, Body>): Promise<Reply> | Reply;
}

/** A route that reads the bytes itself; `body` is only what the OpenAPI document says. */
export interface BytesRoute extends Operation {
  readonly kind: "bytes";
  readonly access: Access;
  readonly body: RequestBody<unknown>;
  /** Other content types that are taken, with what they mean. */
  readonly otherContentTypes: Readonly<Record<string, string>>;
  handle(call: Call<unknown, Uint8Array>): Promise<Reply> | Reply;
}

/** A route that answers anybody, without a key and without looking at the request. */
export interface OpenRoute extends Operation {
  readonly kind: "open";
  handle(): Promise<Reply> | Reply;
}

/** A route that needs no key but looks at the request: its body, if it has one, is one JSON object. */
export interface DoorRoute<Body> extends Operation {
  readonly kind: "door";
  readonly body?: RequestBody<Body>;
  handle(knock: Knock<Body>): Promise<Reply> | Reply;
}

export type Route = JsonRoute<unknown, unknown> | BytesRoute | OpenRoute | DoorRoute<unknown>;

/** Checks a row's handler against its own schemas, then forgets the difference between rows. */
export function jsonRoute<Query, Body>(row: Omit<JsonRoute<Query, Body>, "kind">): Route {
  return { kind: "json", ...row };
}

export function bytesRoute(row: Omit<BytesRoute, "kind">): Route {
  return { kind: "bytes", ...row };
}

export function doorRoute<Body>(row: Omit<DoorRoute<Body>, "kind">): Route {
  return { kind: "door", ...row };
}

export function openRoute(row: Omit<OpenRoute, "kind">): Route {
  return { kind: "open", ...row };
}

export function needsScope(scope: Scope): Access {
  return { scope, isInstanceWide: false };
}

/** For what concerns all applications: a key of one of them is not enough. */
export function needsInstance(scope: Scope): Access {
  return { scope, isInstanceWide: true };
}

/** For somebody signed in, about themselves. */
export function needsPerson(): Access {
  return { scope: "read", isInstanceWide: false, isPersonal: true };
}

/** The same, and only shortly after the password was given. */
export function afterPassword(access: Access): Access {
  return { ...access, needsFresh: true };
}

export function json(status: number, value: unknown): Reply {
  return { status, body: { kind: "json", value } };
}

export function noContent(): Reply {
  return { status: 204, body: { kind: "none" } };
}

/** A path parameter; the router guarantees that it is there. */
export function param(call: Call, name: string): string {
  return call.params[name] ?? "";
}
