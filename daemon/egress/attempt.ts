/** One POST as undici's callbacks tell it, until its one outcome. */
import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import type {
  Answered,
  OutgoingRequest,
  Outcome,
  ReceiverControl,
  ResponseRecord,
} from "../domain/attempt.ts";
import type { Timers } from "../domain/ports.ts";
import { socketText } from "./address.ts";
import type { Connection } from "./connections.ts";
import { failed, requestEnding, type Ending } from "./failure.ts";
import type { Target } from "./target.ts";

export interface AttemptTerms {
  readonly timers: Pick<Timers, "after">;
  /** A clock that never goes back. */
  readonly nowMs: () => number;
  readonly responseBytesMax: number;
  /** How much more than that is read and thrown away to keep the connection, before it is rather closed. */
  readonly discardedBytesMax: number;
}

/** The reason undici gets when we hang up. It comes back as an error and is no outcome: the answer is kept, or time is up. */
const HUNG_UP = new Error("expected no more of this answer to be needed");

/**
 * Sends and waits. Resolves once, with exactly one outcome, and never rejects. The deadline covers everything from here
 * to the last byte. Once status and headers are there the attempt is answered, however the body ends: the receiver has
 * decided, and to send the event again for want of the rest would only make it decide twice.
 */
export function attempt(
  connection: Connection,
  options: Dispatcher.DispatchOptions,
  target: Target,
  timeoutMs: number,
  terms: AttemptTerms,
): Promise<Outcome> {
  const startedAtMs = terms.nowMs();
  const { responseBytesMax, discardedBytesMax } = terms;
  return new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | null = null;
    let isOver = false;
    let status = 0;
    let headers: IncomingHttpHeaders = {};
    let bodyBytes = 0;
    const kept: Uint8Array[] = [];

    const settle = (outcome: Ending | Omit<Answered, "durationMs">): void => {
      if (isOver) return;
      isOver = true;
      stopClock();
      resolve({ ...outcome, durationMs: terms.nowMs() - startedAtMs });
    };
    const answer = (isCut: boolean): void =>
      settle(answered(status, headers, { excerpt: joined(kept), isCut }));
    const settleBroken = (ending: Ending): void => {
      if (status === 0) settle(ending);
      else answer(true);
    };
    const stopClock = terms.timers.after(timeoutMs, () => {
      const where = socketText(target.host, target.port);
      settleBroken(failed("timeout", `${where} did not answer within ${timeoutMs} ms.`));
      controller?.abort(HUNG_UP);
    });

    connection.dispatch(options, {
      onRequestStart(started) {
        controller = started;
        // The deadline passed while this waited for its connection: nothing is written any more.
        if (isOver) started.abort(HUNG_UP);
      },
      onResponseStart(_controller, statusCode, fields) {
        if (statusCode < 200) return; // 102 Processing, 103 Early Hints: the answer is still to come
        status = statusCode;
        headers = fields;
      },
      onResponseData(receiving, chunk) {
        const space = responseBytesMax - bodyBytes;
        bodyBytes += chunk.length;
        // Copied: `chunk` is a window on a read buffer of 64 KiB, which a short excerpt would keep alive.
        if (space > 0) kept.push(new Uint8Array(chunk.subarray(0, space)));
        if (bodyBytes > responseBytesMax + discardedBytesMax) receiving.abort(HUNG_UP);
      },
      onResponseEnd() {
        connection.giveBack();
        answer(bodyBytes > responseBytesMax);
      },
      onResponseError(_controller, error) {
        connection.drop();
        settleBroken(requestEnding(error, socketText(target.host, target.port)));
      },
    });
  });
}

/** What undici needs of a request. `isLast` closes the connection after it. */
export function dispatchOptions(
  request: OutgoingRequest,
  target: Target,
  userAgent: string | null,
  isLast: boolean,
): Dispatcher.DispatchOptions {
  const headers: string[] = [];
  let hasAgent = userAgent === null;
  for (const [name, value] of request.headers) {
    headers.push(name, value);
    hasAgent ||= name.toLowerCase() === "user-agent";
  }
  if (!hasAgent && userAgent !== null) headers.push("user-agent", userAgent);
  const { origin, path } = target;
  const options = { origin, path, method: "POST" as const, headers, body: request.body };
  return isLast ? { ...options, reset: true } : options;
}

function answered(
  status: number,
  fields: IncomingHttpHeaders,
  body: Pick<ResponseRecord, "excerpt" | "isCut">,
): Omit<Answered, "durationMs"> {
  return {
    kind: "answered",
    status,
    retryAfter: firstOf(fields["retry-after"]),
    control: controlOf(firstOf(fields["webhook-delivery"])),
    response: { headerLines: linesOf(fields), ...body },
  };
}

function linesOf(fields: IncomingHttpHeaders): string {
  let lines = "";
  const add = (name: string, value: string): void => {
    lines += lines === "" ? `${name}: ${value}` : `\n${name}: ${value}`;
  };
  for (const name in fields) {
    const value = fields[name];
    if (Array.isArray(value)) for (const each of value) add(name, each);
    else if (value !== undefined) add(name, value);
  }
  return lines;
}

function firstOf(value: string | string[] | undefined): string | null {
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

function controlOf(value: string | null): ReceiverControl | null {
  const text = value?.trim().toLowerCase();
  return text === "disable" || text === "abort-message" ? text : null;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  if (first === undefined) return new Uint8Array(0);
  return chunks.length === 1 ? first : Buffer.concat(chunks);
}
