/** An endpoint's transition is worked off in chunks, and goes on after a fault and after a change of mind. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { createMover } from "../daemon/delivery/mover.ts";
import type { MoveQuery } from "../daemon/domain/stores.ts";
import { createDirectory } from "../daemon/domain/directory.ts";
import type { Endpoint } from "../daemon/domain/endpoint.ts";
import { createFakeTime, settled } from "./support/fake-time.ts";
import { newEndpoint } from "./support/store-desk.ts";
import { openWorkshop } from "./support/workshop.ts";

const PAUSED = { state: "paused", transition: "hold" } as const;

function endpointWith(more: Partial<Endpoint>): Endpoint {
  return { seq: 1, ...newEndpoint("ep_1", 1, {}), ...more };
}

/** A mover over a store that moves as a test says. */
function createBench(moveHeld: (query: MoveQuery) => Promise<{ moved: number; isDone: boolean }>) {
  const time = createFakeTime();
  const directory = createDirectory();
  directory.putApplication({ seq: 1, id: "app_1", name: "default", createdAtMs: 1 });
  const asked: MoveQuery[] = [];
  const movedOf: number[] = [];
  const log: string[] = [];
  const unused = () => Promise.reject(new Error("not asked for"));
  const say = (message: string) => void log.push(message);
  const mover = createMover({
    store: {
      pendingLanes: unused,
      dueDeliveries: unused,
      nextDueAtMs: unused,
      recordAttempts: unused,
      pullForward: unused,
      moveHeld(query) {
        asked.push(query);
        return moveHeld(query);
      },
    },
    directory,
    clock: time.clock,
    timers: time.timers,
    log: { info: say, warn: say, error: say },
    onMoved: (seq) => void movedOf.push(seq),
  });
  return { time, directory, mover, asked, movedOf, log };
}

test("three thousand that wait are held in chunks of a thousand, and a release brings them all back", async () => {
  using workshop = await openWorkshop();
  const endpoint = await workshop.endpoint({ concurrencyMax: 1 });
  workshop.sender.script(() => "hang");
  workshop.send(3_000);
  await workshop.turn();
  await workshop.change(endpoint, PAUSED);
  await workshop.turn();
  const moves = workshop.gate.asked.filter((what) => what === "move hold");
  assert.equal(moves.length, 4, "and one that finds nothing more");
  const { pending, held } = await workshop.store.reads.counts(endpoint.seq);
  assert.deepEqual([pending, held], [0, 3_000]);
  assert.equal(workshop.directory.endpoint(endpoint.seq)?.transition, null);
  await workshop.change(endpoint, { state: "active", transition: "release_all" });
  await workshop.turn();
  assert.equal((await workshop.store.reads.counts(endpoint.seq)).pending, 3_000);
});

test("a full disk in the middle is waited for, and said", async () => {
  using workshop = await openWorkshop();
  const endpoint = await workshop.endpoint({ concurrencyMax: 1 });
  workshop.sender.script(() => "hang");
  workshop.send(5);
  await workshop.turn();
  workshop.gate.trouble = "disk_full";
  await workshop.change(endpoint, PAUSED);
  await workshop.tick(3);
  assert.match(workshop.log.join("\n"), /can't be moved/);
  workshop.gate.trouble = null;
  await workshop.tick(2);
  assert.equal((await workshop.store.reads.counts(endpoint.seq)).held, 5);
});

test("a change of mind in the middle of a chunk is worked off, too: the last wish wins", async () => {
  const { time, directory, mover, asked } = createBench(async ({ transition }) => {
    if (transition === "hold") {
      directory.putEndpoint(endpointWith({ state: "active", transition: "release_none" }));
    }
    return { moved: 0, isDone: true };
  });
  directory.putEndpoint(endpointWith(PAUSED));
  mover.move(1);
  await time.advance(0);
  assert.deepEqual(
    asked.map(({ transition }) => transition),
    ["hold", "release_none"],
  );
  assert.equal(directory.endpoint(1)?.transition, null);
});

test("what is held is held for the endpoint's own reason", async () => {
  const { time, directory, mover, asked } = createBench(async () => ({ moved: 0, isDone: true }));
  for (const state of ["paused", "disabled"] as const) {
    directory.putEndpoint(endpointWith({ state, transition: "hold" }));
    mover.move(1);
    await time.advance(0);
  }
  assert.deepEqual(
    asked.map(({ hold }) => hold),
    ["paused", "disabled"],
  );
});

test("one endpoint is moved by one at a time, and the engine is woken for each chunk that moved something", async () => {
  let chunks = 0;
  let running = 0;
  const { time, directory, mover, asked, movedOf } = createBench(async () => {
    chunks += 1;
    running += 1;
    assert.equal(running, 1);
    await new Promise<void>((done) => void time.timers.after(5, done));
    running -= 1;
    return chunks < 3 ? { moved: 1_000, isDone: false } : { moved: 0, isDone: true };
  });
  directory.putEndpoint(endpointWith(PAUSED));
  mover.move(1);
  mover.move(1);
  await time.advance(2);
  mover.move(1);
  await time.advance(100);
  assert.equal(asked.length, 3);
  assert.deepEqual(movedOf, [1, 1]);
  assert.ok(asked.every(({ limit }) => limit === 1_000));
});

test("an endpoint that went, or has nothing to move, ends it; a later transition begins anew", async () => {
  const { time, directory, mover, asked } = createBench(async () => ({ moved: 0, isDone: true }));
  mover.move(1);
  await time.advance(0);
  directory.putEndpoint(endpointWith({}));
  mover.move(1);
  await time.advance(0);
  assert.equal(asked.length, 0);
  directory.putEndpoint(endpointWith(PAUSED));
  mover.move(1);
  await time.advance(0);
  assert.equal(asked.length, 1);
});

test("a stop lets the chunk under way end and starts no other", async () => {
  const { time, directory, mover, asked } = createBench(async () => ({ moved: 1, isDone: false }));
  directory.putEndpoint(endpointWith(PAUSED));
  mover.move(1);
  await time.step(0);
  assert.equal(asked.length, 1);
  mover.stop();
  await time.advance(5_000);
  await settled();
  assert.equal(asked.length, 1);
});
