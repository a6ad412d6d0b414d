import type { Application } from "../domain/application.ts";
import { DEFAULT_APPLICATION } from "../domain/application.ts";
import type { OfficeStore } from "../domain/stores.ts";
import type { Connection } from "./open.ts";
import { refuseTaken } from "./taken.ts";

type Applications = Pick<OfficeStore, "applications" | "createApplication">;

export function createApplicationKeeper(connection: Connection): Applications {
  const { build } = connection;
  return {
    async applications() {
      const columns = ["seq", "id", "name", "created_at_ms as createdAtMs"] as const;
      return connection.all(build.selectFrom("application").select(columns).orderBy("seq"));
    },
    createApplication: async (application) =>
      refuseTaken("the application's name and id", application.name, () =>
        connection.commit(() => insertApplication(connection, application)),
      ),
  };
}

/** The application that events go to where none is named; made where it is missing. */
export function ensureDefaultApplication(
  connection: Connection,
  { newId, nowMs }: { newId: (prefix: "app") => string; nowMs: () => number },
): void {
  const known = connection.build
    .selectFrom("application")
    .select("seq")
    .where("name", "=", DEFAULT_APPLICATION);
  if (connection.first(known) !== undefined) return;
  const application = { id: newId("app"), name: DEFAULT_APPLICATION, createdAtMs: nowMs() };
  connection.commit(() => insertApplication(connection, application));
}

function insertApplication(
  connection: Connection,
  application: Omit<Application, "seq">,
): Application {
  const { id, name, createdAtMs } = application;
  const insert = connection.build
    .insertInto("application")
    .values({ id, name, created_at_ms: createdAtMs });
  const { lastSeq } = connection.run(insert);
  return { seq: lastSeq, id, name, createdAtMs };
}
