import assert from "node:assert/strict";
import { test } from "node:test";
import type { Desk } from "./support/desk.ts";
import {
  addEndpoint,
  attempt,
  deliveryOf,
  openDesk,
  refusal,
  send,
  START_MS,
  workOff,
} from "./support/desk.ts";

async function deskWithOne(settings = {}) {
  const desk = await openDesk();
  const { endpoint } = await addEndpoint(desk, { settings });
  const [id = ""] = await send(desk, { orderingKey: "k" });
  return { desk, endpoint, id, seq: desk.application.seq };
}

const states = (desk: Desk, ids: readonly (string | undefined)[]) =>
  Promise.all(ids.map(async (id) => (await deliveryOf(desk, id)).state));

test("a delivery that was given up is resent: due now, its table from the start", async () => {
  const { desk, endpoint, id, seq } = await deskWithOne();
  await attempt(desk, id, 500);
  desk.clock.pass(1_000);
  const after = await desk.motion.resend(seq, id);
  assert.deepEqual(
    [after.state, after.dueAtMs, after.attemptCount, after.tableStart, after.settledAtMs],
    ["pending", START_MS + 1_000, 1, 1, null],
  );
  assert.deepEqual(desk.ear.told, [`changed ${endpoint.seq}`]);
  assert.deepEqual(
    desk.changes.map(({ kind, deliveryId, endpointSeq, state, attemptCount, lastError }) => [
      kind,
      deliveryId,
      endpointSeq,
      state,
      attemptCount,
      lastError,
    ]),
    [["changed", id, endpoint.seq, "pending", 1, "http_500"]],
  );
});

test("resent while its endpoint is paused, a delivery is held like a new one", async () => {
  const { desk, endpoint, id, seq } = await deskWithOne();
  await attempt(desk, id, 200);
  await desk.endpoints.pause(seq, endpoint.id);
  const after = await desk.motion.resend(seq, id);
  assert.deepEqual([after.state, after.hold, after.dueAtMs], ["held", "paused", null]);
});

test("resending is refused where it could not help, with what would", async () => {
  const { desk, endpoint, id, seq } = await deskWithOne({ isOrdered: true });
  const [second = ""] = await send(desk, { orderingKey: "k" });
  const { message: order } = await refusal(() => desk.motion.resend(seq, second));
  assert.match(order, /ordering key/);
  desk.ear.inFlight.add((await deliveryOf(desk, id)).seq);
  assert.match((await refusal(() => desk.motion.resend(seq, id))).message, /under way/);
  desk.ear.inFlight.clear();
  await desk.endpoints.pause(seq, endpoint.id);
  await workOff(desk, endpoint.id);
  assert.match((await refusal(() => desk.motion.resend(seq, id))).message, /resume the endpoint/);
  await desk.deletion.deleteEndpoint(seq, endpoint.id);
  const { code, message } = await refusal(() => desk.motion.resend(seq, id));
  assert.equal(code, "conflict");
  assert.match(message, /deleted/);
  assert.equal((await refusal(() => desk.motion.resend(seq, "dlv_none"))).code, "not_found");
});

test("another application's delivery is unknown", async () => {
  const { desk, id } = await deskWithOne();
  const other = await desk.applications.create("other");
  assert.equal((await refusal(() => desk.motion.resend(other.seq, id))).code, "not_found");
  assert.equal((await refusal(() => desk.motion.cancel(other.seq, id))).code, "not_found");
  assert.equal((await deliveryOf(desk, id)).state, "pending");
});

test("a cancelled delivery is final; while its attempt is under way the caller is told so", async () => {
  const { desk, endpoint, id, seq } = await deskWithOne();
  desk.ear.inFlight.add((await deliveryOf(desk, id)).seq);
  const { delivery, isAttemptUnderWay } = await desk.motion.cancel(seq, id);
  assert.deepEqual(
    [delivery.state, delivery.endReason, isAttemptUnderWay],
    ["cancelled", "cancelled", true],
  );
  assert.ok(desk.ear.told.includes(`changed ${endpoint.seq}`));
  assert.equal((await refusal(() => desk.motion.cancel(seq, id))).code, "conflict");
});

test("cancelling the first of an ordering key lets the next one go", async () => {
  const { desk, id, seq } = await deskWithOne({ isOrdered: true });
  const [second] = await send(desk, { orderingKey: "k" });
  assert.deepEqual(await states(desk, [second]), ["held"]);
  assert.equal((await desk.motion.cancel(seq, id)).isAttemptUnderWay, false);
  assert.deepEqual(await states(desk, [second]), ["pending"]);
});

