import type { EventType } from "../domain/application.ts";
import type { Problem } from "../domain/errors.ts";
import { AppError } from "../domain/errors.ts";
import type { Log, SchemaChecker, Timers } from "../domain/ports.ts";
import { createFairQueue } from "./fair-queue.ts";
import type { SchemaChild } from "./schema-child.ts";
import { startSchemaChild } from "./schema-child.ts";
import type { SchemaAnswer, SchemaTask } from "./schema-tasks.ts";
import { COMPILE_MS_MAX, DECIDE_MS_MAX, MEMORY_MIB_MAX } from "./schema-tasks.ts";

/** What may wait to be looked at, of all applications; one of them has half of the places at most. */
const WAITING_MAX = 5_000;
const WAITING_BYTES_MAX = 64 * 1_048_576;
const TURN_EVENTS_MAX = 256;
const TURN_BYTES_MAX = 1_048_576;
/** Compiled schemas that are kept; the next one starts anew with none. */
const COMPILED_MAX = 500;
/** The process starts in a tenth of this on a small computer. */
const START_MS_MAX = 10_000;
/** Beyond what the process allows itself. It stops slow schemas on its own; this is for one that stands still. */
const GRACE_MS = 2_000;
/** A type whose schema failed is refused that long. */
const REFUSED_MS = 60_000;
/** The process takes some 50 MB, which a home server that sees one event a day has better uses for. */
const IDLE_MS = 60_000;
const RETRY_AFTER_S = 5;

export interface SchemaCheckerNeeds {
  readonly timers: Pick<Timers, "after">;
  readonly log: Pick<Log, "warn">;
  /** Default: a process of its own. */
  readonly start?: typeof startSchemaChild;
}

export interface RunningSchemaChecker extends SchemaChecker {
  /** Ends the process, and rejects what waits with `unavailable`. */
  stop(): void;
}

/** What is known of the schema of a type, until the type is put anew. */
interface Entry {
  readonly key: number;
  readonly type: EventType;
  /** Why events of the type are refused for now. */
  refusal: string | null;
}

interface Waiting<Answer> {
  readonly owner: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: AppError) => void;
  /** The process ended while it was looked at. It is looked at once more, alone. */
  isSuspect: boolean;
}

interface TryJob extends Waiting<string | null> {
  readonly kind: "try";
  readonly schema: string;
}

interface DataJob extends Waiting<readonly Problem[]> {
  readonly kind: "data";
  readonly entry: Entry;
  readonly data: Uint8Array;
}

type Job = TryJob | DataJob;

type Work =
  | { readonly kind: "try"; readonly jobs: readonly [TryJob] }
  | { readonly kind: "load"; readonly jobs: readonly [DataJob] }
  | { readonly kind: "data"; readonly jobs: readonly DataJob[] };

type Turn = Work | { readonly kind: "start"; readonly jobs: readonly [] };

/**
 * Runs schemas in a process of their own, which is started when the first schema is used. Applications take turns; a turn is
 * one task for the process. What was under way when the process ends is asked again, one by one, so that only what ends it
 * twice is refused.
 */
