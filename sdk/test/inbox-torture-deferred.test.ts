/** What `deferred` mode promises, against workers and operators that die at any statement. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { createSeeded } from "../../test/support/seeded.ts";
import { PermanentError } from "../src/receiver/handler-errors.ts";
import { order } from "./receiver-kit.ts";
import type { Deferred, Span } from "./support/inbox-torture-child.ts";
import { atEachStep, type Ground, run, tortureEach } from "./support/inbox-torture-ground.ts";

/** More than a lease lasts with the receiver's own limits. */
const AHEAD_MS = 60_000;
const TRIES_MAX = 200;
const PAUSE_MS = 25;

tortureEach("torture of workers", (here) => {
  testWorkersDeath(here);
  testFailingDeath(here);
  testOperatorsDeath(here);
  testMany(here);
});

/** Stored as a sender's requests are, one after the other. */
async function store({ store: { deferred } }: Ground, endpoint: string, events: Events) {
  for (const [id, key] of events) {
    const { outcome } = await deferred({ endpoint }).handle(order(id, key === null ? {} : { key }));
    assert.equal(outcome, "stored", id);
  }
}

function inOneKey(ids: readonly string[]): Events {
  return ids.map((id) => [id, "key"]);
}

type Events = readonly (readonly [id: string, key: string | null])[];

/** In a process of its own; true where that died at the step. */
async function act({ name, at }: Ground, id: string, task: Omit<Deferred, "kind">) {
  const { signal, said, wailed } = await run({ name, at, id, task: { kind: "deferred", ...task } })
    .ended;
  if (signal === null) assert.equal(wailed, "");
  const spans = said.split("\n").filter((line) => line !== "");
  return { isDead: signal === "SIGKILL", spans: spans.map((line) => JSON.parse(line) as Span) };
}

/** What a worker of the next process does, when the leases of the one before are over; until so many effects are there. */
async function workOn(
  { store: { deferred, effects } }: Ground,
  endpoint: string,
  wanted: number,
  aheadMs = AHEAD_MS,
): Promise<readonly string[]> {
  const worker = deferred({ endpoint, aheadMs }).worker();
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    await worker.runOnce();
    const written = await effects(`${endpoint}/`);
    if (written.length >= wanted) break;
    // The server may not have noticed yet that the one who holds the row is gone.
    await pause(PAUSE_MS);
  }
  // Whatever comes later finds nothing to do.
  assert.equal(
    await deferred({ endpoint, aheadMs: aheadMs + AHEAD_MS })
      .worker()
      .runOnce(),
    0,
  );
  return effects(`${endpoint}/`);
}

function testWorkersDeath(here: () => Ground): void {
  test("killed at any step of its work, the next worker leaves one effect of each event, in the order of their key", async () => {
    const deaths = await atEachStep(async (step) => {
      const endpoint = `well ${step}`;
      const ids = [`${endpoint}/1`, `${endpoint}/2`];
      await store(here(), endpoint, inOneKey(ids));
      const task = { endpoint, step, aheadMs: 0, act: "work", handler: "ends well" } as const;
      const { isDead } = await act(here(), endpoint, task);
      assert.deepEqual(await workOn(here(), endpoint, 2), ids);
      assert.deepEqual(await here().store.statuses(endpoint, ids), ["done", "done"]);
      return isDead;
    });
    assert.ok(deaths >= 20, `expected work of 20 steps or more, got ${deaths}`);
  });
}

function testFailingDeath(here: () => Ground): void {
  test("killed at any step of a handler's failure, the next worker leaves one effect, the earlier of the key before the later", async () => {
    const deaths = await atEachStep(async (step) => {
      const endpoint = `fails ${step}`;
      const ids = [`${endpoint}/1`, `${endpoint}/2`];
      await store(here(), endpoint, inOneKey(ids));
      const task = { endpoint, step, aheadMs: 0, act: "work", handler: "fails" } as const;
      const { isDead } = await act(here(), endpoint, task);
      assert.deepEqual(await workOn(here(), endpoint, 2), ids);
      return isDead;
    });
    assert.ok(deaths >= 10, `expected work of 10 steps or more, got ${deaths}`);
  });

  test("killed at any step of giving an event up, it is a dead letter once, and has no effect before it is redriven", async () => {
    const deaths = await atEachStep(async (step) => {
      const endpoint = `gives up ${step}`;
      const id = `${endpoint}/1`;
      await store(here(), endpoint, [[id, null]]);
      const task = { endpoint, step, aheadMs: 0, act: "work", handler: "gives up" } as const;
      const { isDead } = await act(here(), id, task);
      await untilDead(here(), endpoint, id);
      const { deadLetters } = here().store.deferred({ endpoint });
      assert.deepEqual(
        [await deadLetters.redrive(id), await deadLetters.redrive(id)],
        [true, false],
      );
      assert.deepEqual(await workOn(here(), endpoint, 1, 2 * AHEAD_MS), [id]);
      return isDead;
    });
    assert.ok(deaths >= 8, `expected work of 8 steps or more, got ${deaths}`);
  });
}

