/** What is said of a request and its signature, held against what a receiver got. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after } from "node:test";

import type { SignatureStepJson } from "../daemon/api/signature-json.ts";
import type { Desk } from "./support/post-office.ts";
import { openPostOffice, together } from "./support/post-office.ts";
import { startReceiver } from "./support/receiver.ts";

const office = await openPostOffice();
after(() => office.close());

interface Shown {
  readonly url: string;
  readonly is_sent: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly body_encoding: string;
  readonly signature: readonly SignatureStepJson[];
}

async function shown(desk: Desk, eventId: string): Promise<Shown> {
  const { id } = await desk.delivery(eventId);
  return desk.must(`GET /v1/deliveries/${id}/request`);
}

function step({ signature }: Shown, title: string): string {
  const found = signature.find((each) => each.title.startsWith(title));
  assert.ok(found, `expected a step ${title}, got ${signature.map((each) => each.title).join()}`);
  return found.value;
}

/** No part of a secret, in any of the forms that bytes are written in. */
function assertHoldsNone(answer: Shown, secret: string): void {
  const text = JSON.stringify(answer);
  const key = secret.replace(/^whs[ek]c?_/, "");
  const bytes = Buffer.from(key, "base64");
  const forms = [secret, key, bytes.toString("hex"), Buffer.from(secret).toString("base64")];
  for (const form of forms) assert.ok(!text.includes(form), "a secret stands in the answer");
}

/** Sends twice around a rotation, and once after it: what is said of each. */
async function rotated(settings: object) {
  await using receiver = await startReceiver();
  const desk = await office.desk();
  const { id, secret } = await desk.endpoint(receiver.url, settings);
  const first = await desk.send({ zoë: 1 });
  await desk.becomes(first, "delivered");
  const alone = await shown(desk, first);
  const rotate = `POST /v1/endpoints/${id}/rotate-secret`;
  const { secret: newer } = await desk.must(rotate, { overlap_s: 60 });
  const second = await desk.send({ zoë: 2 });
  await desk.becomes(second, "delivered");
  const both = await shown(desk, second);
  const before = await shown(desk, first);
  await desk.must(rotate, { overlap_s: 0 });
  const later = await shown(desk, first);
  for (const answer of [alone, both, before, later]) {
    assertHoldsNone(answer, secret);
    assertHoldsNone(answer, newer);
  }
  return { alone, both, before, later, secret, requests: receiver.requests };
}

const SAME = "the same as was sent";

async function assertTold(settings: object, header: string, secrets: number): Promise<Shown> {
  const { alone, both, before, later, requests } = await rotated(settings);
  const [first, second] = requests;
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(alone.is_sent, true);
  assert.equal(alone.body, first.body.toString());
  for (const [answer, request] of [
    [alone, first],
    [both, second],
  ] as const) {
    const sent = new Map(request.headers.map(([name, value]) => [name.toLowerCase(), value]));
    assert.equal(step(answer, `Header ${header}`), sent.get(header.toLowerCase()));
    assert.equal(answer.headers[header.toLowerCase()], sent.get(header.toLowerCase()));
    assert.equal(step(answer, "Compared"), SAME);
  }
  assert.equal(both.signature.filter(({ title }) => title.startsWith("Secret ")).length, secrets);
  assert.equal(step(before, "Compared"), SAME);
  assert.match(step(later, "Compared"), /^not what was sent in .*rotated/);
  return alone;
}

