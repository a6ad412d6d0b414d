import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import * as mailgun from "../src/providers/mailgun.ts";
import { memoryNonces } from "../src/verify/nonces.ts";
import { NOW_MS, NOW_S, assertJunkRefused, codeOf, deliveryOf, variantsOf } from "./sender.ts";

const KEY = "key-primary";
const SUBACCOUNT_KEY = "key-subaccount";
const TOKEN = "e0b5477167110d68991efc6b9f89f0a11066af27834600e123";

interface Fields {
  readonly token?: string;
  readonly timestamp?: string | number;
  readonly signature?: Readonly<Record<string, unknown>>;
  readonly id?: string;
}

function mac(key: string, timestamp: string | number, token: string): string {
  return createHmac("sha256", key).update(`${timestamp}${token}`).digest("hex");
}

function signed({
  token = TOKEN,
  timestamp = `${NOW_S}`,
  signature = {},
  id = "ev-1",
}: Fields = {}) {
  const whole = { timestamp, token, signature: mac(KEY, timestamp, token), ...signature };
  const body = JSON.stringify({
    signature: whole,
    "event-data": { event: "delivered", id, timestamp: 1_770_920_771.87 },
  });
  return { body, headers: {} };
}

for (const variant of await variantsOf("mailgun", mailgun)) {
  const { crypto, check, provider } = variant;

  test(`Mailgun on ${crypto}: the event's own id is what repeats are known by`, async () => {
    const ours = provider.mailgun({ secret: KEY });
    const delivery = deliveryOf(await check(signed(), ours));
    assert.deepEqual([delivery.id, delivery.type], ["ev-1", "delivered"]);
    assert.equal(delivery.occurredAtMs, 1_770_920_771_870);
    assert.equal(delivery.isBodyStable, false);
    const again = deliveryOf(await check(signed({ token: "another" }), ours));
    assert.equal(again.id, delivery.id);
    const number = await check(signed({ token: "third", timestamp: NOW_S }), ours);
    assert.equal(codeOf(number), "accepted");
  });

  test(`Mailgun on ${crypto}: a token is good once, as it signs no event`, async () => {
    const ours = provider.mailgun({ secret: KEY });
    assert.equal(codeOf(await check(signed(), ours)), "accepted");
    assert.equal(codeOf(await check(signed(), ours)), "REPLAYED");
    assert.equal(codeOf(await check(signed({ id: "forged" }), ours)), "REPLAYED");
    const results = await Promise.all([1, 2, 3].map(() => check(signed({ token: "t" }), ours)));
    assert.deepEqual(results.map(codeOf).toSorted(), ["REPLAYED", "REPLAYED", "accepted"]);
  });

  test(`Mailgun on ${crypto}: what is not genuine uses no token up`, async () => {
    const ours = provider.mailgun({ secret: KEY });
    const forged = signed({ signature: { signature: mac("other", `${NOW_S}`, TOKEN) } });
    assert.equal(codeOf(await check(forged, ours)), "SIGNATURE_MISMATCH");
    assert.equal(codeOf(await check(signed(), ours, NOW_MS + 300_001)), "TIMESTAMP_TOO_OLD");
    assert.equal(codeOf(await check(signed(), ours, NOW_MS - 300_001)), "TIMESTAMP_TOO_NEW");
    assert.equal(codeOf(await check(signed(), ours)), "accepted");
  });

  test(`Mailgun on ${crypto}: several processes share a store, and its failure is no acceptance`, async () => {
    const claims: (readonly [string, number])[] = [];
    const store = {
      claim: (nonce: string, keepS: number) => {
        claims.push([nonce, keepS]);
        return Promise.resolve(claims.length === 1);
      },
    };
    const [one, two] = [1, 2].map(() =>
      provider.mailgun({ secret: KEY, nonces: store, toleranceS: 60 }),
    );
    assert.ok(one !== undefined && two !== undefined);
    assert.equal(codeOf(await check(signed(), one)), "accepted");
    assert.equal(codeOf(await check(signed(), two)), "REPLAYED");
    assert.deepEqual(claims[0], [`mailgun:${TOKEN}`, 120]);
    const down = { claim: () => Promise.reject(new Error("no connection")) };
    const result = await check(signed(), provider.mailgun({ secret: KEY, nonces: down }));
    assert.ok(result.kind === "refused" && result.error.isRetryable && result.error.status === 503);
  });

  test(`Mailgun on ${crypto}: the primary account's key fits its subaccounts' events`, async () => {
    const signature = {
      signature: mac(SUBACCOUNT_KEY, `${NOW_S}`, TOKEN),
      "parent-signature": mac(KEY, `${NOW_S}`, TOKEN),
    };
    const primary = provider.mailgun({ secret: KEY });
    assert.equal(codeOf(await check(signed({ signature }), primary)), "accepted");
    const subaccount = provider.mailgun({ secret: SUBACCOUNT_KEY });
    assert.equal(codeOf(await check(signed({ signature }), subaccount)), "accepted");
    const other = provider.mailgun({ secret: "key-other" });
    assert.equal(codeOf(await check(signed({ signature }), other)), "SIGNATURE_MISMATCH");
  });

  test(`Mailgun on ${crypto}: every bit of token and time counts, and junk is refused`, async () => {
    const ours = provider.mailgun({ secret: KEY, toleranceS: 1e12 });
    const signature = { signature: mac(KEY, `${NOW_S}`, TOKEN) };
    for (const [name, value] of [
      ["token", TOKEN],
      ["timestamp", `${NOW_S}`],
    ] as const) {
      for (let bit = 0; bit < value.length * 7; bit++) {
        const at = Math.floor(bit / 7);
        const letter = String.fromCharCode(value.charCodeAt(at) ^ (1 << (bit % 7)));
        const changed = value.slice(0, at) + letter + value.slice(at + 1);
        const result = await check(signed({ [name]: changed, signature }), ours);
        assert.ok(!result.ok && codeOf(result) !== "CONFIG_INVALID", `bit ${bit} of ${name}`);
      }
    }
    await assertJunkRefused(variant, ours, []);
  });

  test(`Mailgun on ${crypto}: a body without its signature, token or time is refused`, async () => {
    const ours = provider.mailgun({ secret: KEY });
    for (const name of ["signature", "token", "timestamp"]) {
      const result = await check(signed({ signature: { [name]: undefined } }), ours);
      assert.ok(!result.ok && codeOf(result) !== "CONFIG_INVALID", name);
    }
  });
}

test("used tokens are kept up to a number, the oldest leaves first", async () => {
  const nonces = memoryNonces(3);
  for (const nonce of ["a", "b", "c", "d"]) assert.equal(await nonces.claim(nonce, 1), true);
  assert.equal(await nonces.claim("d", 1), false);
  assert.equal(await nonces.claim("b", 1), false);
  assert.equal(await nonces.claim("a", 1), true);
});
