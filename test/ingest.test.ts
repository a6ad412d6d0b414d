/** The way in, on a real store in memory whose commits can be held back. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { IncomingEvent, IngestAnswer } from "../daemon/domain/ports.ts";
import { settled } from "./support/fake-time.ts";
import { answered } from "./support/fake-sender.ts";
import type { Workshop } from "./support/workshop.ts";
import { openWorkshop } from "./support/workshop.ts";

/** Everything that is asked for now, answered. */
async function accept(
  workshop: Workshop,
  requests: readonly (readonly Partial<IncomingEvent>[])[],
): Promise<IngestAnswer[][]> {
  const asked = requests.map((events) =>
    workshop.ingest.accept(events.map((each) => workshop.event(each))),
  );
  const answers = Promise.all(asked);
  await workshop.time.advance(0);
  return answers;
}

const eventCount = async ({ store }: Workshop) => (await store.reads.totals()).events;

suite("acceptance", () => {
  test("is answered only after the commit, and nothing is sent before it", async () => {
    using workshop = await openWorkshop();
    await workshop.endpoint();
    const seen: string[] = [];
    workshop.feed.subscribe((changes) => void seen.push(...changes.map(({ kind }) => kind)));
    workshop.gate.hold();
    let isAnswered = false;
    const answer = workshop.ingest.accept([workshop.event()]).then((answers) => {
      isAnswered = true;
      return answers;
    });
    await workshop.time.advance(1_000);
    assert.deepEqual(workshop.gate.asked, ["accept 1"]);
    assert.deepEqual([isAnswered, seen.length, workshop.sender.posts.length], [false, 0, 0]);
    workshop.gate.release();
    const [first] = await answer;
    assert.equal(first?.kind, "accepted");
    assert.equal(await eventCount(workshop), 1);
    assert.deepEqual(seen, ["accepted"]);
  });

  test("of many requests of one turn is one commit, answered each with its own", async () => {
    using workshop = await openWorkshop();
    await workshop.endpoint({ eventTypes: ["two"] });
    const answers = await accept(workshop, [
      [{ id: "a", type: "one" }],
      [
        { id: "b", type: "two" },
        { id: "c", type: "one" },
      ],
      [{ id: "d", type: "two" }],
    ]);
    assert.equal(workshop.gate.asked[0], "accept 4");
    const accepted = (eventId: string, deliveryCount: number) => ({
      kind: "accepted",
      eventId,
      deliveryCount,
    });
    assert.deepEqual(answers, [
      [accepted("a", 0)],
      [accepted("b", 1), accepted("c", 0)],
      [accepted("d", 1)],
    ]);
  });

  test("puts no more than 256 events into a commit, but a batch of a thousand is whole", async () => {
    using workshop = await openWorkshop();
    const single = Array.from({ length: 300 }, () => [{}]);
    const batch = Array.from({ length: 1_000 }, () => ({}));
    const answers = await accept(workshop, [...single, batch]);
    assert.deepEqual(workshop.gate.asked, ["accept 256", "accept 1044"]);
    assert.equal(answers.at(-1)?.length, 1_000);
    assert.equal(new Set(answers.flat().map((each) => JSON.stringify(each))).size, 1_300);
    assert.equal(await eventCount(workshop), 1_300);
  });
});

