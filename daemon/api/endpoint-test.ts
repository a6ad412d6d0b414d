import type { Delivery } from "../domain/delivery.ts";
import type { Endpoint } from "../domain/endpoint.ts";
import type { DeliveryRow } from "../domain/stores.ts";
import type { ApiNeeds } from "./needs.ts";

/** Beyond the attempt's own limit: for its turn in the engine and the record of its end. */
const GRACE_MS = 2_000;

/** Sends a test and waits until its one attempt has ended, at most the endpoint's time limit and two seconds. */
export async function testEndpoint(
  needs: ApiNeeds,
  endpoint: Endpoint,
): Promise<{ row: DeliveryRow; hasEnded: boolean }> {
  const { deliveryId } = await needs.ingest.acceptTest(endpoint.seq);
  const read = async (): Promise<DeliveryRow> => {
    const row = await needs.read.delivery(endpoint.applicationSeq, deliveryId);
    if (row === null) throw new Error("expected the test's delivery to be stored, got none");
    return row;
  };
  // Watched before it is read: it may end between the two, and then the watch knows.
  const ending = watchEnd(needs, deliveryId, endpoint.settings.timeoutMs + GRACE_MS);
  try {
    const now = await read();
    if (hasEnded(now)) return { row: now, hasEnded: true };
    await ending.wait;
  } finally {
    ending.stop();
  }
  const row = await read();
  return { row, hasEnded: hasEnded(row) };
}

function hasEnded({ state }: Pick<Delivery, "state">): boolean {
  return state === "delivered" || state === "exhausted" || state === "cancelled";
}

/** `wait` resolves when the delivery has ended, or the time is up. */
function watchEnd(
  { feed, timers }: ApiNeeds,
  deliveryId: string,
  waitMs: number,
): { readonly wait: Promise<void>; stop(): void } {
  const { promise: wait, resolve } = Promise.withResolvers<void>();
  const stopWatching = feed.subscribe((changes) => {
    if (changes.some((change) => change.deliveryId === deliveryId && hasEnded(change))) resolve();
  });
  const stopTimer = timers.after(waitMs, resolve);
  return {
    wait,
    stop() {
      stopWatching();
      stopTimer();
    },
  };
}
