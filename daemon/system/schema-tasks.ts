/** What the daemon and the process that runs schemas say to each other: one task, one answer, one at a time. */
import type { Problem } from "../domain/errors.ts";

/** For one event's data. Good schemas take microseconds. */
export const DECIDE_MS_MAX = 250;
export const COMPILE_MS_MAX = 1_000;
/** A task that has taken this long is answered as far as it got, so that others have their turn. */
export const TASK_MS = 20;
/** Of the heap of the process. */
export const MEMORY_MIB_MAX = 128;

export type SchemaTask =
  | {
      readonly kind: "compile";
      /** JSON text. */
      readonly schema: string;
      /** What later tasks call it; null where it is only tried. */
      readonly key: number | null;
      /** Whether all that was compiled before is let go. */
      readonly isFirst: boolean;
    }
  | {
      readonly kind: "validate";
      /** Of compiled schemas, one for each piece of data. */
      readonly keys: readonly number[];
      readonly bytes: readonly number[];
      /** JSON texts, one after another. Bytes in one piece cost the daemon a copy; values, a walk through each. */
      readonly data: Uint8Array;
    };

/** What is wrong with one event's data; empty for nothing. */
export type Verdict = readonly Problem[] | "too_slow";

export interface SchemaAnswer {
  /** Why the schema could not be compiled. */
  readonly fault: string | null;
  /** At least one of a task to validate, in order; perhaps fewer than were asked for. */
  readonly verdicts: readonly Verdict[];
}
