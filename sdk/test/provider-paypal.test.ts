import assert from "node:assert/strict";
import { sign } from "node:crypto";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import * as paypal from "../src/providers/paypal.ts";
import type { Fetch } from "../src/verify/fetch.ts";
import { RSA_KEYS, certificateDer, pem } from "./certificates.ts";
import {
  NOW_MS,
  assertBodySigned,
  assertHeadersSigned,
  assertJunkRefused,
  codeOf,
  deliveryOf,
  variantsOf,
} from "./sender.ts";
import type { Sent } from "./sender.ts";

const WEBHOOK_ID = "9XL90610J3647323C";
const CERT_URL = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77";
const TIME = "2026-11-22T04:05:06Z";
const BODY =
  '{"id":"WH-1","event_type":"PAYMENT.SALE.COMPLETED","create_time":"2026-11-22T04:00:00.000Z"}';
const NAMES = ["id", "time", "sig"].map((name) => `paypal-transmission-${name}`);

interface Fields {
  readonly body?: string;
  readonly id?: string;
  readonly time?: string;
  readonly webhookId?: string;
  readonly certUrl?: string;
}

function signed({
  body = BODY,
  id = "tx-1",
  time = TIME,
  webhookId = WEBHOOK_ID,
  certUrl = CERT_URL,
}: Fields = {}): Sent {
  const text = `${id}|${time}|${webhookId}|${crc32(body)}`;
  const headers = {
    "paypal-transmission-id": id,
    "paypal-transmission-time": time,
    "paypal-transmission-sig": sign("sha256", Buffer.from(text), RSA_KEYS.privateKey).toString(
      "base64",
    ),
    "paypal-cert-url": certUrl,
    "paypal-auth-algo": "SHA256withRSA",
  };
  return { body, headers };
}

/** PayPal's API as far as we ask it. */
function api(answer = () => new Response(pem(certificateDer()))) {
  const asked: string[] = [];
  const get: Fetch = (url) => {
    asked.push(url);
    return Promise.resolve(answer());
  };
  return { asked, get };
}

