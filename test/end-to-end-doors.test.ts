/** Who gets in, and where the daemon may go out. */
import assert from "node:assert/strict";
import { after, suite, test } from "node:test";

import { openPostOffice } from "./support/post-office.ts";
import { startReceiver } from "./support/receiver.ts";

/** As it comes from the box: nothing private may be reached. */
const office = await openPostOffice({});
after(() => office.close());

suite("the egress guard", { concurrency: true }, () => {
  test("blocks a receiver on this machine, names the grant that it would need, and sends once that is given", async () => {
    await using receiver = await startReceiver();
    const desk = await office.desk();
    const since = new Date(Date.now() - 1_000).toISOString();
    const { id } = await desk.endpoint(receiver.url, { backoff: [] });
    const event = await desk.send({ n: 1 });
    const blocked = await desk.becomes(event, "exhausted");
    const grant = `127.0.0.1:${receiver.port}`;
    assert.equal(blocked.last_error, "egress_blocked");
    assert.ok(blocked.reason.sentence.includes(`add ${grant} to`), blocked.reason.sentence);
    assert.equal(receiver.connectionCount(), 0);
    await desk.must(`PATCH /v1/endpoints/${id}`, { egress_allow: [grant] });
    await desk.must(`POST /v1/endpoints/${id}/recover`, { since });
    await desk.becomes(event, "delivered");
    assert.equal(receiver.requests.length, 1);
  });

  test("shows a blocked delivery that still has retries as blocked, and when it looks again", async () => {
    await using receiver = await startReceiver();
    const desk = await office.desk();
    const { id } = await desk.endpoint(receiver.url, { backoff: [1, 1, 1, 1, 1] });
    const event = await desk.send({ n: 1 });
    const tested = await desk.must(`POST /v1/endpoints/${id}/test`);
    assert.equal(tested.last_error, "egress_blocked");
    const { reason, due_at: dueAt } = await desk.delivery(event);
    assert.equal(reason.code, "egress_blocked");
    assert.match(
      reason.sentence,
      /blocked by the egress guard: 127\.0\.0\.1 .* Attempt \d of 6 is/,
    );
    assert.ok(dueAt !== null);
    await desk.must(`PATCH /v1/endpoints/${id}`, { egress_allow: ["127.0.0.0/8"] });
    await desk.becomes(event, "delivered");
  });

  test("a grant for one endpoint is none for another", async () => {
    await using receiver = await startReceiver();
    const desk = await office.desk();
    const allowed = { egress_allow: [`127.0.0.1:${receiver.port}`], backoff: [] };
    const open = await desk.endpoint(`${receiver.url}/open`, allowed);
    const shut = await desk.endpoint(`${receiver.url}/shut`, { backoff: [] });
    const event = await desk.send();
    await desk.becomes(event, "delivered", open.id);
    await desk.becomes(event, "exhausted", shut.id);
    assert.deepEqual(
      receiver.requests.map(({ path }) => path),
      ["/open"],
    );
  });
});

