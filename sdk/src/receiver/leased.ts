/** One event of a worker: taken, handled and ended in one transaction, or given back. */
import type { LeasedEntry, TransactionalInbox } from "../inbox/inbox.ts";
import { nextDueAtMs } from "./backoff.ts";
import type { Context, Subject } from "./context.ts";
import { announce, keyOf, runHandler } from "./context.ts";
import { PermanentError } from "./handler-errors.ts";
import { createRun } from "./run.ts";
import { deliveryOf } from "./stored.ts";
import type { Ending, Fault } from "./verdict.ts";
import { endingOf, failureOf, inboxDown, inboxFault, judgeFault } from "./verdict.ts";

/** Never rejects: what can't be noted is taken up again when its lease has run out. */
export async function handleLeased<Tx>(
  context: Context<Tx>,
  inbox: TransactionalInbox<Tx>,
  entry: LeasedEntry,
): Promise<void> {
  const { clock } = context.settings;
  const { id, type, attempt } = entry;
  const subject: Subject = { id, type, attempt, startedAtMs: clock() };
  if (attempt > context.settings.retry.delaysMs.length + 1) {
    return giveBack({ context, inbox, entry, subject }, WORN_OUT, judgeWorkers(context, WORN_OUT));
  }
  const run = createRun();
  try {
    const ending = await inbox.transaction(async (tx): Promise<Ending | null> => {
      run.begin();
      // Whoever lost the lease has no say in the event any more.
      if (!(await inbox.take(tx, keyOf(entry), entry.token))) return null;
      const handling = await run.guard(attempt, async () =>
        runHandler(context, deliveryOf(entry), { attempt, tx }),
      );
      await inbox.finish(tx, keyOf(entry), { ...handling, nowMs: clock() });
      return endingOf(handling.status === "done" ? "handled" : "ignored", 200);
    });
    if (ending !== null) announce(context, subject, ending);
  } catch (error) {
    const fault = run.fault === null ? inboxFault(error) : judgeWorkers(context, run.fault.thrown);
    await giveBack({ context, inbox, entry, subject }, run.fault?.thrown ?? error, fault);
  }
}

/** Its attempts are counted when it is leased: so many ended without a word, as when a handler takes its process with it. */
const WORN_OUT = new PermanentError(
  "expected one of the attempts to end, got none: did the process end with the handler?",
);

/** The sender has had its answer, so a payload that does not fit can only be parked. */
function judgeWorkers<Tx>({ settings }: Context<Tx>, thrown: unknown): Fault {
  return judgeFault(thrown, { ...settings.policy, onInvalidPayload: "dead" });
}

interface Leased<Tx> {
  readonly context: Context<Tx>;
  readonly inbox: TransactionalInbox<Tx>;
  readonly entry: LeasedEntry;
  readonly subject: Subject;
}

/** Due again by the table, or dead where that is used up. */
async function giveBack<Tx>(leased: Leased<Tx>, thrown: unknown, fault: Fault): Promise<void> {
  const { context, inbox, entry, subject } = leased;
  const { retry, clock, chance } = context.settings;
  const nowMs = clock();
  const { attempt } = entry;
  const { retryAfterMs } = fault;
  const failed = { attempt, nowMs, retryAfterMs, chance: chance.fraction() };
  const dueAtMs = fault.isDead ? null : nextDueAtMs(retry, failed);
  const isDead = dueAtMs === null;
  try {
    const failure = failureOf(thrown, { isDead }, nowMs, dueAtMs);
    await inbox.release(keyOf(entry), entry.token, failure);
    announce(context, subject, isDead ? { ...fault.ending, outcome: "dead" } : fault.ending);
  } catch (error) {
    reportInbox(context, subject, error);
  }
}

/** A worker has no sender to answer, so a store that is down would go unseen without its hook. */
export function reportInbox<Tx>(context: Context<Tx>, subject: Subject, error: unknown): void {
  announce(context, subject, inboxDown(error));
}
