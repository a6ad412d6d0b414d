import type { IncomingMessage, ServerResponse } from "node:http";
import { mustClose } from "./body.ts";
import type { Reply } from "./route.ts";

/**
 * Writes the answer in one piece. Where the request's body was left unread and is worth more than a moment, the
 * connection is closed after the last byte.
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
  if (mustClose(request)) lines.push("Connection", "close");
  if (body.kind === "none") {
    response.writeHead(status, lines).end();
    return;
  }
  const type = body.kind === "json" ? "application/json" : body.contentType;
  const content = body.kind === "json" ? JSON.stringify(body.value) : body.text;
  lines.push("Content-Type", type, "Content-Length", String(Buffer.byteLength(content)));
  response.writeHead(status, lines).end(content);
}
