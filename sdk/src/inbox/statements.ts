/** Every statement of the inbox, once: `:name` is a value's place, and a dialect's traits fill in the rest. */
import { type Dialect, type DialectTraits, TRAITS } from "./dialect.ts";

export interface Statement {
  readonly sql: string;
  /** Which value stands at each place. */
  readonly names: readonly string[];
}

const KEY = "endpoint = :endpoint AND id = :id";
const OPEN = "status IN ('pending', 'failed')";
const BLANK_COLUMNS =
  "endpoint, id, type, status, attempts, body_sha256, received_at_ms, sequence_stream, sequence_number";

/**
 * A new row begins as failed without an attempt: committed by somebody who forgot to end the event, it can be claimed again.
 * Names in results are single lower-case words, which no plug-in that renames columns touches.
 */
export function statementsOf(dialect: Dialect, table: string) {
  const traits = TRAITS[dialect];
  const { lock, lockFree } = traits;
  const of = (template: string) => compile(traits, template);
  return {
    make: of(dialect === "postgres" ? makeInPostgres(table) : makePlainly(traits, table)),
    read: of(`SELECT status AS status, attempts AS attempts, body_sha256 AS hash, answer AS answer,
      CASE WHEN body IS NOT NULL AND due_at_ms IS NOT NULL THEN 1 ELSE 0 END AS workers
      FROM ${table} WHERE ${KEY}${lock}`),
    finish:
      of(`UPDATE ${table} SET status = :status, answer = :answer, ended_at_ms = :now, due_at_ms = NULL,
      lease_token = NULL, ordering_key = NULL, body = NULL, request = NULL WHERE ${KEY}`),
    keep: of(`UPDATE ${table} SET type = :type, body_sha256 = COALESCE(:hash, body_sha256), received_at_ms = :now,
      sequence_stream = :stream, sequence_number = :number, ordering_key = :key, request = :request,
      body = ${traits.areBytesHex ? "UNHEX(:body)" : ":body"}, status = 'pending', due_at_ms = :now WHERE ${KEY}`),
    fail: of(`UPDATE ${table} SET status = :status, attempts = attempts + 1, error = :error, died_at_ms = :died,
      due_at_ms = NULL, lease_token = NULL WHERE ${KEY}`),
    release:
      of(`UPDATE ${table} SET status = :status, error = :error, died_at_ms = :died, due_at_ms = :due,
      lease_token = NULL WHERE ${KEY} AND lease_token = :token`),
    holdLeased: of(`SELECT position AS position, ordering_key AS orderkey
      FROM ${table} WHERE ${KEY} AND lease_token = :token AND ${OPEN}${lock}`),
    isBehind:
      of(`SELECT 1 AS found FROM ${table} WHERE endpoint = :endpoint AND ordering_key = :key AND ${OPEN}
      AND position < :position LIMIT 1`),
    giveBack:
      of(`UPDATE ${table} SET lease_token = NULL, due_at_ms = received_at_ms, attempts = attempts - 1
      WHERE position = :position`),
    holdDead: of(
      `SELECT position AS position FROM ${table} WHERE ${KEY} AND status = 'dead'${lock}`,
    ),
    redrive: of(`UPDATE ${table} SET attempts = 0, died_at_ms = NULL,
      status = CASE WHEN body IS NULL THEN 'failed' ELSE 'pending' END,
      due_at_ms = CASE WHEN body IS NULL THEN NULL ELSE ${bigint(dialect, "now")} END WHERE position = :position`),
    discard:
      of(`UPDATE ${table} SET status = 'ignored', error = :why, ended_at_ms = :now, died_at_ms = NULL,
      ordering_key = NULL, body = NULL, request = NULL WHERE position = :position`),

    due: (limit: number) =>
      of(`SELECT c.position AS position FROM ${table} c WHERE c.endpoint = :endpoint AND c.due_at_ms <= :now
        AND (c.ordering_key IS NULL OR NOT EXISTS (SELECT 1 FROM ${table} o WHERE o.endpoint = c.endpoint
          AND o.ordering_key = c.ordering_key AND o.${OPEN} AND (o.position < c.position
            OR (o.position > c.position AND o.lease_token IS NOT NULL AND o.due_at_ms > :now))))
        ORDER BY c.due_at_ms, c.position LIMIT ${limit}`),
    holdDue: (count: number) =>
      of(
        `SELECT position AS position FROM ${table} WHERE ${oneOf("position", count)} AND due_at_ms <= :now${lockFree}`,
      ),
    lease: (count: number) =>
      of(`UPDATE ${table} SET lease_token = :token, due_at_ms = :until, attempts = attempts + 1
        WHERE ${oneOf("position", count)}`),
    leased: (count: number) =>
      of(`SELECT endpoint AS endpoint, id AS id, type AS type, body_sha256 AS hash, received_at_ms AS received,
        sequence_stream AS stream, sequence_number AS number, ordering_key AS orderkey, request AS request, body AS body,
        attempts AS attempts FROM ${table} WHERE ${oneOf("position", count)} ORDER BY position`),

    deadLetters: (limit: number) =>
      of(`SELECT id AS id, type AS type, attempts AS attempts, error AS error, received_at_ms AS received,
        died_at_ms AS died, body AS body FROM ${table} WHERE endpoint = :endpoint AND died_at_ms IS NOT NULL
        AND position > :after ORDER BY position LIMIT ${limit}`),
    positionOf: of(`SELECT position AS position FROM ${table} WHERE ${KEY}`),
    statusOf: (count: number) =>
      of(
        `SELECT id AS id, status AS status FROM ${table} WHERE endpoint = :endpoint AND ${oneOf("id", count)}`,
      ),

    slice: (limit: number) =>
      of(`SELECT position AS position, status AS status, ended_at_ms AS ended, received_at_ms AS received
        FROM ${table} WHERE position > :after ORDER BY position LIMIT ${limit}`),
    forget: (count: number) => of(`DELETE FROM ${table} WHERE ${oneOf("position", count)}`),
  };
}

