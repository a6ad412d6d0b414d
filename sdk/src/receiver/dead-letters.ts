import type { Inbox } from "../inbox/inbox.ts";
import { check, checkNames, isIntegerIn } from "./checks.ts";
import { WebhookError } from "../verify/webhook-error.ts";
import type { DeadLetters } from "./receiver.ts";
import type { Settings } from "./options.ts";

const LIMIT = 50;

/** `onRedriven`: there is something to do at once. */
export function createDeadLetters<Tx>(
  { inbox, endpoint, clock }: Settings<Tx>,
  onRedriven: () => void,
): DeadLetters {
  return {
    async list(query = {}) {
      checkNames("query member", query, ["limit", "after"]);
      check("limit", query.limit, isIntegerIn(1, 1_000), "1 to 1000");
      const { limit = LIMIT, after = null } = query;
      return transactional(inbox).deadLetters({ endpoint, limit, after });
    },
    async redrive(id) {
      const isRedriven = await transactional(inbox).redrive({ endpoint, id }, clock());
      if (isRedriven) onRedriven();
      return isRedriven;
    },
    async discard(id, why) {
      return transactional(inbox).discard({ endpoint, id }, why, clock());
    },
  };
}

function transactional<Tx>(inbox: Inbox<Tx> | null) {
  if (inbox?.guarantee === "transactional") return inbox;
  const got = inbox === null ? "none" : `one for ${inbox.guarantee}`;
  throw new WebhookError(
    "CONFIG_INVALID",
    `expected a transactional inbox to keep dead letters, got ${got}`,
  );
}
