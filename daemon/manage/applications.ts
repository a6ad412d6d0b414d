import type { Application } from "../domain/application.ts";
import { APPLICATION_NAME_PATTERN } from "../domain/application.ts";
import type { Directory } from "../domain/directory.ts";
import { AppError, expected } from "../domain/errors.ts";
import type { IdMaker } from "../domain/id.ts";
import { isId } from "../domain/id.ts";
import type { Clock } from "../domain/ports.ts";
import type { OfficeStore } from "../domain/stores.ts";
import { refuseProblems } from "./problems.ts";

export interface Applications {
  /** `invalid_request` for a name outside the grammar, `conflict` for one that is taken. */
  create(name: string): Promise<Application>;
  /** Oldest first. */
  list(): readonly Application[];
  /** By id or name; throws `not_found`. */
  resolve(idOrName: string): Application;
}

export interface ApplicationsNeeds {
  readonly store: Pick<OfficeStore, "createApplication">;
  readonly directory: Pick<Directory, "application" | "applications" | "putApplication">;
  readonly ids: IdMaker;
  readonly clock: Pick<Clock, "nowMs">;
}

export function createApplications({
  store,
  directory,
  ids,
  clock,
}: ApplicationsNeeds): Applications {
  return {
    async create(name) {
      refuseProblems(nameProblems(name));
      if (directory.application(name) !== undefined) {
        throw new AppError("conflict", expected("the name", "one that is not taken", name));
      }
      const made = { id: ids.next("app"), name, createdAtMs: clock.nowMs() };
      // Of two at once the store refuses the second, with `conflict` too.
      const application = await store.createApplication(made);
      directory.putApplication(application);
      return application;
    },
    list: () => directory.applications(),
    resolve(idOrName) {
      const application = directory.application(idOrName);
      if (application !== undefined) return application;
      const wanted = "the id or name of one";
      throw new AppError("not_found", expected("the application", wanted, idOrName));
    },
  };
}

function nameProblems(name: string) {
  // A name that reads as an id could stand for one application today and hide another tomorrow.
  if (APPLICATION_NAME_PATTERN.test(name) && !isId("app", name)) return [];
  const wanted = "1 to 63 of a-z 0-9 _ -, beginning with a letter or digit, and no id";
  return [{ path: "/name", message: expected("name", wanted, name) }];
}
