/**
 * The program of the process that runs schemas: compiles and validates what it is told, and stops by itself what takes too
 * long. Whatever it does wrong ends with it.
 */
import { Script } from "node:vm";
import type { ErrorObject, ValidateFunction } from "ajv/dist/2020.js";
import { Ajv2020 } from "ajv/dist/2020.js";

import type { Problem } from "../domain/errors.ts";
import { monotonicMs } from "./clock.ts";
import type { SchemaAnswer, SchemaTask, Verdict } from "./schema-tasks.ts";
import { COMPILE_MS_MAX, DECIDE_MS_MAX, TASK_MS } from "./schema-tasks.ts";

/** So many faults are told at most: a list of a thousand wrong members would say the same a thousand times. */
const PROBLEMS_MAX = 20;

// Formats are annotations, as the draft has it.
const OPTIONS = { allErrors: false, strict: false, validateFormats: false };
// Says whether schemas are ones, for all of them: an instance that also does that takes 15 ms to make, another one 1 ms.
const judge = new Ajv2020(OPTIONS);
const compiled = new Map<number, ValidateFunction>();
const decoder = new TextDecoder();

// `timeout` works on scripts only, and a script sees only what is global.
const LIMITED = new Script("posthornWork()");

/** Null where the work was stopped because it took longer. Its `catch` and `finally` did not run then. */
function within<T>(limitMs: number, work: () => T): { readonly value: T } | null {
  Reflect.set(globalThis, "posthornWork", work);
  try {
    const value = LIMITED.runInThisContext({ timeout: limitMs, displayErrors: false }) as T;
    return { value };
  } catch (error) {
    if (isTimeout(error)) return null;
    throw error;
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}

function answerTo(task: SchemaTask): SchemaAnswer {
  switch (task.kind) {
    case "compile":
      return { fault: compile(task), verdicts: [] };
    case "validate":
      return { fault: null, verdicts: validateAll(task) };
  }
}

function compile({ schema, key, isFirst }: SchemaTask & { kind: "compile" }): string | null {
  if (isFirst) compiled.clear();
  const made = within(COMPILE_MS_MAX, () => compileOrSay(JSON.parse(schema)));
  if (made === null) {
    return `expected the schema to compile within ${COMPILE_MS_MAX} ms, got one that takes longer`;
  }
  if (typeof made.value === "string") {
    const got = `one with a fault: ${made.value}`;
    return `expected the schema to be JSON Schema of draft 2020-12, got ${got}`;
  }
  if (key !== null) compiled.set(key, made.value);
  return null;
}

function compileOrSay(schema: object): ValidateFunction | string {
  try {
    void judge.validateSchema(schema, true);
    // An instance of its own for each: `$id`s of two applications must not meet.
    return new Ajv2020({ ...OPTIONS, validateSchema: false }).compile(schema);
  } catch (error) {
    return messageOf(error);
  }
}

function validateAll({ keys, bytes, data }: SchemaTask & { kind: "validate" }): Verdict[] {
  const verdicts: Verdict[] = [];
  const startedAtMs = monotonicMs();
  let start = 0;
  // One limit for the task: each has a thread of Node's that watches it, which takes longer than to look at many an event.
  const isOver = within(TASK_MS + DECIDE_MS_MAX, () => {
    for (const [i, key] of keys.entries()) {
      const end = start + (bytes[i] ?? 0);
      verdicts.push(verdictOn(key, data.subarray(start, end)));
      start = end;
      if (monotonicMs() - startedAtMs > TASK_MS) return;
    }
  });
  if (isOver === null) verdicts.push("too_slow");
  return verdicts;
}

function verdictOn(key: number, text: Uint8Array): readonly Problem[] {
  const validate = compiled.get(key);
  if (validate === undefined) throw new Error(`expected schema ${key} to be compiled, got nothing`);
  try {
    // An event without `data` is one without bytes.
    const value: unknown = text.length === 0 ? undefined : JSON.parse(decoder.decode(text));
    if (validate(value)) return [];
    return (validate.errors ?? []).slice(0, PROBLEMS_MAX).map(problem);
  } catch (error) {
    // A schema that refers to itself without end, or data nested too deeply for it.
    const message = `expected /data to be checked by its schema, got a fault: ${messageOf(error)}`;
    return [{ path: "/data", message }];
  }
}

function problem({ instancePath, message, params }: ErrorObject): Problem {
  const detail = "additionalProperty" in params ? ` (${String(params["additionalProperty"])})` : "";
  return {
    path: `/data${instancePath}`,
    message: `/data${instancePath} ${message ?? "is not as the schema wants it"}${detail}`,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// Compiles the judge's own schema before there is a limit that could stop it halfway.
void judge.validateSchema({});
// A terminal and a service manager signal the whole group; this process ends with the daemon and not before it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
process.on("disconnect", () => process.exit());
process.on("message", (task: SchemaTask) => void process.send?.(answerTo(task)));
process.send?.({ fault: null, verdicts: [] } satisfies SchemaAnswer);
