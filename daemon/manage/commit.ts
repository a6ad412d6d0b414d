import type { Directory } from "../domain/directory.ts";
import type { Endpoint } from "../domain/endpoint.ts";
import type { Dispatcher, EndpointChange, OfficeStore } from "../domain/ports.ts";
import { endpointOf } from "./lookup.ts";
import type { TakeTurns } from "./turns.ts";

/**
 * One change of one endpoint, in its turn: `decide` sees the endpoint as it is then, and null is
 * nothing to change. Resolves after the commit, when the directory and the dispatcher know.
 */
export type Commit = (
  applicationSeq: number,
  id: string,
  decide: (endpoint: Endpoint) => EndpointChange | null,
) => Promise<Endpoint>;

export interface CommitNeeds {
  readonly store: Pick<OfficeStore, "updateEndpoint">;
  readonly directory: Directory;
  readonly dispatcher: Pick<Dispatcher, "endpointChanged" | "wake">;
  readonly takeTurns: TakeTurns;
}

export function createCommit({ store, directory, dispatcher, takeTurns }: CommitNeeds): Commit {
  async function change(
    applicationSeq: number,
    id: string,
    decide: (endpoint: Endpoint) => EndpointChange | null,
  ): Promise<Endpoint> {
    const before = endpointOf(directory, applicationSeq, id);
    const decided = decide(before);
    if (decided === null) return before;
    const stored = await store.updateEndpoint(before.seq, decided);
    const after = { ...stored, health: healthNow(directory, before, stored, decided) };
    directory.putEndpoint(after);
    dispatcher.endpointChanged(after.seq);
    // A slow-down or a rate that ended may leave something due now that nobody was to look at
    // before later.
    dispatcher.wake(after.seq);
    return after;
  }

  return async (applicationSeq, id, decide) => {
    const { seq } = endpointOf(directory, applicationSeq, id);
    return takeTurns(seq, () => change(applicationSeq, id, decide));
  };
}

/**
 * Attempts that ended meanwhile have put newer health into the directory; only what the change
 * itself decided is kept.
 */
function healthNow(
  directory: Directory,
  before: Endpoint,
  stored: Endpoint,
  decided: EndpointChange,
): Endpoint["health"] {
  const present = directory.endpoint(before.seq)?.health ?? stored.health;
  if (decided.health === undefined || present === before.health) return decided.health ?? present;
  return {
    ...decided.health,
    lastSuccessAtMs: present.lastSuccessAtMs,
    lastFailureAtMs: present.lastFailureAtMs,
  };
}
