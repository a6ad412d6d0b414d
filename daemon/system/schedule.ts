import { createTask } from "node-cron";

import type { Log } from "../domain/ports.ts";
import { monotonicMs, openClock } from "./clock.ts";

export interface Job {
  readonly name: string;
  /** Five fields, or six with the second first; in the machine's time zone. */
  readonly cron: string;
  run(): Promise<void>;
}

/** When a job ran last, and how that ended. */
interface JobReport {
  readonly name: string;
  readonly cron: string;
  readonly lastAtMs: number | null;
  readonly lastMs: number | null;
  /** Of the last run; null where that went well. */
  readonly lastError: string | null;
  readonly nextAtMs: number;
}

export interface Schedule {
  /** A job that runs for the first time has no last run yet. */
  report(): readonly JobReport[];
  /** No job starts any more; resolves when the running ones have ended. */
  stop(): Promise<void>;
}

/** What a schedule asks of the calendar; the machine's own, or a test's. */
export interface Calendar {
  wallMs(): number;
  /** For how long something took, whatever the calendar does. */
  runMs(): number;
  /** The first time after now that the expression names. */
  nextAtMs(cron: string): number;
  /** Calls `beat` about once a second, whatever the calendar does. Returns how to end it. */
  everySecond(beat: () => void): () => void;
}

const BEAT_MS = 1000;

/**
 * Runs each job by its cron expression. A job never overlaps itself: while it runs its next turns
 * are skipped, not queued. A job that throws is logged and has its next turn. Throws at once where
 * an expression can't be read.
 *
 * node-cron reads the expressions, the beat is ours: its own timer sleeps until the next time it
 * expects, so a calendar set back by an hour would stop a job of every second for that hour, and
 * one set forward by a month (a board without a battery) makes it count through two million missed
 * seconds in one go. Here a jump forward costs one turn, and a jump back is noticed within a
 * second.
 */
export function startSchedule(
  jobs: readonly Job[],
  log: Log,
  calendar: Calendar = openCalendar(),
): Schedule {
  const running = new Map<Job, Promise<void>>();
  const runs = new Map<Job, LastRun>();
  const dueAtMs = new Map(jobs.map((job) => [job, calendar.nextAtMs(job.cron)]));
  let lastMs = calendar.wallMs();

  function fire(job: Job): void {
    if (running.has(job)) return;
    const startedMs = calendar.runMs();
    const lastAtMs = calendar.wallMs();
    const run = runLogged(job, log).then((lastError) => {
      running.delete(job);
      runs.set(job, { lastAtMs, lastMs: calendar.runMs() - startedMs, lastError });
    });
    running.set(job, run);
  }

  function beat(): void {
    const nowMs = calendar.wallMs();
    const isSetBack = nowMs < lastMs;
    lastMs = nowMs;
    for (const job of jobs) {
      const isDue = nowMs >= (dueAtMs.get(job) ?? 0);
      if (isDue) fire(job);
      if (isDue || isSetBack) dueAtMs.set(job, calendar.nextAtMs(job.cron));
    }
  }

  const endBeat = calendar.everySecond(beat);
  return {
    report: () =>
      jobs.map((job) => {
        const { name, cron } = job;
        return { name, cron, ...(runs.get(job) ?? NEVER), nextAtMs: dueAtMs.get(job) ?? 0 };
      }),
    async stop() {
      endBeat();
      await Promise.all(running.values());
    },
  };
}

type LastRun = Pick<JobReport, "lastAtMs" | "lastMs" | "lastError">;
const NEVER: LastRun = { lastAtMs: null, lastMs: null, lastError: null };

/** What went wrong, or null. */
async function runLogged(job: Job, log: Log): Promise<string | null> {
  try {
    await job.run();
    return null;
  } catch (error) {
    log.error(`job ${job.name} failed; it will run again at its next turn`, { error });
    return error instanceof Error ? error.message : String(error);
  }
}

function openCalendar(): Calendar {
  const clock = openClock();
  const readers = new Map<string, () => number>();
  return {
    wallMs: clock.wallMs,
    runMs: monotonicMs,
    nextAtMs(cron) {
      const reader = readers.get(cron) ?? readCron(cron);
      readers.set(cron, reader);
      return reader();
    },
    everySecond(beat) {
      const timer = setInterval(beat, BEAT_MS);
      timer.unref();
      return () => clearInterval(timer);
    },
  };
}

function readCron(cron: string): () => number {
  const task = createTask(cron, () => {});
  return () => {
    const [next] = task.getNextRuns(1);
    if (next === undefined) throw new Error(`expected ${cron} to name a time to come, got none`);
    return next.getTime();
  };
}
