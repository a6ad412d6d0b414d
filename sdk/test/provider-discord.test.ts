import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { verifyKey } from "discord-interactions";
import * as discord from "../src/providers/discord.ts";
import {
  NOW_MS,
  NOW_S,
  answerOf,
  assertBodySigned,
  assertHeadersSigned,
  assertJunkRefused,
  codeOf,
  deliveryOf,
  variantsOf,
} from "./sender.ts";

const KEYS = generateKeyPairSync("ed25519");
const PUBLIC_KEY = KEYS.publicKey
  .export({ format: "der", type: "spki" })
  .subarray(-32)
  .toString("hex");
const SIGNATURE = "x-signature-ed25519";
const TIMESTAMP = "x-signature-timestamp";
const COMMAND = '{"id":"9007199254740993","type":2,"token":"t"}';

function signed(body: string, timestamp = `${NOW_S}`) {
  const signature = sign(null, Buffer.from(timestamp + body), KEYS.privateKey).toString("hex");
  return { body, headers: { [TIMESTAMP]: timestamp, [SIGNATURE]: signature } };
}

for (const variant of await variantsOf("discord", discord)) {
  const { crypto, check, provider } = variant;
  const ours = provider.discord({ publicKey: PUBLIC_KEY });

  test(`Discord on ${crypto}: both kinds of PING get the answer they want`, async () => {
    assert.deepEqual(answerOf(await check(signed('{"type":1,"id":"1"}'), ours)), {
      status: 200,
      headers: { "content-type": "application/json" },
      body: '{"type":1}',
    });
    const { status, body } = answerOf(await check(signed('{"version":1,"type":0}'), ours));
    assert.deepEqual([status, body], [204, ""]);
  });

  test(`Discord on ${crypto}: interactions and events are deliveries`, async () => {
    const interaction = deliveryOf(await check(signed(COMMAND), ours));
    assert.deepEqual([interaction.id, interaction.type], ["9007199254740993", "2"]);
    assert.equal(interaction.signedAtMs, NOW_MS);
    const event = deliveryOf(
      await check(signed('{"type":1,"event":{"type":"ENTITLEMENT_CREATE"}}'), ours),
    );
    assert.deepEqual([event.idSource, event.type], ["digest", "ENTITLEMENT_CREATE"]);
    assert.equal(codeOf(await check(signed("null"), ours)), "accepted");
  });

  test(`Discord on ${crypto}: its probes get 401, whatever is wrong with them`, async () => {
    const { body, headers } = signed('{"type":1}');
    const probes = [
      { ...headers, [SIGNATURE]: "0".repeat(128) },
      { ...headers, [SIGNATURE]: "not hex" },
      { ...headers, [SIGNATURE]: "" },
      { ...headers, [TIMESTAMP]: "tomorrow" },
      { ...headers, [TIMESTAMP]: `${NOW_S}abc` },
      {},
    ];
    for (const probe of probes) {
      const result = await check({ body, headers: probe }, ours);
      assert.ok(result.kind === "refused");
      assert.equal(result.error.status, 401, result.error.message);
      assert.deepEqual(result.error.toAnswer(), { status: 401, headers: {}, body: "" });
    }
  });

  test(`Discord on ${crypto}: an old request is refused, and one of the future`, async () => {
    const at = (offsetMs: number) => check(signed(COMMAND), ours, NOW_MS + offsetMs);
    assert.equal(codeOf(await at(300_000)), "accepted");
    assert.equal(codeOf(await at(-300_000)), "accepted");
    assert.equal(codeOf(await at(300_001)), "TIMESTAMP_TOO_OLD");
    assert.equal(codeOf(await at(-300_001)), "TIMESTAMP_TOO_NEW");
    const patient = provider.discord({ publicKey: PUBLIC_KEY, toleranceS: 3_600 });
    assert.equal(codeOf(await check(signed(COMMAND), patient, NOW_MS + 3_600_000)), "accepted");
  });

  test(`Discord on ${crypto}: every bit of body and time counts, and junk is refused`, async () => {
    const patient = provider.discord({ publicKey: PUBLIC_KEY, toleranceS: 1e12 });
    await assertBodySigned(variant, signed(COMMAND), patient);
    await assertHeadersSigned(variant, signed(COMMAND), patient, [TIMESTAMP]);
    await assertJunkRefused(variant, ours, [SIGNATURE, TIMESTAMP]);
  });
}

test("Discord's own library accepts what we take for signed", async () => {
  const { body, headers } = signed(COMMAND);
  assert.equal(
    await verifyKey(body, headers[SIGNATURE] ?? "", headers[TIMESTAMP] ?? "", PUBLIC_KEY),
    true,
  );
});

test("Discord: a key that is none is told at once", () => {
  for (const publicKey of [
    "",
    "abc",
    PUBLIC_KEY.slice(2),
    `${PUBLIC_KEY}00`,
    "z".repeat(64),
    ` ${PUBLIC_KEY}`,
  ]) {
    assert.throws(() => discord.discord({ publicKey }), { name: "WebhookError" });
  }
});
