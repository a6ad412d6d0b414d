/** Thrown by a handler: trying again would not help. The event goes to the dead letters, and the sender is told to stop. */
export class PermanentError extends Error {
  override readonly name = "PermanentError";
}

/** Thrown by a handler: try again, but not before `retryAfterMs` have passed. */
export class RetryAfterError extends Error {
  override readonly name = "RetryAfterError";
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number, message = `try again after ${retryAfterMs} ms`) {
    super(message);
    if (!(retryAfterMs >= 0 && Number.isFinite(retryAfterMs))) {
      throw new RangeError(`expected retryAfterMs to be 0 or more, got ${retryAfterMs}`);
    }
    this.retryAfterMs = retryAfterMs;
  }
}

/** The handler's time is over. It is also the reason of the handler's `AbortSignal`. */
export class HandlerTimeoutError extends Error {
  override readonly name = "HandlerTimeoutError";

  constructor(timeoutMs: number) {
    super(`expected the handler to end within ${timeoutMs} ms, got no end`);
  }
}

/** The payload does not fit the schema of its type. `paths` says where; what stands there is in no message. */
export class InvalidPayloadError extends Error {
  override readonly name = "InvalidPayloadError";
  readonly paths: readonly string[];

  constructor(paths: readonly string[]) {
    super(
      `expected the payload to fit the schema of its type, got problems at ${paths.join(", ")}`,
    );
    this.paths = paths;
  }
}
