/** An event's whole walk, from a producer's HTTP request to a receiver that verifies it with the official library. */
import assert from "node:assert/strict";
import { createHmac, createPublicKey, verify as verifySignature } from "node:crypto";
import { after, suite, test } from "node:test";

import { verify as verifyGithub } from "@octokit/webhooks-methods";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Stripe } from "stripe";
import { Webhook as SvixWebhook } from "svix";

import { openPostOffice, together } from "./support/post-office.ts";
import type { ReceivedRequest, Receiver } from "./support/receiver.ts";
import { startReceiver } from "./support/receiver.ts";

const office = await openPostOffice();
after(() => office.close());

/** As a producer wrote it: an integer that no double holds, a member order and spaces of its own. */
const DATA = `{"z": 12345678901234567890,  "a": {"zoë": "😀", "list": [1.50, null]}}`;
const EVENT = `{"type":"invoice.paid","occurred_at":"2026-03-01T12:00:00.250Z","data":${DATA}}`;
const OCCURRED_S = Date.UTC(2026, 2, 1, 12) / 1_000;

function headersOf(request: ReceivedRequest): Record<string, string> {
  return Object.fromEntries(request.headers.map(([name, value]) => [name.toLowerCase(), value]));
}

async function first(receiver: Receiver): Promise<ReceivedRequest> {
  await receiver.received(1);
  const [request] = receiver.requests;
  assert.ok(request !== undefined);
  return request;
}

/** Sends the event to an endpoint with these settings; what arrived, under which id, to be verified with which secret. */
async function walk(settings: object) {
  await using receiver = await startReceiver();
  const desk = await office.desk();
  const { id: endpointId, secret } = await desk.endpoint(receiver.url, settings);
  const answer = await desk.ask("POST /v1/events", { body: EVENT });
  assert.equal(answer.status, 202, answer.text);
  assert.equal(answer.json.deliveries, 1);
  const request = await first(receiver);
  const eventId: string = answer.json.id;
  await desk.becomes(eventId, "delivered");
  const headers = headersOf(request);
  return { desk, endpointId, eventId, secret, request, headers, text: request.body.toString() };
}

function sha256(secret: string, body: Buffer): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

