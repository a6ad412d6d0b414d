/** The API of a daemon in another process, as a program outside would use it. */

/** Instance-wide, for daemons that tests start. */
export const TEST_KEY = "key-of-tests-and-demonstrations";

export interface ClientAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed; undefined where there is no JSON. What is in it is for the caller to say. */
  readonly json: ReturnType<typeof JSON.parse>;
}

export interface AskOptions {
  /** Sent as JSON, unless it is text or bytes already. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Null for none. */
  readonly key?: string | null;
}

export interface DaemonClient {
  /** `line` is a method and a path. Rejects only where no answer came. */
  ask(line: string, options?: AskOptions): Promise<ClientAnswer>;
  /** The answer's JSON; throws where the daemon refused. */
  must(line: string, body?: unknown): Promise<ClientAnswer["json"]>;
}

/** For one application, by name or id. */
export function daemonClient(address: string, application = "default"): DaemonClient {
  async function ask(line: string, options: AskOptions = {}): Promise<ClientAnswer> {
    const [method = "GET", path = "/"] = line.split(" ");
    const { body, key = TEST_KEY } = options;
    const response = await fetch(`http://${address}${path}`, {
      method,
      headers: {
        ...(key !== null && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        "posthorn-app": application,
        ...options.headers,
      },
      body: body === undefined ? null : bodyOf(body),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    const json: unknown = isJson && text !== "" ? JSON.parse(text) : undefined;
    return { status: response.status, headers: response.headers, text, json };
  }

  async function must(line: string, body?: unknown): Promise<ClientAnswer["json"]> {
    const answer = await ask(line, { body });
    if (answer.status < 300) return answer.json;
    throw new Error(`expected ${line} to succeed, got ${answer.status}: ${answer.text}`);
  }

  return { ask, must };
}

function bodyOf(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof body === "string") return body;
  return body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body);
}
