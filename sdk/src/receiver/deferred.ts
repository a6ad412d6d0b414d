import type { InboxEntry, TransactionalInbox } from "../inbox/inbox.ts";
import type { Delivery } from "../verify/delivery.ts";
import type { Context } from "./context.ts";
import { validated } from "./schema.ts";
import { requestOf } from "./stored.ts";
import type { Ending } from "./verdict.ts";
import { endingOf, endingOfClaim, inboxDown, judgeFault } from "./verdict.ts";

/** Durable before it is answered; a worker does the rest. */
export async function storeForWorker<Tx>(
  { settings }: Context<Tx>,
  inbox: TransactionalInbox<Tx>,
  request: { readonly method: string; readonly url: string },
  delivery: Delivery,
  entry: InboxEntry,
): Promise<Ending> {
  const { policy, schemas } = settings;
  try {
    // Only here can the sender still be told; what is parked is checked by the worker.
    if (policy.onInvalidPayload === "reject") await validated(delivery, schemas);
  } catch (error) {
    return judgeFault(error, policy).ending;
  }
  try {
    const { raw: body, orderingKey } = delivery;
    const stored = { ...entry, body, orderingKey, request: requestOf(request, delivery) };
    const claim = await inbox.store(stored);
    return claim.kind === "claimed" ? endingOf("stored", 202) : endingOfClaim(claim, policy);
  } catch (error) {
    return inboxDown(error);
  }
}
