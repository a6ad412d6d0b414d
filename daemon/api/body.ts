/**
 * Reading a request's body within a limit. No body-parser package: they buffer before they count, or answer 413 and then
 * go on reading what nobody wants.
 */
import type { IncomingMessage } from "node:http";
import { AppError, expected } from "../domain/errors.ts";

/** The caller went away before its request was whole; there is nobody to answer. */
export class CallerGone extends Error {
  constructor() {
    super("the connection was closed before the request's end");
    this.name = "CallerGone";
  }
}

/** Unread bytes that are worth swallowing to keep a connection; with more, closing it is cheaper. */
const SWALLOW_BYTES_MAX = 64 * 1024;

/**
 * The body's bytes, as they came. Throws `body_too_large` before reading anything where `Content-Length` says so, and at
 * the first byte beyond `bytesMax` where it does not; what is left is never read. Throws `unsupported_media_type` for a
 * compressed body: the bytes are passed on as they are, and a small body must not unpack to a large one. How long a
 * slow sender may take is the server's `requestTimeout`.
 */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const { "content-length": length, "content-encoding": coding } = request.headers;
  if (coding !== undefined && coding.toLowerCase() !== "identity") {
    const message = expected("Content-Encoding", "absent or identity", coding);
    throw new AppError("unsupported_media_type", message);
  }
  if (length !== undefined && Number(length) > bytesMax) throw tooLarge(bytesMax, length);
  return collect(request, bytesMax);
}

function collect(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;

    function stop(): void {
      request.off("data", onData);
      request.off("end", onEnd);
      request.off("close", onGone);
    }
    function onData(chunk: Buffer): void {
      size += chunk.length;
      if (size <= bytesMax) {
        chunks.push(chunk);
        return;
      }
      stop();
      request.pause();
      reject(tooLarge(bytesMax, null));
    }
    function onEnd(): void {
      stop();
      const [first] = chunks;
      resolve(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, size));
    }
    function onGone(): void {
      stop();
      reject(new CallerGone());
    }
    // An error without a listener would end the process; `close` follows it and says the same.
    request.on("error", ignore);
    request.on("data", onData);
    request.on("end", onEnd);
    request.on("close", onGone);
    if (request.destroyed && !request.readableEnded) onGone();
  });
}

function ignore(): void {}

function tooLarge(bytesMax: number, length: string | null): AppError {
  const got = length === null ? "more" : Number(length);
  const message =
    got === "more"
      ? `expected the body to be at most ${bytesMax} bytes, got more`
      : expected("the body", `at most ${bytesMax} bytes`, got);
  return new AppError("body_too_large", message);
}

/**
 * Whether the connection has to go after the answer, because it would have to be read on only to throw away what comes.
 */
export function mustClose(request: IncomingMessage): boolean {
  if (request.complete) return false;
  const { "content-length": length, "transfer-encoding": transfer } = request.headers;
  return transfer !== undefined || (length !== undefined && Number(length) > SWALLOW_BYTES_MAX);
}
