import assert from "node:assert/strict";

import type { DeliveryQuery, EventQuery } from "../../daemon/domain/stores.ts";
import type { Desk, Laws } from "./store-desk.ts";
import { START_MS } from "./store-desk.ts";
import { deliveryPages, eventPages } from "./store-lists.ts";

const SENT = [
  { id: "e1", type: "a", tenant: "acme", body: '{"name":"Zoë"}', atMs: START_MS + 1 },
  { id: "e2", type: "b", tenant: "acme", body: '{"name":"Bob"}', atMs: START_MS + 2 },
  { id: "e3", type: "a", tenant: null, body: '{"name":"bob"}', atMs: START_MS + 3 },
  {
    id: "e4",
    type: "a",
    tenant: "acme",
    body: "raw Bob",
    contentType: "text/plain",
    atMs: START_MS + 4,
  },
] as const;

/** Names of the events found, oldest first. */
async function events(desk: Desk, query: Partial<EventQuery>): Promise<string> {
  return (await eventPages(desk, query))
    .flat()
    .map(({ id }) => id)
    .toReversed()
    .join(" ");
}

async function deliveries(desk: Desk, query: Partial<DeliveryQuery>): Promise<string> {
  return (await deliveryPages(desk, query))
    .flat()
    .map((row) => row.eventId)
    .toSorted()
    .join(" ");
}

export const searchLaws: Laws = {
  "events are found by type, tenant, span of time and a piece of their body": async (desk) => {
    for (const sent of SENT) await desk.send([], sent);
    assert.equal(await events(desk, { type: "a" }), "e1 e3 e4");
    assert.equal(await events(desk, { tenant: "acme" }), "e1 e2 e4");
    assert.equal(await events(desk, { type: "a", tenant: "acme" }), "e1 e4");
    assert.equal(await events(desk, { fromMs: START_MS + 2 }), "e2 e3 e4");
    assert.equal(await events(desk, { toMs: START_MS + 3 }), "e1 e2");
    assert.equal(await events(desk, { fromMs: START_MS + 2, toMs: START_MS + 4 }), "e2 e3");
    assert.equal(await events(desk, { text: "Bob" }), "e2 e3 e4");
    assert.equal(await events(desk, { text: "Zoë" }), "e1");
    assert.equal(await events(desk, { text: "Bob", tenant: "acme", type: "b" }), "e2");
    assert.equal(await events(desk, { text: "nobody" }), "");
  },

  "deliveries are found by type, tenant and last error, along whatever list": async (desk) => {
    const [a, b] = [await desk.endpoint(), await desk.endpoint()];
    for (const sent of SENT) {
      const { deliveries: made } = await desk.send([a, b], sent);
      for (const delivery of made) {
        await desk.record(delivery, sent.tenant === null ? "ok" : "exhausted", sent.atMs);
      }
    }
    const [all, one] = [{}, { endpointSeq: a.seq }];
    assert.equal(await deliveries(desk, { ...all, type: "a" }), "e1 e1 e3 e3 e4 e4");
    assert.equal(await deliveries(desk, { ...one, type: "a" }), "e1 e3 e4");
    assert.equal(await deliveries(desk, { ...one, type: "a", state: "exhausted" }), "e1 e4");
    assert.equal(await deliveries(desk, { ...one, tenant: "acme" }), "e1 e2 e4");
    assert.equal(await deliveries(desk, { ...one, state: "delivered" }), "e3");
    assert.equal(await deliveries(desk, { ...all, state: "delivered" }), "e3 e3");
    assert.equal(await deliveries(desk, { ...one, lastError: "http_500" }), "e1 e2 e4");
    assert.equal(
      await deliveries(desk, { ...all, state: "exhausted", lastError: "dns_failed" }),
      "",
    );
  },

  "deliveries are found by span of time, along whatever list": async (desk) => {
    const [endpoint, gone] = [await desk.endpoint(), await desk.endpoint()];
    for (const sent of SENT) {
      const { deliveries: made } = await desk.send([endpoint, gone], sent);
      await desk.store.office.cancel(made[1]?.seq ?? 0, sent.atMs);
    }
    const span = { fromMs: START_MS + 2, toMs: START_MS + 4 };
    assert.equal(await deliveries(desk, span), "e2 e2 e3 e3");
    assert.equal(await deliveries(desk, { ...span, endpointSeq: endpoint.seq }), "e2 e3");
    assert.equal(await deliveries(desk, { ...span, state: "cancelled" }), "e2 e3");
    assert.equal(await deliveries(desk, { ...span, state: "pending" }), "e2 e3");
    const { eventSeq } = (await deliveryPages(desk)).flat()[0] ?? { eventSeq: 0 };
    assert.equal(await deliveries(desk, { ...span, eventSeq }), "");
    assert.equal(await deliveries(desk, { toMs: START_MS + 5, eventSeq }), "e4 e4");
  },

  "a search that finds little in much gives short pages, and reaches the end all the same": async (
    desk,
  ) => {
    const endpoint = await desk.endpoint();
    const batch = (from: number) =>
      Array.from({ length: 1_000 }, (_, i) => desk.event([], { atMs: START_MS + from + i }));
    const rare = { type: "rare", body: "rare" };
    await desk.send([endpoint], { ...rare, id: "first", atMs: START_MS });
    for (let i = 0; i < 21; i++) await desk.store.events.acceptEvents(batch(1 + i * 1_000));
    await desk.send([endpoint], { ...rare, id: "last", atMs: START_MS + 30_000 });
    for (const query of [{ type: "rare" }, { text: "rare" }]) {
      const found = await eventPages(desk, query);
      assert.ok(found.length > 1);
      assert.deepEqual(
        found.flat().map(({ id }) => id),
        ["last", "first"],
      );
    }
    const byApplication = await deliveryPages(desk, { type: "rare" });
    assert.ok(byApplication.length > 1);
    assert.deepEqual(
      byApplication.flat().map((row) => row.eventId),
      ["last", "first"],
    );
  },

  "a search for text looks through some megabytes a page, however large the bodies are": async (
    desk,
  ) => {
    const endpoint = await desk.endpoint();
    const body = "x".repeat(1_048_576);
    for (let i = 0; i < 12; i++) await desk.send([endpoint], { body, atMs: START_MS + i });
    // Four megabytes a page, and what is left on the last.
    assert.equal((await eventPages(desk, { text: "nowhere" })).length, 3);
    assert.equal((await deliveryPages(desk, { text: "nowhere" })).length, 3);
  },
};
