import { systemClock } from "../verify/clock.ts";
import { assertOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import type { RawRequest } from "../verify/request.ts";
import { signedDraft } from "./sign.ts";
import type { SignOptions } from "./sign.ts";

export { certificateFetch } from "./certificate-fetch.ts";
export { diagnose } from "./diagnose.ts";
export type { DiagnoseOptions, Finding } from "./diagnose.ts";
export type { SignOptions, Tamper } from "./sign.ts";

/** A clock that stands still until it is told to go on. Hand over `clock.now` wherever a clock can be given. */
export interface FakeClock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  advance(ms: number): void;
}

export function fakeClock(startMs: number): FakeClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance(ms) {
      nowMs += ms;
    },
  };
}

const SIGN_OPTIONS = [
  "body",
  "type",
  "id",
  "nowMs",
  "url",
  "method",
  "attempt",
  "headers",
  "privateKey",
  "scheme",
  "tamper",
];

/**
 * A request that this provider's verifier accepts, signed by the inverse of its declaration; with `tamper`, one that it
 * refuses. Rejects with `WebhookError` (`CONFIG_INVALID`, `SECRET_INVALID`) where that can't be made, and for an option that
 * there is not.
 */
export async function signRaw<E>(
  provider: Provider<E>,
  options: SignOptions = {},
): Promise<RawRequest> {
  assertOptions("signRaw", options, SIGN_OPTIONS);
  const draft = await signedDraft(provider, options, options.nowMs ?? systemClock());
  return {
    method: draft.method,
    url: draft.url(),
    headers: draft.headers(),
    body: draft.read().body,
  };
}

/** The same as a Fetch `Request`, for receivers that take one. */
export async function signRequest<E>(
  provider: Provider<E>,
  options: SignOptions = {},
): Promise<Request> {
  assertOptions("signRequest", options, SIGN_OPTIONS);
  const { method, url, headers, body } = await signRaw(provider, options);
  const isBodiless = method === "GET" || method === "HEAD";
  return new Request(url, {
    method,
    headers: headers as Record<string, string>,
    body: isBodiless ? null : body,
  });
}