for (const variant of await variantsOf("paypal", paypal)) {
  const { crypto, check, provider } = variant;

  test(`PayPal on ${crypto}: the certificate is fetched once, and the event is its own`, async () => {
    const { asked, get } = api();
    const ours = provider.paypal({ webhookId: ["OTHER", WEBHOOK_ID], fetch: get });
    const delivery = deliveryOf(await check(signed(), ours));
    assert.deepEqual([delivery.id, delivery.type], ["WH-1", "PAYMENT.SALE.COMPLETED"]);
    assert.equal(delivery.signedAtMs, Date.parse(TIME));
    assert.equal(delivery.occurredAtMs, Date.parse("2026-11-22T04:00:00Z"));
    await check(signed({ id: "tx-2" }), ours);
    assert.deepEqual(asked, [CERT_URL]);
  });

  test(`PayPal on ${crypto}: certificates are taken from PayPal's API and nowhere else`, async () => {
    const { asked, get } = api();
    const ours = provider.paypal({ webhookId: WEBHOOK_ID, fetch: get });
    const path = "/v1/notifications/certs/CERT-1";
    for (const host of ["api", "api-m", "api.sandbox", "api-m.sandbox"]) {
      const certUrl = `https://${host}.paypal.com${path}`;
      assert.equal(codeOf(await check(signed({ certUrl }), ours)), "accepted", certUrl);
    }
    assert.equal(asked.splice(0).length, 4);
    for (const certUrl of [
      `http://api.paypal.com${path}`,
      `https://api.paypal.com.evil.test${path}`,
      `https://evilapi.paypal.com${path}`,
      `https://api-paypal.com${path}`,
      `https://www.paypal.com${path}`,
      `https://evil.test/api.paypal.com${path}`,
      `https://evil.test?https://api.paypal.com${path}`,
      `https://api.paypal.com@evil.test${path}`,
      `https://user@api.paypal.com${path}`,
      `https://api.paypal.com:8443${path}`,
      `https://api.paypal.com:443${path}`,
      `https://api.paypal.com.${path}`,
      `https://API.paypal.com${path}`,
      `https://api.paypal.com/v1/notifications/certs/../../oauth2`,
      `https://api.paypal.com/v1/notifications/certs/%2e%2e`,
      `https://api.paypal.com${path}?x=1`,
      `https://api.paypal.com${path}#x`,
      `https://api.paypal.com${path}\n`,
      `https://api.paypal.com/redirect?to=evil.test`,
    ]) {
      // Trimmed as every header is, the line end alone is harmless.
      const wanted = certUrl.endsWith("\n") ? "accepted" : "CERT_URL_UNTRUSTED";
      assert.equal(codeOf(await check(signed({ certUrl }), ours)), wanted, certUrl);
    }
    assert.deepEqual(asked, []);
  });

  test(`PayPal on ${crypto}: without a certificate PayPal shall try again`, async () => {
    for (const answer of [
      () => new Response("", { status: 404 }),
      () => new Response(null, { status: 302, headers: { location: CERT_URL } }),
      () => new Response(pem(certificateDer({ notAfter: [0x17, "261101000000Z"] }))),
      () => new Response("x".repeat(100_000)),
    ]) {
      const ours = provider.paypal({ webhookId: WEBHOOK_ID, fetch: api(answer).get });
      const result = await check(signed(), ours);
      assert.ok(result.kind === "refused" && result.error.isRetryable);
      assert.deepEqual([result.error.code, result.error.status], ["KEY_UNAVAILABLE", 503]);
    }
  });

  test(`PayPal on ${crypto}: another webhook's signature, or another algorithm's, does not fit`, async () => {
    const ours = provider.paypal({ webhookId: WEBHOOK_ID, fetch: api().get });
    assert.equal(
      codeOf(await check(signed({ webhookId: "9XL90610J3647323D" }), ours)),
      "SIGNATURE_MISMATCH",
    );
    const { body, headers } = signed();
    const sha1 = { body, headers: { ...headers, "paypal-auth-algo": "SHA1withRSA" } };
    assert.equal(codeOf(await check(sha1, ours)), "SCHEME_UNSUPPORTED");
    const shifted = { "paypal-transmission-id": "tx-1|2026", "paypal-transmission-time": "x" };
    assert.equal(
      codeOf(await check({ body, headers: { ...headers, ...shifted } }, ours)),
      "HEADER_MALFORMED",
    );
  });

  test(`PayPal on ${crypto}: an old transmission is refused where that is asked for`, async () => {
    const { get } = api();
    const ours = provider.paypal({ webhookId: WEBHOOK_ID, fetch: get, toleranceS: 600 });
    const sentMs = Date.parse(TIME);
    assert.equal(codeOf(await check(signed(), ours, sentMs + 600_000)), "accepted");
    assert.equal(codeOf(await check(signed(), ours, sentMs + 600_001)), "TIMESTAMP_TOO_OLD");
    assert.equal(
      codeOf(await check(signed({ time: "yesterday" }), ours, sentMs)),
      "HEADER_MALFORMED",
    );
    const patient = provider.paypal({ webhookId: WEBHOOK_ID, fetch: get });
    assert.equal(codeOf(await check(signed(), patient, NOW_MS + 1e10)), "accepted");
  });

  test(`PayPal on ${crypto}: every bit of body and headers counts, and junk is refused`, async () => {
    const ours = provider.paypal({ webhookId: WEBHOOK_ID, fetch: api().get });
    await assertBodySigned(variant, signed(), ours);
    await assertHeadersSigned(variant, signed(), ours, NAMES);
    await assertJunkRefused(variant, ours, [...NAMES, "paypal-cert-url"]);
  });
}

test("PayPal: a webhook id that is none is told at once", () => {
  for (const webhookId of ["", [], ["A", ""], "A|B", Array.from({ length: 9 }, () => "A")]) {
    assert.throws(() => paypal.paypal({ webhookId }), { code: "CONFIG_INVALID" });
  }
});