together("how a request is signed", {
  "standard, v1: id, timestamp and body; both secrets during a rotation": async () => {
    const answer = await assertTold({}, "webhook-signature", 2);
    const { "webhook-id": id, "webhook-timestamp": at } = answer.headers;
    assert.equal(step(answer, "Content, spelled out"), `${id}.${at}.${answer.body}`);
    assert.match(step(answer, "Secret 1 of 1: "), /^HMAC-SHA256 .* base64: v1,/);
  },

  "standard, v1a: the same content under a key pair": async () => {
    const answer = await assertTold({ signature: "v1a" }, "webhook-signature", 2);
    assert.match(step(answer, "Secret 1 of 1: "), /^Ed25519 .* base64: v1a,/);
  },

  "timestamped: timestamp and body": async () => {
    const answer = await assertTold({ profile: { kind: "timestamped" } }, "X-Webhook-Signature", 2);
    const [, at = ""] = /^t=(\d+),/.exec(step(answer, "Header X-Webhook-Signature")) ?? [];
    assert.equal(step(answer, "Content, spelled out"), `${at}.${answer.body}`);
    assert.match(step(answer, "Secret 1 of 1: "), /hex: v1=[0-9a-f]{64}$/);
  },

  "digest: the body; the newer secret's signature has a header of its own": async () => {
    const { alone, both, secret } = await rotated({ profile: { kind: "digest" } });
    const hmac = createHmac("sha256", secret).update(alone.body).digest("hex");
    assert.equal(step(alone, "Header X-Posthorn-Signature"), `sha256=${hmac}`);
    assert.equal(step(alone, "Content, spelled out"), alone.body);
    assert.match(step(both, "Header X-Posthorn-Signature-Next"), /^sha256=/);
    assert.equal(step(both, "Compared"), SAME);
  },

  "topic: the body": async () => {
    const answer = await assertTold({ profile: { kind: "topic" } }, "X-Posthorn-Signature", 2);
    assert.equal(step(answer, "Content, spelled out"), answer.body);
  },

  "each step has its code, and the values that its English is made of": async () => {
    const { both, later } = await rotated({ profile: { kind: "digest" } });
    const told = both.signature.map(({ code, facts }) => ({ code, ...facts }));
    const { "x-posthorn-signature": older, "x-posthorn-signature-next": newer } = both.headers;
    const made = { code: "secret", secret_count: 2, algorithm: "HMAC-SHA256", encoding: "hex" };
    const [, , first, second] = told;
    assert.notEqual(first?.secret_id, second?.secret_id);
    assert.deepEqual(told, [
      { code: "signed_content", content: "body" },
      { code: "spelled_out" },
      { ...made, secret_number: 1, secret_id: first?.secret_id, signature: newer },
      { ...made, secret_number: 2, secret_id: second?.secret_id, signature: older },
      { code: "header", header: "X-Posthorn-Signature" },
      { code: "header", header: "X-Posthorn-Signature-Next" },
      { code: "compared", differs_in: [] },
    ]);
    const { code, facts } = later.signature.at(-1) ?? {};
    assert.deepEqual([code, facts], ["compared", { differs_in: ["X-Posthorn-Signature"] }]);
  },

  "before the first attempt it is what that would look like, credentials masked": async () => {
    await using receiver = await startReceiver();
    const desk = await office.desk();
    const { id, secret } = await desk.endpoint(receiver.url, {
      auth: { type: "bearer", token: "hush-hush-token" },
      headers: { "x-extra": "hush-hush-extra" },
    });
    await desk.must(`POST /v1/endpoints/${id}/pause`);
    const answer = await shown(desk, await desk.send({ waits: true }));
    assert.equal(answer.is_sent, false);
    assert.equal(answer.url, new URL(receiver.url).href);
    assert.equal(answer.headers["authorization"], "***");
    assert.equal(answer.headers["x-extra"], "***");
    assert.equal(answer.headers["posthorn-attempt"], "1");
    assert.equal(answer.headers["webhook-signature"], step(answer, "Header webhook-signature"));
    assert.ok(!JSON.stringify(answer).includes("hush-hush"));
    assert.ok(!answer.signature.some(({ title }) => title === "Compared"));
    assertHoldsNone(answer, secret);
  },

  "a body that is no text is shown in base64": async () => {
    await using receiver = await startReceiver();
    const desk = await office.desk();
    await desk.endpoint(receiver.url);
    const body = Buffer.from([0xff, 0x00, 0xfe]);
    const headers = { "Content-Type": "application/octet-stream", "Posthorn-Event-Type": "raw" };
    const { json } = await desk.ask("POST /v1/events", { body, headers });
    await desk.becomes(json.id, "delivered");
    const answer = await shown(desk, json.id);
    assert.equal(answer.body_encoding, "base64");
    assert.deepEqual(Buffer.from(answer.body, "base64"), body);
    assert.match(step(answer, "Content, spelled out"), /<3 bytes that are no text>$/);
    assert.equal(step(answer, "Compared"), SAME);
  },

  "one whose endpoint was deleted can't be told, and another application's is unknown":
    async () => {
      await using receiver = await startReceiver();
      const desk = await office.desk();
      const { id } = await desk.endpoint(receiver.url);
      const eventId = await desk.send();
      await desk.becomes(eventId, "delivered");
      const delivery = await desk.delivery(eventId);
      const path = `GET /v1/deliveries/${delivery.id}/request`;
      assert.equal((await (await office.desk()).ask(path)).status, 404);
      await desk.must(`DELETE /v1/endpoints/${id}`);
      assert.equal((await desk.ask(path)).status, 409);
    },
});
