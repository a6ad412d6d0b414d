/** What the way in refuses, what it holds back, and what fails alone. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { AppError } from "../daemon/domain/errors.ts";
import type { IncomingEvent } from "../daemon/domain/ports.ts";
import { settled } from "./support/fake-time.ts";
import type { Workshop } from "./support/workshop.ts";
import { openWorkshop } from "./support/workshop.ts";

type Ending = string;

/** How a request (of one event like any other, if none is given) ends: "accepted", or the code that it is refused with. */
function ask(workshop: Workshop, ...events: readonly Partial<IncomingEvent>[]): Promise<Ending> {
  const wanted = events.length === 0 ? [{}] : events;
  return workshop.ingest.accept(wanted.map((each) => workshop.event(each))).then(
    ([first]) => first?.kind ?? "nothing",
    (error: unknown) => {
      if (error instanceof AppError) return error.code;
      throw error;
    },
  );
}

async function askAll(workshop: Workshop, requests: readonly Promise<Ending>[]): Promise<Ending[]> {
  await workshop.time.advance(0);
  return Promise.all(requests);
}

const eventCount = async ({ store }: Workshop) => (await store.reads.totals()).events;

suite("a full backlog", () => {
  test("refuses with a time to come back, counting what was accepted since the last count", async () => {
    const counted = { waiting: 1 };
    using workshop = await openWorkshop({
      ingest: { backlog: () => counted.waiting, backlogMax: 3 },
    });
    await workshop.endpoint();
    workshop.sender.script(() => "hang");
    assert.deepEqual(await askAll(workshop, [ask(workshop)]), ["accepted"]);
    assert.deepEqual(await askAll(workshop, [ask(workshop)]), ["accepted"]);
    assert.deepEqual(await askAll(workshop, [ask(workshop)]), ["backlog_full"]);
    await assert.rejects(workshop.ingest.accept([workshop.event()]), { retryAfterS: 5 });
    counted.waiting = 2;
    workshop.ingest.backlogCounted();
    assert.deepEqual(await askAll(workshop, [ask(workshop)]), ["accepted"]);
    counted.waiting = 3;
    workshop.ingest.backlogCounted();
    assert.deepEqual(await askAll(workshop, [ask(workshop)]), ["backlog_full"]);
    assert.equal(await eventCount(workshop), 3);
  });

  test("refuses tests and notices like everything else", async () => {
    using workshop = await openWorkshop({ ingest: { backlog: () => 1, backlogMax: 1 } });
    const { seq } = await workshop.endpoint();
    await assert.rejects(workshop.ingest.acceptTest(seq), { code: "backlog_full" });
    const notice = workshop.ingest.acceptNotice(workshop.applicationSeq, "posthorn.x", {});
    await assert.rejects(notice, { code: "backlog_full" });
  });
});

suite("what stands before the commit is bounded", () => {
  test("5,000 events may wait, the next is refused, and room comes back with the commit", async () => {
    using workshop = await openWorkshop();
    const batch = Array.from({ length: 1_000 }, () => ({}));
    const waiting = [1, 2, 3, 4, 5].map(() => ask(workshop, ...batch));
    assert.equal(await ask(workshop), "backlog_full");
    const endings = await askAll(workshop, waiting);
    assert.deepEqual(new Set(endings), new Set(["accepted"]));
    assert.deepEqual(await askAll(workshop, [ask(workshop)]), ["accepted"]);
    assert.equal(await eventCount(workshop), 5_001);
  });

  test("64 MiB may wait, not a byte more", async () => {
    using workshop = await openWorkshop();
    const raw = (bytes: number) => ({ contentType: "text/plain", data: Buffer.alloc(bytes) });
    const half = raw(32 * 2 ** 20);
    const [first, second] = [ask(workshop, half), ask(workshop, half)];
    assert.equal(await ask(workshop, raw(1)), "backlog_full");
    workshop.gate.trouble = "disk_full";
    assert.deepEqual(await askAll(workshop, [first, second]), ["unavailable", "unavailable"]);
    workshop.gate.trouble = null;
    assert.deepEqual(await askAll(workshop, [ask(workshop, raw(1))]), ["accepted"]);
  });
});

test("below the floor of free disk nothing is taken, and the store is not even asked", async () => {
  let hasDiskSpace = false;
  using workshop = await openWorkshop({ ingest: { hasDiskSpace: () => hasDiskSpace } });
  assert.equal(await ask(workshop), "unavailable");
  assert.deepEqual(workshop.gate.asked, []);
  hasDiskSpace = true;
  assert.deepEqual(await askAll(workshop, [ask(workshop)]), ["accepted"]);
});

