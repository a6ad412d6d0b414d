/** A request in everything that stands on Node's http: whose stream it is, and what the framework did with it. */
import type { Answer } from "../verify/error.ts";
import type { AdapterOptions, AdapterReceiver, HeaderReader } from "./connection.ts";
import { seenIn } from "./connection.ts";
import { handOver, readerOf } from "./hand-over.ts";
import type { Body, ByteStream } from "./read-body.ts";
import { bytesBody, bytesOf, keptBody, lost, NOTHING, readStream, tooLarge } from "./read-body.ts";

interface NodeSocket {
  readonly remoteAddress?: string | undefined;
  readonly encrypted?: boolean;
}

/** Node's `IncomingMessage`, of http and of http2. */
export interface NodeRequest extends ByteStream {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly httpVersionMajor?: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly complete?: boolean;
  readonly destroyed?: boolean;
  readonly readableDidRead?: boolean;
  readonly readableEnded?: boolean;
  readonly socket?: NodeSocket | null;
}

/** What the framework knows of the request. */
export interface Given {
  /** The address where it is not that of the stream: mounted routers cut it. */
  readonly target?: string | undefined;
  /** What was made of the body, where the framework keeps both. */
  readonly rawBody?: unknown;
  readonly body?: unknown;
  /** How to get the bytes in this framework, for the error's hint. */
  readonly fix: string;
}

/** Lets the receiver handle it. Null where the sender is gone. */
export async function exchange(
  receiver: AdapterReceiver,
  request: NodeRequest,
  given: Given,
  options: AdapterOptions,
): Promise<Answer | null> {
  const { method = "GET", url = "/", headers, socket, httpVersionMajor } = request;
  const header = readerOf(headers);
  const body = await bodyOf(request, given, header, receiver.bodyBytesMax);
  if (body.kind === "aborted") return null;
  const host = header("host") ?? header(":authority") ?? "localhost";
  const seen = seenIn(given.target ?? url, { scheme: schemeOf(socket), host });
  const peer = (): string | undefined => socket?.remoteAddress;
  const { answer } = await handOver(receiver, { method, headers, seen, peer, body }, options);
  // A body is still coming that nobody will read. HTTP/2 has no such header, and closes the one stream.
  const mustClose = request.complete === false && httpVersionMajor !== 2;
  return mustClose ? { ...answer, headers: { ...answer.headers, connection: "close" } } : answer;
}

/** Only the sockets of TLS have `encrypted`. */
function schemeOf(socket: NodeSocket | null | undefined): string {
  return socket?.encrypted === true ? "https" : "http";
}

/**
 * Bytes that the application kept come first, then the stream, then bytes that a parser left as they were. A parsed object is
 * never printed again: that gives other bytes.
 */
async function bodyOf(
  request: NodeRequest,
  { rawBody, body, fix }: Given,
  header: HeaderReader,
  bytesMax: number,
): Promise<Body> {
  const length = header("content-length");
  const kept = bytesOf(rawBody);
  if (kept !== null) return keptBody(kept, length, fix);
  if (isUnread(request)) {
    // What is declared too large is not read at all; a smaller figure is not believed.
    return Number(length) > bytesMax ? tooLarge(bytesMax) : readStream(request, bytesMax);
  }
  const parsed = bytesOf(body);
  if (parsed !== null) return keptBody(parsed, length, fix);
  if (request.complete === false && request.destroyed === true) return { kind: "aborted" };
  const isEmpty = header("transfer-encoding") === null && Number(length) === 0;
  if (isEmpty) return bytesBody(NOTHING);
  return lost(
    body === undefined || body === null ? "BODY_ALREADY_READ" : "BODY_ALREADY_PARSED",
    fix,
  );
}

function isUnread({ readableDidRead, readableEnded, destroyed }: NodeRequest): boolean {
  return readableDidRead !== true && readableEnded !== true && destroyed !== true;
}
