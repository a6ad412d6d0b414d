/** Requests to the API as a client makes them. */
import assert from "node:assert/strict";
import { request, type IncomingHttpHeaders } from "node:http";
import { ROOT_KEY, type ApiHouse } from "./api-house.ts";

export interface CallOptions {
  /** Null for none; default: the key of the whole instance. */
  readonly key?: string | null;
  /** Sent as JSON, unless it is text or bytes already. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Over the local socket, without a key. */
  readonly local?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Parsed; undefined where there is no body. What is in it is for the test to say. */
  readonly json: ReturnType<typeof JSON.parse>;
}

/** node:http and not fetch: it speaks over sockets, and sends exactly the headers that it is told. */
export function call(
  house: Pick<ApiHouse, "port" | "socketPath">,
  line: string,
  options: CallOptions = {},
): Promise<Answer> {
  const [method = "GET", path = "/"] = line.split(" ");
  const body = bodyOf(options.body);
  const headers = { ...headersOf(options, body), ...options.headers };
  const where =
    options.local === true
      ? { socketPath: house.socketPath }
      : { host: "127.0.0.1", port: house.port };
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...where, method, path, headers }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = /json/.test(incoming.headers["content-type"] ?? "");
        const json: unknown = isJson && text !== "" ? JSON.parse(text) : undefined;
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, json });
      });
      incoming.on("error", reject);
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

function bodyOf(body: unknown): Buffer | undefined {
  if (body === undefined) return undefined;
  if (typeof body === "string" || body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(JSON.stringify(body));
}

function headersOf(options: CallOptions, body: Buffer | undefined): Record<string, string> {
  const key = options.key === undefined ? ROOT_KEY : options.key;
  return {
    ...(key !== null && options.local !== true && { authorization: `Bearer ${key}` }),
    ...(body !== undefined && {
      "content-type": "application/json",
      "content-length": String(body.length),
    }),
  };
}

/** The answer is a problem document with this status and code; returns its detail. */
export function assertProblem(answer: Answer, status: number, code: string): string {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers["content-type"], "application/problem+json");
  assert.equal(answer.json.code, code);
  assert.equal(answer.json.status, status);
  assert.equal(answer.json.type, `urn:posthorn:problem:${code}`);
  assert.equal(
    answer.json.instance,
    `urn:posthorn:request:${String(answer.headers["request-id"])}`,
  );
  return answer.json.detail;
}

/** What is wrong, by its place. */
export function problemsOf(answer: Answer): Record<string, string> {
  const problems: { pointer: string; detail: string }[] = answer.json.problems ?? [];
  return Object.fromEntries(problems.map(({ pointer, detail }) => [pointer, detail]));
}

/** An endpoint that takes everything; returns its id. */
export async function makeEndpoint(house: ApiHouse, more: object = {}): Promise<string> {
  const body = { url: "https://shop.example/hook", ...more };
  const answer = await call(house, "POST /v1/endpoints", { body });
  assert.equal(answer.status, 201, answer.text);
  return answer.json.id;
}

/** A key with these scopes for an application (by name, made where it is missing); returns the key. */
export async function makeKey(
  house: ApiHouse,
  scopes: readonly string[],
  application = "default",
): Promise<string> {
  if (application !== "default") {
    await call(house, "POST /v1/applications", { body: { name: application } });
  }
  const body = { name: "test", scopes, application };
  const answer = await call(house, "POST /v1/keys", { body });
  assert.equal(answer.status, 201, answer.text);
  return answer.json.key;
}
