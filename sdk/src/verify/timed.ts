import type { Time, TimedRule } from "./ready-scheme.ts";
import { readerOf } from "./sources.ts";
import type { Source, TimestampRule, TimeUnit } from "./spec.ts";
import { TOLERANCE_S, timeMs, windowError } from "./times.ts";
import { expected } from "./webhook-error.ts";

/** That the sender signs a time, and where it stands. */
export function timed(
  from: Source,
  unit: TimeUnit,
  toleranceS: TimestampRule["toleranceS"],
): TimedRule {
  const { name, from: part, read } = readerOf(from);
  const isInBody = part === "body";
  return {
    from,
    unit,
    toleranceS,
    isInBody,
    reader: (rule) => (request, event, _, nowMs) => {
      const text = read(request, event);
      if (text !== null) return timeOf(text, name, rule, nowMs);
      const error = expected(isInBody ? "TIMESTAMP_MISSING" : "HEADER_MISSING", name, "none");
      return { text: "", ms: null, error };
    },
  };
}

/** The time that a text says, which may be none or outside the window. */
export function timeOf(
  text: string,
  name: string,
  { unit, toleranceS = TOLERANCE_S }: TimestampRule,
  nowMs: number,
): Time {
  const ms = timeMs(text, unit);
  let error = null;
  if (ms === null) {
    error = expected("HEADER_MALFORMED", `${name} to be a time in ${unit}`, "something else");
  } else if (toleranceS !== null) error = windowError(ms, nowMs, toleranceS);
  return { text, ms, error };
}
