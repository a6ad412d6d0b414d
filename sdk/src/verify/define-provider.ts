import { makeProvider } from "./make-provider.ts";
import type { Provider } from "./provider.ts";
import { checkSpec } from "./spec-check.ts";
import type { ProviderSpec } from "./spec.ts";

/**
 * A provider from its declaration. Throws `WebhookError` (`CONFIG_INVALID`, `SECRET_MISSING`, `SECRET_INVALID`) for what can
 * never verify anything, and for a member that is none or of another kind. It holds its secrets out of sight: no printing,
 * copying or serialising shows them.
 */
export function defineProvider<E = unknown>(spec: ProviderSpec<E>): Provider<E> {
  checkSpec(spec);
  return makeProvider(spec);
}