together("the walk of an event", {
  "standard: standardwebhooks and svix accept it, and data stands in it byte for byte":
    async () => {
      const { eventId, secret, request, headers, text } = await walk({});
      const said = new StandardWebhook(secret).verify(request.body, headers) as { type: string };
      assert.equal(said.type, "invoice.paid");
      assert.doesNotThrow(() => new SvixWebhook(secret).verify(request.body, headers));
      assert.throws(() => new StandardWebhook(secret).verify(`${text} `, headers), /signature/i);
      assert.equal(headers["webhook-id"], eventId);
      assert.ok(text.startsWith(`{"type":"invoice.paid","timestamp":"2026-03-01T12:00:00.250Z",`));
      assert.ok(text.endsWith(`"data":${DATA}}`), text);
      assert.equal(request.method, "POST");
      assert.equal(headers["content-type"], "application/json");
      assert.equal(headers["posthorn-attempt"], "1");
      assert.match(headers["user-agent"] ?? "", /^Posthorn\/\d/);
    },

  "standard with ed25519: the public key that the API shows verifies it": async () => {
    const { desk, endpointId, request, headers } = await walk({ signature: "v1a" });
    const endpoint = await desk.must(`GET /v1/endpoints/${endpointId}`);
    assert.equal(endpoint.signature, "v1a");
    const raw = Buffer.from(endpoint.public_key.replace("whpk_", ""), "base64url");
    const jwk = { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") };
    const key = createPublicKey({ key: jwk, format: "jwk" });
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.`;
    const [version, signature = ""] = (headers["webhook-signature"] ?? "").split(",");
    assert.equal(version, "v1a");
    const content = Buffer.concat([Buffer.from(signed), request.body]);
    assert.ok(verifySignature(null, content, key, Buffer.from(signature, "base64")));
  },

  "timestamped: stripe's library accepts it": async () => {
    const { eventId, secret, headers, text } = await walk({ profile: "timestamped" });
    const header = headers["x-webhook-signature"] ?? "";
    const event = Stripe.webhooks.constructEvent(text, header, secret);
    assert.equal(event.id, eventId);
    assert.throws(() => Stripe.webhooks.constructEvent(`${text} `, header, secret));
    assert.equal(headers["x-webhook-id"], eventId);
    assert.equal(headers["x-webhook-event"], "invoice.paid");
    assert.ok(text.endsWith(`"data":${DATA}}`), text);
  },

  "digest: GitHub's library accepts it, under header names of one's own": async () => {
    const settings = { profile: { kind: "digest", name: "Hub" }, secret: "hush-hush of a hub" };
    const { eventId, secret, headers, text } = await walk(settings);
    const signature = headers["x-hub-signature"] ?? "";
    assert.equal(secret, "hush-hush of a hub");
    assert.equal(await verifyGithub(secret, text, signature), true);
    assert.equal(await verifyGithub(secret, `${text} `, signature), false);
    assert.equal(headers["x-hub-event"], "invoice.paid");
    assert.equal(headers["x-hub-delivery"], eventId);
    assert.ok(text.startsWith(`{"event_type":"invoice.paid","timestamp":`), text);
  },

  "topic: sorted keys without spaces, and an HMAC over the body": async () => {
    const { eventId, secret, request, headers, text } = await walk({
      profile: { kind: "topic", name: "Shop" },
    });
    assert.equal(headers["x-shop-signature"], sha256(secret, request.body));
    assert.equal(headers["x-shop-event-id"], eventId);
    assert.equal(headers["x-shop-event-topic"], "invoice.paid");
    assert.equal(headers["x-shop-timestamp"], `${OCCURRED_S}`);
    const { id, payload, topic, ts, type, v } = JSON.parse(text);
    assert.deepEqual(Object.keys(JSON.parse(text)), ["id", "payload", "topic", "ts", "type", "v"]);
    assert.deepEqual([id, ts, v], [eventId, OCCURRED_S, 1]);
    assert.deepEqual([topic, type], ["invoice.paid", "invoice.paid"]);
    assert.deepEqual(Object.keys(payload), ["a", "z"]);
    assert.ok(!text.includes(": ") && text.includes('"z":12345678901234567890}'), text);
  },

  "a raw event is passed on byte for byte, under its own content type, and signed": async () => {
    await using receiver = await startReceiver();
    const desk = await office.desk();
    const { secret } = await desk.endpoint(receiver.url);
    const body = Buffer.from([0, 255, 10, 13, 123]);
    const headers = { "content-type": "application/x-own", "posthorn-event-type": "scan.done" };
    assert.equal((await desk.ask("POST /v1/events", { body, headers })).status, 202);
    const request = await first(receiver);
    assert.deepEqual(request.body, body);
    assert.equal(request.header("content-type"), "application/x-own");
    const [id, at] = [request.header("webhook-id"), request.header("webhook-timestamp")];
    const want = createHmac("sha256", Buffer.from(secret.slice("whsec_".length), "base64"));
    want.update(`${id}.${at}.`).update(body);
    assert.equal(request.header("webhook-signature"), `v1,${want.digest("base64")}`);
  },

  "one's own headers and credentials are sent, and the attempt shows the credentials masked":
    async () => {
      const { desk, eventId, headers } = await walk({
        headers: { "X-Tenant-Region": "north" },
        auth: { type: "basic", username: "shop", password: "hush-hush" },
      });
      assert.equal(headers["x-tenant-region"], "north");
      const basic = Buffer.from("shop:hush-hush").toString("base64");
      assert.equal(headers["authorization"], `Basic ${basic}`);
      const { id } = await desk.delivery(eventId);
      const { attempts } = await desk.must(`GET /v1/deliveries/${id}`);
      assert.equal(attempts[0].request_headers.authorization, "***");
      assert.equal(attempts[0].request_headers["x-tenant-region"], "***");
    },

  "an event goes to those who subscribed to its type, its tenant and what its body says":
    async () => {
      await using receiver = await startReceiver();
      const desk = await office.desk();
      const at = (path: string, more: object) => desk.endpoint(`${receiver.url}/${path}`, more);
      await at("exact", { event_types: ["invoice.paid"] });
      await at("pattern", { event_types: ["invoice.*"] });
      await at("other", { event_types: ["user.*"] });
      await at("tenant", { tenant: "acme" });
      await at("stranger", { tenant: "other" });
      await at("filter", { filter: { amount: { $gte: 100 } } });
      await at("too-small", { filter: { amount: { $gte: 1_000 } } });
      const event = { type: "invoice.paid", tenant: "acme", data: { amount: 100 } };
      assert.equal((await desk.must("POST /v1/events", event)).deliveries, 4);
      await receiver.received(4);
      const paths = receiver.requests.map(({ path }) => path).toSorted();
      assert.deepEqual(paths, ["/exact", "/filter", "/pattern", "/tenant"]);
    },
});

suite("the rotation of a secret", { concurrency: true }, () => {
  /** What arrives after the secret was rotated with this overlap. */
  async function rotated(settings: object, overlapS: number) {
    await using receiver = await startReceiver();
    const desk = await office.desk();
    const { id, secret: before } = await desk.endpoint(receiver.url, settings);
    const rotation = await desk.must(`POST /v1/endpoints/${id}/rotate-secret`, {
      overlap_s: overlapS,
    });
    assert.notEqual(rotation.secret, before);
    await desk.send({ n: 1 });
    const request = await first(receiver);
    return { before, now: rotation.secret as string, request, headers: headersOf(request) };
  }

  test("standard: a receiver with either secret accepts, with a third one not", async () => {
    const { before, now, request, headers } = await rotated({}, 60);
    for (const secret of [before, now]) {
      assert.doesNotThrow(() => new StandardWebhook(secret).verify(request.body, headers));
    }
    const third = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;
    assert.throws(() => new StandardWebhook(third).verify(request.body, headers), /signature/i);
  });

  test("timestamped: stripe's library accepts with either secret", async () => {
    const { before, now, request, headers } = await rotated({ profile: "timestamped" }, 60);
    for (const secret of [before, now]) {
      const header = headers["x-webhook-signature"] ?? "";
      const text = request.body.toString();
      assert.doesNotThrow(() => Stripe.webhooks.constructEvent(text, header, secret));
    }
  });

  test("digest: the old secret signs where receivers look, the new one beside it", async () => {
    const { before, now, request, headers } = await rotated({ profile: "digest" }, 60);
    assert.equal(headers["x-posthorn-signature"], sha256(before, request.body));
    assert.equal(headers["x-posthorn-signature-next"], sha256(now, request.body));
  });

  test("without an overlap only the new secret signs", async () => {
    const { before, now, request, headers } = await rotated({}, 0);
    assert.doesNotThrow(() => new StandardWebhook(now).verify(request.body, headers));
    assert.throws(() => new StandardWebhook(before).verify(request.body, headers), /signature/i);
  });
});
