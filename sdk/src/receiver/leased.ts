/** One event of a worker: taken, handled and ended in one transaction, or given back. */
import type { LeasedEntry, TransactionalInbox } from "../inbox/inbox.ts";
import { WebhookError } from "../verify/webhook-error.ts";
import { nextDueAtMs } from "./backoff.ts";
import type { Context, Subject } from "./context.ts";
import { announce, keyOf, runHandler } from "./context.ts";
import { PermanentError } from "./handler-errors.ts";
import type { Run } from "./run.ts";
import { createRun } from "./run.ts";
import { deliveryOf } from "./stored.ts";
import type { Ending, Fault } from "./verdict.ts";
import { endingOf, failureOf, inboxDown, inboxFault, judgeFault } from "./verdict.ts";

/**
 * How many times the table's own attempts an event may be leased without a handler's word about it.
 *
 * The lease itself counts as the attempt. Counting when the handler begins would spare an event whose process dies in between,
 * but that count would need a commit of its own before the handler's transaction, which a death undoes: one more commit an
 * event, for the moment between a lease and a handler that begins at once, as no more is leased than there is room for. And
 * not counting deaths at all would let an event that kills its process do so for ever. Nobody can tell such an event from one
 * that stood by when the process was killed for something else, so both have twice the table, and a person decides then.
 */
const ATTEMPTS_FACTOR = 2;
/** Half of what a lease has beyond the handler's time. */
const BUSY_WAIT_MS = 15_000;
const STORE_RETRY_MS = 2_000;

/** Never rejects: what can't be noted is taken up again when its lease has run out. */
export async function handleLeased<Tx>(
  context: Context<Tx>,
  inbox: TransactionalInbox<Tx>,
  entry: LeasedEntry,
): Promise<void> {
  const { clock } = context.settings;
  const { id, type, attempt } = entry;
  const subject: Subject = { id, type, attempt, startedAtMs: clock() };
  if (attempt > ATTEMPTS_FACTOR * (context.settings.retry.delaysMs.length + 1)) {
    return giveBack({ context, inbox, entry, subject }, WORN_OUT, judgeWorkers(context, WORN_OUT));
  }
  const run = createRun();
  try {
    const ending = await untilFree(context, run, () =>
      inbox.transaction(async (tx): Promise<Ending | null> => {
        run.begin();
        // Whoever lost the lease has no say in the event any more.
        if (!(await inbox.take(tx, keyOf(entry), entry.token))) return null;
        const handling = await run.guard(attempt, async () =>
          runHandler(context, deliveryOf(entry), { attempt, tx }),
        );
        await inbox.finish(tx, keyOf(entry), { ...handling, nowMs: clock() });
        return endingOf(handling.status === "done" ? "handled" : "ignored", 200);
      }),
    );
    if (ending !== null) announce(context, subject, ending);
  } catch (error) {
    const fault = run.fault === null ? inboxFault(error) : judgeWorkers(context, run.fault.thrown);
    await giveBack({ context, inbox, entry, subject }, run.fault?.thrown ?? error, fault);
  }
}

/**
 * A store with one writer at a time (SQLite) is busy while another handler runs. The lease has time to wait for that, and an
 * attempt in which no handler ran would be wasted.
 */
async function untilFree<Tx, T>(
  { settings: { clock, timers } }: Context<Tx>,
  run: Run,
  work: () => Promise<T>,
): Promise<T> {
  const givenUpAtMs = clock() + BUSY_WAIT_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isBusy = error instanceof WebhookError && error.code === "BUSY" && run.fault === null;
      if (!isBusy || clock() >= givenUpAtMs) throw error;
      const { retryAfterMs } = error;
      await new Promise<void>((resolve) => timers.after(retryAfterMs ?? STORE_RETRY_MS, resolve));
    }
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
  const tableMs = fault.isDead ? null : nextDueAtMs(retry, failed);
  const dueAtMs = tableMs ?? (fault.isStores ? nowMs + STORE_RETRY_MS : null);
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
