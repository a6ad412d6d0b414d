import SqliteDatabase from "better-sqlite3";
import type { Compilable } from "kysely";
import {
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";

import { StartRefused } from "../domain/errors.ts";
import { StoreUnavailable } from "../domain/stores.ts";
import { MIGRATIONS } from "./migrations.ts";
import type { Database } from "./schema.ts";
import type { Turns } from "./turns.ts";
import { createTurns } from "./turns.ts";
import { commit, setPragmas } from "./writing.ts";

/** "PSTH": marks the file as ours, so that another program's database is refused instead of filled with tables. */
const APPLICATION_ID = 0x50535448;

/**
 * The open file. Kysely writes the SQL and better-sqlite3 runs it, at once and in one go: Kysely's own executor would hold a
 * transaction open over awaits, into which another turn's commit could fall.
 */
export interface Connection {
  readonly file: SqliteDatabase.Database;
  /** Builds queries; never runs them. */
  readonly build: Kysely<Database>;
  all<Row>(query: Compilable<Row>): Row[];
  first<Row>(query: Compilable<Row>): Row | undefined;
  /** Runs a change outside or inside a transaction; the number of changed rows and the last row's number. */
  run(query: Compilable): { changes: number; lastSeq: number };
  /** All or nothing, durable when it returns. Throws `StoreUnavailable` when the disk or the file refuses. */
  commit<Result>(work: () => Result): Result;
  /** With a second connection, where there is one. */
  readonly turns: Turns;
  /** Copies of the file that are being made step by step. */
  readonly copies: { underWay: number };
}

export interface OpenOptions {
  /** A file, or `:memory:` for tests. */
  readonly path: string;
  /** Called before the first migration of a file that holds data, with the version it has: makes a copy of it. */
  readonly beforeMigration: (file: SqliteDatabase.Database, version: number) => void;
}

/** The database can't be used at all: another program's, newer than this daemon, or damaged. The message says which. */
export class DatabaseRefused extends StartRefused {}

/** Opens (or makes) the file and brings it to the newest version. Throws `DatabaseRefused` with a sentence. */
export function openDatabase(options: OpenOptions): Connection {
  const file = openFile(options.path);
  try {
    // Before anything is set: journal_mode = WAL would stay in another program's file.
    refuseOthers(file, options.path);
    setPragmas(file);
    bringUpToDate(file, options);
  } catch (error) {
    file.close();
    throw refusal(error, options.path);
  }
  return connection(file, createTurns());
}

function openFile(path: string): SqliteDatabase.Database {
  try {
    return new SqliteDatabase(path);
  } catch (error) {
    throw refusal(error, path);
  }
}

function refuseOthers(file: SqliteDatabase.Database, path: string): void {
  const owner = Number(file.pragma("application_id", { simple: true }));
  const isEmpty = file.prepare("select count(*) from sqlite_schema").pluck().get() === 0;
  if (!isEmpty && owner !== APPLICATION_ID) {
    throw new DatabaseRefused(
      `expected ${path} to be a Posthorn database, got another program's (application_id ${owner})`,
    );
  }
  const version = versionOf(file);
  if (version > MIGRATIONS.length) {
    throw new DatabaseRefused(
      `expected ${path} to have schema version ${MIGRATIONS.length} at most, got ${version}: a newer Posthorn wrote it, so start that version`,
    );
  }
}

function versionOf(file: SqliteDatabase.Database): number {
  return Number(file.pragma("user_version", { simple: true }));
}

function bringUpToDate(file: SqliteDatabase.Database, options: OpenOptions): void {
  const version = versionOf(file);
  if (version === MIGRATIONS.length) return;
  if (version > 0) options.beforeMigration(file, version);
  file.transaction(() => {
    for (const step of MIGRATIONS.slice(version)) {
      for (const statement of step.statements) file.exec(statement);
    }
    file.pragma(`application_id = ${APPLICATION_ID}`);
    file.pragma(`user_version = ${MIGRATIONS.length}`);
  })();
}

function connection(file: SqliteDatabase.Database, turns: Turns): Connection {
  const build = new Kysely<Database>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (database) => new SqliteIntrospector(database),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
  const prepared = statementCache(file);
  return {
    file,
    build,
    all<Row>(query: Compilable<Row>) {
      const { sql, parameters } = query.compile();
      return prepared(sql).all(...parameters) as Row[];
    },
    first<Row>(query: Compilable<Row>) {
      const { sql, parameters } = query.compile();
      return prepared(sql).get(...parameters) as Row | undefined;
    },
    run(query) {
      const { sql, parameters } = query.compile();
      const { changes, lastInsertRowid } = prepared(sql).run(...parameters);
      return { changes, lastSeq: Number(lastInsertRowid) };
    },
    commit: (work) => commit(file, turns, work),
    turns,
    copies: { underWay: 0 },
  };
}

/** Filters make many texts of one query; more than this many kept would only cost memory. */
const STATEMENTS_MAX = 200;

function statementCache(file: SqliteDatabase.Database) {
  const statements = new Map<string, SqliteDatabase.Statement>();
  return (sql: string) => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    if (statements.size >= STATEMENTS_MAX) {
      const oldest = statements.keys().next().value;
      if (oldest !== undefined) statements.delete(oldest);
    }
    const statement = file.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
}

/**
 * A fault of the file at `path` as a `DatabaseRefused`, whichever read or write of the start has met it; any other error as it is.
 * A damaged page is found by whoever comes to it first, which may be long after the file was opened.
 */
export function refusal(error: unknown, path: string): unknown {
  if (error instanceof StoreUnavailable) return refusal(error.cause, path);
  if (!(error instanceof SqliteDatabase.SqliteError)) return error;
  const hints: Record<string, string> = {
    SQLITE_NOTADB:
      "a file that is no SQLite database; restore a backup, or move it away to start anew",
    SQLITE_CORRUPT: "a damaged one; restore a backup, or move it away to start anew",
    SQLITE_BUSY: "one that another program holds locked",
    SQLITE_CANTOPEN: "one that can't be opened; look at the folder's owner and permissions",
    SQLITE_READONLY: "a read-only one; look at the file's and the folder's permissions",
  };
  // Extended codes go on from these: SQLITE_CORRUPT_INDEX, SQLITE_READONLY_DIRECTORY.
  const known = Object.keys(hints).find((code) => error.code.startsWith(code));
  const hint = hints[known ?? ""] ?? `${error.code}: ${error.message}`;
  return new DatabaseRefused(`expected ${path} to be a usable database, got ${hint}`, {
    cause: error,
  });
}
