import type { ListRule, TimedRule } from "./ready-scheme.ts";
import type { TimestampRule, TimeUnit } from "./spec.ts";
import { timeOf } from "./timed.ts";
import { expected } from "./webhook-error.ts";

/** That signatures stand in a list, and what is between its items. */
export function listed(separator: string): ListRule {
  return { separator, split: (text) => itemsOf(text, separator) };
}

/** The same for lists in which the signed time is the item that begins with `item`. */
export function timedList(
  separator: string,
  item: string,
  unit: TimeUnit,
  toleranceS: TimestampRule["toleranceS"],
): ListRule & { readonly timestamp: TimedRule } {
  return {
    separator,
    split: (text, times) =>
      itemsOf(text, separator).filter((one) => {
        const isTime = one.startsWith(item);
        if (isTime) times.push(one.slice(item.length));
        return !isTime;
      }),
    timestamp: {
      from: { item },
      unit,
      toleranceS,
      isInBody: false,
      reader: (rule, place) => (_request, _event, times, nowMs) => {
        const [text = ""] = times;
        if (times.length === 1) return timeOf(text, "the timestamp", rule, nowMs);
        const wanted = `${place} to have one item ${item}…`;
        const error = expected("HEADER_MALFORMED", wanted, `${times.length}`);
        return { text, ms: null, error };
      },
    },
  };
}

function itemsOf(text: string, separator: string): readonly string[] {
  return text
    .split(separator)
    .map((item) => item.trim())
    .filter((item) => item !== "");
}
