import { request } from "node:http";

import type { ExitCode } from "./exit.ts";
import { CliFailure, EXIT, usageFailure } from "./exit.ts";

/** Where the daemon is: its socket, which needs no key, or a URL. */
export type Target =
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "url"; readonly url: string; readonly key: string | null };

interface Asked {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** From `/v1` on, with ids already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** JSON text that is sent as it is, so that no number in it is read and written again. */
  readonly bodyText?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

export interface Answer {
  readonly status: number;
  readonly isReplayed: boolean;
  /** As it came. */
  readonly text: string;
}

export interface Client {
  /**
   * The answer where its status is 2xx. Throws `CliFailure` for any other, and where no daemon
   * answers.
   */
  ask(asked: Asked): Promise<Answer>;
  /** The answer, whatever its status is. */
  askRaw(asked: Asked): Promise<Answer>;
}

/** Longer than the longest attempt, which a test of an endpoint waits for. */
const ANSWER_TIMEOUT_MS = 90_000;

/** A client that acts in the application, or in the key's own (null). */
export function openClient(target: Target, application: string | null): Client {
  const askRaw = async (asked: Asked): Promise<Answer> => {
    const { path, text, headers } = prepared(asked, application);
    try {
      return target.kind === "socket"
        ? await askSocket(target.path, asked.method, path, headers, text)
        : await askUrl(target, asked.method, path, headers, text);
    } catch (error) {
      throw unreachable(target, error);
    }
  };
  return {
    askRaw,
    async ask(asked) {
      const answer = await askRaw(asked);
      if (answer.status >= 200 && answer.status < 300) return answer;
      throw refusal(answer);
    },
  };
}

function prepared(asked: Asked, application: string | null) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked.query ?? {})) {
    if (value !== undefined) query.set(name, value);
  }
  const path = query.size === 0 ? asked.path : `${asked.path}?${query.toString()}`;
  const text = asked.bodyText ?? (asked.body === undefined ? null : JSON.stringify(asked.body));
  const headers: Record<string, string> = { Accept: "application/json" };
  if (text !== null) headers["Content-Type"] = "application/json";
  if (application !== null) headers["Posthorn-App"] = application;
  for (const [name, value] of Object.entries(asked.headers ?? {})) {
    if (value !== undefined) headers[name] = value;
  }
  for (const [name, value] of Object.entries(headers)) refuseUnsendable(name, value);
  return { path, text, headers };
}

/** Options that travel as headers. */
const HEADER_OPTIONS: Readonly<Record<string, string>> = {
  "Posthorn-App": "--app",
  "Idempotency-Key": "--idempotency-key",
};

/** What HTTP can't carry in a header is a slip on the command line, not a daemon that is not there. */
function refuseUnsendable(name: string, value: string): void {
  if (/^[\t\x20-\x7e\xa0-\xff]*$/.test(value)) return;
  const option = HEADER_OPTIONS[name] ?? name;
  const wanted = "Latin-1 text without line ends";
  throw usageFailure(`expected ${option} to be ${wanted}, got ${JSON.stringify(value)}`);
}

function askSocket(
  socketPath: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  text: string | null,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const length = text === null ? {} : { "Content-Length": Buffer.byteLength(text) };
    // An agent of its own would keep the connection, and with it the process, alive.
    const options = { socketPath, method, path, signal, agent: false as const };
    const asking = request({ ...options, headers: { ...headers, ...length } }, (response) => {
      let said = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (said += chunk));
      response.on("error", reject);
      response.on("end", () => {
        const isReplayed = response.headers["idempotent-replayed"] === "true";
        resolve({ status: response.statusCode ?? 0, isReplayed, text: said });
      });
    });
    asking.on("error", reject);
    asking.end(text ?? undefined);
  });
}

async function askUrl(
  target: Target & { kind: "url" },
  method: string,
  path: string,
  headers: Record<string, string>,
  text: string | null,
): Promise<Answer> {
  const auth: Record<string, string> =
    target.key === null ? {} : { Authorization: `Bearer ${target.key}` };
  const response = await fetch(`${target.url}${path}`, {
    method,
    headers: { ...headers, ...auth },
    body: text,
    // A redirect would carry the key to wherever it points.
    redirect: "manual",
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
  const isReplayed = response.headers.get("idempotent-replayed") === "true";
  return { status: response.status, isReplayed, text: await response.text() };
}

function unreachable(target: Target, error: unknown): CliFailure {
  const place = target.kind === "socket" ? target.path : target.url;
  const code = codeOf(error);
  if (code === "EACCES" && target.kind === "socket") {
    const message = `expected ${place} to be this user's to open, got another's; run it as the daemon's user, or give --url and --key`;
    return new CliFailure(EXIT.notAllowed, message);
  }
  const isAbsent = code === "ENOENT" || code === "ECONNREFUSED";
  const found = isAbsent ? "none" : (code ?? rootMessage(error));
  const message = `expected a daemon at ${place}, got ${found}; start it with \`posthorn serve\`, or say where it is with --data-dir, or --url and --key`;
  return new CliFailure(EXIT.unreachable, message);
}

function codeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ("code" in error && typeof error.code === "string") return error.code;
  return codeOf(error.cause);
}

/** `fetch failed` says nothing; what it was caused by does. */
function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return "none";
  return error.cause instanceof Error ? rootMessage(error.cause) : error.message;
}

interface ProblemDocument {
  readonly detail?: unknown;
  readonly problems?: unknown;
}

function refusal({ status, text }: Answer): CliFailure {
  const document = parsedObject(text);
  const problems = Array.isArray(document?.problems) ? document.problems : [];
  const details = problems.map((each: { detail?: unknown }) => String(each.detail));
  const own = typeof document?.detail === "string" ? document.detail : null;
  // Several faults are told one by one; the document's own sentence is then only their sum.
  const message = details.length > 1 ? details.join("\n") : (own ?? `got status ${status}`);
  return new CliFailure(exitCodeOf(status), message, document === null ? null : text);
}

function parsedObject(text: string): ProblemDocument | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : null;
  } catch {
    return null;
  }
}

function exitCodeOf(status: number): ExitCode {
  if (status === 404) return EXIT.notFound;
  return status === 401 || status === 403 ? EXIT.notAllowed : EXIT.failed;
}
