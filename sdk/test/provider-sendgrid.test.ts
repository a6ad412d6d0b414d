import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { EventWebhook } from "@sendgrid/eventwebhook";
import * as sendgrid from "../src/providers/sendgrid.ts";
import {
  NOW_MS,
  NOW_S,
  assertBodySigned,
  assertHeadersSigned,
  assertJunkRefused,
  codeOf,
  deliveryOf,
  variantsOf,
} from "./sender.ts";

const KEYS = generateKeyPairSync("ec", { namedCurve: "P-256" });
const PUBLIC_KEY = KEYS.publicKey.export({ format: "der", type: "spki" }).toString("base64");
const SIGNATURE = "x-twilio-email-event-webhook-signature";
const TIMESTAMP = "x-twilio-email-event-webhook-timestamp";

const item = (id: string, event: string): string => `{"sg_event_id":"${id}","event":"${event}"}`;

function signed(body: string) {
  const signature = sign("sha256", Buffer.from(NOW_S + body), KEYS.privateKey).toString("base64");
  return { body, headers: { [SIGNATURE]: signature, [TIMESTAMP]: `${NOW_S}` } };
}

for (const variant of await variantsOf("sendgrid", sendgrid)) {
  const { crypto, check, provider } = variant;
  const ours = provider.sendgrid({ publicKey: PUBLIC_KEY });
  const deliver = async (body: string) => deliveryOf(await check(signed(body), ours));

  test(`SendGrid on ${crypto}: one event has its own id, a batch that of all its events`, async () => {
    const one = await deliver(`[${item("e1", "open")}]\r\n`);
    assert.deepEqual([one.id, one.idSource, one.type], ["e1", "body", "open"]);
    const two = await deliver(`[${item("e1", "open")},\r\n${item("e2", "open")}]\r\n`);
    assert.deepEqual([two.idSource, two.type], ["digest", "open"]);
    const repeated = await deliver(`[${item("e1", "open")},${item("e2", "open")}]`);
    assert.equal(repeated.id, two.id, "the same events are the same batch");
    const other = await deliver(`[${item("e1", "open")},${item("e3", "click")}]`);
    assert.notEqual(other.id, two.id);
    assert.equal(other.type, "");
    assert.equal((await deliver("[]")).idSource, "digest");
    assert.notEqual((await deliver("[]")).id, (await deliver("[{}]")).id);
  });

  test(`SendGrid on ${crypto}: the body counts to its last line end`, async () => {
    const { body, headers } = signed(`[${item("e1", "open")}]\r\n`);
    const trimmed = await check({ body: body.trimEnd(), headers }, ours);
    assert.equal(codeOf(trimmed), "SIGNATURE_MISMATCH");
  });

  test(`SendGrid on ${crypto}: an old request is refused`, async () => {
    assert.equal(codeOf(await check(signed("[]"), ours, NOW_MS + 300_001)), "TIMESTAMP_TOO_OLD");
  });

  test(`SendGrid on ${crypto}: every bit of body, time and signature counts, and junk is refused`, async () => {
    const patient = provider.sendgrid({ publicKey: PUBLIC_KEY, toleranceS: 1e12 });
    await assertBodySigned(variant, signed(`[${item("e1", "open")}]\r\n`), patient);
    await assertHeadersSigned(variant, signed("[]"), patient, [SIGNATURE, TIMESTAMP]);
    await assertJunkRefused(variant, ours, [SIGNATURE, TIMESTAMP]);
  });
}

test("SendGrid's own library accepts what we take for signed", () => {
  const { body, headers } = signed("[]\r\n");
  const library = new EventWebhook();
  const key = library.convertPublicKeyToECDSA(PUBLIC_KEY);
  assert.equal(
    library.verifySignature(key, body, headers[SIGNATURE] ?? "", headers[TIMESTAMP] ?? ""),
    true,
  );
});

test("SendGrid: a key that is no P-256 key is told at once", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const wrong = rsa.publicKey.export({ format: "der", type: "spki" }).toString("base64");
  for (const publicKey of ["", "MFkw", wrong, PUBLIC_KEY.slice(0, -4), `${PUBLIC_KEY}\n`]) {
    assert.throws(() => sendgrid.sendgrid({ publicKey }), { name: "WebhookError" });
  }
});