suite("what is accepted", () => {
  test("is written as it was sent, with the time of its acceptance and one delivery for each endpoint", async () => {
    using workshop = await openWorkshop();
    workshop.sender.script(() => "hang");
    const [plain, ordered] = [
      await workshop.endpoint(),
      await workshop.endpoint({ isOrdered: true }),
    ];
    await workshop.time.advance(70);
    const sent = { id: "own-1", tenant: "north", orderingKey: "k", occurredAtMs: 1_000 };
    await accept(workshop, [[sent]]);
    const event = await workshop.store.reads.event(workshop.applicationSeq, "own-1");
    assert.equal(event?.acceptedAtMs, workshop.time.clock.nowMs());
    assert.equal(event.occurredAtMs, 1_000);
    assert.equal(event.tenant, "north");
    const text = Buffer.from(event.body.bytes).toString();
    assert.equal(text.slice(event.body.dataStart, -1), '{"n":1}');
    await accept(workshop, [[{ orderingKey: "k" }]]);
    const deliveries = await workshop.deliveries();
    const seen = deliveries.map((each) => [each.endpointSeq, each.orderingKey, each.hold]);
    assert.deepEqual(seen, [
      [plain.seq, "k", null],
      [ordered.seq, "k", null],
      [plain.seq, "k", null],
      [ordered.seq, "k", "order"],
    ]);
  });

  test("has each body made once: two endpoints of one profile send the same bytes, raw goes as it came", async () => {
    using workshop = await openWorkshop();
    const profile = (kind: "digest" | "standard") => ({
      profile: { kind, name: null, headers: {} },
    });
    for (const kind of ["digest", "digest", "standard"] as const) {
      await workshop.endpoint(profile(kind));
    }
    await accept(workshop, [[{ value: { a: 1 } }]]);
    const [first, second, third] = workshop.sender.posts.map(({ body }) => body);
    assert.match(first ?? "", /^\{"event_type":"invoice.paid",.*"data":\{"a":1\}\}$/);
    assert.equal(second, first);
    assert.match(third ?? "", /^\{"type":"invoice.paid",/);
    await accept(workshop, [[{ contentType: "text/plain", data: Buffer.from("as it is") }]]);
    const raw = workshop.sender.posts.slice(3).map(({ body }) => body);
    assert.deepEqual(raw, ["as it is", "as it is", "as it is"]);
  });
});

suite("a repeated request", () => {
  test("with the same key is one event, also where fifty come at once, and each gets its answer", async () => {
    using workshop = await openWorkshop();
    await workshop.endpoint();
    const answers = await accept(
      workshop,
      Array.from({ length: 50 }, () => [{ idempotencyKey: "k" }]),
    );
    const kinds = answers.flat().map(({ kind }) => kind);
    assert.deepEqual(kinds, ["accepted", ...Array.from({ length: 49 }, () => "repeated")]);
    const told = answers.flat().map((each) => ({ ...each, kind: "" }));
    assert.ok(told.every((each) => JSON.stringify(each) === JSON.stringify(told[0])));
    assert.equal(await eventCount(workshop), 1);
    assert.equal(workshop.sender.posts.length, 1);
  });

  test("with the same key and anything else in it is a conflict, and nothing is written", async () => {
    using workshop = await openWorkshop();
    const first = { idempotencyKey: "k", type: "a", tenant: null, value: { n: 1 } };
    await accept(workshop, [[first]]);
    const others: Partial<IncomingEvent>[] = [
      { value: { n: 2 } },
      { type: "b" },
      { tenant: "north" },
      { orderingKey: "o" },
      { occurredAtMs: 5 },
      { id: "own" },
      { contentType: "application/json" },
    ];
    for (const other of others) {
      const [[answer] = []] = await accept(workshop, [[{ ...first, ...other }]]);
      assert.equal(answer?.kind, "conflict", JSON.stringify(other));
    }
    assert.equal(await eventCount(workshop), 1);
  });

  test("is known by the producer's own id, too, where it gives no key", async () => {
    using workshop = await openWorkshop();
    const [first = []] = await accept(workshop, [[{ id: "own-1" }]]);
    const [again = []] = await accept(workshop, [[{ id: "own-1" }]]);
    const [other = []] = await accept(workshop, [[{ id: "own-1", value: { n: 2 } }]]);
    assert.deepEqual(
      [first[0]?.kind, again[0]?.kind, other[0]?.kind],
      ["accepted", "repeated", "conflict"],
    );
    assert.equal(await eventCount(workshop), 1);
  });

  test("is not mistaken for one whose key looks like this one's own id", async () => {
    using workshop = await openWorkshop();
    const requests = [
      [{ idempotencyKey: "id:own-1" }],
      [{ id: "own-1" }],
      [{ idempotencyKey: "own-1" }],
    ];
    const answers = await accept(workshop, requests);
    const kinds = answers.flat().map(({ kind }) => kind);
    assert.deepEqual(kinds, ["accepted", "accepted", "accepted"]);
  });
});

suite("in a batch", () => {
  test("a repeated event and a conflict leave the others alone", async () => {
    using workshop = await openWorkshop();
    await workshop.endpoint();
    await accept(workshop, [[{ idempotencyKey: "k" }]]);
    const [answers = []] = await accept(workshop, [
      [{ id: "x" }, { idempotencyKey: "k" }, { idempotencyKey: "k", value: 2 }, { id: "y" }],
    ]);
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      ["accepted", "repeated", "conflict", "accepted"],
    );
    const sent = workshop.sender.posts.slice(1).map(({ webhookId }) => webhookId);
    assert.deepEqual(sent, ["x", "y"]);
  });
});

