import type { Timers } from "../verify/timers.ts";
import { HandlerTimeoutError } from "./handler-errors.ts";

/**
 * Runs the work with a time limit. When it is over the signal is aborted and the result is a rejection, whether the work heeds
 * the signal or not: nobody waits for a handler that hangs. What it does later is nobody's result.
 */
export function withinDeadline<T>(
  timers: Timers,
  timeoutMs: number,
  work: (signal: AbortSignal) => T | Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  return new Promise((resolve, reject) => {
    const cancel = timers.after(timeoutMs, () => {
      const error = new HandlerTimeoutError(timeoutMs);
      controller.abort(error);
      reject(error);
    });
    const started = new Promise<T>((settle) => settle(work(controller.signal)));
    started.then(resolve, reject).finally(cancel);
  });
}
