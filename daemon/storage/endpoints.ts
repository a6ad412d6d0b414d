import type { Selectable, Updateable } from "kysely";
import { sql } from "kysely";

import type { Endpoint } from "../domain/endpoint.ts";
import { AppError, expected } from "../domain/errors.ts";
import type { EndpointChange, OfficeStore } from "../domain/stores.ts";
import { endpointOf, endpointRow, secretsJson } from "./endpoint-row.ts";
import type { Connection } from "./open.ts";
import type { EndpointTable } from "./schema.ts";
import { written } from "./sql.ts";
import { refuseTaken } from "./taken.ts";

type Endpoints = Pick<
  OfficeStore,
  "endpoints" | "endpointsToDelete" | "createEndpoint" | "updateEndpoint" | "deleteEndpoint"
>;

/** `removed` is told of each endpoint that goes, for those who still have its number in their hands. */
export function createEndpointKeeper(connection: Connection, removed: Set<number>): Endpoints {
  const { build } = connection;

  function read(seq: number): Endpoint {
    const row = connection.first(build.selectFrom("endpoint").selectAll().where("seq", "=", seq));
    if (row === undefined) {
      throw new AppError("not_found", expected("the endpoint", "one that exists", seq));
    }
    return endpointOf(row);
  }

  return {
    async endpoints() {
      return connection
        .all(build.selectFrom("endpoint").selectAll().orderBy("seq"))
        .map(endpointOf);
    },
    async endpointsToDelete() {
      // A literal, because a partial index is not used for a bound parameter.
      const query = sql`select * from endpoint where transition = 'delete'`;
      return connection.all(written<Selectable<EndpointTable>>(connection, query)).map(endpointOf);
    },
    createEndpoint: async (endpoint) =>
      refuseTaken("the endpoint's id", endpoint.id, () =>
        connection.commit(() => {
          const insert = build.insertInto("endpoint").values(endpointRow(endpoint));
          const { lastSeq } = connection.run(insert);
          connection.run(build.insertInto("endpoint_count").values(noCounts(lastSeq)));
          return { ...endpoint, seq: lastSeq };
        }),
      ),
    updateEndpoint: async (seq, change) =>
      connection.commit(() => {
        const update = build.updateTable("endpoint").set(changedColumns(change, read(seq)));
        connection.run(update.where("seq", "=", seq));
        return read(seq);
      }),
    async deleteEndpoint(seq) {
      connection.commit(() => {
        if (hasWaiting(connection, seq)) {
          throw new Error(expected("each delivery of the endpoint", "ended before it goes", seq));
        }
        connection.run(build.deleteFrom("endpoint").where("seq", "=", seq));
      });
      removed.add(seq);
    },
  };
}

function changedColumns(change: EndpointChange, before: Endpoint): Updateable<EndpointTable> {
  const { settings, state, disabledReason, transition, health, secrets, sealedAuth } = change;
  const columns: Updateable<EndpointTable> = { updated_at_ms: change.atMs };
  if (settings !== undefined) columns.settings_json = JSON.stringify(settings);
  if (state !== undefined) columns.state = state;
  if (state !== undefined && state !== before.state) columns.state_changed_at_ms = change.atMs;
  // Only a disabled endpoint has a reason, so leaving that state takes it along.
  if (state !== undefined && state !== "disabled") columns.disabled_reason = null;
  else if (disabledReason !== undefined) columns.disabled_reason = disabledReason;
  if (transition !== undefined) columns.transition = transition;
  if (health !== undefined) columns.health_json = JSON.stringify(health);
  if (secrets !== undefined) columns.secrets_json = secretsJson(secrets);
  if (sealedAuth !== undefined) columns.sealed_auth = sealedAuth;
  return columns;
}

function noCounts(endpointSeq: number) {
  return {
    endpoint_seq: endpointSeq,
    pending: 0,
    held: 0,
    delivered: 0,
    exhausted: 0,
    cancelled: 0,
    attempts: 0,
    failed_attempts: 0,
  };
}

function hasWaiting(connection: Connection, seq: number): boolean {
  const query = sql`select
    exists (select 1 from delivery where endpoint_seq = ${seq} and due_at_ms is not null)
    or exists (select 1 from delivery where endpoint_seq = ${seq} and hold is not null) as waiting`;
  return connection.first(written<{ waiting: number }>(connection, query))?.waiting === 1;
}