/** Given up by a worker of this process, where the one before did not get that far. */
async function untilDead({ store: { deferred } }: Ground, endpoint: string, id: string) {
  const before = (): void => {
    throw new PermanentError("as some events deserve");
  };
  const { worker, deadLetters } = deferred({ endpoint, aheadMs: AHEAD_MS, before });
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    await worker().runOnce();
    const letters = await deadLetters.list();
    if (letters.length === 0) await pause(PAUSE_MS);
    else
      return assert.deepEqual(
        letters.map((letter) => letter.id),
        [id],
      );
  }
  assert.fail(`${id} never became a dead letter`);
}

function testOperatorsDeath(here: () => Ground): void {
  for (const what of ["redrive", "discard"] as const) {
    const end = what === "redrive" ? "its one effect" : "none";
    test(`killed at any step of a ${what}, the event can be taken up by another, and has ${end}`, async () => {
      const deaths = await atEachStep(async (step) => {
        const endpoint = `${what} ${step}`;
        const id = `${endpoint}/1`;
        await store(here(), endpoint, [[id, "key"]]);
        await untilDead(here(), endpoint, id);
        const task = { endpoint, step, aheadMs: AHEAD_MS, act: what, handler: "fails" } as const;
        const { isDead } = await act(here(), id, task);
        const { deadLetters } = here().store.deferred({ endpoint });
        // False where the one who died had got through with it.
        if (what === "redrive") await deadLetters.redrive(id);
        else await deadLetters.discard(id, "seen by another person");
        const expected = what === "redrive" ? [id] : [];
        const aheadMs = 2 * AHEAD_MS;
        assert.deepEqual(await workOn(here(), endpoint, expected.length, aheadMs), expected);
        const status = what === "redrive" ? "done" : "ignored";
        assert.deepEqual(await here().store.statuses(endpoint, [id]), [status]);
        assert.deepEqual(await deadLetters.list(), []);
        return isDead;
      });
      assert.ok(deaths >= 2, `expected a ${what} of 2 steps or more, got ${deaths}`);
    });
  }
}

const KEYS = ["a", "b", "c", "d"];
const EVENTS = 120;
const ROUNDS = 8;
const WORKERS = 3;
const SEED = 20_261_125;

function testMany(here: () => Ground): void {
  test("three workers at once, killed again and again: one effect each, each key in order and one at a time", async () => {
    const endpoint = "many";
    const seeded = createSeeded(SEED);
    const events = Array.from({ length: EVENTS }, (_, at): [string, string] => [
      `${endpoint}/${KEYS[at % KEYS.length]}/${String(at).padStart(3, "0")}`,
      KEYS[at % KEYS.length] ?? "",
    ]);
    await store(here(), endpoint, events);
    const lives: (readonly Span[])[] = [];
    let deaths = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const aheadMs = round * AHEAD_MS;
      const children = Array.from({ length: WORKERS }, () =>
        act(here(), endpoint, {
          endpoint,
          step: seeded.whole(20, 200),
          aheadMs,
          act: "work",
          handler: "ends well",
        }),
      );
      const ended = await Promise.all(children);
      deaths += ended.filter(({ isDead }) => isDead).length;
      lives.push(...ended.map(({ spans }) => spans));
    }
    assert.ok(deaths >= ROUNDS, `expected most workers to die, got ${deaths}`);
    const begun = lives.flat().filter(({ word }) => word === "begin").length;
    assert.ok(begun >= EVENTS / 4, `expected those processes to do much of the work, got ${begun}`);
    const written = await workOn(here(), endpoint, EVENTS, ROUNDS * AHEAD_MS);
    assert.deepEqual(written.toSorted(), events.map(([id]) => id).toSorted());
    for (const key of KEYS) {
      const ofKey = written.filter((id) => id.startsWith(`${endpoint}/${key}/`));
      assert.deepEqual(ofKey, ofKey.toSorted(), `key ${key}`);
      assertOneAtATime(lives, `${endpoint}/${key}/`);
    }
  });
}

/** No handler of the key began while another one had begun, in whatever process, and neither ended nor died. */
function assertOneAtATime(lives: readonly (readonly Span[])[], prefix: string): void {
  const turns = lives.flatMap((spans) =>
    spans.flatMap(({ word, id, atNs }, at) => {
      if (word !== "begin" || !id.startsWith(prefix)) return [];
      const end = spans
        .slice(at)
        .find((one) => one.word === "die" || (one.word === "end" && one.id === id));
      assert.ok(end !== undefined, `${id} began and had no end`);
      return [{ id, from: BigInt(atNs), to: BigInt(end.atNs) }];
    }),
  );
  const inTime = turns.toSorted((left, right) => (left.from < right.from ? -1 : 1));
  for (const [at, turn] of inTime.entries()) {
    const next = inTime[at + 1];
    assert.ok(next === undefined || turn.to <= next.from, `${turn.id} and ${next?.id} at once`);
  }
}
