import type { Readiness } from "./readiness.ts";
import type { Retention } from "./retention.ts";
import type { Statistics } from "./statistics.ts";

/** What is done by the clock, and when: the smallest piece of each room that it needs. */
export interface JobsNeeds {
  readonly engine: { tick(): void };
  readonly ingest: { backlogCounted(): void };
  readonly office: {
    readonly keys: { flushUsed(): Promise<void> };
    readonly endpoints: { pruneSecrets(): Promise<number> };
    readonly deletion: { finishDeletions(): Promise<number> };
  };
  readonly people: {
    readonly sessions: { flush(): Promise<void> };
    readonly audit: { forget(): Promise<void> };
  };
  readonly statistics: Pick<Statistics, "flush" | "forget">;
  readonly readiness: Pick<Readiness, "look">;
  readonly retention: Pick<Retention, "run">;
  /** Counts anew what waits. */
  readonly count: () => Promise<void>;
}

export interface Job {
  readonly name: string;
  readonly cron: string;
  run(): Promise<void>;
}

export function createJobs(needs: JobsNeeds): readonly Job[] {
  const { engine, ingest, office, people, statistics, readiness, retention, count } = needs;
  return [
    // First of all and on its own: deliveries must not wait for anything that fails here.
    { name: "deliver what is due", cron: "* * * * * *", run: async () => engine.tick() },
    {
      name: "count what waits",
      cron: "* * * * * *",
      async run() {
        await count();
        ingest.backlogCounted();
      },
    },
    { name: "look at the disk", cron: "* * * * * *", run: () => readiness.look() },
    {
      name: "note when keys were used",
      cron: "*/30 * * * * *",
      run: () => office.keys.flushUsed(),
    },
    {
      name: "note when sessions were seen",
      cron: "*/30 * * * * *",
      run: () => people.sessions.flush(),
    },
    {
      name: "forget old entries of the audit log",
      cron: "41 * * * *",
      run: () => people.audit.forget(),
    },
    // A second after the minute, so that it is over by any clock.
    { name: "write the statistics", cron: "1 * * * * *", run: () => statistics.flush() },
    { name: "forget old statistics", cron: "31 * * * *", run: () => statistics.forget() },
    { name: "forget what is old", cron: "17 * * * *", run: () => retention.run() },
    {
      name: "drop expired secrets",
      cron: "*/10 * * * *",
      run: async () => void (await office.endpoints.pruneSecrets()),
    },
    {
      name: "end deletions that were interrupted",
      cron: "*/15 * * * * *",
      run: async () => void (await office.deletion.finishDeletions()),
    },
  ];
}
