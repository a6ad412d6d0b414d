import type { Compilable } from "kysely";

import type { Connection } from "../../daemon/storage/open.ts";
import { openTable } from "./store-sqlite.ts";

/** A connection that remembers what it was asked, on a database with one row of each kind that lists look at. */
export function recordingConnection() {
  const { connection } = openTable(":memory:");
  const { file } = connection;
  file.exec(ROWS);
  let seen: string[] = [];
  const note = <Query extends Compilable>(query: Query): Query => {
    seen.push(query.compile().sql);
    return query;
  };
  const recording: Connection = {
    ...connection,
    file: new Proxy(file, {
      get(target, name) {
        if (name === "prepare") {
          return (sql: string) => {
            seen.push(sql);
            return target.prepare(sql);
          };
        }
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === "function" ? member.bind(target) : member;
      },
    }),
    all: (query) => connection.all(note(query)),
    first: (query) => connection.first(note(query)),
    run: (query) => connection.run(note(query)),
  };
  return {
    connection: recording,
    /** The statements since the last call, without repeats. */
    takeSql(): string[] {
      const taken = [...new Set(seen)];
      seen = [];
      return taken;
    },
    /** How SQLite would go about it, step by step. Inserts have no plan. */
    planOf(sql: string): string[] {
      const holes = Array<null>(sql.split("?").length - 1).fill(null);
      const rows = file.prepare(`explain query plan ${sql}`).all(...holes) as { detail: string }[];
      return rows.map((row) => row.detail);
    },
  };
}

const ROWS = `
  insert into endpoint (id, application_seq, settings_json, state, state_changed_at_ms, health_json,
    secrets_json, created_at_ms, updated_at_ms) values ('ep_1', 1, '{}', 'active', 0, '{}', '[]', 0, 0);
  insert into endpoint_count (endpoint_seq, pending) values (1, 1);
  insert into event (id, application_seq, type, occurred_at_ms, accepted_at_ms, body_bytes, data_start)
    values ('evt_1', 1, 'a', 1, 1, 2, 0);
  insert into event_body (event_seq, bytes) values (1, x'7b7d');
  insert into delivery (id, event_seq, endpoint_seq, application_seq, state, due_at_ms, created_at_ms)
    values ('dlv_1', 1, 1, 1, 'pending', 1, 1);`;
