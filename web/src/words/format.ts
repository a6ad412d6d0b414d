import { computed } from "@preact/signals";
import { nowMs } from "../data/clock.ts";
import { language } from "./words.ts";

/** Changes at midnight only: what is written with it must not be drawn anew each second. */
const today = computed(() => new Date(nowMs.value).toDateString());

const formats = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language.value}${JSON.stringify(options)}`;
  const known = formats.get(key) ?? new Intl.DateTimeFormat(language.value, options);
  formats.set(key, known);
  return known;
}

/** Date and time to the second, in the reader's own zone. */
export function dateTime(atMs: number): string {
  return format({ dateStyle: "medium", timeStyle: "medium" }).format(atMs);
}

/** The time alone for today, with the date for other days. */
export function shortTime(atMs: number): string {
  const isToday = new Date(atMs).toDateString() === today.value;
  return format(
    isToday ? { timeStyle: "medium" } : { dateStyle: "short", timeStyle: "short" },
  ).format(atMs);
}

/** A sentence of the daemon's, whose times are in UTC, with the reader's own in their place. */
export function withLocalTimes(sentence: string): string {
  return sentence.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (at) =>
    shortTime(Date.parse(at)),
  );
}

/** A label of a time axis of that length: the time of day, or the date where it spans several. */
export function axisTime(atMs: number, spanMs: number): string {
  return format(
    spanMs > 2 * 86_400_000
      ? { day: "numeric", month: "short" }
      : { hour: "2-digit", minute: "2-digit" },
  ).format(atMs);
}

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

/** "in 5 min", "3 hours ago". */
export function distance(atMs: number): string {
  const awayMs = atMs - nowMs.value;
  const [unit, unitMs] = UNITS.find(([, ms]) => Math.abs(awayMs) >= ms) ?? UNITS[3];
  const relative = new Intl.RelativeTimeFormat(language.value, { numeric: "auto", style: "short" });
  return relative.format(Math.trunc(awayMs / unitMs), unit);
}

/** 4.2 ms, 1.31 s, 3 min: as much as says something. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${number(ms, ms < 10 ? 1 : 0)} ms`;
  if (ms < 120_000) return `${number(ms / 1_000, 2)} s`;
  return `${number(ms / 60_000, 0)} min`;
}

/** 4:05, 2:10:00: what is left, to the second. */
export function countdown(leftMs: number): string {
  const s = Math.ceil(leftMs / 1_000);
  const parts = [Math.floor(s / 3_600), Math.floor(s / 60) % 60, s % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown
    .map((part, index) => (index === 0 ? `${part}` : `${part}`.padStart(2, "0")))
    .join(":");
}

export function number(value: number, fractionDigits = 0): string {
  return new Intl.NumberFormat(language.value, { maximumFractionDigits: fractionDigits }).format(
    value,
  );
}

/** 0.9987 as 99.8 %: never rounded up to a hundred, which would hide a failure. */
export function percent(share: number): string {
  const cut = share === 1 ? 1 : Math.floor(share * 1_000) / 1_000;
  return new Intl.NumberFormat(language.value, {
    style: "percent",
    maximumFractionDigits: 1,
  }).format(cut);
}

/** 1,200 as 1.2K: for tiles and axes. */
export function compact(value: number): string {
  return new Intl.NumberFormat(language.value, {
    notation: "compact",
    maximumFractionDigits: 1,
  }).format(value);
}

const SIZES = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

export function bytes(count: number): string {
  const power = count < 1 ? 0 : Math.min(Math.floor(Math.log2(count) / 10), SIZES.length - 1);
  return `${number(count / 2 ** (10 * power), power === 0 ? 0 : 1)} ${SIZES[power]}`;
}
