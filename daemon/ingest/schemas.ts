import type { ErrorObject, ValidateFunction } from "ajv/dist/2020.js";
import { Ajv2020 } from "ajv/dist/2020.js";

import type { EventType } from "../domain/application.ts";
import type { Directory } from "../domain/directory.ts";
import type { Problem } from "../domain/errors.ts";
import type { IncomingEvent } from "../domain/ports.ts";

/** So many faults are told at most: a list of a thousand wrong members would say the same a thousand times. */
const PROBLEMS_MAX = 20;

/** JSON Schema, draft 2020-12, as event types carry it. */
export interface Schemas {
  /** What is wrong with the schema itself, in a sentence; null for nothing. */
  problemOf(schema: unknown): string | null;
  /** What is wrong with the event's data by its type's schema; nothing where the type is unknown or has none. */
  problemsWith(event: IncomingEvent): readonly Problem[];
}

/** Compiles each schema once, when the first event of its type comes. */
export function createSchemas(directory: Pick<Directory, "eventType">): Schemas {
  const compiled = new WeakMap<EventType, ValidateFunction>();

  function validatorOf(type: EventType): ValidateFunction {
    const known = compiled.get(type);
    if (known !== undefined) return known;
    const validate = compile(type.schema);
    compiled.set(type, validate);
    return validate;
  }

  return {
    problemOf(schema) {
      try {
        compile(schema);
        return null;
      } catch (error) {
        const got = error instanceof Error ? error.message : String(error);
        return `expected the schema to be JSON Schema of draft 2020-12, got one with a fault: ${got}`;
      }
    },
    problemsWith(event) {
      const type = directory.eventType(event.applicationSeq, event.type);
      if (type === undefined || type.schema === null || event.contentType !== null) return [];
      const validate = validatorOf(type);
      if (validate(event.value)) return [];
      return (validate.errors ?? []).slice(0, PROBLEMS_MAX).map(problem);
    },
  };
}

function compile(schema: unknown): ValidateFunction {
  // An instance of its own for each: `$id`s of two applications must not meet. Formats are annotations, as the draft has it.
  const ajv = new Ajv2020({ allErrors: false, strict: false, validateFormats: false });
  return ajv.compile(schema as object);
}

function problem({ instancePath, message, params }: ErrorObject): Problem {
  const detail = "additionalProperty" in params ? ` (${String(params["additionalProperty"])})` : "";
  return {
    path: `/data${instancePath}`,
    message: `/data${instancePath} ${message ?? "is not as the schema wants it"}${detail}`,
  };
}
