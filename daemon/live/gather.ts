import type { LiveCell, LiveDelivery } from "../domain/live.ts";
import type { Change } from "../domain/ports.ts";
import { cellOutcome, STRIP_CELLS } from "../domain/strip.ts";

/** The newest of the deliveries that changed, each once and with its last state, and how many more changed. */
export function newestDeliveries(
  changes: readonly Change[],
  max: number,
  endpointId: (endpointSeq: number) => string | undefined,
): { readonly deliveries: readonly LiveDelivery[]; readonly omitted: number } {
  const seen = new Set<string>();
  const deliveries: LiveDelivery[] = [];
  for (let at = changes.length - 1; at >= 0; at--) {
    const change = changes[at];
    if (change === undefined || seen.has(change.deliveryId)) continue;
    seen.add(change.deliveryId);
    if (deliveries.length >= max) continue;
    const id = endpointId(change.endpointSeq);
    if (id !== undefined) deliveries.push(liveDelivery(change, id));
  }
  return { deliveries, omitted: seen.size - deliveries.length };
}

function liveDelivery(change: Change, endpointId: string): LiveDelivery {
  return {
    id: change.deliveryId,
    event_id: change.eventId,
    event_type: change.eventType,
    endpoint_id: endpointId,
    state: change.state,
    attempt_count: change.attemptCount,
    last_status: change.lastStatus,
    last_error: change.lastError,
    due_at: change.dueAtMs === null ? null : timeText(change.dueAtMs),
  };
}

/** The attempts among the changes by their endpoint, the oldest first; an endpoint whose deliveries only waited has none. */
export function attemptsByEndpoint(changes: readonly Change[]): Map<number, Change[]> {
  const found = new Map<number, Change[]>();
  for (const change of changes) {
    let attempts = found.get(change.endpointSeq);
    if (attempts === undefined) {
      attempts = [];
      found.set(change.endpointSeq, attempts);
    }
    if (change.attempt !== null) attempts.push(change);
  }
  return found;
}

/** The newest `max` cells, and never more than a strip has. */
export function newestCells(attempts: readonly Change[], max: number): LiveCell[] {
  return attempts.slice(-Math.min(max, STRIP_CELLS)).map((change) => ({
    at: timeText(change.attempt?.atMs ?? 0),
    outcome: cellOutcome(change.lastError, change.state === "exhausted"),
    duration_ms: Math.round(change.attempt?.durationMs ?? 0),
    status: change.lastStatus,
    delivery_id: change.deliveryId,
  }));
}

export function timeText(atMs: number): string {
  return new Date(atMs).toISOString();
}
