import type { Directory } from "../domain/directory.ts";
import type { Problem } from "../domain/errors.ts";
import { expected } from "../domain/errors.ts";
import type { IncomingEvent, SchemaChecker } from "../domain/ports.ts";

/** Null where there is nothing to look at: the type is unknown, or has no schema. */
export type SchemaProblems = (event: IncomingEvent) => Promise<readonly Problem[]> | null;

/** What is wrong with an event by its type's schema. A raw body is no JSON, so no schema can hold for it. */
export function createSchemaProblems(
  directory: Pick<Directory, "eventType">,
  checker: Pick<SchemaChecker, "problemsWith">,
): SchemaProblems {
  return (event) => {
    const type = directory.eventType(event.applicationSeq, event.type);
    if (type === undefined || type.schema === null) return null;
    if (event.contentType === null) return checker.problemsWith(type, event.data);
    const wanted = `application/json, because ${type.name} has a schema`;
    const message = expected("Content-Type", wanted, event.contentType);
    return Promise.resolve([{ path: "Content-Type", message }]);
  };
}
