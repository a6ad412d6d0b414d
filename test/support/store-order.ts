import assert from "node:assert/strict";

import type { AcceptedDelivery } from "../../daemon/domain/stores.ts";
import type { Desk, Laws } from "./store-desk.ts";
import { START_MS } from "./store-desk.ts";

/** `pending`, `order`, `paused` or the final state, of each. */
export async function fates(
  desk: Desk,
  deliveries: readonly AcceptedDelivery[],
): Promise<string[]> {
  const rows = deliveries.map(({ id }) => desk.store.reads.delivery(desk.applicationSeq, id));
  return (await Promise.all(rows)).map((row) => row?.hold ?? row?.state ?? "gone");
}

/** Deliveries of one key at one ordered endpoint, in the order of their events. */
async function queue(desk: Desk, count: number) {
  const endpoint = await desk.endpoint({ isOrdered: true });
  const deliveries: AcceptedDelivery[] = [];
  for (let i = 0; i < count; i++) deliveries.push(await desk.post(endpoint, { key: "k" }));
  return { endpoint, deliveries };
}

function at<T>(items: readonly T[], index: number): T {
  const item = items.at(index);
  if (item === undefined) throw new Error(`expected an item ${index}, got ${items.length} items`);
  return item;
}

export const orderLaws: Laws = {
  "of deliveries with one ordering key the first may go, and the others wait for their order":
    async (desk) => {
      const { endpoint, deliveries } = await queue(desk, 3);
      assert.deepEqual(await fates(desk, deliveries), ["pending", "order", "order"]);
      assert.deepEqual(
        deliveries.map((delivery) => delivery.isPending),
        [true, false, false],
      );
      const counts = await desk.store.reads.counts(endpoint.seq);
      assert.deepEqual([counts.pending, counts.held], [1, 2]);
    },

  "two of one key in one batch wait for each other as well": async (desk) => {
    const endpoint = await desk.endpoint({ isOrdered: true });
    const answers = await desk.store.events.acceptEvents([
      desk.event([endpoint], { key: "k" }),
      desk.event([endpoint], { key: "other" }),
      desk.event([endpoint], { key: "k" }),
    ]);
    const deliveries = answers.flatMap((answer) =>
      answer.kind === "accepted" ? answer.deliveries : [],
    );
    assert.deepEqual(await fates(desk, deliveries), ["pending", "pending", "order"]);
  },

  "an ending lets the next of its key go, at once and alone": async (desk) => {
    const { endpoint, deliveries } = await queue(desk, 3);
    const released = await desk.record(at(deliveries, 0), "ok", START_MS + 9);
    assert.deepEqual(released, [{ endpointSeq: endpoint.seq, dueAtMs: START_MS + 9 }]);
    assert.deepEqual(await fates(desk, deliveries), ["delivered", "pending", "order"]);
    assert.equal(await desk.store.deliveries.nextDueAtMs(endpoint.seq, new Set()), START_MS + 9);
  },

  "a retry lets nobody pass, and a used-up table does": async (desk) => {
    const { deliveries } = await queue(desk, 2);
    assert.deepEqual(await desk.record(at(deliveries, 0), "retry"), []);
    assert.deepEqual(await fates(desk, deliveries), ["pending", "order"]);
    await desk.record(at(deliveries, 0), "exhausted", START_MS, 2);
    assert.deepEqual(await fates(desk, deliveries), ["exhausted", "pending"]);
  },

  "endings of one batch let one go for each that ended": async (desk) => {
    const { endpoint, deliveries } = await queue(desk, 2);
    const other = await desk.post(endpoint, { key: "other" });
    const waiting = await desk.post(endpoint, { key: "other" });
    await desk.record(at(deliveries, 0), "ok");
    await desk.record(other, "ok");
    assert.deepEqual(await fates(desk, [at(deliveries, 1), waiting]), ["pending", "pending"]);
  },

  "cancelling the one that may go lets the next one go": async (desk) => {
    const { deliveries } = await queue(desk, 3);
    await desk.store.office.cancel(at(deliveries, 0).seq, START_MS + 3);
    assert.deepEqual(await fates(desk, deliveries), ["cancelled", "pending", "order"]);
  },

  "cancelling one that waits lets nobody pass": async (desk) => {
    const { deliveries } = await queue(desk, 3);
    await desk.store.office.cancel(at(deliveries, 1).seq, START_MS);
    assert.deepEqual(await fates(desk, deliveries), ["pending", "cancelled", "order"]);
    await desk.record(at(deliveries, 0), "ok");
    assert.deepEqual(await fates(desk, deliveries), ["delivered", "cancelled", "pending"]);
  },

  "one that is sent again waits while another of its key may go, and is the next one then": async (
    desk,
  ) => {
    const { endpoint, deliveries } = await queue(desk, 3);
    await desk.record(at(deliveries, 0), "exhausted");
    const again = await desk.store.office.resend(at(deliveries, 0).seq, null, START_MS + 1);
    assert.deepEqual([again?.state, again?.hold, again?.endReason], ["held", "order", null]);
    assert.deepEqual(await fates(desk, deliveries), ["order", "pending", "order"]);
    // The one behind is cancelled: that must not let the first go beside the pending one.
    await desk.store.office.cancel(at(deliveries, 2).seq, START_MS + 2);
    assert.deepEqual(await fates(desk, deliveries), ["order", "pending", "cancelled"]);
    await desk.record(at(deliveries, 1), "ok", START_MS + 3);
    assert.deepEqual(await fates(desk, deliveries), ["pending", "delivered", "cancelled"]);
    assert.equal((await desk.store.reads.counts(endpoint.seq)).held, 0);
  },

  "one that is sent again goes at once where nobody else of its key may": async (desk) => {
    const { deliveries } = await queue(desk, 1);
    await desk.record(at(deliveries, 0), "exhausted");
    await desk.store.office.resend(at(deliveries, 0).seq, null, START_MS + 1);
    assert.deepEqual(await fates(desk, deliveries), ["pending"]);
  },
};
