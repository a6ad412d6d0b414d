import type { Selectable } from "kysely";

import type { ApiKey, Scope } from "../domain/application.ts";
import type { OfficeStore } from "../domain/stores.ts";
import type { Connection } from "./open.ts";
import type { ApiKeyTable } from "./schema.ts";
import { refuseTaken } from "./taken.ts";

type Keys = Pick<OfficeStore, "keys" | "createKey" | "revokeKey" | "touchKeys">;

export function createKeyKeeper(connection: Connection): Keys {
  const { build } = connection;
  const touch = connection.file.prepare("update api_key set last_used_at_ms = ? where seq = ?");
  return {
    async keys(applicationSeq) {
      const all = build.selectFrom("api_key").selectAll().orderBy("seq");
      const wanted =
        applicationSeq === "all"
          ? all
          : applicationSeq === null
            ? all.where("application_seq", "is", null)
            : all.where("application_seq", "=", applicationSeq);
      return connection.all(wanted).map(keyOf);
    },
    async createKey(key) {
      const insert = build.insertInto("api_key").values(rowOf(key));
      return refuseTaken("the key's id and hash", key.id, () =>
        connection.commit(() => ({ ...key, seq: connection.run(insert).lastSeq })),
      );
    },
    async revokeKey(id, atMs) {
      // A second time changes nothing: what counts is since when it is worth nothing.
      const revoke = build
        .updateTable("api_key")
        .set({ revoked_at_ms: atMs })
        .where("id", "=", id)
        .where("revoked_at_ms", "is", null);
      return connection.commit(() => {
        connection.run(revoke);
        const row = connection.first(build.selectFrom("api_key").selectAll().where("id", "=", id));
        return row === undefined ? null : keyOf(row);
      });
    },
    async touchKeys(used) {
      if (used.length === 0) return;
      connection.commit(() => {
        for (const { seq, atMs } of used) touch.run(atMs, seq);
      });
    },
  };
}

function keyOf(row: Selectable<ApiKeyTable>): ApiKey {
  return {
    seq: row.seq,
    id: row.id,
    applicationSeq: row.application_seq,
    name: row.name,
    hash: row.hash,
    hint: row.hint,
    scopes: row.scopes.split(" ").filter((scope) => scope !== "") as Scope[],
    createdAtMs: row.created_at_ms,
    lastUsedAtMs: row.last_used_at_ms,
    revokedAtMs: row.revoked_at_ms,
  };
}

function rowOf(key: Omit<ApiKey, "seq">) {
  return {
    id: key.id,
    application_seq: key.applicationSeq,
    name: key.name,
    hash: key.hash,
    hint: key.hint,
    scopes: key.scopes.join(" "),
    created_at_ms: key.createdAtMs,
    last_used_at_ms: key.lastUsedAtMs,
    revoked_at_ms: key.revokedAtMs,
  };
}
