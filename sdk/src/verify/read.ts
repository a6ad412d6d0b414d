import { utf8Text } from "./codec.ts";
import { after, joined } from "./crypto.ts";
import type { Awaitable } from "./crypto.ts";
import type { ReadRequest } from "./read-request.ts";
import type { HeadersLike, RawRequest } from "./request.ts";
import { WebhookError, expected, kindOf } from "./webhook-error.ts";

/** A request with its body as bytes, or why there is none. Stops reading at one byte over the limit. */
export function readRequest(
  input: Request | RawRequest,
  bodyBytesMax: number,
): Awaitable<ReadRequest | WebhookError> {
  const reading = isFetchRequest(input) ? fetchBody(input, bodyBytesMax) : rawBody(input.body);
  return after(reading, (body) => {
    if (body instanceof WebhookError) return body;
    // Asked this way round, a limit that is no number lets nothing pass.
    return body.length <= bodyBytesMax ? new LazyRequest(input, body) : tooLarge(bodyBytesMax);
  });
}

/** By its shape: frameworks bring their own `Request`. */
function isFetchRequest(input: Request | RawRequest): input is Request {
  return typeof (input as Request).arrayBuffer === "function";
}

/** The bytes of a request that nobody has read, or why there are none: `BODY_INVALID` where its sender went away. */
export async function fetchBody(
  request: Request,
  bodyBytesMax: number,
): Promise<Uint8Array | WebhookError> {
  if (request.bodyUsed || request.body?.locked === true) {
    return expected("BODY_ALREADY_READ", "an unread body", "a read one", {
      hint: "Pass the request, or its clone, before anything reads it.",
    });
  }
  if (Number(request.headers.get("content-length")) > bodyBytesMax) return tooLarge(bodyBytesMax);
  if (request.body === null) return new Uint8Array();
  try {
    return await drained(request.body.getReader(), bodyBytesMax);
  } catch (cause) {
    return expected("BODY_INVALID", "the whole body", "an error", {
      cause,
    });
  }
}

async function drained(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  bodyBytesMax: number,
): Promise<Uint8Array | WebhookError> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > bodyBytesMax) {
      // Not waited for: a source may take its time to stop.
      void reader.cancel().catch(() => undefined);
      return tooLarge(bodyBytesMax);
    }
    chunks.push(value);
  }
  return joined(chunks);
}

function rawBody(body: unknown): Uint8Array | WebhookError {
  if (body instanceof Uint8Array) return body;
  // Jest gives tests a global Uint8Array of their own.
  if (ArrayBuffer.isView(body))
    return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  return expected("BODY_ALREADY_PARSED", "body to be bytes", kindOf(body), {
    hint:
      typeof body === "string"
        ? "Text may have lost bytes: pass them as they came."
        : "A body parser ran first: mount the route before it, or pass raw bytes (express.raw, rawBody: true).",
  });
}

function tooLarge(bodyBytesMax: number): WebhookError {
  return expected("BODY_TOO_LARGE", `at most ${bodyBytesMax} bytes of body`, "more");
}

/** For whoever has the bytes already, and for test kits. */
export function asReadRequest(
  method: string,
  url: string,
  headers: HeadersLike,
  body: Uint8Array,
): ReadRequest {
  return new LazyRequest({ method, url, headers }, body);
}

/**
 * A class, against the habit of the house: an accessor in an object literal costs a microsecond for each object, a third of
 * the signature's check. All but `headers` can be taken out of it and called by themselves.
 */
class LazyRequest implements ReadRequest {
  declare readonly method: string;
  declare readonly url: string;
  declare readonly body: Uint8Array;
  declare readonly header: (name: string) => string | null;
  readonly #given: HeadersLike;
  #headers: Headers | undefined;
  #text: string | undefined;
  #json: { readonly value: unknown } | undefined;
  #form: URLSearchParams | undefined;
  #query: URLSearchParams | undefined;

  constructor({ method, url, headers }: Omit<RawRequest, "body">, body: Uint8Array) {
    this.method = method;
    this.url = url;
    this.body = body;
    this.#given = headers;
    this.header = headerReader(headers);
  }

  get headers(): Headers {
    return (this.#headers ??= headersOf(this.#given));
  }

  readonly text = (): string => (this.#text ??= utf8Text(this.body));

  readonly json = (): unknown => (this.#json ??= { value: parsedJson(this.text()) }).value;

  readonly form = (): URLSearchParams => (this.#form ??= new URLSearchParams(this.text()));

  readonly query = (name: string): string | null => (this.#query ??= queryOf(this.url)).get(name);
}

/** Undefined for what is no JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The parameters of an address, whatever the address is like otherwise. */
export function queryOf(url: string): URLSearchParams {
  return new URLSearchParams(/^[^?#]*\?([^#]*)/.exec(url)?.[1]);
}

/** Looks names up where the headers are: a `Headers` made of them would cost more than the signature's check. */
function headerReader(headers: HeadersLike): (name: string) => string | null {
  if (isHeaders(headers)) return (name) => headers.get(name);
  const record = headers as Readonly<Record<string, unknown>>;
  return (named) => {
    const name = named.toLowerCase();
    // Node and most frameworks have lower-case names.
    const direct = Object.hasOwn(record, name) ? record[name] : undefined;
    if (direct !== undefined) return joinedValue(direct);
    return joinedValue(
      pairsOf(headers)
        .filter(([given]) => String(given).toLowerCase() === name)
        .flatMap(([, value]) => value),
    );
  };
}

function pairsOf(headers: HeadersLike): readonly (readonly [name: unknown, value: unknown])[] {
  return Array.isArray(headers) ? headers : Object.entries(headers);
}

function isHeaders(headers: HeadersLike): headers is Headers {
  return typeof (headers as Headers).get === "function";
}

function joinedValue(value: unknown): string | null {
  if (typeof value === "string") return value.trim();
  if (!Array.isArray(value) || value.length === 0) return null;
  return value.join(", ").trim();
}

function headersOf(headers: HeadersLike): Headers {
  if (isHeaders(headers)) return headers;
  const made = new Headers();
  for (const [name, value] of pairsOf(headers)) {
    try {
      made.append(String(name), joinedValue(value) ?? "");
    } catch {
      // A name that HTTP/2 has (":path") or a value that no server lets through.
    }
  }
  return made;
}