export type Statements = ReturnType<typeof statementsOf>;

/** Values for `oneOf`: `{ one0: …, one1: … }`. */
export function eachOf<T>(values: readonly T[]): Record<string, T> {
  return Object.fromEntries(values.map((value, i) => [`one${i}`, value]));
}

function oneOf(column: string, count: number): string {
  return `${column} IN (${Array.from({ length: count }, (_, i) => `:one${i}`).join(", ")})`;
}

function makePlainly({ unlessKnown }: DialectTraits, table: string): string {
  return `INSERT INTO ${table} (${BLANK_COLUMNS})
    VALUES (:endpoint, :id, :type, 'failed', 0, :hash, :now, :stream, :number) ${unlessKnown}`;
}

/**
 * One round trip instead of three: sets the lock limit, makes the row or waits for whoever is making it, and puts the limit back,
 * so that the handler's own statements know nothing of it. The order is certain: a row's source is computed before it is
 * inserted, and RETURNING after. Where the row is known, the limit stays, and `earlier` is what to put back.
 */
function makeInPostgres(table: string): string {
  return `WITH before AS (SELECT current_setting('lock_timeout') AS value),
    limited AS (SELECT set_config('lock_timeout', CAST(:wait AS TEXT), true) AS value, before.value AS earlier FROM before),
    made AS (INSERT INTO ${table} (${BLANK_COLUMNS})
      SELECT CAST(:endpoint AS TEXT), CAST(:id AS TEXT), CAST(:type AS TEXT), 'failed', 0, CAST(:hash AS TEXT),
        CAST(:now AS BIGINT), CAST(:stream AS TEXT), CAST(:number AS BIGINT) FROM limited WHERE limited.value IS NOT NULL
      ${TRAITS.postgres.unlessKnown}
      RETURNING set_config('lock_timeout', (SELECT value FROM before), true) AS value)
    SELECT (SELECT count(*) FROM made) AS made, value AS earlier FROM before`;
}

/** PostgreSQL cannot tell what a lone value in a CASE is. */
function bigint(dialect: Dialect, name: string): string {
  return dialect === "postgres" ? `CAST(:${name} AS BIGINT)` : `:${name}`;
}

/** PostgreSQL's places have numbers and may be used twice; the others' stand in a row. */
export function compile({ place }: DialectTraits, template: string): Statement {
  const names: string[] = [];
  const isNumbered = place(1) !== place(2);
  const sql = template.replaceAll(/:([a-z][a-z0-9]*)/g, (_, name: string) => {
    const known = names.indexOf(name);
    if (isNumbered && known >= 0) return place(known + 1);
    names.push(name);
    return place(names.length);
  });
  return { sql, names };
}
