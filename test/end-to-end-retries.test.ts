/** What the daemon does when a receiver fails, throttles, hangs or asks to be left alone. */
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { after } from "node:test";

import type { Answered } from "./support/post-office.ts";
import { openPostOffice, together, until } from "./support/post-office.ts";
import { startReceiver } from "./support/receiver.ts";

const office = await openPostOffice();
after(() => office.close());

type Answer = (response: ServerResponse) => void;

const OK: Answer = (response) => void response.writeHead(204).end();

function status(code: number, headers: Record<string, string> = {}): Answer {
  return (response) => void response.writeHead(code, headers).end("as you like");
}

/** A receiver that gives these answers in turn, the last one for ever, and writes down when. */
async function receiverOf(...answers: readonly Answer[]) {
  const atMs: number[] = [];
  const receiver = await startReceiver((_request, response) => {
    const answer = answers[Math.min(atMs.length, answers.length - 1)] ?? OK;
    atMs.push(performance.now());
    answer(response);
  });
  return { ...receiver, atMs };
}

together("a receiver that fails", {
  "is tried again by its table, under the same id, until it accepts": async () => {
    await using receiver = await receiverOf(status(500), status(404), OK);
    const desk = await office.desk();
    await desk.endpoint(receiver.url, { backoff: [1, 2, 60] });
    const id = await desk.send({ n: 1 });
    const delivery = await desk.becomes(id, "delivered");
    assert.equal(delivery.attempt_count, 3);
    assert.equal(delivery.reason.code, "delivered");
    const said = receiver.requests.map((each) => [
      each.header("webhook-id"),
      each.header("posthorn-attempt"),
      each.body.toString(),
    ]);
    const body = receiver.requests[0]?.body.toString();
    assert.deepEqual(said, [
      [id, "1", body],
      [id, "2", body],
      [id, "3", body],
    ]);
    const [first = 0, second = 0, third = 0] = receiver.atMs;
    assert.ok(second - first >= 790, `1 s less 20 %: ${second - first} ms`);
    assert.ok(third - second >= 1_590, `2 s less 20 %: ${third - second} ms`);
    const { attempts } = await desk.must(`GET /v1/deliveries/${delivery.id}`);
    const statuses = attempts.map((each: { status: number }) => each.status);
    assert.deepEqual(statuses, [500, 404, 204]);
    assert.equal(attempts[0].response.excerpt, "as you like");
  },

  "is given up when its table is used up, and the reason says so": async () => {
    await using receiver = await receiverOf(status(500));
    const desk = await office.desk();
    await desk.endpoint(receiver.url, { backoff: [1] });
    const delivery = await desk.becomes(await desk.send(), "exhausted");
    assert.equal(receiver.requests.length, 2);
    assert.equal(delivery.end_reason, "table_used_up");
    assert.match(delivery.reason.sentence, /^Given up at .* after 2 attempts\. .* answered 500\./);
    assert.equal(delivery.due_at, null);
  },

  "may say with Retry-After that it wants more time than the table would give": async () => {
    await using receiver = await receiverOf(status(500, { "retry-after": "2" }), OK);
    const desk = await office.desk();
    await desk.endpoint(receiver.url, { backoff: [1, 3] });
    await desk.becomes(await desk.send(), "delivered");
    const [first = 0, second = 0] = receiver.atMs;
    assert.ok(second - first >= 1_990, `asked for 2 s, got ${second - first} ms`);
  },

  "can't put the next attempt off beyond the table's longest step": async () => {
    await using receiver = await receiverOf(status(500, { "retry-after": "86400" }), OK);
    const desk = await office.desk();
    await desk.endpoint(receiver.url, { backoff: [1, 2] });
    await desk.becomes(await desk.send(), "delivered");
  },

  "is waited for while nobody listens, and named as refusing": async () => {
    const desk = await office.desk();
    const receiver = await startReceiver();
    await receiver.close();
    await desk.endpoint(receiver.url, { backoff: [] });
    const delivery = await desk.becomes(await desk.send(), "exhausted");
    assert.equal(delivery.last_error, "connect_refused");
    assert.match(delivery.reason.sentence, /the receiver refused the connection/);
  },

  "that hangs is cut off at the endpoint's time limit": async () => {
    await using receiver = await receiverOf(() => {});
    const desk = await office.desk();
    await desk.endpoint(receiver.url, { backoff: [], timeout_ms: 1_000 });
    const id = await desk.send();
    await receiver.received(1);
    const underWay = await desk.delivery(id);
    assert.equal(underWay.state, "in_flight");
    assert.match(underWay.reason.sentence, /Attempt 1 of 1 is under way and ends after 1 s/);
    const delivery = await desk.becomes(id, "exhausted");
    assert.equal(delivery.last_error, "timeout");
  },

  "with a redirect is not followed: 302 is an answer like any other": async () => {
    await using target = await receiverOf(OK);
    await using receiver = await receiverOf(status(302, { location: target.url }));
    const desk = await office.desk();
    await desk.endpoint(receiver.url, { backoff: [] });
    const delivery = await desk.becomes(await desk.send(), "exhausted");
    assert.equal(delivery.last_error, "http_302");
    assert.equal(target.requests.length, 0);
  },

  "under retry: transient a 4xx ends the delivery at once, a 409 does not": async () => {
    await using receiver = await receiverOf(status(409), status(422));
    const desk = await office.desk();
    await desk.endpoint(receiver.url, { retry: "transient", backoff: [1, 60] });
    const delivery = await desk.becomes(await desk.send(), "exhausted");
    assert.equal(delivery.end_reason, "rejected");
    assert.equal(delivery.attempt_count, 2);
  },

  "with an answer without end costs 16 KiB, and the attempt says that it was cut": async () => {
    await using receiver = await receiverOf((response) => {
      response.writeHead(500);
      response.write("x".repeat(100_000));
    });
    const desk = await office.desk();
    await desk.endpoint(receiver.url, { backoff: [], timeout_ms: 5_000 });
    const { id } = await desk.becomes(await desk.send(), "exhausted");
    const { attempts } = await desk.must(`GET /v1/deliveries/${id}`);
    assert.equal(attempts[0].status, 500);
    assert.equal(attempts[0].response.truncated, true);
    assert.equal(attempts[0].response.excerpt, "x".repeat(16 * 1024));
  },
});

