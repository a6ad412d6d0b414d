import assert from "node:assert/strict";
import { test } from "node:test";
import { hmacValidator as HmacValidator } from "@adyen/api-library";
import * as adyen from "../src/providers/adyen.ts";
import {
  assertBodySigned,
  assertHeadersSigned,
  assertJunkRefused,
  assertRefused,
  codeOf,
  deliveryOf,
  hmacBase64,
  variantsOf,
} from "./sender.ts";

const KEY = "DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00";
const BASIC = { user: "adyen", password: "p:ässword" };

const ITEM = {
  pspReference: "PSP1",
  originalReference: "PSP0",
  merchantAccountCode: "Shop",
  merchantReference: "order:7",
  amount: { currency: "EUR", value: 1_000 },
  eventCode: "AUTHORISATION",
  success: "true",
  eventDate: "2026-11-22T05:05:06+01:00",
};
type Item = Omit<Partial<typeof ITEM>, "success" | "amount"> & {
  readonly success?: string | boolean;
  readonly amount?: { readonly currency?: string; readonly value?: number | string };
  readonly reason?: string;
};

function textOf({ amount, ...item }: Item): string {
  return [
    item.pspReference,
    item.originalReference,
    item.merchantAccountCode,
    item.merchantReference,
    amount?.value,
    amount?.currency,
    item.eventCode,
    item.success,
  ]
    .map((value) => value ?? "")
    .join(":");
}

/** Each item with the signature of another where one is given. */
function sent(...items: readonly (readonly [item: Item, signedAs?: Item])[]) {
  const notificationItems = items.map(([item, signedAs = item]) => {
    const hmacSignature = hmacBase64("sha256", Buffer.from(KEY, "hex"), textOf(signedAs));
    return { NotificationRequestItem: { ...item, additionalData: { hmacSignature } } };
  });
  return { body: JSON.stringify({ live: "false", notificationItems }), headers: {} };
}

