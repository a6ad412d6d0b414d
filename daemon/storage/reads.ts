import { statSync } from "node:fs";

import { sql } from "kysely";

import type { EndpointCounts, ReadStore, Rest } from "../domain/stores.ts";
import { zeroCounts } from "./counts.ts";
import type { Connection } from "./open.ts";
import { createDeliveryReader } from "./read-deliveries.ts";
import { createEventReader } from "./read-events.ts";
import { attemptOf } from "./rows.ts";
import { written } from "./sql.ts";

const COUNTS = [
  "pending",
  "held",
  "delivered",
  "exhausted",
  "cancelled",
  "attempts",
  "failed_attempts as failedAttempts",
] as const;

/** For whoever keeps nobody waiting. */
const GO_ON: Rest = () => Promise.resolve();

/** What people look at. No query here passes more than a bounded number of rows, however large the tables are. */
export function createReadStore(connection: Connection): ReadStore {
  const { build } = connection;
  const events = createEventReader(connection);
  const deliveries = createDeliveryReader(connection);

  return {
    events: (query, rest = GO_ON) => events.page(query, rest),
    event: async (applicationSeq, id) => events.one(applicationSeq, id),
    async variant(eventSeq, shape) {
      const query = build
        .selectFrom("event_variant")
        .select("bytes")
        .where("event_seq", "=", eventSeq)
        .where("shape", "=", shape);
      return connection.first(query)?.bytes ?? null;
    },
    deliveries: (query, rest = GO_ON) => deliveries.page(query, rest),
    delivery: async (applicationSeq, id) => deliveries.one(applicationSeq, id),
    async attempts(deliverySeq) {
      const query = build
        .selectFrom("attempt")
        .selectAll()
        .where("delivery_seq", "=", deliverySeq)
        .orderBy("number");
      return connection.all(query).map(attemptOf);
    },
    async counts(endpointSeq) {
      const query = build
        .selectFrom("endpoint_count")
        .select(COUNTS)
        .where("endpoint_seq", "=", endpointSeq);
      return connection.first(query) ?? zeroCounts();
    },
    totals: async () => totals(connection),
    waitingByApplication: async () => waitingByApplication(connection),
    size: async () => size(connection),
  };
}

/** Over all endpoints there ever were, so that none of them falls when an endpoint goes. */
function totals(connection: Connection): EndpointCounts & { events: number } {
  const query = sql`select ifnull(sum(pending), 0) as pending, ifnull(sum(held), 0) as held,
      ifnull(sum(delivered), 0) as delivered, ifnull(sum(exhausted), 0) as exhausted,
      ifnull(sum(cancelled), 0) as cancelled, ifnull(sum(attempts), 0) as attempts,
      ifnull(sum(failed_attempts), 0) as failedAttempts,
      (select value from counter where name = 'events') as events
    from endpoint_count`;
  const row = connection.first(written<EndpointCounts & { events: number }>(connection, query));
  return row ?? { ...zeroCounts(), events: 0 };
}

/**
 * From the counts that are kept. The endpoints come from the index of their applications, which is in the order of the groups and
 * never touches their rows: those are long, and would be ten times the pages.
 */
function waitingByApplication(connection: Connection): ReadonlyMap<number, number> {
  const query = sql`select e.application_seq as applicationSeq, sum(c.pending + c.held) as waiting
    from endpoint e indexed by endpoint_application
      cross join endpoint_count c on c.endpoint_seq = e.seq
    group by e.application_seq`;
  const rows = connection.all(
    written<{ applicationSeq: number; waiting: number }>(connection, query),
  );
  return new Map(rows.map(({ applicationSeq, waiting }) => [applicationSeq, waiting]));
}

function size({ file }: Connection) {
  const pragma = (name: string) => Number(file.pragma(name, { simple: true }));
  const pageBytes = pragma("page_size");
  return {
    databaseBytes: pragma("page_count") * pageBytes,
    walBytes: file.memory
      ? 0
      : (statSync(`${file.name}-wal`, { throwIfNoEntry: false })?.size ?? 0),
    freeBytes: pragma("freelist_count") * pageBytes,
  };
}
