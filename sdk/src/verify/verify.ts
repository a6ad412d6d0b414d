import { systemClock } from "./clock.ts";
import type { Delivery, VerifyResult } from "./delivery.ts";
import { refused } from "./make-provider.ts";
import { assertOptions } from "./options.ts";
import type { Provider } from "./provider.ts";
import { readRequest } from "./read.ts";
import type { RawRequest } from "./request.ts";
import { WebhookError, expected } from "./webhook-error.ts";

export const BODY_BYTES_MAX = 1_048_576;

export interface VerifyOptions {
  /** Milliseconds since 1970. */
  readonly clock?: (() => number) | undefined;
  /** Default 1 MiB. A larger body is refused before anything is hashed. */
  readonly bodyBytesMax?: number | undefined;
}

/**
 * Whether the request is genuine, and what it says. Never throws or rejects for what a request holds; the body must be the
 * bytes as they came, before any parser. Rejects with `CONFIG_INVALID` for an option that there is not: as a refusal, each
 * sender would be told of it and the developer would not.
 */
export async function verify<E>(
  input: Request | RawRequest,
  provider: Provider<E>,
  options: VerifyOptions = {},
): Promise<VerifyResult<E>> {
  assertOptions("verify", options, ["clock", "bodyBytesMax"]);
  const { clock = systemClock, bodyBytesMax = BODY_BYTES_MAX } = options;
  try {
    if (!provider.methods.includes(input.method)) {
      const allow = provider.methods.join(", ");
      const answer = { status: 405, headers: { allow }, body: "" };
      const wanted = `the method to be ${allow}`;
      return refused(expected("METHOD_NOT_ALLOWED", wanted, "another", { answer }));
    }
    const reading = readRequest(input, bodyBytesMax);
    const request = reading instanceof Promise ? await reading : reading;
    if (request instanceof WebhookError) return refused(request);
    // After the body, which may have taken its time to come.
    return await provider.check(request, { nowMs: clock() });
  } catch (cause) {
    // An input of another shape, or a function of the provider's own that throws: the application's fault, and the sender
    // keeps the event.
    return refused(
      cause instanceof WebhookError
        ? cause
        : expected("CONFIG_INVALID", "a usable request and provider", "an error", { cause }),
    );
  }
}

/**
 * The delivery, or a thrown `WebhookError`. Its `toResponse()` is the answer to the sender; with the code `HANDSHAKE` the
 * request is genuine, and that answer is all it wants.
 */
export async function verifyOrThrow<E>(
  input: Request | RawRequest,
  provider: Provider<E>,
  options?: VerifyOptions,
): Promise<Delivery<E>> {
  const result = await verify(input, provider, options);
  if (result.kind === "delivery") return result.delivery;
  if (result.kind === "refused") throw result.error;
  throw expected("HANDSHAKE", "an event", "a handshake", result);
}
