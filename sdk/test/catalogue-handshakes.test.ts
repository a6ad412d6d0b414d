/** What senders ask of an address before they send events, and lists of signatures: answered by the catalogue's rules. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";

import { type Provider, type RawRequest, type VerifyResult, verify } from "../src/index.ts";
import { intercom } from "../src/providers/intercom.ts";
import { meta } from "../src/providers/meta.ts";
import { paddle } from "../src/providers/paddle.ts";
import { slack } from "../src/providers/slack.ts";
import { stripe } from "../src/providers/stripe.ts";
import { woocommerce } from "../src/providers/woocommerce.ts";
import { xero } from "../src/providers/xero.ts";
import { zoom } from "../src/providers/zoom.ts";

const NOW_S = 1_700_000_000;
const secret = "a secret as text, of some length";

function mac(text: string, writing: "hex" | "base64", key = secret): string {
  return createHmac("sha256", key).update(text).digest(writing);
}

interface Sent {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: RawRequest["headers"];
  readonly body?: string;
}

async function ask<E>(provider: Provider<E>, sent: Sent): Promise<VerifyResult<E>> {
  const { method = "POST", url = "https://a.test/", headers = {}, body = "" } = sent;
  const request = { method, url, headers, body: Buffer.from(body) };
  return verify(request, provider, { clock: () => NOW_S * 1_000 });
}

/** Status and body of what is answered without a handler. */
async function answered<E>(provider: Provider<E>, sent: Sent): Promise<[number, string]> {
  const result = await ask(provider, sent);
  if (result.kind === "delivery") return [0, result.delivery.id];
  const { status, body } = result.kind === "handshake" ? result.answer : result.error.toAnswer();
  return [status, body];
}

function v0(prefix: "x-slack" | "x-zm", body: string, key = secret): Sent {
  const headers = {
    [`${prefix}-request-timestamp`]: `${NOW_S}`,
    [`${prefix}-signature`]: `v0=${mac(`v0:${NOW_S}:${body}`, "hex", key)}`,
  };
  return { headers, body };
}

describe("a handshake", () => {
  test("of Slack is answered with its challenge, and with nothing where it is not signed", async () => {
    const body = JSON.stringify({ type: "url_verification", challenge: "3eZbrw1a" });
    assert.deepEqual(await answered(slack({ secret }), v0("x-slack", body)), [200, "3eZbrw1a"]);
    assert.deepEqual(await answered(slack({ secret }), v0("x-slack", body, "b")), [401, ""]);
    assert.deepEqual(await answered(slack({ secret }), { body }), [401, ""]);
  });

  test("of Zoom is answered with the MAC of its token by the secret that fitted", async () => {
    const body = JSON.stringify({ event: "endpoint.url_validation", payload: { plainToken: "q" } });
    const provider = zoom({ secret: ["an older one", secret] });
    const encryptedToken = mac("q", "hex");
    const [status, text] = await answered(provider, v0("x-zm", body));
    assert.deepEqual([status, JSON.parse(text)], [200, { plainToken: "q", encryptedToken }]);
    assert.deepEqual(await answered(provider, v0("x-zm", body, "b")), [401, ""]);
  });

  test("of Meta is echoed for the right token alone, once, and decoded", async () => {
    const provider = meta({ secret, verifyToken: "my token" });
    const url = (token: string, mode = "subscribe"): string =>
      `https://a.test/?hub.mode=${mode}&hub.verify_token=${token}&hub.challenge=11%2B58`;
    const get = async (address: string) => answered(provider, { method: "GET", url: address });
    assert.deepEqual(await get(url("my%20token")), [200, "11+58"]);
    assert.deepEqual(await get(url("my+token")), [200, "11+58"]);
    for (const wrong of [
      url("other"),
      url(""),
      url("my%20token", "unsubscribe"),
      "https://a.test/",
    ])
      assert.equal((await get(wrong))[0], 403, wrong);
    const closed = meta({ secret });
    assert.equal((await answered(closed, { method: "GET", url: url("") }))[0], 405);
  });

  test("of Xero is answered by status alone: 200 if signed, and 401 whatever is wrong", async () => {
    const body = `{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S"}`;
    const signed = (signature: string): Sent => ({
      headers: { "x-xero-signature": signature },
      body,
    });
    assert.deepEqual(await answered(xero({ secret }), signed(mac(body, "base64"))), [200, ""]);
    for (const wrong of [mac(`${body} `, "base64"), "?", "", mac(body, "hex")])
      assert.deepEqual(await answered(xero({ secret }), signed(wrong)), [401, ""]);
    assert.deepEqual(await answered(xero({ secret }), { body }), [401, ""]);
  });

  test("of Intercom is a HEAD, and of WooCommerce a form; neither lets an event pass unsigned", async () => {
    assert.deepEqual(await answered(intercom({ secret }), { method: "HEAD" }), [200, ""]);
    assert.deepEqual(await answered(intercom({ secret }), { body: "{}" }), [401, ""]);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const shop = woocommerce({ secret });
    assert.deepEqual(await answered(shop, { headers, body: "webhook_id=7" }), [200, ""]);
    assert.deepEqual(await answered(shop, { headers, body: "webhook_id=7&id=1" }), [401, ""]);
    assert.deepEqual(await answered(shop, { body: "webhook_id=7" }), [401, ""]);
  });
});

describe("a list of signatures", () => {
  const body = `{"id":"evt_1","event_id":"evt_1","type":"a"}`;
  const good = mac(`${NOW_S}.${body}`, "hex");
  const bad = "0".repeat(64);
  const withStripe = async (header: string | string[]) =>
    (await answered(stripe({ secret }), { headers: { "Stripe-Signature": header }, body }))[1];

  test("fits by any of its first sixteen, in any order, in one header or in several", async () => {
    const many = (count: number): string => `v1=${bad},`.repeat(count);
    assert.equal(await withStripe(`v1=${bad},v1=${good},t=${NOW_S}`), "evt_1");
    assert.equal(await withStripe([`t=${NOW_S}`, `v1=${good}`]), "evt_1");
    assert.equal(await withStripe(` t=${NOW_S} , v0=${bad} , v1=${good} `), "evt_1");
    assert.equal(await withStripe(`t=${NOW_S},${many(15)}v1=${good}`), "evt_1");
    assert.equal(await withStripe(`t=${NOW_S},${many(16)}v1=${good}`), "");
  });

  test("has one time, and none that is not signed", async () => {
    for (const times of ["", `t=${NOW_S},t=${NOW_S},`, `t=${NOW_S}abc,`, `t=0${NOW_S},`, "t=-1,"])
      assert.equal(await withStripe(`${times}v1=${good}`), "", times);
    assert.equal(await withStripe(`t=${NOW_S + 1},v1=${good}`), "");
    assert.equal(await withStripe(`t=${NOW_S},v0=${good}`), "");
  });

  test("of Paddle fits by either secret while one takes over from the other", async () => {
    const both = [secret, "the next one"].map((key) => `h1=${mac(`${NOW_S}:${body}`, "hex", key)}`);
    for (const list of [both, both.toReversed()]) {
      const headers = { "Paddle-Signature": `ts=${NOW_S};${list.join(";")}` };
      for (const own of [secret, "the next one", ["an old one", "the next one"]])
        assert.equal((await answered(paddle({ secret: own }), { headers, body }))[1], "evt_1");
      assert.equal((await answered(paddle({ secret: "another" }), { headers, body }))[0], 401);
    }
  });
});
