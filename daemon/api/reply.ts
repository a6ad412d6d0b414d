import type { IncomingMessage, ServerResponse } from "node:http";
import { mustClose } from "./body.ts";
import type { Reply } from "./route.ts";

/** How long a connection that must go stays open after its answer, unread, for the caller to take the answer out. */
const LINGER_MS = 1_000;

/**
 * Writes the answer in one piece. Where the request's body was left unread and is worth more than a moment, nothing more
 * of it is read and the connection is closed, a second after the last byte of the answer or when the caller closes it.
 */
export function writeReply(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  requestId: string,
): void {
  const { status, body } = reply;
  // One flat list: names and values in turn are the form that node:http takes without making an object of its own.
  const lines = ["Request-Id", requestId, "X-Content-Type-Options", "nosniff"];
  // Every answer is one caller's own, and many hold secrets or bodies of events.
  lines.push("Cache-Control", "no-store");
  for (const name in reply.headers) lines.push(name, reply.headers[name] ?? "");
  const isLast = mustClose(request);
  if (isLast) lines.push("Connection", "close");
  if (body.kind === "none") {
    response.writeHead(status, lines).end();
    return;
  }
  const type = body.kind === "json" ? "application/json" : body.contentType;
  const content = body.kind === "json" ? JSON.stringify(body.value) : body.text;
  lines.push("Content-Type", type, "Content-Length", String(Buffer.byteLength(content)));
  response.writeHead(status, lines);
  if (isLast) linger(response, content);
  else response.end(content);
}

/**
 * Closed at once, a socket with unread bytes in it makes the kernel send a reset, which can overtake the answer: the caller
 * would see no answer at all, and repeat what can never be accepted. RFC 9112 section 9.6 wants the rest read instead; not
 * reading costs the sender its buffers and us nothing.
 */
function linger(response: ServerResponse, content: string | Uint8Array): void {
  response.write(content);
  response.setTimeout(LINGER_MS, () => response.end());
}
