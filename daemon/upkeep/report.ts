import type { DatabaseSize } from "../domain/database-size.ts";
import { remembered } from "./remembered.ts";

/** Adding up the tables reads the whole file. */
const SIZE_AGE_MS = 60_000;

/** When a job ran last, and how that ended. */
export interface JobReport {
  readonly name: string;
  readonly cron: string;
  readonly lastAtMs: number | null;
  readonly lastMs: number | null;
  /** Of the last run; null where that went well. */
  readonly lastError: string | null;
  readonly nextAtMs: number;
}

/** What the daemon runs on; the same for as long as it runs. */
interface MachineFacts {
  readonly node: string;
  readonly sqlite: string;
  readonly platform: string;
  readonly startedAtMs: number;
}

export interface Report extends MachineFacts {
  readonly memoryBytes: number;
  /** A minute old at most. */
  readonly database: DatabaseSize;
  readonly diskFreeBytes: number;
  readonly jobs: readonly JobReport[];
  readonly watchers: number;
}

export interface ReportNeeds {
  readonly facts: MachineFacts;
  readonly memoryBytes: () => number;
  readonly size: () => Promise<DatabaseSize>;
  readonly diskFreeBytes: () => Promise<number>;
  readonly jobs: () => readonly JobReport[];
  /** How many look on live. */
  readonly watchers: () => number;
  /** A clock that never goes back. */
  readonly nowMs: () => number;
}

/** A look at the machine room, whenever somebody asks for one. */
export function createReport(needs: ReportNeeds): () => Promise<Report> {
  const size = remembered(needs.nowMs, SIZE_AGE_MS, needs.size);
  return async () => ({
    ...needs.facts,
    memoryBytes: needs.memoryBytes(),
    database: await size(),
    diskFreeBytes: await needs.diskFreeBytes(),
    jobs: needs.jobs(),
    watchers: needs.watchers(),
  });
}
