import assert from "node:assert/strict";

import type { Endpoint, Transition } from "../../daemon/domain/endpoint.ts";
import type { AcceptedDelivery } from "../../daemon/domain/stores.ts";
import type { Desk, Laws } from "./store-desk.ts";
import { lawsFor, first, START_MS } from "./store-desk.ts";
import { fates } from "./store-order.ts";

/** Stores the endpoint's new state with its transition, and works that off in chunks. Returns the chunks' sizes. */
async function change(
  desk: Desk,
  endpoint: Endpoint,
  state: "active" | "paused",
  transition: Transition,
  limit = 2,
): Promise<number[]> {
  await desk.store.office.updateEndpoint(endpoint.seq, { state, transition, atMs: START_MS });
  const chunks: number[] = [];
  for (;;) {
    const query = { endpointSeq: endpoint.seq, transition, hold: "paused", limit } as const;
    const { moved, isDone } = await desk.store.deliveries.moveHeld({
      ...query,
      nowMs: START_MS + 1,
    });
    chunks.push(moved);
    if (isDone) return chunks;
  }
}

/** Two of a key, one of another, one of none; then the endpoint is paused, and another one of each key comes in. */
async function pausedDesk(desk: Desk) {
  const endpoint = await desk.endpoint({ isOrdered: true });
  const deliveries: AcceptedDelivery[] = [];
  for (const key of ["k", "k", "other", null]) deliveries.push(await desk.post(endpoint, { key }));
  await change(desk, endpoint, "paused", "hold");
  for (const key of ["k", "other"]) {
    deliveries.push(await desk.post(endpoint, { key, hold: "paused" }));
  }
  return { endpoint, deliveries };
}

export const transitionLaws: Laws = {
  "pausing holds all that waits, those that wait for their order too, and ends the transition":
    async (desk) => {
      const { endpoint, deliveries } = await pausedDesk(desk);
      assert.deepEqual(await fates(desk, deliveries), Array<string>(6).fill("paused"));
      const counts = await desk.store.reads.counts(endpoint.seq);
      assert.deepEqual([counts.pending, counts.held], [0, 6]);
      assert.equal(first(await desk.store.office.endpoints()).transition, null);
      assert.deepEqual(await desk.store.deliveries.pendingLanes(), []);
    },

  "a transition is worked off in chunks, and stays stored until there is nothing left": async (
    desk,
  ) => {
    const endpoint = await desk.endpoint();
    for (let i = 0; i < 5; i++) await desk.post(endpoint);
    assert.deepEqual(await change(desk, endpoint, "paused", "hold"), [2, 2, 1, 0]);
    const start = { state: "active", transition: "release_all", atMs: START_MS } as const;
    await desk.store.office.updateEndpoint(endpoint.seq, start);
    const query = {
      transition: "release_all",
      hold: "paused",
      limit: 2,
      nowMs: START_MS,
    } as const;
    await desk.store.deliveries.moveHeld({ endpointSeq: endpoint.seq, ...query });
    assert.equal(first(await desk.store.office.endpoints()).transition, "release_all");
  },

  "a transition that was replaced meanwhile is not taken for done": async (desk) => {
    const endpoint = await desk.endpoint();
    const start = { state: "paused", transition: "hold", atMs: START_MS } as const;
    await desk.store.office.updateEndpoint(endpoint.seq, start);
    const late = { transition: "release_all", hold: "paused", limit: 2, nowMs: START_MS } as const;
    await desk.store.deliveries.moveHeld({ endpointSeq: endpoint.seq, ...late });
    assert.equal(first(await desk.store.office.endpoints()).transition, "hold");
  },

  "resuming with all releases the first of each key and what has none": async (desk) => {
    const { endpoint, deliveries } = await pausedDesk(desk);
    await change(desk, endpoint, "active", "release_all");
    assert.deepEqual(await fates(desk, deliveries), [
      "pending",
      "order",
      "pending",
      "pending",
      "order",
      "order",
    ]);
    const counts = await desk.store.reads.counts(endpoint.seq);
    assert.deepEqual([counts.pending, counts.held], [3, 3]);
    assert.equal(await desk.store.deliveries.nextDueAtMs(endpoint.seq, new Set()), START_MS + 1);
  },

  "resuming with the latest keeps the newest of each key and what has none": async (desk) => {
    const { endpoint, deliveries } = await pausedDesk(desk);
    await change(desk, endpoint, "active", "release_latest");
    assert.deepEqual(await fates(desk, deliveries), [
      "cancelled",
      "cancelled",
      "cancelled",
      "pending",
      "pending",
      "pending",
    ]);
    const skipped = await desk.store.reads.delivery(desk.applicationSeq, first(deliveries).id);
    assert.equal(skipped?.endReason, "skipped");
  },

  "resuming with none cancels all that was held": async (desk) => {
    const { endpoint, deliveries } = await pausedDesk(desk);
    await change(desk, endpoint, "active", "release_none");
    assert.deepEqual(await fates(desk, deliveries), Array<string>(6).fill("cancelled"));
    assert.equal((await desk.store.reads.counts(endpoint.seq)).cancelled, 6);
  },

  ...lawsFor(["release_latest", "release_none"] as const, (transition) => ({
    [`what comes in while ${transition} skips those before it is let go`]: async (desk: Desk) => {
      const endpoint = await desk.endpoint({ isOrdered: true });
      await desk.store.office.updateEndpoint(endpoint.seq, { state: "paused", atMs: START_MS });
      const held = await desk.post(endpoint, { key: "k", hold: "paused" });
      await desk.store.office.updateEndpoint(endpoint.seq, { state: "active", atMs: START_MS });
      const fresh = await desk.post(endpoint, { key: "k" });
      assert.deepEqual(await fates(desk, [held, fresh]), ["paused", "order"]);
      await change(desk, endpoint, "active", transition);
      assert.deepEqual(await fates(desk, [held, fresh]), ["cancelled", "pending"]);
    },
  })),

  "one that is sent again while its key is being released leaves one of the key to go": async (
    desk,
  ) => {
    const endpoint = await desk.endpoint({ isOrdered: true });
    const old = await desk.post(endpoint, { key: "k" });
    await desk.record(old, "exhausted");
    await desk.store.office.updateEndpoint(endpoint.seq, { state: "paused", atMs: START_MS });
    const held = await desk.post(endpoint, { key: "k", hold: "paused" });
    await desk.store.office.updateEndpoint(endpoint.seq, { state: "active", atMs: START_MS });
    await desk.store.office.resend(old.seq, null, START_MS);
    await change(desk, endpoint, "active", "release_all");
    assert.deepEqual(await fates(desk, [old, held]), ["pending", "order"]);
    await desk.record(old, "ok", START_MS, 2);
    assert.deepEqual(await fates(desk, [old, held]), ["delivered", "pending"]);
  },

  "held for two reasons, all are released by one resume": async (desk) => {
    const endpoint = await desk.endpoint({ isOrdered: true });
    const disabled = { state: "disabled", disabledReason: "operator", atMs: START_MS } as const;
    await desk.store.office.updateEndpoint(endpoint.seq, disabled);
    const a = await desk.post(endpoint, { key: "k", hold: "disabled" });
    await desk.store.office.updateEndpoint(endpoint.seq, { state: "paused", atMs: START_MS });
    const b = await desk.post(endpoint, { key: "k", hold: "paused" });
    await change(desk, endpoint, "active", "release_all");
    assert.deepEqual(await fates(desk, [a, b]), ["pending", "order"]);
    await desk.record(a, "ok");
    assert.deepEqual(await fates(desk, [a, b]), ["delivered", "pending"]);
  },
};
