/** What of the requests that failed gets into the log. */
import { AppError } from "../domain/errors.ts";
import type { Clock, Log } from "../domain/ports.ts";
import { StoreUnavailable } from "../domain/stores.ts";

/** Producers come back every few seconds, each of them, for as long as the disk is full. */
const REFUSALS_EVERY_MS = 10_000;

interface Failed {
  readonly requestId: string;
  readonly method: string | undefined;
  readonly path: string;
}

/**
 * A fault of ours with its trace, each time. Refusals for want of a disk or a file that takes writes are no faults: of those one line
 * each ten seconds, with how many there were since the last; a line for each would fill what is left of the disk.
 */
export function createFaultLog(
  log: Pick<Log, "error">,
  clock: Pick<Clock, "nowMs">,
): (error: unknown, failed: Failed) => void {
  let quietUntilMs = -Infinity;
  let unsaid = 0;
  return (error, { requestId, method, path }) => {
    const cause = error instanceof Error && error.cause !== undefined ? traceOf(error.cause) : null;
    if (!isRefusal(error)) {
      log.error("a request failed", { requestId, method, path, error: traceOf(error), cause });
      return;
    }
    const nowMs = clock.nowMs();
    if (nowMs < quietUntilMs) {
      unsaid += 1;
      return;
    }
    const since = unsaid === 0 ? {} : { refusedSinceTheLastLine: unsaid };
    log.error(`a request was refused: ${error.message}`, { requestId, method, path, ...since });
    quietUntilMs = nowMs + REFUSALS_EVERY_MS;
    unsaid = 0;
  };
}

function isRefusal(error: unknown): error is Error {
  if (error instanceof StoreUnavailable) return true;
  return error instanceof AppError && error.code === "unavailable";
}

function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error);
}