suite("two applications", { concurrency: true }, () => {
  test("never see each other's data, with a key of their own or with a foreign name", async () => {
    await using receiver = await startReceiver();
    const [north, south] = [await office.desk(), await office.desk()];
    const allowed = { egress_allow: ["127.0.0.0/8"] };
    const endpoint = await north.endpoint(receiver.url, allowed);
    const event = await north.send({ secret: "of the north" });
    const delivery = await north.becomes(event, "delivered");
    const scopes = ["events:write", "manage"];
    const { key } = await south.must("POST /v1/keys", { name: "south", scopes });
    const asSouth = (line: string, body?: unknown) =>
      south.ask(line, { key, ...(body !== undefined && { body }) });

    for (const path of [
      `events/${event}`,
      `endpoints/${endpoint.id}`,
      `endpoints/${endpoint.id}/stats`,
      `endpoints/${endpoint.id}/secret`,
      `deliveries/${delivery.id}`,
      `deliveries?event_id=${event}`,
      `deliveries?endpoint_id=${endpoint.id}`,
    ]) {
      const answer = await asSouth(`GET /v1/${path}`);
      assert.equal(answer.status, 404, `${path}: ${answer.text}`);
      assert.ok(!answer.text.includes("north"));
    }
    for (const line of [
      `POST /v1/deliveries/${delivery.id}/resend`,
      `POST /v1/deliveries/${delivery.id}/cancel`,
      `POST /v1/endpoints/${endpoint.id}/pause`,
      `POST /v1/endpoints/${endpoint.id}/test`,
      `DELETE /v1/endpoints/${endpoint.id}`,
    ]) {
      assert.equal((await asSouth(line)).status, 404, line);
    }
    for (const list of ["events", "endpoints", "deliveries"]) {
      const answer = await asSouth(`GET /v1/${list}`);
      assert.deepEqual(answer.json.data, [], list);
    }
    const sent = await asSouth("POST /v1/events", { type: "order.paid", data: {} });
    assert.equal(sent.json.deliveries, 0);
    const headers = { "posthorn-app": north.application };
    assert.equal((await south.ask("GET /v1/events", { key, headers })).status, 404);
    assert.equal(receiver.requests.length, 1);
  });

  test("may use the same idempotency key and event id without meeting", async () => {
    const [north, south] = [await office.desk(), await office.desk()];
    const headers = { "idempotency-key": "same" };
    const body = { type: "order.paid", id: "order-1", data: {} };
    for (const desk of [north, south]) {
      const answer = await desk.ask("POST /v1/events", { body, headers });
      assert.equal(answer.status, 202);
      assert.equal(answer.headers.get("idempotent-replayed"), null);
    }
    const again = await north.ask("POST /v1/events", { body, headers });
    assert.equal(again.headers.get("idempotent-replayed"), "true");
    const other = { ...body, data: { n: 2 } };
    assert.equal((await north.ask("POST /v1/events", { body: other, headers })).status, 409);
  });
});

suite("keys", { concurrency: true }, () => {
  test("no key, a wrong one and a revoked one are refused alike, with 401", async () => {
    const desk = await office.desk();
    const made = await desk.must("POST /v1/keys", { name: "k", scopes: ["read"] });
    const withKey = (key: string | null) => desk.ask("GET /v1/events", { key });
    assert.equal((await withKey(made.key)).status, 200);
    await desk.must(`DELETE /v1/keys/${made.id}`);
    for (const key of [null, "phk_unknown", made.key]) {
      const answer = await withKey(key);
      assert.deepEqual([answer.status, answer.json.code], [401, "unauthorized"]);
      assert.equal(answer.headers.get("www-authenticate"), 'Bearer realm="posthorn"');
      assert.ok(!answer.text.includes(made.key));
    }
  });

  test("a key goes as far as its scopes and no further: else 403", async () => {
    const desk = await office.desk();
    const keyFor = async (scopes: readonly string[]): Promise<string> =>
      (await desk.must("POST /v1/keys", { name: scopes.join(), scopes })).key;
    const writer = await keyFor(["events:write"]);
    const reader = await keyFor(["read"]);
    const body = { type: "order.paid", data: {} };
    const url = { url: "https://shop.example/hook" };
    const tries: [key: string, line: string, body: unknown, status: number][] = [
      [writer, "POST /v1/events", body, 202],
      [writer, "GET /v1/events", undefined, 403],
      [writer, "POST /v1/endpoints", url, 403],
      [reader, "GET /v1/events", undefined, 200],
      [reader, "POST /v1/events", body, 403],
      [reader, "POST /v1/endpoints", url, 403],
      [reader, "POST /v1/keys", { name: "more", scopes: ["manage"] }, 403],
      [reader, "GET /v1/applications", undefined, 403],
      [reader, "GET /metrics", undefined, 403],
    ];
    for (const [key, line, sent, status] of tries) {
      const answer = await desk.ask(line, { key, ...(sent !== undefined && { body: sent }) });
      assert.equal(answer.status, status, `${line}: ${answer.text}`);
    }
  });
});
