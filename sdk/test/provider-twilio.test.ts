import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import twilioLibrary from "twilio";
import * as twilio from "../src/providers/twilio.ts";
import {
  assertBodySigned,
  assertHeadersSigned,
  assertJunkRefused,
  codeOf,
  deliveryOf,
  hmacBase64,
  variantsOf,
} from "./sender.ts";

const { getExpectedTwilioSignature } = twilioLibrary;
const HEADER = "x-twilio-signature";
const TOKEN = "twilio-auth-token";
const FORM = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
const JSON_TYPE = { "content-type": "application/json" };
const URL = "https://example.com/sms?a=1";

/** `signed` is the text that Twilio puts under its signature. */
function sent(
  url: string,
  signed: string | Uint8Array,
  body: string | Uint8Array,
  more: object = FORM,
) {
  return { url, body, headers: { ...more, [HEADER]: hmacBase64("sha1", TOKEN, signed) } };
}

function sentJson(body: string, digestOf = body, type: object = JSON_TYPE) {
  const url = `${URL}&bodySHA256=${createHash("sha256").update(digestOf).digest("hex")}`;
  return sent(url, url, body, type);
}

for (const variant of await variantsOf("twilio", twilio)) {
  const { crypto, check, provider } = variant;
  const ours = provider.twilio({ secret: TOKEN });

  test(`Twilio on ${crypto}: a message's status is told from the next by id and type`, async () => {
    const body = "MessageSid=SM1&MessageStatus=delivered&Body=";
    const request = sent(URL, `${URL}BodyMessageSidSM1MessageStatusdelivered`, body);
    const delivery = deliveryOf(await check(request, ours));
    assert.equal(delivery.id, "SM1:delivered");
    assert.equal(delivery.type, "delivered");
    assert.deepEqual(delivery.event, { MessageSid: "SM1", MessageStatus: "delivered", Body: "" });
    const headers = { ...request.headers, "i-twilio-idempotency-token": "token-1" };
    assert.equal(deliveryOf(await check({ ...request, headers }, ours)).id, "token-1");
  });

  test(`Twilio on ${crypto}: two steps of one call are two events`, async () => {
    const step = (url: string, body: string, text: string) =>
      check(sent(url, url + text, body), ours);
    const body = "CallSid=CA1&CallStatus=in-progress&Digits=1";
    const text = "CallSidCA1CallStatusin-progressDigits1";
    const first = deliveryOf(await step(`${URL}&step=1`, body, text));
    const second = deliveryOf(await step(`${URL}&step=2`, body, text));
    assert.equal(first.idSource, "digest");
    assert.notEqual(first.id, second.id);
    const numbered = await step(URL, `${body}&SequenceNumber=0`, `${text}SequenceNumber0`);
    assert.equal(deliveryOf(numbered).id, "CA1:in-progress:0");
  });

  test(`Twilio on ${crypto}: the address is taken as it came, and with and without its port`, async () => {
    for (const [ours_, theirs] of [
      ["https://example.com/a", "https://example.com:443/a"],
      ["http://example.com/a", "http://example.com:80/a"],
      ["https://example.com:8443/a", "https://example.com/a"],
      ["https://example.com:8443/a", "https://example.com:8443/a"],
      ["https://u:p@example.com/a?b", "https://u:p@example.com:443/a?b"],
      ["https://[::1]:9/a", "https://[::1]/a"],
      ["https://example.com", "https://example.com:443"],
      ["https://example.com/%7e'\"|{}?q=ä b", "https://example.com/%7e'\"|{}?q=ä b"],
      ["HTTPS://Example.com/a//b/../c", "HTTPS://Example.com/a//b/../c"],
    ] as const) {
      assert.equal(codeOf(await check(sent(ours_, theirs, ""), ours)), "accepted", theirs);
    }
    for (const theirs of [
      "http://example.com/a",
      "https://example.com:8443/a",
      "https://example.com/a/",
    ]) {
      const refused = await check(sent("https://example.com/a", theirs, ""), ours);
      assert.equal(codeOf(refused), "SIGNATURE_MISMATCH", theirs);
      assert.ok(refused.kind === "refused" && refused.error.status === 403);
      assert.match(refused.error.hint ?? "", /proxy/);
    }
  });

  test(`Twilio on ${crypto}: behind a proxy the public address counts, with the query that came`, async () => {
    for (const publicUrl of ["https://example.com/sms", "https://example.com/sms?a=1"]) {
      const proxied = provider.twilio({ secret: TOKEN, publicUrl });
      for (const url of ["http://10.0.0.7:3000/inner?a=1&b=%20", "/inner?a=1&b=%20"]) {
        const request = { ...sent("", `${URL}&b=%20x1`, "x=1"), url };
        assert.equal(codeOf(await check(request, proxied)), "accepted");
      }
    }
    const whole = provider.twilio({ secret: TOKEN, publicUrl: URL });
    assert.equal(codeOf(await check({ ...sent("", URL, ""), url: "/inner" }, whole)), "accepted");
  });

  test(`Twilio on ${crypto}: fields count as bytes, sorted, each value once`, async () => {
    const body = "B=2&a=%7E&B=10&B=2&&A=x+y&empty&=nameless&e=%C3%A9&z=%ZZ%4";
    const text = `${URL}namelessAx yB10B2a~eéemptyz%ZZ%4`;
    assert.equal(codeOf(await check(sent(URL, text, body), ours)), "accepted");
    const notUtf8 = Buffer.concat([Buffer.from(`${URL}a`), Buffer.from([0xff, 0xfe])]);
    assert.equal(codeOf(await check(sent(URL, notUtf8, "a=%ff%FE"), ours)), "accepted");
    assert.equal(
      codeOf(await check(sent(URL, notUtf8, Buffer.from("a=\xff\xfe", "latin1")), ours)),
      "accepted",
    );
    assert.equal(codeOf(await check(sent(URL, notUtf8, "a=%ff%FD"), ours)), "SIGNATURE_MISMATCH");
  });

  test(`Twilio on ${crypto}: a GET has its fields in the address`, async () => {
    const url = `${URL}&MessageSid=SM1&SmsStatus=received`;
    const request = { ...sent(url, url, "", {}), method: "GET" };
    const delivery = deliveryOf(await check(request, ours));
    assert.equal(delivery.id, "SM1:received");
    assert.deepEqual(delivery.event, { a: "1", MessageSid: "SM1", SmsStatus: "received" });
  });

  test(`Twilio on ${crypto}: what is no form needs its digest in the signed address`, async () => {
    const body = '{"type":"x"} ';
    assert.equal(codeOf(await check(sentJson(body), ours)), "accepted");
    assert.equal(codeOf(await check(sentJson(body.trim(), body), ours)), "BODY_DIGEST_MISMATCH");
    assert.equal(codeOf(await check(sentJson(body, "", {}), ours)), "BODY_DIGEST_MISMATCH");
    // The signature of a GET, with a body put under it.
    const copied = sent(URL, URL, body, JSON_TYPE);
    assert.equal(codeOf(await check(copied, ours)), "BODY_DIGEST_MISMATCH");
    // The signature of a JSON request, with a form put under it.
    const form = {
      ...sentJson(body),
      body: "a=1",
      headers: { ...sentJson(body).headers, ...FORM },
    };
    assert.equal(codeOf(await check(form, ours)), "SIGNATURE_MISMATCH");
  });

  test(`Twilio on ${crypto}: every bit of body and signature counts, and junk is refused`, async () => {
    const request = sent(URL, `${URL}Digits1234FromA B`, "From=A+B&Digits=1234");
    await assertBodySigned(variant, request, ours);
    await assertBodySigned(variant, sentJson('{"a":1}'), ours);
    await assertHeadersSigned(variant, request, ours, [HEADER]);
    await assertJunkRefused(variant, ours, [HEADER, "i-twilio-idempotency-token"]);
  });

  test(`Twilio on ${crypto}: Twilio's own library signs the same`, async () => {
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,9}$/);
    // Beyond U+D7FF the libraries sort repeated values differently, twilio-node by UTF-16 and twilio-python by code points.
    const letters = fc.string({ unit: "grapheme" }).filter((text) => /^[\0-\ud7ff]*$/u.test(text));
    const values = fc.array(letters, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(name, values),
        fc.webUrl({ withQueryParameters: true }),
        async (fields, url) => {
          const form = new URLSearchParams();
          for (const [key, list] of Object.entries(fields))
            for (const value of list) form.append(key, value);
          const headers = { ...FORM, [HEADER]: getExpectedTwilioSignature(TOKEN, url, fields) };
          assert.equal(
            codeOf(await check({ url, headers, body: form.toString() }, ours)),
            "accepted",
          );
        },
      ),
      { numRuns: 100 },
    );
  });
}