suite("an endpoint that is away", () => {
  for (const state of ["paused", "disabled"] as const) {
    test(`${state}: what comes for it is held, and said to be`, async () => {
      using workshop = await openWorkshop();
      const endpoint = await workshop.endpoint();
      const disabledReason = state === "disabled" ? "operator" : null;
      await workshop.change(endpoint, { state, disabledReason });
      const seen: string[] = [];
      workshop.feed.subscribe((all) => void seen.push(...all.map((each) => each.state)));
      const [[answer] = []] = await accept(workshop, [[{}]]);
      assert.equal(answer?.kind === "accepted" && answer.deliveryCount, 1);
      const [delivery] = await workshop.deliveries();
      assert.deepEqual([delivery?.state, delivery?.hold, delivery?.dueAtMs], ["held", state, null]);
      assert.deepEqual(seen, ["held"]);
      assert.equal(workshop.sender.posts.length, 0);
    });
  }

  test("is sent a test all the same, once, and nobody else is", async () => {
    using workshop = await openWorkshop();
    const [endpoint, other] = [
      await workshop.endpoint({ eventTypes: ["only.this"], isOrdered: true, tenant: "north" }),
      await workshop.endpoint({ eventTypes: ["posthorn.*", "*"] }),
    ];
    workshop.sender.script(() => answered(500));
    await workshop.change(endpoint, { state: "paused" });
    const asked = workshop.ingest.acceptTest(endpoint.seq);
    await workshop.time.advance(60_000);
    const { eventId, deliveryId } = await asked;
    const [post, ...more] = workshop.sender.posts;
    assert.equal(post?.webhookId, eventId);
    assert.equal(post.url, endpoint.settings.url);
    assert.deepEqual([more.length, workshop.sender.to(other).length], [0, 0]);
    const [delivery] = await workshop.deliveries(endpoint);
    assert.deepEqual(
      [delivery?.id, delivery?.state, delivery?.endReason],
      [deliveryId, "exhausted", "test_failed"],
    );
    assert.match(post.body, /"type":"posthorn.test".*"endpoint_id":"ep_1"/);
  });

  test("and is gone can't be tested", async () => {
    using workshop = await openWorkshop();
    await assert.rejects(workshop.ingest.acceptTest(9), { code: "not_found" });
  });
});

test("a notice of the daemon goes to those who asked for its own events, not to those who asked for all", async () => {
  using workshop = await openWorkshop();
  const endpoints = [
    await workshop.endpoint({ eventTypes: ["*"] }),
    await workshop.endpoint({ eventTypes: ["posthorn.*"] }),
    await workshop.endpoint({ eventTypes: ["posthorn.endpoint.disabled"] }),
  ];
  const { ingest, applicationSeq } = workshop;
  const given = ingest.acceptNotice(applicationSeq, "posthorn.endpoint.disabled", { a: 1 });
  await workshop.time.advance(0);
  await given;
  const posts = endpoints.map((endpoint) => workshop.sender.to(endpoint).length);
  assert.deepEqual(posts, [0, 1, 1]);
});

test("a change of an endpoint between the request and its commit counts", async () => {
  using workshop = await openWorkshop();
  const endpoint = await workshop.endpoint();
  const answer = workshop.ingest.accept([workshop.event()]);
  await settled();
  await workshop.change(endpoint, { state: "paused" });
  await workshop.time.advance(0);
  await answer;
  const [delivery] = await workshop.deliveries();
  assert.equal(delivery?.hold, "paused");
});
