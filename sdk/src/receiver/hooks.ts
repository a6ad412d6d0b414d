import type { WebhookErrorCode } from "../verify/error.ts";
import type { Outcome } from "./receiver.ts";

/** What logs and metrics may know: ids, types, codes and times; no payload, no header, no secret. */
export interface Noted {
  readonly endpoint: string;
  readonly provider: string;
  /** Null where the request was refused before it was known. */
  readonly id: string | null;
  readonly type: string | null;
  readonly outcome: Outcome;
  readonly code: WebhookErrorCode | null;
  /** Of this receiver, from 1; null where no handler ran. */
  readonly attempt: number | null;
  /** From the request's arrival, or from the worker's start on the event. */
  readonly durationMs: number;
}

interface NotedError extends Noted {
  /** What the handler or the inbox threw. It is the application's own, and holds what the application wrote into it. */
  readonly error: unknown;
}

interface NotedProblems extends Noted {
  /** Where the payload does not fit its schema. */
  readonly paths: readonly string[];
}

/** Told, never asked: what a hook returns, throws or rejects with changes nothing, and nobody waits for it. */
export interface Hooks {
  /** A genuine request of the provider, before anything else happens with it. */
  readonly onReceived?: (noted: Omit<Noted, "outcome">) => unknown;
  readonly onRefused?: (noted: Noted) => unknown;
  readonly onHandshake?: (noted: Noted) => unknown;
  readonly onStored?: (noted: Noted) => unknown;
  readonly onHandled?: (noted: Noted) => unknown;
  readonly onDuplicate?: (noted: Noted) => unknown;
  readonly onIgnored?: (noted: Noted) => unknown;
  /** The sender, or the worker, tries again. Includes an inbox that is down. */
  readonly onFailed?: (noted: NotedError) => unknown;
  /** In the dead letters from now on: somebody should look. */
  readonly onDead?: (noted: NotedError) => unknown;
  /** Beside `onDead` or `onRefused`, when a payload does not fit its schema: the sender has changed something, or the schema is wrong. */
  readonly onInvalidPayload?: (noted: NotedProblems) => unknown;
}

/** All of them, for checking names. */
export const HOOK_NAMES: readonly (keyof Hooks)[] = [
  "onReceived",
  "onRefused",
  "onHandshake",
  "onStored",
  "onHandled",
  "onDuplicate",
  "onIgnored",
  "onFailed",
  "onDead",
  "onInvalidPayload",
];

/** Calls a hook, and forgets what comes of it. */
export function tell<T>(hook: ((noted: T) => unknown) | undefined, noted: T): void {
  if (hook === undefined) return;
  try {
    Promise.resolve(hook(noted)).catch(() => {});
  } catch {
    // A log that fails must not cost an event.
  }
}
