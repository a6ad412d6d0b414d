import { Buffer } from "node:buffer";
import type { EventType } from "../domain/application.ts";
import type { Directory } from "../domain/directory.ts";
import type { Problem } from "../domain/errors.ts";
import { expected } from "../domain/errors.ts";
import { EVENT_TYPE_BYTES_MAX, isEventType, isReservedType } from "../domain/pattern.ts";
import type { Clock, SchemaChecker } from "../domain/ports.ts";
import type { OfficeStore } from "../domain/stores.ts";
import { unknown } from "./lookup.ts";
import { refuseProblems } from "./problems.ts";
import { DESCRIPTION_LENGTH_MAX } from "./settings.ts";

const SCHEMA_BYTES_MAX = 64 * 1024;

interface EventTypeInput {
  readonly name: string;
  readonly description: string;
  /** JSON Schema (draft 2020-12) that `data` of new events must satisfy; null for none. */
  readonly schema: unknown;
}

export interface EventTypes {
  /**
   * Makes it or replaces it; events that were accepted before are not looked at again. Rejects as
   * `SchemaChecker.problemOf` does, too.
   */
  put(applicationSeq: number, input: EventTypeInput): Promise<EventType>;
  /** By name. */
  list(applicationSeq: number): readonly EventType[];
  /** Throws `not_found`. */
  read(applicationSeq: number, name: string): EventType;
  /**
   * Events of the type are accepted as before, without a schema. `not_found` for an unknown one.
   */
  delete(applicationSeq: number, name: string): Promise<void>;
}

export interface EventTypesNeeds {
  readonly store: Pick<OfficeStore, "putEventType" | "deleteEventType">;
  readonly directory: Directory;
  readonly clock: Pick<Clock, "nowMs">;
  readonly schemas: Pick<SchemaChecker, "problemOf">;
}

export function createEventTypes(needs: EventTypesNeeds): EventTypes {
  const { store, directory, clock } = needs;

  async function schemaProblems(
    applicationSeq: number,
    { schema }: EventTypeInput,
  ): Promise<readonly Problem[]> {
    if (schema === null) return [];
    const bytes = Buffer.byteLength(JSON.stringify(schema) ?? "");
    const message =
      bytes <= SCHEMA_BYTES_MAX
        ? await needs.schemas.problemOf(applicationSeq, schema)
        : expected("schema", `at most ${SCHEMA_BYTES_MAX} bytes of JSON`, bytes);
    return message === null ? [] : [{ path: "/schema", message }];
  }

  return {
    async put(applicationSeq, input) {
      refuseProblems([...typeProblems(input), ...(await schemaProblems(applicationSeq, input))]);
      const nowMs = clock.nowMs();
      const before = directory.eventType(applicationSeq, input.name);
      const { name, description, schema } = input;
      const times = { createdAtMs: before?.createdAtMs ?? nowMs, updatedAtMs: nowMs };
      const type = { applicationSeq, name, description, schema, ...times };
      await store.putEventType(type);
      directory.putEventType(type);
      return type;
    },
    list: (applicationSeq) =>
      directory
        .eventTypes(applicationSeq)
        .toSorted((left, right) => (left.name < right.name ? -1 : 1)),
    read(applicationSeq, name) {
      const type = directory.eventType(applicationSeq, name);
      if (type === undefined) throw unknown("event type", name);
      return type;
    },
    async delete(applicationSeq, name) {
      const wasThere = await store.deleteEventType(applicationSeq, name);
      directory.removeEventType(applicationSeq, name);
      if (!wasThere) throw unknown("event type", name);
    },
  };
}

function typeProblems({ name, description }: EventTypeInput): readonly Problem[] {
  const problems: Problem[] = [];
  if (!isEventType(name)) {
    const segments = "dot-separated segments of A-Z a-z 0-9 _ -";
    const wanted = `${segments}, at most ${EVENT_TYPE_BYTES_MAX} characters`;
    problems.push({ path: "/name", message: expected("name", wanted, name) });
  } else if (isReservedType(name)) {
    const wanted = "outside of posthorn., which the daemon keeps for its own";
    problems.push({ path: "/name", message: expected("name", wanted, name) });
  }
  if (description.length > DESCRIPTION_LENGTH_MAX) {
    const wanted = `at most ${DESCRIPTION_LENGTH_MAX} characters`;
    problems.push({
      path: "/description",
      message: expected("description", wanted, description.length),
    });
  }
  return problems;
}
