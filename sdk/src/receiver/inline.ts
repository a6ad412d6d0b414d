/** Handling an event while its sender waits: in one transaction, under a lease, or with no inbox at all. */
import type { Failure, InboxEntry, SuppressionInbox, TransactionalInbox } from "../inbox/inbox.ts";
import type { Delivery } from "../verify/delivery.ts";
import type { Context, Handling } from "./context.ts";
import { keyOf, runHandler } from "./context.ts";
import { createRun } from "./run.ts";
import type { Ending } from "./verdict.ts";
import { endingOfClaim, failureOf, inboxDown, judgeFault } from "./verdict.ts";

/** How it ended, and at which attempt; null where no handler ran. */
export interface Ended {
  readonly ending: Ending;
  readonly attempt: number | null;
}

/** A lease outlives the handler by this, so that its end is noted while it still holds. */
const LEASE_MARGIN_MS = 5_000;

/** Claim, handler and end are one transaction; what fails undoes all of it, and the failed attempt is noted in a second one. */
export async function handleInTransaction<Tx>(
  context: Context<Tx>,
  inbox: TransactionalInbox<Tx>,
  delivery: Delivery,
  entry: InboxEntry,
): Promise<Ended> {
  const run = createRun();
  try {
    const ending = await inbox.transaction(async (tx) => {
      run.begin();
      const claim = await inbox.claim(tx, entry);
      if (claim.kind !== "claimed") return endingOfClaim(claim, context.settings.policy);
      const { attempt } = claim;
      const handling = await run.guard(attempt, () =>
        runHandler(context, delivery, { attempt, tx }),
      );
      await inbox.finish(tx, keyOf(entry), { ...handling, nowMs: context.settings.clock() });
      return handledAs(handling);
    });
    return { ending, attempt: run.attempt };
  } catch (error) {
    // Whether the claim, the end or the commit failed: nothing is known to be kept.
    if (run.fault === null) return { ending: inboxDown(error), attempt: run.attempt };
    const { thrown } = run.fault;
    const ending = await noteFault(context, thrown, (failure) => inbox.fail(entry, failure));
    return { ending, attempt: run.attempt };
  }
}

/** The store can't share the application's transaction: a crash after the handler's effect repeats it. */
export async function handleUnderLease<Tx>(
  context: Context<Tx>,
  inbox: SuppressionInbox,
  delivery: Delivery,
  entry: InboxEntry,
): Promise<Ended> {
  const { clock, chance, policy, handlerTimeoutMs } = context.settings;
  const run = createRun();
  const token = chance.token();
  try {
    const leaseMs = handlerTimeoutMs + LEASE_MARGIN_MS;
    const claim = await inbox.claim(entry, { token, leaseMs });
    if (claim.kind !== "claimed") return { ending: endingOfClaim(claim, policy), attempt: null };
    const { attempt } = claim;
    const handling = await run.guard(attempt, () => runHandler(context, delivery, { attempt }));
    await inbox.finish(keyOf(entry), token, { ...handling, nowMs: clock() });
    return { ending: handledAs(handling), attempt };
  } catch (error) {
    if (run.fault === null) return { ending: inboxDown(error), attempt: run.attempt };
    const { thrown } = run.fault;
    const ending = await noteFault(context, thrown, (failure) => inbox.fail(entry, token, failure));
    return { ending, attempt: run.attempt };
  }
}

/** Handled each time that it comes. */
export async function handleWithoutInbox<Tx>(
  context: Context<Tx>,
  delivery: Delivery,
): Promise<Ended> {
  const attempt = 1;
  try {
    return { ending: handledAs(await runHandler(context, delivery, { attempt })), attempt };
  } catch (error) {
    return { ending: judgeFault(error, context.settings.policy).ending, attempt };
  }
}

function handledAs({ status, answer }: Handling): Ending {
  return { outcome: status === "done" ? "handled" : "ignored", answer, error: null };
}

/** A failed attempt that can't be noted is still answered as failed; a dead one is not, as it would be lost. */
async function noteFault<Tx>(
  { settings }: Context<Tx>,
  thrown: unknown,
  note: (failure: Failure) => Promise<void>,
): Promise<Ending> {
  const fault = judgeFault(thrown, settings.policy);
  try {
    await note(failureOf(thrown, fault, settings.clock()));
    return fault.ending;
  } catch (error) {
    return fault.isDead ? inboxDown(error) : fault.ending;
  }
}
