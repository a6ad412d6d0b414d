/** What the inbox promises, against processes that die and come all at once. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Job, Told } from "./support/inbox-torture-child.ts";
import { atEachStep, type Ground, run, tortureEach } from "./support/inbox-torture-ground.ts";
import { openStore } from "./support/inbox-torture-stores.ts";

const PROCESSES = 5;
const DELIVERIES_EACH = 10;

tortureEach("torture", (here, name) => {
  testCrowd(here);
  testDeaths(here);
  // MariaDB counts whole seconds.
  testRetries(here, name === "mariadb" ? 1_000 : 50);
});

function testCrowd(here: () => Ground): void {
  test("50 equal deliveries at once, in five processes, have one effect", async () => {
    const { store, name, at } = here();
    const id = "evt_crowd";
    const job: Job = { name, at, id, task: { kind: "deliver", count: DELIVERIES_EACH } };
    const children = Array.from({ length: PROCESSES }, () => run(job));
    await Promise.all(children.map(({ isReady }) => isReady));
    for (const { child } of children) child.stdin?.write("go");
    const told = (await Promise.all(children.map(({ ended }) => ended))).flatMap(({ said }) => {
      const answers = said.split("\n")[1];
      return JSON.parse(answers ?? "[]") as Told[];
    });
    assert.equal(told.filter(({ outcome }) => outcome === "handled").length, 1);
    assert.equal(told.filter(({ status }) => status === 200).length, PROCESSES * DELIVERIES_EACH);
    for (const { status, retryAfter } of told) {
      assert.ok(status === 200 || (status === 503 && Number(retryAfter) > 0), `${status}`);
    }
    assert.equal(await store.count(id), 1);
  });
}

function testDeaths(here: () => Ground): void {
  for (const isFailing of [false, true]) {
    const handler = isFailing ? "a handler that fails" : "a handler that ends well";
    test(`killed at any step of ${handler}, the sender's retry makes exactly one effect`, async () => {
      const deaths = await atEachStep((step) => dieAt(here(), step, isFailing));
      assert.ok(deaths >= 6, `expected a flow of 6 steps or more, got ${deaths}`);
    });
  }
}

/** False where the flow has fewer steps than that, and so came to its end. */
async function dieAt({ store, name, at }: Ground, step: number, isFailing: boolean) {
  const id = `evt_${isFailing ? "failing" : "well"}_${step}`;
  const { ended } = run({ name, at, id, task: { kind: "die", step, isFailing } });
  const { signal, wailed } = await ended;
  if (signal === null) assert.equal(wailed, "");
  const retry = await store.deliver(id);
  assert.equal(retry.answer.status, 200, `${id}: ${retry.error?.message}`);
  assert.ok(retry.outcome === "handled" || retry.outcome === "duplicate");
  assert.equal(await store.count(id), 1, id);
  return signal === "SIGKILL";
}

function testRetries(here: () => Ground, lockWaitMsMin: number): void {
  test("a handler that fails twice and then succeeds has one effect, at its third attempt", async () => {
    const { store } = here();
    const attempts: number[] = [];
    const answers: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      const { answer } = await store.deliver("evt_third", (attempt) => {
        attempts.push(attempt);
        if (attempt < 3) throw new Error("not yet");
      });
      answers.push(answer.status);
    }
    assert.deepEqual(attempts, [1, 2, 3]);
    assert.deepEqual(answers, [500, 500, 200, 200]);
    assert.equal(await store.count("evt_third"), 1);
  });

  test("an event that is not free within the lock limit is answered with 503 and Retry-After, never 200", async () => {
    const { store, name, at } = here();
    const other = openStore({ name, at, lockWaitMs: lockWaitMsMin });
    const finish = await store.hold("evt_held");
    const { answer, outcome } = await other.deliver("evt_held");
    assert.deepEqual([answer.status, outcome], [503, "failed"]);
    assert.ok(Number(answer.headers["retry-after"]) > 0);
    await finish();
    assert.equal((await other.deliver("evt_held")).outcome, "duplicate");
    assert.equal(await store.count("evt_held"), 0);
    await other.close();
  });
}
