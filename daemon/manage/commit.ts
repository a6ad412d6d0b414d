import type { Directory } from "../domain/directory.ts";
import type { Endpoint, EndpointHealth } from "../domain/endpoint.ts";
import type { Dispatcher } from "../domain/ports.ts";
import type { EndpointChange, OfficeStore } from "../domain/stores.ts";
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
    const after = merged(directory.endpoint(before.seq) ?? before, before, stored, decided);
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
 * The present endpoint with what this change decided, and nothing else of the row: attempts that
 * ended meanwhile may have changed the rest, and what is still the same object tells caches and
 * connections that it is not new.
 */
function merged(
  present: Endpoint,
  before: Endpoint,
  stored: Endpoint,
  decided: EndpointChange,
): Endpoint {
  const { state, disabledReason, stateChangedAtMs } = stored;
  return {
    ...present,
    ...(decided.settings !== undefined && { settings: stored.settings }),
    ...(decided.state !== undefined && { state, disabledReason, stateChangedAtMs }),
    ...(decided.transition !== undefined && { transition: stored.transition }),
    ...(decided.secrets !== undefined && { secrets: stored.secrets }),
    ...(decided.sealedAuth !== undefined && { sealedAuth: stored.sealedAuth }),
    health: healthNow(present.health, before.health, decided.health),
    updatedAtMs: stored.updatedAtMs,
  };
}

/** When the last attempts ended stays true, whatever a change decides about the rest. */
function healthNow(
  present: EndpointHealth,
  before: EndpointHealth,
  decided: EndpointHealth | undefined,
): EndpointHealth {
  if (decided === undefined) return present;
  if (present === before) return decided;
  const { lastSuccessAtMs, lastFailureAtMs } = present;
  return { ...decided, lastSuccessAtMs, lastFailureAtMs };
}
