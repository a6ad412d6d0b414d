import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { WebhooksHelper } from "square";
import * as square from "../src/providers/square.ts";
import {
  assertBodySigned,
  assertHeadersSigned,
  assertJunkRefused,
  codeOf,
  deliveryOf,
  hmacBase64,
  variantsOf,
} from "./sender.ts";

const HEADER = "x-square-hmacsha256-signature";
const KEY = "sq-signature-key";
const URL = "https://shop.example.com/square?a=%7e";
const BODY =
  '{"merchant_id":"M1","type":"payment.updated","event_id":"e-1","created_at":"2026-11-25T04:00:00.5Z"}';

function signed(url: string, body: string) {
  return { url, body, headers: { [HEADER]: hmacBase64("sha256", KEY, url, body) } };
}

for (const variant of await variantsOf("square", square)) {
  const { crypto, check, provider } = variant;

  test(`Square on ${crypto}: the event is what Square signed, and knows its id, type and time`, async () => {
    const delivery = deliveryOf(await check(signed(URL, BODY), provider.square({ secret: KEY })));
    assert.equal(delivery.id, "e-1");
    assert.equal(delivery.idSource, "body");
    assert.equal(delivery.type, "payment.updated");
    assert.equal(delivery.occurredAtMs, Date.parse("2026-11-25T04:00:00.5Z"));
  });

  test(`Square on ${crypto}: behind a proxy the configured address counts, byte for byte`, async () => {
    const inside = { ...signed(URL, BODY), url: "http://10.0.0.7:8080/square?a=%7e" };
    const right = provider.square({ secret: KEY, notificationUrl: URL });
    assert.equal(codeOf(await check(inside, right)), "accepted");
    const refused = await check(inside, provider.square({ secret: KEY }));
    assert.ok(refused.kind === "refused" && refused.error.hint?.includes("proxy"));
    for (const notificationUrl of [
      `${URL}/`,
      URL.replace("%7e", "%7E"),
      URL.replace("shop", "Shop"),
    ]) {
      const wrong = provider.square({ secret: KEY, notificationUrl });
      assert.equal(codeOf(await check(inside, wrong)), "SIGNATURE_MISMATCH");
    }
  });

  test(`Square on ${crypto}: every bit of body and signature counts, and junk is refused`, async () => {
    const ours = provider.square({ secret: ["old", KEY] });
    await assertBodySigned(variant, signed(URL, BODY), ours);
    await assertHeadersSigned(variant, signed(URL, BODY), ours, [HEADER]);
    await assertJunkRefused(variant, ours, [HEADER]);
  });

  test(`Square on ${crypto}: Square's own library agrees`, async () => {
    const ours = provider.square({ secret: KEY });
    await fc.assert(
      fc.asyncProperty(fc.webUrl(), fc.json(), async (url, body) => {
        const { headers } = signed(url, body);
        const isGenuine = await WebhooksHelper.verifySignature({
          requestBody: body,
          signatureHeader: headers[HEADER] ?? "",
          signatureKey: KEY,
          notificationUrl: url,
        });
        assert.equal(isGenuine, true);
        assert.equal(codeOf(await check({ url, body, headers }, ours)), "accepted");
      }),
      { numRuns: 50 },
    );
  });
}

test("Square: options that can't work are told at once", () => {
  for (const options of [
    { secret: "" },
    { secret: KEY, notificationUrl: "" },
    { secret: KEY, notificationUrl: "shop.example.com/square" },
    { secret: KEY, url: URL },
  ]) {
    assert.throws(() => square.square(options), { name: "WebhookError" });
  }
});
