import { AppError } from "../domain/errors.ts";
import type { Clock } from "../domain/ports.ts";

/** Failures that cost nothing: people mistype. */
const FREE = 5;
const WAIT_MS_FIRST = 1_000;
const WAIT_MS_MAX = 15 * 60_000;
const FORGOTTEN_AFTER_MS = 60 * 60_000;
const ENTRIES_MAX = 10_000;

/**
 * Slows down guessing: after five failures each one doubles the wait, up to a quarter of an hour. Kept in memory and bounded; a
 * restart forgets it, and a restart takes longer than it saves a guesser.
 */
export interface Throttle {
  /**
   * Counts an attempt as failed before it is made, or a hundred at once would all be free. Throws `too_many_attempts` while one
   * of these subjects has to wait.
   */
  attempt(subjects: readonly string[]): void;
  /** It did not fail: these subjects begin anew. */
  succeeded(subjects: readonly string[]): void;
}

interface Entry {
  readonly failures: number;
  readonly waitsUntilMs: number;
  readonly lastMs: number;
}

export function createThrottle({ nowMs }: Pick<Clock, "nowMs">): Throttle {
  const entries = new Map<string, Entry>();

  function noteFailure(subject: string): void {
    const atMs = nowMs();
    const known = entries.get(subject);
    const isOld = known === undefined || atMs - known.lastMs > FORGOTTEN_AFTER_MS;
    const failures = isOld ? 1 : known.failures + 1;
    const waitMs = failures < FREE ? 0 : WAIT_MS_FIRST * 2 ** Math.min(failures - FREE, 20);
    // Anew at the end, so that the first of the map is the one whose last failure is longest ago.
    entries.delete(subject);
    entries.set(subject, {
      failures,
      waitsUntilMs: atMs + Math.min(waitMs, WAIT_MS_MAX),
      lastMs: atMs,
    });
    const [oldest] = entries.keys();
    if (entries.size > ENTRIES_MAX && oldest !== undefined) entries.delete(oldest);
  }

  return {
    attempt(subjects) {
      const waits = subjects.map((subject) => entries.get(subject)?.waitsUntilMs ?? 0);
      const waitMs = Math.max(0, ...waits) - nowMs();
      if (waitMs <= 0) return subjects.forEach(noteFailure);
      const retryAfterS = Math.ceil(waitMs / 1_000);
      const message = `expected fewer failed attempts, got too many: the next may be made in ${retryAfterS} s`;
      throw new AppError("too_many_attempts", message, { retryAfterS });
    },
    succeeded(subjects) {
      for (const subject of subjects) entries.delete(subject);
    },
  };
}
