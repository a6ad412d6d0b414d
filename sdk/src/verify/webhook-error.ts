import type { Answer, WebhookErrorCode } from "./error.ts";

/** The HTTP answers that are not 401: what is not genuine gets that. */
const STATUSES: Readonly<Partial<Record<WebhookErrorCode, number>>> = {
  HEADER_MALFORMED: 400,
  BODY_TOO_LARGE: 413,
  BODY_INVALID: 400,
  METHOD_NOT_ALLOWED: 405,
  ADDRESS_NOT_ALLOWED: 403,
  RATE_LIMITED: 429,
  BODY_ALREADY_PARSED: 500,
  BODY_ALREADY_READ: 500,
  CONFIG_INVALID: 500,
  SECRET_INVALID: 500,
  SECRET_MISSING: 500,
  KEY_UNAVAILABLE: 503,
  PAYLOAD_INVALID: 422,
  ID_CONFLICT: 422,
  BUSY: 503,
  INBOX_UNAVAILABLE: 503,
  HANDLER_FAILED: 500,
  HANDLER_TIMEOUT: 503,
  DUPLICATE: 409,
  HANDSHAKE: 200,
};

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
  readonly code: WebhookErrorCode;
  readonly status: number;
  /** Whether the same request may succeed later. */
  readonly isRetryable: boolean;
  readonly hint: string | null;
  readonly retryAfterMs: number | null;
  readonly #answer: Answer | undefined;

  constructor(code: WebhookErrorCode, message: string, extra: WebhookErrorExtra = {}) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
    this.name = "WebhookError";
    this.code = code;
    const status = STATUSES[code] ?? 401;
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
    const headers: Record<string, string> = {};
    if (this.retryAfterMs !== null)
      headers["retry-after"] = `${Math.ceil(this.retryAfterMs / 1_000)}`;
    return { status: this.status, headers, body: "" };
  }

  toResponse(): Response {
    return toResponse(this.toAnswer());
  }
}

/** An `Answer` as a Fetch `Response`; statuses that forbid a body get none, and an empty body gets no type by itself. */
export function toResponse({ status, headers, body }: Answer): Response {
  const isBodiless = body === "" || status === 204 || status === 205 || status === 304;
  return new Response(isBodiless ? null : body, { status, headers });
}
