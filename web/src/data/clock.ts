import { signal } from "@preact/signals";

/** How far the daemon's clock is ahead of the browser's; null until the daemon said what time it has. */
let aheadMs: number | null = null;

/** The daemon's time now. Whatever is due, waits or began does so by its clock, and browsers' clocks are often wrong. */
export function serverNowMs(): number {
  return Date.now() + (aheadMs ?? 0);
}

/** The same, anew every second, so that "in 5 s" counts down by itself wherever it is read. */
export const nowMs = signal(Date.now());

/** To be called once: from then on `nowMs` moves. */
export function startClock(): void {
  setInterval(tick, 1_000);
}

/** The daemon's time as it comes with the live feed. */
export function setServerTime(time: string): void {
  set(Date.parse(time));
}

const DATE_DOUBT_MS = 2_000;

/**
 * The time of an answer, to the second: for as long as there is no live feed to say it better. Small differences are that
 * second's, and no reason to move.
 */
export function hearAnswerDate(date: string | null): void {
  if (aheadMs !== null || date === null) return;
  const atMs = Date.parse(date);
  if (Math.abs(atMs - Date.now()) > DATE_DOUBT_MS) set(atMs);
}

function set(atMs: number): void {
  if (Number.isNaN(atMs)) return;
  aheadMs = atMs - Date.now();
  tick();
}

function tick(): void {
  nowMs.value = serverNowMs();
}