export function createSchemaChecker(needs: SchemaCheckerNeeds): RunningSchemaChecker {
  const { timers, log, start = startSchemaChild } = needs;
  const entries = new WeakMap<EventType, Entry>();
  const queue = createFairQueue<Job>();
  const room = createRoom();
  const compiled = new Set<number>();
  let lastKey = 0;
  let child: SchemaChild | null = null;
  let turn: Turn | null = null;
  /** Taken from the queue for the turn that comes next. */
  let held: Job | null = null;
  let cancelTimer = (): void => undefined;
  let isStopped = false;

  function entryOf(type: EventType): Entry {
    const known = entries.get(type);
    if (known !== undefined) return known;
    const entry = { key: (lastKey += 1), type, refusal: null };
    entries.set(type, entry);
    return entry;
  }

  /** Resolves with the job's answer. */
  function ask<Answer>(
    owner: number,
    bytes: number,
    jobOf: (waiting: Waiting<Answer>) => Job,
  ): Promise<Answer> {
    if (isStopped) return Promise.reject(unavailable("the daemon is stopping"));
    if (!room.take(owner, bytes)) return Promise.reject(backlogFull());
    return new Promise<Answer>((resolve, reject) => {
      const leaving =
        <T>(done: (value: T) => void) =>
        (value: T) => {
          room.leave(owner, bytes);
          done(value);
        };
      const ends = { resolve: leaving(resolve), reject: leaving(reject) };
      queue.put(owner, jobOf({ owner, ...ends, isSuspect: false }));
      next();
    });
  }

  function next(): void {
    if (turn !== null || isStopped) return;
    if (child === null) {
      if (held !== null || queue.size > 0) startChild();
      return;
    }
    const coming = nextTurn();
    if (coming === null) return waitFor(IDLE_MS, letGo);
    turn = coming;
    waitFor((coming.kind === "data" ? DECIDE_MS_MAX : COMPILE_MS_MAX) + GRACE_MS, () =>
      giveUp("standing still"),
    );
    child.send(taskOf(coming));
  }

  function startChild(): void {
    turn = { kind: "start", jobs: [] };
    waitFor(START_MS_MAX, () => giveUp("not starting"));
    try {
      child = start({ onAnswer: answered, onEnd: lost });
    } catch (error) {
      // No memory for another process, say: Node tells some reasons by an event, and throws others.
      lost(error instanceof Error ? error.message : String(error));
    }
  }

  function waitFor(delayMs: number, run: () => void): void {
    cancelTimer();
    cancelTimer = timers.after(delayMs, run);
  }

  function letGo(): void {
    cancelTimer();
    child?.kill();
    child = null;
    compiled.clear();
  }

  function giveUp(how: string): void {
    child?.kill();
    lost(how);
  }

  function nextTurn(): Work | null {
    for (;;) {
      const job = held ?? queue.take();
      held = null;
      if (job === undefined) return null;
      if (job.kind === "try") return { kind: "try", jobs: [job] };
      const { refusal, key } = job.entry;
      if (refusal !== null) job.resolve([{ path: "/data", message: refusal }]);
      else if (!compiled.has(key)) return { kind: "load", jobs: [job] };
      else return { kind: "data", jobs: withOthers(job) };
    }
  }

  function withOthers(first: DataJob): DataJob[] {
    const jobs = [first];
    let bytes = first.data.length;
    while (!first.isSuspect && jobs.length < TURN_EVENTS_MAX && bytes < TURN_BYTES_MAX) {
      const job = queue.take();
      if (job === undefined) break;
      if (job.kind === "try" || job.isSuspect || !isReady(job.entry)) {
        held = job;
        break;
      }
      bytes += job.data.length;
      jobs.push(job);
    }
    return jobs;
  }

  function isReady({ key, refusal }: Entry): boolean {
    return refusal === null && compiled.has(key);
  }

  function taskOf(coming: Work): SchemaTask {
    switch (coming.kind) {
      case "try":
        return { kind: "compile", schema: coming.jobs[0].schema, key: null, isFirst: false };
      case "load": {
        const { key, type } = coming.jobs[0].entry;
        const isFirst = compiled.size >= COMPILED_MAX;
        if (isFirst) compiled.clear();
        return { kind: "compile", schema: JSON.stringify(type.schema), key, isFirst };
      }
      case "data": {
        const data = coming.jobs.map((job) => job.data);
        const bytes = data.map((each) => each.length);
        const keys = coming.jobs.map((job) => job.entry.key);
        return { kind: "validate", keys, bytes, data: Buffer.concat(data) };
      }
    }
  }

  function answered(answer: SchemaAnswer): void {
    const ended = turn;
    turn = null;
    if (ended !== null) settle(ended, answer);
    next();
  }

  function settle(ended: Turn, { fault, verdicts }: SchemaAnswer): void {
    switch (ended.kind) {
      case "start":
        return;
      case "try":
        ended.jobs[0].resolve(fault);
        return;
      case "load": {
        const [job] = ended.jobs;
        if (fault === null) compiled.add(job.entry.key);
        else refuse(job.entry, fault);
        held = job;
        return;
      }
      case "data":
        for (const [i, job] of ended.jobs.entries()) {
          const verdict = verdicts[i];
          if (verdict === "too_slow") refuse(job.entry, tooSlow(job.entry.type));
          else if (verdict !== undefined) job.resolve(verdict);
        }
        putBack(ended.jobs.filter((_, i) => typeof verdicts[i] !== "object"));
    }
  }

  /** In their order, before what came after them. */
  function putBack(jobs: readonly Job[]): void {
    for (const job of jobs.toReversed()) queue.putBack(job.owner, job);
  }

  function refuse(entry: Entry, why: string): void {
    entry.refusal = `${why}; its events are refused for a minute, or until the event type is put anew`;
    timers.after(REFUSED_MS, () => (entry.refusal = null));
    const { name, applicationSeq } = entry.type;
    log.warn("the schema of an event type failed, its events are refused", {
      event_type: name,
      application_seq: applicationSeq,
      reason: why,
    });
  }

  function lost(how: string): void {
    const ended = turn;
    turn = null;
    letGo();
    log.warn("the process that runs schemas ended", { how });
    if (ended?.kind === "start") rejectAll(unavailable(`schemas can't be run: ${how}`));
    else if (ended !== null) suspect(ended.jobs);
    next();
  }

  function suspect(jobs: readonly Job[]): void {
    const [only] = jobs;
    if (jobs.length === 1 && only?.isSuspect === true) return condemn(only);
    for (const job of jobs) job.isSuspect = true;
    putBack(jobs);
  }

  function condemn(job: Job): void {
    const name = job.kind === "try" ? "the schema" : `the schema of ${job.entry.type.name}`;
    const why = `expected ${name} to run in ${MEMORY_MIB_MAX} MiB of memory, got one that breaks down`;
    if (job.kind === "try") return job.resolve(why);
    refuse(job.entry, why);
    held = job;
  }

  function rejectAll(error: AppError): void {
    for (let job = held ?? queue.take(); job !== undefined; job = queue.take()) job.reject(error);
    held = null;
  }

  return {
    problemOf(applicationSeq, schema) {
      const text = JSON.stringify(schema);
      return ask(applicationSeq, text.length, (waiting) => ({
        ...waiting,
        kind: "try",
        schema: text,
      }));
    },
    problemsWith(type, data) {
      const entry = entryOf(type);
      return ask(type.applicationSeq, data.length, (waiting) => ({
        ...waiting,
        kind: "data",
        entry,
        data,
      }));
    },
    stop() {
      isStopped = true;
      const error = unavailable("the daemon is stopping");
      for (const job of turn?.jobs ?? []) job.reject(error);
      turn = null;
      rejectAll(error);
      letGo();
    },
  };
}

