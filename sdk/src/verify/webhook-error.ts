import type { Answer, WebhookErrorCode } from "./error.ts";

/** The HTTP answer and the meaning of each code. `isRetryable`: the same request may succeed later. */
const CODES: Readonly<Record<WebhookErrorCode, readonly [status: number, isRetryable: boolean]>> = {
  HEADER_MISSING: [401, false],
  HEADER_MALFORMED: [400, false],
  SCHEME_UNSUPPORTED: [401, false],
  SIGNATURE_MISMATCH: [401, false],
  TOKEN_MISMATCH: [401, false],
  BODY_DIGEST_MISMATCH: [401, false],
  TIMESTAMP_MISSING: [401, false],
  TIMESTAMP_TOO_OLD: [401, false],
  TIMESTAMP_TOO_NEW: [401, false],
  REPLAYED: [401, false],
  BODY_TOO_LARGE: [413, false],
  BODY_INVALID: [400, false],
  METHOD_NOT_ALLOWED: [405, false],
  ADDRESS_NOT_ALLOWED: [403, false],
  RATE_LIMITED: [429, true],
  CERT_URL_UNTRUSTED: [401, false],
  BODY_ALREADY_PARSED: [500, true],
  BODY_ALREADY_READ: [500, true],
  CONFIG_INVALID: [500, true],
  SECRET_INVALID: [500, true],
  SECRET_MISSING: [500, true],
  KEY_UNAVAILABLE: [503, true],
  PAYLOAD_INVALID: [422, false],
  ID_CONFLICT: [422, false],
  BUSY: [503, true],
  INBOX_UNAVAILABLE: [503, true],
  HANDLER_FAILED: [500, true],
  HANDLER_TIMEOUT: [503, true],
  DUPLICATE: [409, false],
  HANDSHAKE: [200, false],
};

export interface WebhookErrorExtra {
  /** The likely cause and its repair, for the developer; never a secret, a signature or a payload. */
  readonly hint?: string;
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
  readonly isRetryable: boolean;
  readonly hint: string | null;
  readonly retryAfterMs: number | null;
  readonly #answer: Answer | undefined;

  constructor(code: WebhookErrorCode, message: string, extra: WebhookErrorExtra = {}) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
    this.name = "WebhookError";
    this.code = code;
    const [status, isRetryable] = CODES[code];
    this.status = extra.answer?.status ?? extra.status ?? status;
    this.isRetryable = isRetryable;
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
