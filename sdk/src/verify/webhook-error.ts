import type { Answer, WebhookErrorCode } from "./error.ts";

/** By the beginning of the code; what is not genuine gets 401. Those that come with an answer of their own are not here. */
const STATUSES: readonly (readonly [starts: RegExp, status: number])[] = [
  [/^(HEADER_MAL|BODY_INV)/, 400],
  [/^ADDRESS/, 403],
  [/^DUPLICATE/, 409],
  [/^BODY_TOO/, 413],
  [/^(PAYLOAD|ID_)/, 422],
  [/^RATE/, 429],
  [/^(BODY_ALR|CONFIG|SECRET|HANDLER_F)/, 500],
  [/^(KEY|BUSY|INBOX|HANDLER_T)/, 503],
];

export interface WebhookErrorExtra {
  /** The likely cause and its repair, for the developer; never a secret, a signature or a payload. */
  readonly hint?: string | null;
  readonly retryAfterMs?: number;
  /** Given by the provider where it insists on a status of its own. */
  readonly status?: number;
  /** The whole answer, where it is prescribed (a handshake). */
  readonly answer?: Answer;
  readonly cause?: unknown;
}

/**
 * A refusal as a value, and as what `verifyOrThrow` and the constructors throw. The message has the form *expected … got …*;
 * neither it nor the hint ever holds a secret, an expected signature or a payload.
 */
export class WebhookError extends Error {
  // Declared, here and in the classes of each request: a field that is not has a value before the constructor gives it one.
  declare readonly code: WebhookErrorCode;
  declare readonly status: number;
  /** Whether the same request may succeed later. */
  declare readonly isRetryable: boolean;
  declare readonly hint: string | null;
  declare readonly retryAfterMs: number | null;
  readonly #answer: Answer | undefined;

  constructor(code: WebhookErrorCode, message: string, extra: WebhookErrorExtra = {}) {
    super(message, extra);
    this.name = "WebhookError";
    this.code = code;
    const status = STATUSES.find(([starts]) => starts.test(code))?.[1] ?? 401;
    this.status = extra.answer?.status ?? extra.status ?? status;
    this.isRetryable = status >= 500 || status === 429;
    this.hint = extra.hint ?? null;
    this.retryAfterMs = extra.retryAfterMs ?? null;
    this.#answer = extra.answer;
  }

  /**
   * What to answer the sender: the status, and nothing that helps a forger (the body is empty for a refused signature; Xero
   * insists on that). `Retry-After` where a time is known.
   */
  toAnswer(): Answer {
    if (this.#answer !== undefined) return this.#answer;
    const { status, retryAfterMs: ms } = this;
    const headers = ms === null ? {} : { "retry-after": `${Math.ceil(ms / 1_000)}` };
    return { status, headers, body: "" };
  }

  toResponse(): Response {
    return toResponse(this.toAnswer());
  }
}

/** The usual refusal: *expected X to be Y, got Z*. */
export function expected(
  code: WebhookErrorCode,
  wanted: string,
  got: string,
  extra?: WebhookErrorExtra,
): WebhookError {
  return new WebhookError(code, `expected ${wanted}, got ${got}`, extra);
}

/** What a value is, for a message that must not say more. */
export function kindOf(value: unknown): string {
  return value === null ? "null" : typeof value;
}

/** An `Answer` as a Fetch `Response`; statuses that forbid a body get none, and an empty body gets no type by itself. */
export function toResponse({ status, headers, body }: Answer): Response {
  const isBodiless = body === "" || status === 204 || status === 205 || status === 304;
  return new Response(isBodiless ? null : body, { status, headers });
}
