/** The inbox over SQL. A store gives its transaction and a way to run a statement; all rules and all statements are here. */
import type {
  Claim,
  Failure,
  Finished,
  InboxEntry,
  InboxKey,
  StoredEntry,
  TransactionalInbox,
} from "./inbox.ts";
import { isLockError, TRAITS } from "./dialect.ts";
import { checkHandle, checkSqlOptions } from "./handle-check.ts";
import { ddlOf } from "./schema.ts";
import { openDesk, type SqlDesk, type SqlHandle, type SqlInboxOptions } from "./sql-desk.ts";
import { openUpkeep } from "./sql-upkeep.ts";
import { answerText, stateOf, textOf } from "./sql-values.ts";
import { openWorkshop } from "./sql-work.ts";
import {
  BUSY,
  checkEntry,
  claimOf,
  isBusyError,
  isFailable,
  keptAnswer,
  keptError,
  type RowState,
  statusAfter,
  storableText,
} from "./state.ts";
import { expected } from "../verify/webhook-error.ts";

/** For whoever brings a database handle of a kind that is not here: `run` and `transaction` are all that it takes. */
export function sqlInbox<Tx extends object>(
  handle: SqlHandle<Tx>,
  options: SqlInboxOptions = {},
): TransactionalInbox<Tx> {
  checkHandle("the handle to be one of SQL", handle, "run");
  checkSqlOptions(options);
  if (!Object.hasOwn(TRAITS, handle.dialect)) {
    throw expected("CONFIG_INVALID", "dialect to be postgres, mysql or sqlite", "another");
  }
  const desk = openDesk(handle, options);
  const ddl = ddlOf(desk.dialect, desk.table.quoted, desk.table.name);
  return {
    guarantee: "transactional",
    ddl,
    migrate: () => migrate(desk, handle, ddl),
    transaction: desk.transaction,
    claim: (tx, entry) => claim(desk, tx, entry),
    async finish(tx, { endpoint, id }, end: Finished) {
      const { status, nowMs: now } = end;
      const answer = answerText(keptAnswer(end.answer));
      await desk.exec(tx, desk.statements.finish, { endpoint, id, status, answer, now });
    },
    fail: (entry, failure) => fail(desk, entry, failure),
    store: (entry) => store(desk, entry),
    ...openWorkshop(desk),
    ...openUpkeep(desk),
  };
}

/** Two processes may start at once: PostgreSQL's IF NOT EXISTS alone lets both try, and one fail. */
async function migrate<Tx extends object>(
  { dialect, exec }: SqlDesk<Tx>,
  { transaction }: SqlHandle<Tx>,
  ddl: readonly string[],
): Promise<void> {
  await transaction(async (tx) => {
    if (dialect === "postgres") await exec(tx, { sql: TAKE_TURNS, names: [] });
    for (const sql of ddl) await exec(tx, { sql, names: [] });
  });
}

// "posthorn" in ASCII, its first seven bytes: a number that no other application locks by chance.
const TAKE_TURNS = "SELECT 1 AS found FROM (SELECT pg_advisory_xact_lock(31647739056516978)) turn";

async function claim<Tx extends object>(
  desk: SqlDesk<Tx>,
  tx: Tx,
  entry: InboxEntry,
): Promise<Claim> {
  checkEntry(entry);
  try {
    const hold = () => holdRow(desk, tx, entry);
    // PostgreSQL's first statement sets the limit and puts it back by itself.
    const row = await (desk.dialect === "postgres" ? hold() : desk.limited(tx, hold));
    return row === null ? BUSY : claimOf(row, entry);
  } catch (error) {
    if (!isLockError(desk.dialect, error)) throw error;
    desk.lose(tx);
    return BUSY;
  }
}

/** Makes the row where there is none, and holds its lock. Null where it was pruned between two statements, twice. */
async function holdRow<Tx extends object>(
  desk: SqlDesk<Tx>,
  tx: Tx,
  entry: InboxEntry,
): Promise<RowState | null> {
  if (desk.dialect === "postgres") return holdInPostgres(desk, tx, entry);
  await make(desk, tx, entry);
  return read(desk, tx, entry);
}

/** A new event is one round trip. A known one is read under its lock, in the version that was committed last. */
async function holdInPostgres<Tx extends object>(
  desk: SqlDesk<Tx>,
  tx: Tx,
  entry: InboxEntry,
): Promise<RowState | null> {
  for (let tries = 0; tries < 2; tries += 1) {
    const [made] = await make(desk, tx, entry);
    if (Number(made?.["made"]) === 1) return newState(entry);
    const row = await read(desk, tx, entry);
    await desk.putBack(tx, textOf(made?.["earlier"]));
    if (row !== null) return row;
  }
  return null;
}

function newState({ bodySha256 }: InboxEntry): RowState {
  return { status: "failed", attempts: 0, bodySha256, isWorkers: false, answer: null };
}

function make<Tx extends object>(
  { exec, statements, wait }: SqlDesk<Tx>,
  tx: Tx,
  entry: InboxEntry,
) {
  return exec(tx, statements.make, { ...columnsOf(entry), wait });
}

async function read<Tx extends object>(
  { exec, statements }: SqlDesk<Tx>,
  tx: Tx,
  { endpoint, id }: InboxKey,
): Promise<RowState | null> {
  const [row] = await exec(tx, statements.read, { endpoint, id });
  return row === undefined ? null : stateOf(row);
}

function columnsOf({ endpoint, id, type, bodySha256, nowMs, sequence }: InboxEntry) {
  return {
    endpoint,
    id,
    type: storableText(type),
    hash: bodySha256,
    now: nowMs,
    stream: sequence === null ? null : storableText(sequence.stream),
    number: sequence?.number ?? null,
  };
}

async function store<Tx extends object>(desk: SqlDesk<Tx>, entry: StoredEntry): Promise<Claim> {
  checkEntry(entry);
  try {
    return await desk.own(async (tx) => {
      const row = await holdRow(desk, tx, entry);
      const claimed = row === null ? BUSY : claimOf(row, entry);
      if (claimed.kind === "claimed") {
        const { orderingKey: key, body } = entry;
        const request = JSON.stringify(entry.request);
        await desk.exec(tx, desk.statements.keep, { ...columnsOf(entry), key, body, request });
      }
      return claimed;
    });
  } catch (error) {
    if (isBusyError(error)) return BUSY;
    throw error;
  }
}

async function fail<Tx extends object>(
  desk: SqlDesk<Tx>,
  entry: InboxEntry,
  failure: Failure,
): Promise<void> {
  checkEntry(entry);
  const { endpoint, id } = entry;
  await desk.own(async (tx) => {
    const row = await holdRow(desk, tx, entry);
    if (row === null || !isFailable(row, failure)) return;
    const died = failure.isDead ? failure.nowMs : null;
    const status = statusAfter(failure);
    const error = keptError(failure.error);
    await desk.exec(tx, desk.statements.fail, { endpoint, id, status, error, died });
  });
}