test("nothing has failed yet at a time in the future, so it is refused", async () => {
  const desk = await openDesk();
  const { endpoint } = await addEndpoint(desk);
  const { seq } = desk.application;
  const nowMs = desk.clock.nowMs();
  const { code, paths } = await refusal(() =>
    desk.motion.recover(seq, endpoint.id, { sinceMs: nowMs + 1 }),
  );
  assert.deepEqual([code, paths], ["invalid_request", ["/since"]]);
  assert.deepEqual(await desk.motion.recover(seq, endpoint.id, { sinceMs: nowMs }), {
    recovered: 0,
  });
});

test("recover puts back what failed since then, beyond one chunk, and no more", async () => {
  const { desk, endpoint, id: early, seq } = await deskWithOne();
  await attempt(desk, early, 500);
  const [good] = await send(desk);
  await attempt(desk, good, 200);
  desk.clock.pass(1_000);
  const late = [];
  for (let i = 0; i < 501; i++) {
    const [id] = await send(desk);
    await attempt(desk, id, 500);
    late.push(id);
  }
  assert.deepEqual(await desk.motion.recover(seq, endpoint.id, { sinceMs: START_MS + 1_000 }), {
    recovered: 501,
  });
  assert.deepEqual(await states(desk, [early, good]), ["exhausted", "delivered"]);
  assert.deepEqual(new Set(await states(desk, late)), new Set(["pending"]));
});

test("all that waits is cancelled, held or not, and nothing that has ended", async () => {
  const { desk, endpoint, id, seq } = await deskWithOne({ isOrdered: true });
  const [done] = await send(desk);
  await attempt(desk, done, 200);
  const [second] = await send(desk, { orderingKey: "k" });
  assert.deepEqual(await states(desk, [second]), ["held"]);
  assert.deepEqual(await desk.motion.cancelWaiting(seq, endpoint.id), { cancelled: 2 });
  assert.deepEqual(await states(desk, [id, done, second]), ["cancelled", "delivered", "cancelled"]);
  assert.ok(desk.ear.told.includes(`changed ${endpoint.seq}`));
});

test("cancelling all ends at a busy endpoint, too", async () => {
  const { desk, endpoint, seq } = await deskWithOne();
  const { cancelChunk } = desk.office;
  desk.store.cancelChunk = async (...query) => {
    const count = await cancelChunk(...query);
    await send(desk);
    return count;
  };
  assert.deepEqual(await desk.motion.cancelWaiting(seq, endpoint.id), { cancelled: 1 });
});

const ALWAYS = { fromMs: 0, toMs: START_MS * 2 };

test("a replay sends an endpoint the events that it would get now: by pattern, tenant and filter", async () => {
  const desk = await openDesk();
  const seq = desk.application.seq;
  const sent = [
    { type: "invoice.paid", tenant: "acme", data: { amount: 10 } },
    { type: "invoice.paid", tenant: "acme", data: { amount: 5 } },
    { type: "invoice.paid", tenant: "else", data: { amount: 10 } },
    { type: "order.paid", tenant: "acme", data: { amount: 10 } },
    { type: "invoice.raw", tenant: "acme", data: "amount=10", contentType: "text/plain" },
    { type: "posthorn.test", tenant: "acme", data: { amount: 10 } },
  ];
  for (const event of sent) await send(desk, event);
  const filter = { amount: { $gte: 10 } };
  const eventTypes = ["invoice.*", "posthorn.test"];
  const { endpoint } = await addEndpoint(desk, {
    settings: { eventTypes, tenant: "acme", filter },
  });
  const first = await desk.replay(seq, endpoint.id, ALWAYS);
  assert.deepEqual(first, { created: 1, resent: 0, waiting: 0 });
  assert.deepEqual(await desk.replay(seq, endpoint.id, ALWAYS), {
    created: 0,
    resent: 0,
    waiting: 1,
  });
  const { rows } = await desk.fullStore.reads.deliveries({
    applicationSeq: seq,
    limit: 10,
    after: null,
  });
  await attempt(desk, rows[0]?.id, 200);
  assert.deepEqual(await desk.replay(seq, endpoint.id, ALWAYS), {
    created: 0,
    resent: 1,
    waiting: 0,
  });
  assert.ok(desk.ear.told.includes(`wake ${endpoint.seq}`));
});

