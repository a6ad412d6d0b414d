import assert from "node:assert/strict";

import type { Endpoint } from "../../daemon/domain/endpoint.ts";
import { AppError } from "../../daemon/domain/errors.ts";
import type { DeliveryQuery, EventQuery, Page } from "../../daemon/domain/stores.ts";
import type { Desk, Laws } from "./store-desk.ts";
import { lawsFor, START_MS } from "./store-desk.ts";

/** Turns the pages of a list to its end; `between` happens before each next page. */
export async function pages<Row>(
  read: (after: string | null) => Promise<Page<Row>>,
  between: () => Promise<unknown> = async () => undefined,
): Promise<Row[][]> {
  const all: Row[][] = [];
  let after: string | null = null;
  do {
    const page: Page<Row> = await read(after);
    all.push([...page.rows]);
    after = page.next;
    if (after !== null) await between();
  } while (after !== null);
  return all;
}

export function eventPages(
  desk: Desk,
  more: Partial<EventQuery> = {},
  between?: () => Promise<unknown>,
) {
  const query = { applicationSeq: desk.applicationSeq, limit: 2, ...more };
  return pages((after) => desk.store.reads.events({ ...query, after }), between);
}

export function deliveryPages(
  desk: Desk,
  more: Partial<DeliveryQuery> = {},
  between?: () => Promise<unknown>,
) {
  const query = { applicationSeq: desk.applicationSeq, limit: 2, ...more };
  return pages((after) => desk.store.reads.deliveries({ ...query, after }), between);
}

export const seqsOf = (rows: readonly { seq: number }[]) => rows.map((row) => row.seq);