test("a commit that fails refuses everything that stood in it, and nothing of it was written or sent", async () => {
  using workshop = await openWorkshop();
  await workshop.endpoint();
  for (const trouble of ["disk_full", "read_only", "io_error"] as const) {
    workshop.gate.trouble = trouble;
    const requests = [ask(workshop), ask(workshop, { idempotencyKey: "k" }, {}), ask(workshop)];
    const endings = await askAll(workshop, requests);
    assert.deepEqual(endings, ["unavailable", "unavailable", "unavailable"]);
  }
  const { seq } = await workshop.endpoint();
  const tested = assert.rejects(workshop.ingest.acceptTest(seq), { code: "unavailable" });
  await workshop.time.advance(0);
  await tested;
  assert.deepEqual([await eventCount(workshop), workshop.sender.posts.length], [0, 0]);
  workshop.gate.trouble = null;
  assert.deepEqual(await askAll(workshop, [ask(workshop, { idempotencyKey: "k" })]), ["accepted"]);
});

test("a fault of ours in the store is not told as a full disk", async () => {
  const broken = { acceptEvents: () => Promise.reject(new TypeError("a fault")) };
  using workshop = await openWorkshop({ ingest: { store: broken } });
  const answer = assert.rejects(workshop.ingest.accept([workshop.event()]), TypeError);
  await workshop.time.advance(0);
  await answer;
});

test("a body that one endpoint's profile can't carry fails alone; the others of its turn are taken", async () => {
  using workshop = await openWorkshop();
  await workshop.endpoint({ profile: { kind: "topic", name: null, headers: {} } });
  const twice = { value: {}, data: Buffer.from('{"a":{"b":1,"b":2}}') };
  const requests = [ask(workshop, { id: "a" }), ask(workshop, { id: "b" }, twice), ask(workshop)];
  const endings = await askAll(workshop, requests);
  assert.deepEqual(endings, ["accepted", "invalid_request", "accepted"]);
  assert.equal(await workshop.store.reads.event(workshop.applicationSeq, "b"), null);
  assert.equal(await eventCount(workshop), 2);
});

suite("data against its type's schema", () => {
  const fault = { path: "/data/n", message: "/data/n must be string" };
  const schemaProblems = ({ id }: IncomingEvent) =>
    id === "bad" ? Promise.resolve([fault]) : null;

  test("is refused before anything waits, and says where", async () => {
    using workshop = await openWorkshop({ ingest: { schemaProblems } });
    const single = workshop.ingest.accept([workshop.event({ id: "bad" })]);
    await assert.rejects(single, {
      code: "schema_violation",
      problems: [{ path: "/data/n", message: "/data/n must be string" }],
    });
    const events = [workshop.event(), workshop.event({ id: "bad" })];
    await assert.rejects(workshop.ingest.accept(events), {
      code: "schema_violation",
      problems: [{ path: "/events/1/data/n", message: "/data/n must be string" }],
    });
    await workshop.time.advance(0);
    assert.deepEqual(workshop.gate.asked, []);
  });

  test("is not asked of the daemon's own events", async () => {
    const refuse = () => Promise.resolve([{ path: "", message: "no" }]);
    using workshop = await openWorkshop({ ingest: { schemaProblems: refuse } });
    const { seq } = await workshop.endpoint();
    const tested = workshop.ingest.acceptTest(seq);
    await workshop.time.advance(0);
    assert.ok((await tested).deliveryId.startsWith("dlv_"));
  });
});

test("pace holds requests back without refusing them, tells what it let in, and lets go by itself", async () => {
  const paced = { allowance: 0, accepted: 0 };
  const pace = {
    allowance: () => paced.allowance,
    accepted: (deliveries: number) => void (paced.accepted += deliveries),
  };
  using workshop = await openWorkshop({ ingest: { pace } });
  await workshop.endpoint();
  await workshop.endpoint();
  const first = ask(workshop);
  await workshop.time.advance(500);
  assert.deepEqual(workshop.gate.asked, [], "not yet");
  const second = ask(workshop);
  paced.allowance = 1;
  await workshop.time.advance(2);
  assert.deepEqual(workshop.gate.asked.slice(0, 2), ["accept 1", "accept 1"], "one at a turn");
  assert.deepEqual(await Promise.all([first, second]), ["accepted", "accepted"]);
  assert.equal(paced.accepted, 4);
});

test("while pace holds back, the loop is not kept turning", async () => {
  const looks: number[] = [];
  using workshop = await openWorkshop({
    ingest: {
      pace: {
        allowance(nowMs) {
          looks.push(nowMs);
          return looks.length < 4 ? 0 : Infinity;
        },
        accepted: () => undefined,
      },
    },
  });
  const answer = ask(workshop);
  await workshop.time.advance(10);
  await settled();
  assert.equal(await answer, "accepted");
  const [start = 0] = looks;
  assert.deepEqual(
    looks.map((ms) => ms - start),
    [0, 2, 4, 6],
  );
});

test("what was taken is told to whoever counts: events once, their deliveries all, repeats not at all", async () => {
  const told: (readonly [number, number])[] = [];
  using workshop = await openWorkshop({
    ingest: { onAccepted: (events, deliveries) => void told.push([events, deliveries]) },
  });
  await workshop.endpoint();
  await workshop.endpoint();
  const requests = [
    ask(workshop, { idempotencyKey: "k" }, {}),
    ask(workshop, { idempotencyKey: "k" }),
  ];
  await askAll(workshop, requests);
  assert.deepEqual(told, [[2, 4]]);
});
