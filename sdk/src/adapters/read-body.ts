/** A request's body as the bytes that came, never more of them than the limit, and never waiting for one that is gone. */
import { WebhookError } from "../verify/webhook-error.ts";

export type Body =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "refused"; readonly error: WebhookError }
  /** The sender went away: there is nobody to answer. */
  | { readonly kind: "aborted" };

/** The part of a Node stream that reading takes. */
export interface ByteStream {
  on(event: string, listener: (...values: never[]) => void): unknown;
  removeListener(event: string, listener: (...values: never[]) => void): unknown;
  pause(): unknown;
}

export const NOTHING = new Uint8Array(0);

export type HeldBody = Exclude<Body, { readonly kind: "aborted" }>;

export const bytesBody = (bytes: Uint8Array): HeldBody => ({ kind: "bytes", bytes });

export function tooLarge(bytesMax: number): HeldBody {
  const message = `expected a body of at most ${bytesMax} bytes, got more`;
  return { kind: "refused", error: new WebhookError("BODY_TOO_LARGE", message) };
}

/** The cause repeats the hint: it is what the receiver's hooks pass on. */
export function lost(code: "BODY_ALREADY_PARSED" | "BODY_ALREADY_READ", hint: string): HeldBody {
  const got = code === "BODY_ALREADY_PARSED" ? "what a parser made of it" : "a stream read before";
  const message = `expected the body as it came, got ${got}`;
  const cause = new Error(`${message}; ${hint}`);
  return { kind: "refused", error: new WebhookError(code, message, { hint, cause }) };
}

/** Bytes that a parser has kept; text stands for its UTF-8. Null for anything else. */
export function bytesOf(value: unknown): Uint8Array | null {
  if (value instanceof Uint8Array) return value;
  // Test runners give the application a Uint8Array of its own.
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  return typeof value === "string" ? new TextEncoder().encode(value) : null;
}

/**
 * Bytes that passed through a parser. Text that was decoded with losses, trimmed or inflated has another length than what came,
 * and the signature can't fit: this says why.
 */
export function keptBody(bytes: Uint8Array, contentLength: string | null, fix: string): HeldBody {
  const isChanged = contentLength !== null && Number(contentLength) !== bytes.length;
  return isChanged ? lost("BODY_ALREADY_PARSED", fix) : bytesBody(bytes);
}

/** Reads a Node stream that nobody has read. Past the limit it is paused and left. */
export function readStream(stream: ByteStream, bytesMax: number): Promise<Body> {
  const collector = createCollector(bytesMax);
  return new Promise((resolve) => {
    const end = (body: Body): void => {
      stream.removeListener("data", onData);
      stream.removeListener("end", onEnd);
      stream.removeListener("close", onGone);
      // The one for errors stays: a connection that breaks later must not throw.
      resolve(body);
    };
    const onData = (chunk: Uint8Array | string): void => {
      if (collector.add(bytesOf(chunk) ?? NOTHING)) return;
      stream.pause();
      end(tooLarge(bytesMax));
    };
    const onEnd = (): void => end(bytesBody(collector.bytes()));
    const onGone = (): void => end({ kind: "aborted" });
    stream.on("data", onData);
    stream.on("end", onEnd);
    stream.on("error", onGone);
    stream.on("close", onGone);
  });
}

/**
 * Joins chunks up to a limit. Doubles one buffer instead of keeping the chunks: a body that is sent byte by byte would cost a
 * hundred times its size in objects. What the sender says of the length reserves nothing.
 */
function createCollector(bytesMax: number): {
  /** False where the chunk goes past the limit. */
  add(chunk: Uint8Array): boolean;
  bytes(): Uint8Array;
} {
  let buffer: Uint8Array = NOTHING;
  let length = 0;
  return {
    add(chunk) {
      const needed = length + chunk.length;
      if (needed > bytesMax) return false;
      // The first chunk is taken as it is: most bodies have one.
      if (length === 0) buffer = chunk;
      else {
        if (needed > buffer.length) {
          buffer = widened(buffer, Math.min(bytesMax, Math.max(needed, 2 * buffer.length)));
        }
        buffer.set(chunk, length);
      }
      length = needed;
      return true;
    },
    bytes: () => (buffer.length === length ? buffer : buffer.subarray(0, length)),
  };
}

function widened(bytes: Uint8Array, length: number): Uint8Array {
  const wider = new Uint8Array(length);
  wider.set(bytes);
  return wider;
}