export const listLaws: Laws = {
  "events are listed newest first, each once, while new ones come in": async (desk) => {
    const seqs: number[] = [];
    for (let i = 0; i < 5; i++)
      seqs.unshift((await desk.send([], { atMs: START_MS + (i >> 1) })).eventSeq);
    const found = await eventPages(desk, {}, () => desk.send([], { atMs: START_MS + 9 }));
    assert.deepEqual(found.map(seqsOf), [seqs.slice(0, 2), seqs.slice(2, 4), seqs.slice(4)]);
  },

  "a list that ends with its page has no next one": async (desk) => {
    await desk.send([]);
    await desk.send([]);
    const query = { applicationSeq: desk.applicationSeq, limit: 2, after: null };
    assert.equal((await desk.store.reads.events(query)).next, null);
    assert.deepEqual(await desk.store.reads.deliveries(query), { rows: [], next: null });
  },

  "a list holds nothing of another application, by whatever it is asked for": async (desk) => {
    const office = desk.store.office;
    const other = await office.createApplication({ id: "app_2", name: "other", createdAtMs: 0 });
    const endpoint = await desk.endpoint({}, other.seq);
    const delivery = await desk.post(endpoint, { applicationSeq: other.seq, id: "theirs" });
    await desk.record(delivery, "exhausted");
    assert.deepEqual(await eventPages(desk), [[]]);
    assert.equal(await desk.store.reads.event(desk.applicationSeq, "theirs"), null);
    assert.equal(await desk.store.reads.delivery(desk.applicationSeq, delivery.id), null);
    assert.notEqual(await desk.store.reads.delivery(other.seq, delivery.id), null);
    const { eventSeq } = (await desk.store.reads.delivery(other.seq, delivery.id)) ?? {
      eventSeq: 0,
    };
    const asked = [
      {},
      { endpointSeq: endpoint.seq },
      { eventSeq },
      { state: "exhausted" as const },
    ];
    for (const query of [...asked, { state: "exhausted" as const, endpointSeq: endpoint.seq }]) {
      assert.deepEqual(await deliveryPages(desk, query), [[]]);
    }
    assert.equal((await deliveryPages(desk, { applicationSeq: other.seq })).flat().length, 1);
  },

  "an application's deliveries are listed event by event, newest first, while new ones come in":
    async (desk) => {
      const [a, b, c] = [await desk.endpoint(), await desk.endpoint(), await desk.endpoint()];
      const old = await desk.send([a, b, c]);
      await desk.send([], { atMs: START_MS + 1 });
      const young = await desk.send([a, b], { atMs: START_MS + 1, type: "t", tenant: "acme" });
      const expected = [...young.deliveries.toReversed(), ...old.deliveries.toReversed()].map(
        ({ id }) => id,
      );
      const found = await deliveryPages(desk, {}, () => desk.send([a, b], { atMs: START_MS + 9 }));
      assert.deepEqual(
        found.flat().map(({ id }) => id),
        expected,
      );
      assert.deepEqual(
        found.map((page) => page.length),
        [2, 2, 1],
      );
      const [row] = found.flat();
      assert.deepEqual([row?.eventId, row?.eventType, row?.tenant], [young.eventId, "t", "acme"]);
    },

  "a page may end in the middle of an event's deliveries": async (desk) => {
    const endpoints = [await desk.endpoint(), await desk.endpoint(), await desk.endpoint()];
    await desk.send(endpoints);
    await desk.send(endpoints);
    const found = (await deliveryPages(desk)).flat();
    assert.deepEqual(seqsOf(found), [6, 5, 4, 3, 2, 1]);
  },

  "an event's deliveries are listed endpoint by endpoint, a replay's included": async (desk) => {
    const [late, a, b] = [await desk.endpoint(), await desk.endpoint(), await desk.endpoint()];
    const { eventSeq, deliveries } = await desk.send([a, b]);
    await desk.send([a, b]);
    const id = desk.id("dlv");
    const delivery = { id, endpointSeq: late.seq, hold: null, orderingKey: null, isTest: false };
    await desk.store.office.deliverAgain([{ eventSeq, delivery }], START_MS + 50);
    const found = (await deliveryPages(desk, { eventSeq })).flat();
    assert.deepEqual(
      found.map((row) => row.id),
      [...deliveries.map((row) => row.id).toReversed(), id],
    );
    const one = (await deliveryPages(desk, { eventSeq, endpointSeq: late.seq })).flat();
    assert.deepEqual(
      one.map((row) => row.id),
      [id],
    );
  },

  "an endpoint's deliveries are listed newest first, while new ones come in": async (desk) => {
    const [endpoint, other] = [await desk.endpoint(), await desk.endpoint()];
    const seqs: number[] = [];
    for (let i = 0; i < 5; i++) {
      await desk.post(other);
      seqs.unshift((await desk.post(endpoint, { atMs: START_MS + (i >> 1) })).seq);
    }
    const more = { endpointSeq: endpoint.seq };
    const found = await deliveryPages(desk, more, () =>
      desk.post(endpoint, { atMs: START_MS + 9 }),
    );
    assert.deepEqual(seqsOf(found.flat()), seqs);
  },

  ...lawsFor(["held", "exhausted", "cancelled"] as const, (state) => ({
    [`${state} deliveries are listed newest first, of all endpoints or of one`]: async (
      desk: Desk,
    ) => {
      const [a, b] = [await desk.endpoint(), await desk.endpoint()];
      await desk.store.office.updateEndpoint(a.seq, { state: "paused", atMs: START_MS });
      await desk.store.office.updateEndpoint(b.seq, { state: "paused", atMs: START_MS });
      const ids: string[][] = [[], []];
      for (let i = 0; i < 6; i++) {
        const endpoint = i % 2 === 0 ? a : b;
        const delivery = await desk.post(endpoint, state === "held" ? { hold: "paused" } : {});
        await desk.record(await desk.post(endpoint), "ok");
        if (state === "exhausted") await desk.record(delivery, "exhausted");
        if (state === "cancelled") await desk.store.office.cancel(delivery.seq, START_MS);
        ids[0]?.unshift(delivery.id);
        if (endpoint === a) ids[1]?.unshift(delivery.id);
      }
      const found = [
        (await deliveryPages(desk, { state })).flat(),
        (await deliveryPages(desk, { state, endpointSeq: a.seq })).flat(),
      ];
      assert.deepEqual(
        found.map((rows) => rows.map(({ id }) => id)),
        ids,
      );
    },
  })),

  "pending deliveries are listed by when they are due, over all endpoints or for one": async (
    desk,
  ) => {
    const [a, b] = [await desk.endpoint(), await desk.endpoint()];
    const posts = [
      await desk.post(a, { atMs: START_MS + 4 }),
      await desk.post(b, { atMs: START_MS + 1 }),
      await desk.post(a, { atMs: START_MS + 3 }),
      await desk.post(b, { atMs: START_MS + 3 }),
      await desk.post(a, { atMs: START_MS + 3 }),
    ];
    const done = await desk.post(a);
    await desk.record(done, "ok");
    const order = [1, 2, 3, 4, 0].map((index) => posts[index]?.seq);
    assert.deepEqual(seqsOf((await deliveryPages(desk, { state: "pending" })).flat()), order);
    const ofA = [2, 4, 0].map((index) => posts[index]?.seq);
    const query = { state: "pending", endpointSeq: a.seq } as const;
    assert.deepEqual(seqsOf((await deliveryPages(desk, query)).flat()), ofA);
  },

  "what is pending at many endpoints is one list by when it is due, each row once": async (
    desk,
  ) => {
    const endpoints = [];
    for (let i = 0; i < 30; i++) endpoints.push(await desk.endpoint());
    const due: { seq: number; atMs: number }[] = [];
    // Many at one instant, some endpoints with many and some with few.
    for (let i = 0; i < 40; i++) {
      const atMs = START_MS + ((i * 7) % 5);
      const { deliveries } = await desk.send(endpoints.slice(0, 1 + ((i * 11) % 30)), { atMs });
      for (const { seq } of deliveries) due.push({ seq, atMs });
    }
    const order = due.toSorted((one, other) => one.atMs - other.atMs || one.seq - other.seq);
    for (const limit of [7, 250]) {
      const found = await deliveryPages(desk, { state: "pending", limit });
      assert.deepEqual(seqsOf(found.flat()), seqsOf(order));
    }
    const found = await deliveryPages(desk, { state: "pending", text: "nowhere" });
    assert.deepEqual(found.flat(), []);
  },

  "deliveries of an endpoint that is gone can still be read": async (desk) => {
    const endpoint = await desk.endpoint();
    const delivery = await desk.post(endpoint);
    await desk.record(delivery, "ok");
    await desk.store.office.deleteEndpoint(endpoint.seq);
    assert.deepEqual(seqsOf((await deliveryPages(desk)).flat()), [delivery.seq]);
    assert.equal(
      (await desk.store.reads.delivery(desk.applicationSeq, delivery.id))?.state,
      "delivered",
    );
  },

  "a long look at what is pending is taken in steps, and what is put off meanwhile comes once":
    async (desk) => {
      const endpoints: Endpoint[] = [];
      for (let i = 0; i < 520; i++) endpoints.push(await desk.endpoint());
      const { deliveries } = await desk.send(endpoints);
      const query = { applicationSeq: desk.applicationSeq, state: "pending", after: null } as const;
      let turns = 0;
      const rest = async () => {
        turns += 1;
        const shown = deliveries[turns - 2];
        if (shown !== undefined) await desk.record(shown, "retry", START_MS + 1, turns);
      };
      const { rows } = await desk.store.reads.deliveries({ ...query, limit: 1_000 }, rest);
      assert.equal(turns, 6, "one among 520 endpoints, and one after each hundred deliveries");
      assert.deepEqual(new Set(seqsOf(rows)), new Set(seqsOf(deliveries)));
      assert.equal(rows.length, 520);
      const none = { ...query, type: "of.none", limit: 5 };
      assert.deepEqual(await desk.store.reads.deliveries(none, rest), { rows: [], next: null });
      assert.equal(turns, 12);
    },

  "a cursor that was not made here, or for another list, is refused with a sentence": async (
    desk,
  ) => {
    for (let i = 0; i < 3; i++) await desk.send([await desk.endpoint()]);
    const query = { applicationSeq: desk.applicationSeq, limit: 2 };
    const { next } = await desk.store.reads.events({ ...query, after: null });
    const forged = Buffer.from('[1,"events",1,"2"]').toString("base64url");
    for (const after of ["", "nonsense", forged, `${forged}=`]) {
      await assert.rejects(desk.store.reads.events({ ...query, after }), refused);
    }
    await assert.rejects(desk.store.reads.deliveries({ ...query, after: next }), refused);
  },
};

function refused(error: unknown): boolean {
  assert.ok(error instanceof AppError);
  assert.equal(error.code, "invalid_cursor");
  assert.match(error.message, /^expected the cursor to be the next_cursor of a page/);
  return true;
}
