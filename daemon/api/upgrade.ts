/** The door of the live feed: who may come in is found out before the connection is handed over. */
import type { IncomingMessage } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { AppError } from "../domain/errors.ts";
import type { Caller } from "../domain/ports.ts";
import { bearerKey, callerOf, mustBeAllowed } from "./auth.ts";
import type { ApiNeeds } from "./needs.ts";
import { mustBeOwnPage, peerOf } from "./peer.ts";
import { problemAnswer } from "./problems.ts";
import { needsScope } from "./route.ts";

/** Below the base path. */
export const LIVE_PATH = "/v1/live";

/** What becomes of requests that ask for another protocol. */
export interface Upgrade {
  /** Others are answered as if they had not asked: some clients offer HTTP/2 with each request, and don't insist. */
  readonly wants: (request: IncomingMessage) => boolean;
  readonly take: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** `known`: the caller, where the listener knows it already. */
export function createUpgrade(
  needs: ApiNeeds,
  known: Caller | null,
  prefix: string,
  nextRequestId: () => string,
): Upgrade {
  function wants({ headers, method, url }: IncomingMessage): boolean {
    const isSocket = headers.upgrade?.toLowerCase() === "websocket";
    return isSocket && method === "GET" && url?.split("?")[0] === `${prefix}${LIVE_PATH}`;
  }

  return {
    wants,
    take(request, socket, head) {
      // Whoever hangs up now hangs up; the one who takes over listens for itself.
      socket.on("error", () => socket.destroy());
      try {
        // Before Node 24.9 the server asks nobody, and whoever offers another protocol comes here.
        if (!wants(request)) throw new AppError("not_found", `expected ${LIVE_PATH} by WebSocket`);
        const caller = known ?? callerOf(request, () => peerOf(request, needs.proxies), needs);
        // A browser opens such connections for any page, and sends the cookie along.
        if (caller.session !== null) mustBeOwnPage(request, peerOf(request, needs.proxies));
        mustBeAllowed(caller, needsScope("read"));
        const isGood = goodnessOf(needs, request, caller);
        needs.live.connect(request, socket, head, {
          applicationSeq: caller.applicationSeq,
          isGood,
        });
      } catch (error) {
        refuse(needs, socket, error, nextRequestId());
      }
    },
  };
}

function goodnessOf(
  { keys, people }: ApiNeeds,
  request: IncomingMessage,
  { session }: Caller,
): () => boolean {
  if (session !== null) return () => people.sessions.isOpen(session.id);
  const key = bearerKey(request);
  return () => key === null || keys.authenticate(key) !== null;
}

function refuse(needs: ApiNeeds, socket: Duplex, error: unknown, requestId: string): void {
  const { status, headers, document, isOurs } = problemAnswer(error, requestId);
  needs.metrics.rejected(document.code);
  if (isOurs) needs.log.error("a live connection failed", { requestId, error });
  const text = JSON.stringify(document);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    ...Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`),
    "Content-Type: application/problem+json",
    `Content-Length: ${Buffer.byteLength(text)}`,
    "Connection: close",
  ];
  socket.end(`${lines.join("\r\n")}\r\n\r\n${text}`);
}
