import type { Delivery } from "../domain/delivery.ts";
import type { Change } from "../domain/ports.ts";
import type { DeliveryRow } from "../domain/stores.ts";

/** What watchers are told of a delivery that a person changed; `row` is what it was before. */
export function changeOf(
  delivery: Delivery,
  { eventId, eventType }: Pick<DeliveryRow, "eventId" | "eventType">,
): Change {
  const { id: deliveryId, endpointSeq, state, attemptCount } = delivery;
  const { lastStatus, lastError, dueAtMs } = delivery;
  const said = { deliveryId, endpointSeq, state, eventId, eventType, attemptCount };
  return { kind: "changed", ...said, lastStatus, lastError, dueAtMs, attempt: null };
}
