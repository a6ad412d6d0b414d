import { hearAnswerDate } from "./clock.ts";
import { parseExact } from "./json.ts";
import type { ProblemJson } from "./problem.ts";

/** What came of a call: a value, or why not. Nothing throws, so that each screen has to say what it does with both. */
export type Outcome<T> =
  | { readonly kind: "good"; readonly value: T }
  | { readonly kind: "bad"; readonly problem: ProblemJson };

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Relative to the page, whose path a proxy may have changed; the hash does not count. */
const ROOT = new URL("v1/", new URL("./", location.href));

let application: string | null = null;

/** The application that later calls concern; null for the default one. */
export function chooseApplication(id: string | null): void {
  application = id;
}

/** The address of an API path, for links and for the live feed. */
export function apiUrl(path: string, query: Query = {}): URL {
  const url = new URL(path, ROOT);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "")
      url.searchParams.set(name, `${value}`);
  }
  return url;
}

export function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<Outcome<T>> {
  return call<T>("GET", path, { query, signal });
}

/** As `get`, with numbers that JavaScript can't hold kept as they were written; see data/json.ts. */
export function getExact<T>(path: string): Promise<Outcome<T>> {
  return call<T>("GET", path, { read: parseExact });
}

export function post<T>(path: string, body?: unknown): Promise<Outcome<T>> {
  return call<T>("POST", path, { text: textOf(body) });
}

/** Sends JSON as somebody wrote it: read and written again, large numbers would come out as others. */
export function postText<T>(
  path: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Outcome<T>> {
  return call<T>("POST", path, { text, headers });
}

export function put<T>(path: string, body: unknown): Promise<Outcome<T>> {
  return call<T>("PUT", path, { text: textOf(body) });
}

/** As `put`, with JSON as somebody wrote it. */
export function putText<T>(path: string, text: string): Promise<Outcome<T>> {
  return call<T>("PUT", path, { text });
}

export function patch<T>(path: string, body: unknown): Promise<Outcome<T>> {
  return call<T>("PATCH", path, { text: textOf(body) });
}

export function remove<T>(path: string): Promise<Outcome<T>> {
  return call<T>("DELETE", path, {});
}

function textOf(body: unknown): string | undefined {
  return body === undefined ? undefined : JSON.stringify(body);
}

interface CallOptions {
  readonly text?: string | undefined;
  readonly query?: Query | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly read?: (text: string) => unknown;
}

async function call<T>(method: Method, path: string, options: CallOptions): Promise<Outcome<T>> {
  const { text, query, signal, headers, read = JSON.parse } = options;
  try {
    const response = await fetch(apiUrl(path, query), {
      method,
      headers: { ...headersFor(text), ...headers },
      credentials: "same-origin",
      cache: "no-store",
      ...(text === undefined ? {} : { body: text }),
      ...(signal === undefined ? {} : { signal }),
    });
    hearAnswerDate(response.headers.get("date"));
    return await outcomeOf<T>(response, read);
  } catch (error) {
    return { kind: "bad", problem: unreachable(error) };
  }
}

function headersFor(text: string | undefined): Record<string, string> {
  // No form of another site can send this header; see api/peer.ts.
  const headers: Record<string, string> = { "Posthorn-Page": "1" };
  if (application !== null) headers["Posthorn-App"] = application;
  if (text !== undefined) headers["Content-Type"] = "application/json";
  return headers;
}

async function outcomeOf<T>(
  response: Response,
  read: (text: string) => unknown,
): Promise<Outcome<T>> {
  const text = await response.text();
  const value: unknown = text === "" ? null : parsed(text, read);
  if (response.ok) return { kind: "good", value: value as T };
  const problem = value as Partial<ProblemJson> | null;
  const retryAfterS = Number(response.headers.get("retry-after")) || null;
  if (problem !== null && typeof problem?.code === "string") {
    return {
      kind: "bad",
      problem: { ...problem, status: response.status, retryAfterS } as ProblemJson,
    };
  }
  const detail = `expected an answer of the daemon, got status ${response.status}`;
  return {
    kind: "bad",
    problem: { code: "foreign_answer", status: response.status, title: "", detail, retryAfterS },
  };
}

function parsed(text: string, read: (text: string) => unknown): unknown {
  try {
    return read(text);
  } catch {
    return null;
  }
}

function unreachable(error: unknown): ProblemJson {
  const isAborted = error instanceof DOMException && error.name === "AbortError";
  const detail = error instanceof Error ? error.message : "";
  return {
    code: isAborted ? "aborted" : "unreachable",
    status: 0,
    title: "",
    detail,
    retryAfterS: null,
  };
}
