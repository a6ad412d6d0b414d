import type { Selectable } from "kysely";

import type { EventType } from "../domain/application.ts";
import type { OfficeStore } from "../domain/stores.ts";
import type { Connection } from "./open.ts";
import type { EventTypeTable } from "./schema.ts";

type EventTypes = Pick<OfficeStore, "eventTypes" | "putEventType" | "deleteEventType">;

export function createEventTypeKeeper(connection: Connection): EventTypes {
  const { build } = connection;
  return {
    async eventTypes(applicationSeq) {
      const all = build
        .selectFrom("event_type")
        .selectAll()
        .orderBy("application_seq")
        .orderBy("name");
      const wanted =
        applicationSeq === "all" ? all : all.where("application_seq", "=", applicationSeq);
      return connection.all(wanted).map(eventTypeOf);
    },
    async putEventType(type) {
      const changed = {
        description: type.description,
        schema_json: type.schema === null ? null : JSON.stringify(type.schema),
        updated_at_ms: type.updatedAtMs,
      };
      const put = build
        .insertInto("event_type")
        .values({
          application_seq: type.applicationSeq,
          name: type.name,
          created_at_ms: type.createdAtMs,
          ...changed,
        })
        .onConflict((conflict) =>
          conflict.columns(["application_seq", "name"]).doUpdateSet(changed),
        );
      connection.commit(() => connection.run(put));
    },
    async deleteEventType(applicationSeq, name) {
      const remove = build
        .deleteFrom("event_type")
        .where("application_seq", "=", applicationSeq)
        .where("name", "=", name);
      return connection.commit(() => connection.run(remove).changes > 0);
    },
  };
}

function eventTypeOf(row: Selectable<EventTypeTable>): EventType {
  return {
    applicationSeq: row.application_seq,
    name: row.name,
    description: row.description,
    schema: row.schema_json === null ? null : JSON.parse(row.schema_json),
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  };
}
