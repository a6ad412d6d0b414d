/** Why a request was refused, or could not be served, as a closed list that callers may branch on. */
export type WebhookErrorCode =
  // What the request lacks or has wrong.
  | "HEADER_MISSING"
  | "HEADER_MALFORMED"
  | "SCHEME_UNSUPPORTED" // signed, but only in a way that this provider must not accept (sha1 at GitHub)
  | "SIGNATURE_MISMATCH"
  | "TOKEN_MISMATCH"
  | "BODY_DIGEST_MISMATCH"
  | "TIMESTAMP_MISSING"
  | "TIMESTAMP_TOO_OLD"
  | "TIMESTAMP_TOO_NEW"
  | "REPLAYED"
  | "BODY_TOO_LARGE"
  | "BODY_INVALID"
  | "METHOD_NOT_ALLOWED"
  | "ADDRESS_NOT_ALLOWED"
  | "RATE_LIMITED"
  | "CERT_URL_UNTRUSTED"
  // What the application has wrong.
  | "BODY_ALREADY_PARSED"
  | "BODY_ALREADY_READ"
  | "CONFIG_INVALID"
  | "SECRET_INVALID"
  | "SECRET_MISSING"
  | "KEY_UNAVAILABLE"
  // What the receiver says after verification.
  | "PAYLOAD_INVALID"
  | "ID_CONFLICT"
  | "BUSY"
  | "INBOX_UNAVAILABLE"
  | "HANDLER_FAILED"
  | "HANDLER_TIMEOUT"
  | "DUPLICATE"
  /** Thrown by `verifyOrThrow` only: the request is genuine and wants the answer in `toResponse()`, not a handler. */
  | "HANDSHAKE";

/** An HTTP answer as plain data. Header names are lower-case. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
