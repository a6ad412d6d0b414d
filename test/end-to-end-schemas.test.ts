/** Schemas that event types carry, on a real daemon: hostile ones cost their own type and nobody else. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { after, before, suite, test } from "node:test";

import { HOSTILE } from "./support/hostile-schemas.ts";
import type { PostOffice } from "./support/post-office.ts";
import { openPostOffice, until } from "./support/post-office.ts";
import { startReceiver } from "./support/receiver.ts";

const POST = "POST /v1/events";
const PAID = { type: "object", required: ["amount"], properties: { amount: { type: "integer" } } };

/** Processes that this one has started. Linux tells them. */
const childrenFile = (pid: number) => `/proc/${pid}/task/${pid}/children`;
const childrenOf = (pid: number) =>
  readFileSync(childrenFile(pid), "utf8").trim().split(" ").filter(Boolean).map(Number);
const skip = existsSync(childrenFile(process.pid)) ? false : "this system does not tell children";

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function elapsedMs(run: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await run();
  return performance.now() - startedAtMs;
}

suite("a hostile schema", () => {
  let office: PostOffice;
  before(async () => (office = await openPostOffice()));
  after(() => office.close());

  for (const { name, schema, data } of HOSTILE) {
    test(`${name}: the daemon lives on, other applications deliver, and its events are refused`, async () => {
      await using receiver = await startReceiver();
      const [bad, good] = [await office.desk(), await office.desk()];
      await bad.must("PUT /v1/event-types/order.paid", { schema });
      await good.must("PUT /v1/event-types/order.paid", { schema: PAID });
      await good.endpoint(receiver.url);
      const body = { type: "order.paid", data };
      const answers = Promise.all(Array.from({ length: 8 }, () => bad.ask(POST, { body })));
      const answersMs = elapsedMs(() => answers);
      const healthMs = await elapsedMs(async () =>
        assert.equal((await good.ask("GET /healthz")).status, 200),
      );
      const deliveredMs = await elapsedMs(async () => {
        await good.send({ amount: 1 });
        await good.send({ free: true }, { type: "other" });
        await receiver.received(2);
      });
      for (const { json } of await answers) {
        assert.equal(json.code, "schema_violation");
        assert.match(json.detail, /schema of order\.paid to decide within 250 ms, got no decision/);
        assert.equal(json.problems[0].pointer, "/data");
      }
      const took = { answers: await answersMs, health: healthMs, delivered: deliveredMs };
      assert.ok(healthMs < 1_000 && deliveredMs < 1_000, JSON.stringify(took));
      assert.ok(took.answers < 2_000, JSON.stringify(took));
      const later = await bad.ask(POST, { body: { type: "order.paid", data: {} } });
      assert.match(later.json.detail, /got no decision; its events are refused/);
      await bad.must("PUT /v1/event-types/order.paid", { schema: PAID });
      assert.match(await bad.send({ amount: 1 }), /^evt_/);
    });
  }
});

suite("a good schema", () => {
  let office: PostOffice;
  before(async () => (office = await openPostOffice()));
  after(() => office.close());

  test("is not paid for by those who have none: no process is there", { skip }, async () => {
    const desk = await office.desk();
    await desk.must("PUT /v1/event-types/order.paid", { description: "Paid." });
    await desk.send();
    assert.deepEqual(childrenOf(office.daemon.pid), []);
  });

  test("looks at a batch of 1,000 events, and one that is wrong is named", async () => {
    const desk = await office.desk();
    await desk.must("PUT /v1/event-types/order.paid", { schema: PAID });
    const events = Array.from({ length: 1_000 }, (_, amount) => ({
      type: "order.paid",
      data: { amount },
    }));
    const { data } = await desk.must("POST /v1/events/batch", { events });
    assert.equal(data.length, 1_000);
    const wrong = { type: "order.paid", data: { amount: "much" } };
    const answer = await desk.ask("POST /v1/events/batch", {
      body: { events: [...events.slice(1), wrong] },
    });
    assert.equal(answer.json.code, "schema_violation");
    assert.deepEqual(answer.json.problems, [
      { pointer: "/events/999/data/amount", detail: "/data/amount must be integer" },
    ]);
    assert.equal((await desk.must("GET /v1/events?text=much")).data.length, 0);
  });

  test("can't be passed by with a raw body", async () => {
    const desk = await office.desk();
    await desk.must("PUT /v1/event-types/order.paid", { schema: PAID });
    const raw = (type: string) =>
      desk.ask(POST, {
        body: '{"amount":"much"}',
        headers: { "content-type": "application/vnd.x+json", "posthorn-event-type": type },
      });
    const refused = await raw("order.paid");
    assert.equal(refused.json.code, "schema_violation");
    assert.match(refused.json.detail, /expected Content-Type to be application\/json, because/);
    assert.equal((await raw("order.sent")).status, 202);
  });
});

suite("the process that runs schemas", { skip }, () => {
  async function openWithChild() {
    const office = await openPostOffice();
    const desk = await office.desk();
    await desk.must("PUT /v1/event-types/order.paid", { schema: PAID });
    const [child = 0] = childrenOf(office.daemon.pid);
    assert.ok(isAlive(child));
    return { office, desk, child };
  }

  test("ends with the daemon, and not by a signal to the whole group", async () => {
    const { office, desk, child } = await openWithChild();
    process.kill(child, "SIGTERM");
    process.kill(child, "SIGINT");
    await desk.send({ amount: 1 });
    assert.deepEqual(childrenOf(office.daemon.pid), [child]);
    await office.close();
    await until(() => !isAlive(child), "the process to end");
  });

  test("ends with a daemon that is killed", async () => {
    const { office, child } = await openWithChild();
    await office.daemon.kill();
    await until(() => !isAlive(child), "the process to end");
    rmSync(office.dataDir, { recursive: true });
  });

  test("is started anew when it was killed, and no event passes unchecked", async () => {
    const { office, desk, child } = await openWithChild();
    process.kill(child, "SIGKILL");
    const body = { type: "order.paid", data: { amount: "much" } };
    const answer = await desk.ask(POST, { body });
    assert.equal(answer.json.code, "schema_violation");
    await desk.send({ amount: 1 });
    await office.close();
  });
});
