import { listed, timedList } from "./listed.ts";
import { makeProvider } from "./make-provider.ts";
import type { Provider } from "./provider.ts";
import type { ReadyScheme, ReadySignature } from "./ready-scheme.ts";
import { checkSpec } from "./spec-check.ts";
import type { ProviderSpec, Scheme, TimestampRule } from "./spec.ts";
import { timed } from "./timed.ts";

/**
 * A provider from its declaration. Throws `WebhookError` (`CONFIG_INVALID`, `SECRET_MISSING`, `SECRET_INVALID`) for what can
 * never verify anything, and for a member that is none or of another kind. It holds its secrets out of sight: no printing,
 * copying or serialising shows them.
 */
export function defineProvider<E = unknown>(spec: ProviderSpec<E>): Provider<E> {
  checkSpec(spec);
  return makeProvider({ ...spec, schemes: spec.schemes.map(readyScheme) });
}

function readyScheme(scheme: Scheme): ReadyScheme {
  if (scheme.kind === "custom") return scheme;
  const { timestamp, separator, ...others } = scheme;
  return {
    ...others,
    ...(separator !== undefined && listed(separator)),
    ...(timestamp !== undefined && timeOfScheme(timestamp, separator)),
  };
}

function timeOfScheme(
  { from, unit, toleranceS }: TimestampRule,
  separator = ",",
): Pick<ReadySignature, "timestamp"> {
  return "item" in from
    ? timedList(separator, from.item, unit, toleranceS)
    : { timestamp: timed(from, unit, toleranceS) };
}
