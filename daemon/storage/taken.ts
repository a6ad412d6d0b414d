import SqliteDatabase from "better-sqlite3";

import { AppError, expected } from "../domain/errors.ts";

/** Runs a change whose names must be free. Throws AppError `conflict` where one is taken. */
export function refuseTaken<Result>(what: string, name: string, change: () => Result): Result {
  try {
    return change();
  } catch (error) {
    const isTaken =
      error instanceof SqliteDatabase.SqliteError && error.code === "SQLITE_CONSTRAINT_UNIQUE";
    throw isTaken ? new AppError("conflict", expected(what, "free", name)) : error;
  }
}
