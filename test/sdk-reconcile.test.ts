/** A receiver that lost what it was sent gets it again from the daemon, and can prove that nothing was missed. */
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { memoryInbox } from "../sdk/src/inbox/memory.ts";
import { createReceiver } from "../sdk/src/receiver/create-receiver.ts";
import { posthornDeliveries } from "../sdk/src/receiver/posthorn-deliveries.ts";
import { reconcile } from "../sdk/src/receiver/reconcile.ts";
import { posthorn } from "../sdk/src/providers/posthorn.ts";
import { TEST_KEY } from "./support/daemon-client.ts";
import { openPostOffice, until } from "./support/post-office.ts";
import { startReceiver } from "./support/receiver.ts";

const office = await openPostOffice();
after(() => office.close());

const EVENTS = 300;

test("what a receiver took and lost is found over all pages, sent again, and takes effect once", async () => {
  const desk = await office.desk();
  const effects: string[] = [];
  const inbox = memoryInbox();
  let receiver: ReturnType<typeof createShop> | null = null;
  await using server = await startReceiver((request, response) => {
    // Before it is set up it says yes to everything and does nothing.
    if (receiver === null) return void response.writeHead(204).end();
    const url = `http://127.0.0.1${request.path}`;
    void receiver.handle({ ...request, url }).then(({ answer }) => {
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  const endpoint = await desk.endpoint(server.url);
  const sinceMs = Date.now() - 60_000;
  const events = Array.from({ length: EVENTS }, (_, n) => ({ type: "order.paid", data: { n } }));
  await desk.must("POST /v1/events/batch", { events });
  await server.received(EVENTS);
  receiver = createShop(endpoint.secret);
  await desk.becomes(await desk.send(), "delivered");
  await until(async () => {
    const { data } = await desk.must("GET /v1/deliveries?state=pending&limit=1");
    return data.length === 0;
  }, "every attempt to be written down");

  const first = await look();
  assert.deepEqual([first.checked, first.known], [EVENTS + 1, 1]);
  assert.deepEqual([first.missing.length, first.resent], [EVENTS, EVENTS]);
  assert.deepEqual(first.stillMissing, []);
  assert.deepEqual([effects.length, new Set(effects).size], [EVENTS + 1, EVENTS + 1]);
  const second = await look();
  assert.deepEqual([second.known, second.missing, second.resent], [EVENTS + 1, [], 0]);

  function createShop(secret: string) {
    const provider = posthorn({ secret });
    return createReceiver({ endpoint: "orders", provider, inbox }).on("order.paid", ({ id }) => {
      effects.push(id);
    });
  }

  function look() {
    const sender = posthornDeliveries({
      baseUrl: `http://${office.daemon.address}`,
      apiKey: TEST_KEY,
      application: desk.application,
      endpointId: endpoint.id,
      sinceMs,
    });
    return reconcile({ ...sender, inbox, endpoint: "orders", graceMs: 0, nowMs: Date.now() });
  }
});

test("a key that may not read is told so, and nothing is proved", async () => {
  const { deliveries } = posthornDeliveries({
    baseUrl: `http://${office.daemon.address}`,
    apiKey: "phk_wrong",
    endpointId: "ep_unknown",
    sinceMs: 0,
  });
  const options = { deliveries, resend: async () => {}, graceMs: 0, nowMs: Date.now() };
  await assert.rejects(
    reconcile({ ...options, inbox: memoryInbox(), endpoint: "orders" }),
    /expected GET \/v1\/deliveries to be answered 200, got 401/,
  );
});