test("a replay takes a type and a span of time, from its first millisecond to before its last", async () => {
  const desk = await openDesk();
  const seq = desk.application.seq;
  for (let i = 0; i < 120; i++) {
    await send(desk, { type: i % 2 === 0 ? "a" : "b" });
    desk.clock.pass(1);
  }
  const { endpoint } = await addEndpoint(desk);
  const span = { fromMs: START_MS + 10, toMs: START_MS + 110 };
  const typed = await desk.replay(seq, endpoint.id, { ...span, type: "a" });
  assert.deepEqual(typed, { created: 50, resent: 0, waiting: 0 });
  assert.deepEqual(await desk.replay(seq, endpoint.id, span), {
    created: 50,
    resent: 0,
    waiting: 50,
  });
  const backwards = { fromMs: 5, toMs: 5 };
  assert.deepEqual((await refusal(() => desk.replay(seq, endpoint.id, backwards))).paths, [
    "/from",
  ]);
});

test("what is replayed to a paused endpoint is held", async () => {
  const desk = await openDesk();
  await send(desk);
  const { endpoint } = await addEndpoint(desk);
  await desk.endpoints.pause(desk.application.seq, endpoint.id);
  await desk.replay(desk.application.seq, endpoint.id, ALWAYS);
  const query = { applicationSeq: desk.application.seq, limit: 10, after: null };
  const { rows } = await desk.fullStore.reads.deliveries(query);
  assert.deepEqual(
    rows.map(({ state, hold }) => [state, hold]),
    [["held", "paused"]],
  );
});

test("what is under way is not replayed, though its record may be written and not told of yet", async () => {
  const { desk, endpoint, id, seq } = await deskWithOne();
  await attempt(desk, id, 200);
  desk.ear.inFlight.add((await deliveryOf(desk, id)).seq);
  const waiting = { created: 0, resent: 0, waiting: 1 };
  const rehearsal = { ...ALWAYS, isRehearsal: true };
  assert.deepEqual(await desk.replay(seq, endpoint.id, rehearsal), waiting);
  assert.deepEqual(await desk.replay(seq, endpoint.id, ALWAYS), waiting);
  desk.ear.inFlight.clear();
  assert.equal((await desk.replay(seq, endpoint.id, ALWAYS)).resent, 1);
});

test("a replay whose endpoint is deleted meanwhile ends with what was done", async () => {
  const desk = await openDesk();
  await send(desk);
  const { endpoint } = await addEndpoint(desk);
  const { eventsForReplay } = desk.office;
  desk.store.eventsForReplay = async (query) => {
    const events = await eventsForReplay(query);
    await desk.deletion.deleteEndpoint(desk.application.seq, endpoint.id);
    return events;
  };
  const replayed = await desk.replay(desk.application.seq, endpoint.id, ALWAYS);
  assert.deepEqual(replayed, { created: 0, resent: 0, waiting: 0 });
});

test("a replay commits chunk by chunk, wakes the endpoint after each, and not where nothing matched", async () => {
  const desk = await openDesk();
  for (let i = 0; i < 120; i++) await send(desk, { type: i < 60 ? "a" : "b" });
  const { endpoint } = await addEndpoint(desk, { settings: { eventTypes: ["b"] } });
  const chunks: number[] = [];
  const { deliverAgain } = desk.office;
  desk.store.deliverAgain = (entries, nowMs) => {
    chunks.push(entries.length);
    return deliverAgain(entries, nowMs);
  };
  desk.ear.told.length = 0;
  const { created } = await desk.replay(desk.application.seq, endpoint.id, ALWAYS);
  assert.equal(created, 60);
  assert.deepEqual(chunks, [40, 20]);
  assert.deepEqual(desk.ear.told, Array(2).fill(`wake ${endpoint.seq}`));
});

test("a replay that breaks off wakes the endpoint all the same: what was committed is due", async () => {
  const desk = await openDesk();
  await send(desk);
  const { endpoint } = await addEndpoint(desk);
  const { deliverAgain } = desk.office;
  desk.store.deliverAgain = async (entries, nowMs) => {
    await deliverAgain(entries, nowMs);
    throw new Error("the answer got lost");
  };
  desk.ear.told.length = 0;
  await assert.rejects(desk.replay(desk.application.seq, endpoint.id, ALWAYS), /got lost/);
  assert.deepEqual(desk.ear.told, [`wake ${endpoint.seq}`]);
});
