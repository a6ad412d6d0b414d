import { ANY_BODY } from "../verify/body.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertReading } from "../verify/option-checks.ts";
import { assertOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import type { Sources } from "../verify/spec.ts";
import { TOKEN_OPTIONS, tokenScheme } from "../verify/token-place.ts";
import type { TokenOptions } from "../verify/token-place.ts";

export interface AnyTokenOptions extends TokenOptions {
  /** Default POST alone. */
  readonly methods?: readonly string[] | undefined;
  readonly id?: Sources | undefined;
  readonly type?: Sources | undefined;
}

/**
 * A sender that signs nothing and sends a shared secret as it is; default `bearer`. Nothing proves the body: use it over TLS
 * alone, and take what it says as a hint to ask the sender's own API.
 */
export function token<E = unknown>(options: AnyTokenOptions): Provider<E> {
  assertOptions("token", options, [...TOKEN_OPTIONS, "methods", "id", "type"]);
  assertReading(options);
  return makeProvider<E>({
    name: "token",
    methods: options.methods ?? ["POST"],
    schemes: [tokenScheme(options, "bearer")],
    body: ANY_BODY,
    id: options.id ?? [],
    type: options.type ?? [],
  });
}
