import type { TimeUnit } from "./spec.ts";
import { expected } from "./webhook-error.ts";
import type { WebhookError } from "./webhook-error.ts";

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
  const isOld = agoMs > 0;
  const s = Math.ceil(Math.abs(agoMs) / 1_000);
  if (Math.abs(agoMs) <= toleranceS * 1_000) return null;
  return expected(
    isOld ? "TIMESTAMP_TOO_OLD" : "TIMESTAMP_TOO_NEW",
    `a time within ${toleranceS} s`,
    `one ${s} s ${isOld ? "ago" : "ahead"}`,
    {
      // Decades off is no clock.
      hint:
        s > 1e9
          ? "Seconds were taken for milliseconds, or the reverse."
          : `The clock here is ${isOld ? "fast, or the request old" : "slow"}.`,
    },
  );
}