for (const variant of await variantsOf("adyen", adyen)) {
  const { crypto, check, provider } = variant;
  const ours = provider.adyen({ secret: KEY });

  test(`Adyen on ${crypto}: an item is known by reference, code and success, and acknowledged as Adyen wants`, async () => {
    const delivery = deliveryOf(await check(sent([ITEM]), ours));
    assert.deepEqual([delivery.id, delivery.type], ["PSP1:AUTHORISATION:true", "AUTHORISATION"]);
    assert.equal(delivery.occurredAtMs, Date.parse(ITEM.eventDate));
    assert.equal(delivery.isBodyStable, false);
    assert.equal(ours.acknowledgement?.body, "[accepted]");
    const lower = provider.adyen({ secret: ["00".repeat(32), KEY.toLowerCase()] });
    assert.equal(codeOf(await check(sent([ITEM]), lower)), "accepted");
  });

  test(`Adyen on ${crypto}: what an item lacks is signed as nothing`, async () => {
    for (const item of [
      {},
      { pspReference: "P" },
      { ...ITEM, originalReference: "" },
      { ...ITEM, success: true },
    ]) {
      assert.equal(codeOf(await check(sent([item]), ours)), "accepted", textOf(item));
    }
  });

  test(`Adyen on ${crypto}: every item of a batch has to be signed`, async () => {
    const second = { ...ITEM, pspReference: "PSP2", eventCode: "CAPTURE" };
    const both = deliveryOf(await check(sent([ITEM], [second]), ours));
    assert.deepEqual([both.idSource, both.type], ["digest", ""]);
    assert.equal(codeOf(await check(sent([ITEM], [second, ITEM]), ours)), "SIGNATURE_MISMATCH");
    assert.equal(codeOf(await check(sent([second, ITEM], [ITEM]), ours)), "SIGNATURE_MISMATCH");
    for (const body of ['{"notificationItems":[]}', "{}", "null", "[]"]) {
      assert.equal(codeOf(await check({ body, headers: {} }, ours)), "BODY_INVALID", body);
    }
    const unsigned =
      '{"notificationItems":[{"NotificationRequestItem":{"pspReference":"P"}},null]}';
    assert.equal(codeOf(await check({ body: unsigned, headers: {} }, ours)), "HEADER_MISSING");
  });

  test(`Adyen on ${crypto}: no signed text can be read as the fields of another item`, async () => {
    const shifted = { ...ITEM, merchantAccountCode: "Shop:order", merchantReference: "7" };
    assert.equal(textOf(shifted), textOf(ITEM));
    assert.equal(codeOf(await check(sent([shifted]), ours)), "SIGNATURE_MISMATCH");
  });

  test(`Adyen on ${crypto}: every signed field counts, and junk is refused`, async () => {
    const changes: readonly Item[] = [
      { pspReference: "PSP2" },
      { originalReference: "" },
      { merchantAccountCode: "shop" },
      { merchantReference: "order:8" },
      { amount: { currency: "EUR", value: 1_001 } },
      { amount: { currency: "USD", value: 1_000 } },
      { amount: {} },
      { eventCode: "REFUND" },
      { success: "false" },
    ];
    for (const change of changes) {
      const result = await check(sent([{ ...ITEM, ...change }, ITEM]), ours);
      assertRefused(result, JSON.stringify(change));
    }
    assert.equal(
      codeOf(await check(sent([{ ...ITEM, reason: "unsigned" }, ITEM]), ours)),
      "accepted",
    );
    await assertJunkRefused(variant, ours, ["authorization"]);
  });

  test(`Adyen on ${crypto}: Basic credentials count besides the signature, where they are set`, async () => {
    const strict = provider.adyen({ secret: KEY, basic: BASIC });
    const withBasic = (text: string) =>
      check(
        {
          ...sent([ITEM]),
          headers: { authorization: `Basic ${Buffer.from(text).toString("base64")}` },
        },
        strict,
      );
    assert.equal(codeOf(await withBasic("adyen:p:ässword")), "accepted");
    assert.equal(codeOf(await withBasic("adyen:p:assword")), "TOKEN_MISMATCH");
    assert.equal(codeOf(await check(sent([ITEM]), strict)), "HEADER_MISSING");
    const unsigned = sent([ITEM, {}]);
    const headers = { authorization: `Basic ${Buffer.from("adyen:p:ässword").toString("base64")}` };
    assert.equal(codeOf(await check({ ...unsigned, headers }, strict)), "SIGNATURE_MISMATCH");
  });

  test(`Adyen on ${crypto}: platform webhooks are signed as a whole, in a header`, async () => {
    const platform = provider.adyenPlatform({ secret: KEY });
    const body = '{"type":"balancePlatform.transfer.created","data":{"id":"T1"}}';
    const hmacsignature = hmacBase64("sha256", Buffer.from(KEY, "hex"), body);
    const request = { body, headers: { hmacsignature, protocol: "HmacSHA256" } };
    const delivery = deliveryOf(await check(request, platform));
    assert.deepEqual(
      [delivery.idSource, delivery.type],
      ["digest", "balancePlatform.transfer.created"],
    );
    await assertBodySigned(variant, request, platform);
    await assertHeadersSigned(variant, request, platform, ["hmacsignature"]);
    await assertJunkRefused(variant, platform, ["hmacsignature"]);
  });
}

test("Adyen's own library signs the same", () => {
  const item = { ...ITEM, success: "true" };
  const ours = hmacBase64("sha256", Buffer.from(KEY, "hex"), textOf(item));
  assert.equal(new HmacValidator().calculateHmac(textOf(item), KEY), ours);
});

test("Adyen: a key that is not hex, and half credentials, are told at once", () => {
  for (const options of [
    { secret: "" },
    { secret: "key" },
    { secret: KEY.slice(1) },
    { secret: KEY, basic: { user: "", password: "p" } },
    { secret: KEY, basic: { user: "a:b", password: "p" } },
  ]) {
    assert.throws(() => adyen.adyen(options), { name: "WebhookError" });
    assert.throws(() => adyen.adyenPlatform(options), { name: "WebhookError" });
  }
});
