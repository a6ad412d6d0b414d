import type { TimeUnit } from "./spec.ts";
import { WebhookError } from "./webhook-error.ts";

export const TOLERANCE_S = 300;

const INTEGER = /^(0|[1-9][0-9]{0,15})$/;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** Milliseconds since 1970, or null for what is no time in that unit. Strict: `1614265330abc` is none. */
export function timeMs(text: string, unit: TimeUnit): number | null {
  if (unit === "iso") {
    const ms = ISO.test(text) ? Date.parse(text) : Number.NaN;
    return Number.isNaN(ms) ? null : ms;
  }
  if (!INTEGER.test(text)) return null;
  return unit === "s" ? Number(text) * 1_000 : Number(text);
}

/** Null where the time is at most `toleranceS` away from the clock, on either side. */
export function windowError(
  timestampMs: number,
  nowMs: number,
  toleranceS: number,
): WebhookError | null {
  const agoMs = nowMs - timestampMs;
  if (Math.abs(agoMs) <= toleranceS * 1_000) return null;
  const s = Math.ceil(Math.abs(agoMs) / 1_000);
  return agoMs > 0
    ? new WebhookError(
        "TIMESTAMP_TOO_OLD",
        `expected a time at most ${toleranceS} s ago, got one ${s} s ago`,
        {
          hint: `An old request, or this machine's clock is ${s} s ahead. ${unitHint(agoMs)}`.trimEnd(),
        },
      )
    : new WebhookError(
        "TIMESTAMP_TOO_NEW",
        `expected a time at most ${toleranceS} s ahead, got one ${s} s ahead`,
        {
          hint: `This machine's clock is ${s} s behind the sender's. ${unitHint(agoMs)}`.trimEnd(),
        },
      );
}

/** Decades off is no clock: seconds were taken for milliseconds, or the reverse. */
function unitHint(agoMs: number): string {
  return Math.abs(agoMs) > 1e12
    ? "Check the unit: it seems to be s where ms is meant, or the reverse."
    : "";
}
