import type { VerifyResult } from "./delivery.ts";
import type { Answer } from "./error.ts";
import type { ReadRequest } from "./read-request.ts";

/** What a check may use of the world. */
export interface CheckContext {
  readonly nowMs: number;
}

/**
 * One sender's scheme with the receiver's secrets in it, as `defineProvider` and the factories under `providers/` make it.
 * One route has one provider: nothing is ever tried with the secrets of another.
 */
export interface Provider<E = unknown> {
  readonly name: string;
  /** The methods it answers; others are refused with 405 before anything is hashed. */
  readonly methods: readonly string[];
  /** What a handled event is answered where the handler says nothing itself (Adyen's `[accepted]`); 200 if not given. */
  readonly acknowledgement?: Answer | undefined;
  /** Never rejects for what a request holds. */
  check(request: ReadRequest, context: CheckContext): Promise<VerifyResult<E>>;
}