together("a receiver that asks for something", {
  "410 ends the delivery and disables the endpoint; what comes later is held until it is enabled":
    async () => {
      await using receiver = await receiverOf(status(410), OK);
      const desk = await office.desk();
      const { id } = await desk.endpoint(receiver.url);
      const gone = await desk.becomes(await desk.send(), "exhausted");
      assert.equal(gone.end_reason, "gone");
      const endpoint = await desk.must(`GET /v1/endpoints/${id}`);
      assert.deepEqual([endpoint.state, endpoint.disabled_reason], ["disabled", "gone"]);
      const later = await desk.send();
      const held = await desk.becomes(later, "held");
      assert.equal(held.reason.code, "disabled_gone");
      assert.match(held.reason.sentence, /since it answered 410 Gone; enable it to go on\./);
      assert.equal(receiver.requests.length, 1);
      await desk.must(`POST /v1/endpoints/${id}/enable`);
      await desk.becomes(later, "delivered");
    },

  "webhook-delivery: disable disables the endpoint and keeps the delivery": async () => {
    await using receiver = await receiverOf(status(500, { "webhook-delivery": "disable" }), OK);
    const desk = await office.desk();
    const { id } = await desk.endpoint(receiver.url, { backoff: [1] });
    const event = await desk.send();
    const held = await desk.becomes(event, "held");
    assert.equal(held.reason.code, "disabled_by_receiver");
    const endpoint = await desk.must(`GET /v1/endpoints/${id}`);
    assert.equal(endpoint.disabled_reason, "receiver_control");
    await desk.must(`POST /v1/endpoints/${id}/enable`);
    await desk.becomes(event, "delivered");
  },

  "webhook-delivery: abort-message ends this delivery and no other": async () => {
    await using receiver = await receiverOf(
      status(500, { "webhook-delivery": "abort-message" }),
      OK,
    );
    const desk = await office.desk();
    const { id } = await desk.endpoint(receiver.url, { backoff: [1] });
    const aborted = await desk.becomes(await desk.send(), "exhausted");
    assert.equal(aborted.end_reason, "aborted");
    await desk.becomes(await desk.send(), "delivered");
    assert.equal((await desk.must(`GET /v1/endpoints/${id}`)).state, "active");
    assert.equal(receiver.requests.length, 2);
  },

  "503 slows the endpoint: it is left alone, then one probe goes, and the others only after its success":
    async () => {
      let probe: ServerResponse | null = null;
      const answers = [status(503), (response: ServerResponse) => void (probe = response), OK];
      await using receiver = await receiverOf(...answers);
      const desk = await office.desk();
      const { id } = await desk.endpoint(receiver.url, { backoff: [1, 1] });
      const first = await desk.send({ n: 0 });
      const slowed = await until(async () => {
        const { reason } = await desk.delivery(first);
        return reason.code === "endpoint_slowed" && reason;
      }, "the endpoint to be slowed");
      assert.match(slowed.sentence, /asked for less traffic .* left alone until .*, in [45] s/);
      const others = await Promise.all([1, 2, 3].map((n) => desk.send({ n })));
      const { health } = await desk.must(`GET /v1/endpoints/${id}`);
      assert.ok(Date.parse(health.slowed_until) > Date.now());
      await receiver.received(2);
      const [refusedMs = 0, probedMs = 0] = receiver.atMs;
      assert.ok(
        probedMs - refusedMs >= 4_900,
        `left alone for ${probedMs - refusedMs} ms instead of 5 s`,
      );
      const waiting = await until(async () => {
        const page = await desk.must(`GET /v1/deliveries?endpoint_id=${id}&state=pending`);
        const codes: string[] = page.data.map((each: Answered) => each.reason.code);
        return codes.filter((code) => code === "waiting_for_probe").length === 3 && codes;
      }, "three deliveries to wait for the probe");
      assert.equal(waiting.length, 4);
      assert.equal(receiver.requests.length, 2, "one probe and no stampede");
      OK(probe ?? assert.fail("no probe came"));
      for (const event of [first, ...others]) await desk.becomes(event, "delivered");
    },
});