/** Who waits, by number and bytes. */
function createRoom() {
  const byOwner = new Map<number, number>();
  let count = 0;
  let waitingBytes = 0;
  return {
    /** False where there is none. */
    take(owner: number, bytes: number): boolean {
      const own = byOwner.get(owner) ?? 0;
      const isFull = count >= WAITING_MAX || own >= WAITING_MAX / 2;
      if (isFull || waitingBytes + bytes > WAITING_BYTES_MAX) return false;
      byOwner.set(owner, own + 1);
      count += 1;
      waitingBytes += bytes;
      return true;
    },
    leave(owner: number, bytes: number): void {
      const own = (byOwner.get(owner) ?? 0) - 1;
      if (own > 0) byOwner.set(owner, own);
      else byOwner.delete(owner);
      count -= 1;
      waitingBytes -= bytes;
    },
  };
}

function tooSlow({ name }: EventType): string {
  return `expected the schema of ${name} to decide within ${DECIDE_MS_MAX} ms, got no decision`;
}

function backlogFull(): AppError {
  const wanted = "fewer events to wait for their schemas";
  const message = `expected ${wanted}; nothing was accepted, come back in ${RETRY_AFTER_S} s`;
  return new AppError("backlog_full", message, { retryAfterS: RETRY_AFTER_S });
}

function unavailable(why: string): AppError {
  return new AppError("unavailable", `expected the schema to be run, got none: ${why}`, {
    retryAfterS: RETRY_AFTER_S,
  });
}
