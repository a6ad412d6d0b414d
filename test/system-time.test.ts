import assert from "node:assert/strict";
import { test } from "node:test";

import type { Log } from "../daemon/domain/ports.ts";
import { createClock, openClock } from "../daemon/system/clock.ts";
import type { Calendar, Job } from "../daemon/system/schedule.ts";
import { startSchedule } from "../daemon/system/schedule.ts";

const HOUR_MS = 3_600_000;

test("a calendar set back by an hour does not stop time", () => {
  const at = { wallMs: 1_000_000_000, monotonicMs: 50 };
  const clock = createClock({ wallMs: () => at.wallMs, monotonicMs: () => at.monotonicMs });
  assert.equal(clock.nowMs(), 1_000_000_000);
  at.wallMs += 5 - HOUR_MS;
  at.monotonicMs += 5;
  assert.equal(clock.nowMs(), 1_000_000_005);
  assert.equal(clock.wallMs(), 1_000_000_005 - HOUR_MS);
});

test("a calendar set forward is followed at once, and stays followed", () => {
  const at = { wallMs: 1_000_000_000, monotonicMs: 50 };
  const clock = createClock({ wallMs: () => at.wallMs, monotonicMs: () => at.monotonicMs });
  at.wallMs += HOUR_MS;
  assert.equal(clock.nowMs(), 1_000_000_000 + HOUR_MS);
  at.wallMs -= HOUR_MS;
  at.monotonicMs += 7;
  assert.equal(clock.nowMs(), 1_000_000_007 + HOUR_MS);
});

test("whatever the calendar does, time never goes back and is told in whole milliseconds", () => {
  const at = { wallMs: 5_000_000.4, monotonicMs: 0.3 };
  const clock = createClock({ wallMs: () => at.wallMs, monotonicMs: () => at.monotonicMs });
  let last = 0;
  for (const jumpMs of [0, 10, -500, 90_000, -1e9, 1e6, -3, 0.6, -0.6]) {
    at.wallMs += jumpMs;
    at.monotonicMs += 0.25;
    const now = clock.nowMs();
    assert.ok(now >= last && Number.isInteger(now), `${now} after ${last}`);
    last = now;
  }
});

test("the machine's own clock is near its calendar", () => {
  const clock = openClock();
  assert.ok(Math.abs(clock.nowMs() - Date.now()) < 50);
});

const silent: Log = { info() {}, warn() {}, error() {} };

/** A calendar whose hands a test moves; `* * * * * *` is each second, `hourly` each hour. */
function handCalendar(startMs: number) {
  let wallMs = startMs;
  let beat = () => {};
  const calendar: Calendar = {
    wallMs: () => wallMs,
    runMs: () => wallMs,
    nextAtMs: (cron) => {
      const stepMs = cron === "hourly" ? HOUR_MS : 1_000;
      return (Math.floor(wallMs / stepMs) + 1) * stepMs;
    },
    everySecond(run) {
      beat = run;
      return () => {
        beat = () => {};
      };
    },
  };
  return {
    calendar,
    /** The calendar moves by `ms`, then a beat comes. */
    move(ms: number) {
      wallMs += ms;
      beat();
    },
  };
}

function counting(cron: string): Job & { count: number } {
  return {
    name: cron,
    cron,
    count: 0,
    async run() {
      this.count++;
    },
  };
}

/** Lets the promises of finished runs settle. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a job runs at its turns and not between them", async () => {
  const { calendar, move } = handCalendar(0);
  const [tick, hourly] = [counting("* * * * * *"), counting("hourly")];
  startSchedule([tick, hourly], silent, calendar);
  for (let second = 0; second < 3600; second++) {
    assert.equal(hourly.count, 0);
    move(1000);
    await settled();
  }
  assert.deepEqual([tick.count, hourly.count], [3600, 1]);
});

test("a calendar set forward by a month costs one turn, not two million", async () => {
  const { calendar, move } = handCalendar(0);
  const job = counting("* * * * * *");
  startSchedule([job], silent, calendar);
  move(31 * 24 * HOUR_MS);
  await settled();
  assert.equal(job.count, 1);
  move(1000);
  await settled();
  assert.equal(job.count, 2);
});

test("a calendar set back by an hour stops a job of each second for no more than a second", async () => {
  const { calendar, move } = handCalendar(10 * HOUR_MS);
  const job = counting("* * * * * *");
  startSchedule([job], silent, calendar);
  move(-HOUR_MS);
  move(1000);
  await settled();
  move(1000);
  await settled();
  assert.equal(job.count, 2);
});

test("a job never overlaps itself, and stopping waits for it", async () => {
  const { calendar, move } = handCalendar(0);
  let runs = 0;
  let finish = () => {};
  const run = () => {
    runs++;
    return new Promise<void>((resolve) => {
      finish = resolve;
    });
  };
  const schedule = startSchedule([{ name: "slow", cron: "*", run }], silent, calendar);
  for (let second = 0; second < 5; second++) move(1000);
  assert.equal(runs, 1);
  finish();
  await settled();
  move(1000);
  assert.equal(runs, 2);
  let isStopped = false;
  const stopping = (async () => {
    await schedule.stop();
    isStopped = true;
  })();
  await settled();
  assert.equal(isStopped, false);
  finish();
  await stopping;
  move(1000);
  assert.equal(runs, 2);
});

test("a job that throws is logged and has its next turn", async () => {
  const { calendar, move } = handCalendar(0);
  const told: string[] = [];
  let runs = 0;
  const run = async () => {
    runs++;
    throw new Error("no");
  };
  const log = { ...silent, error: (message: string) => told.push(message) };
  startSchedule([{ name: "bad", cron: "*", run }], log, calendar);
  move(1000);
  await settled();
  move(1000);
  await settled();
  assert.equal(runs, 2);
  assert.match(told[0] ?? "", /job bad failed/);
});

test("a schedule tells of each job when it ran, how long, how that ended, and when it runs next", async () => {
  const { calendar, move } = handCalendar(0);
  let isBroken = true;
  const run = async () => {
    if (isBroken) throw new Error("no disk");
  };
  const schedule = startSchedule([{ name: "look", cron: "*", run }], silent, calendar);
  const never = { lastAtMs: null, lastMs: null, lastError: null };
  assert.deepEqual(schedule.report(), [{ name: "look", cron: "*", ...never, nextAtMs: 1000 }]);
  move(1000);
  await settled();
  const [failed] = schedule.report();
  assert.deepEqual(
    [failed?.lastAtMs, failed?.lastMs, failed?.lastError, failed?.nextAtMs],
    [1000, 0, "no disk", 2000],
  );
  isBroken = false;
  move(1000);
  await settled();
  assert.equal(schedule.report()[0]?.lastError, null);
});

test("an expression that can't be read is refused at once", () => {
  const job = { name: "odd", cron: "every tuesday", run: async () => {} };
  assert.throws(() => startSchedule([job], silent));
});

test("by the machine's own calendar a job of each second runs within two", async () => {
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("it did not run")), 3_000);
    const schedule = startSchedule(
      [
        {
          name: "tick",
          cron: "* * * * * *",
          async run() {
            clearTimeout(late);
            void schedule.stop().then(resolve);
          },
        },
      ],
      silent,
    );
  });
});
