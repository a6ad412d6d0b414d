/** What is refused before it is handled, and what Fetch hosts get. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { Handled } from "../src/receiver/receiver.ts";
import { WebhookError } from "../src/verify/webhook-error.ts";
import { createShop, order, sent } from "./receiver-kit.ts";

const brief = ({ outcome, answer, error }: Handled) => [
  outcome,
  answer.status,
  error?.code ?? null,
];

function shop(options: Parameters<typeof createShop>[0] = {}) {
  const made = createShop(options);
  made.receiver.on("order.paid", () => {});
  return made;
}

const FORGED = sent({ id: "a", type: "order.paid" }, { "x-proof": "none" });

suite("the door", () => {
  test("refuses a forged request as its provider says, without asking the inbox", async () => {
    const { receiver, ledger, told } = shop();
    const { id, ...handled } = await receiver.handle(FORGED);
    assert.deepEqual(brief({ id, ...handled }), ["refused", 401, "SIGNATURE_MISMATCH"]);
    assert.equal(id, null);
    assert.deepEqual(ledger.steps, []);
    assert.deepEqual([told[0]?.hook, told[0]?.noted.id], ["onRefused", null]);
  });

  test("answers a handshake for its provider", async () => {
    const { receiver, hooksTold } = shop();
    const { outcome, answer } = await receiver.handle(order("say this", { type: "challenge" }));
    assert.deepEqual([outcome, answer.status, answer.body], ["handshake", 200, "say this"]);
    assert.deepEqual(hooksTold(), ["onHandshake"]);
  });

  test("names the methods that it has to who comes with another", async () => {
    const { receiver } = shop();
    const { answer } = await receiver.handle({ ...order("a"), method: "GET" });
    assert.deepEqual([answer.status, answer.headers["allow"]], [405, "POST, HEAD"]);
  });

  test("refuses a body over its limit before the provider sees a byte of it", async () => {
    const { receiver } = shop({ bodyBytesMax: 20 });
    assert.equal(receiver.bodyBytesMax, 20);
    const { answer } = await receiver.handle({ ...FORGED, body: new Uint8Array(21) });
    assert.equal(answer.status, 413);
  });

  test("passes on what an adapter could not read, and tells its hooks", async () => {
    const { receiver, told } = shop();
    const refusal = new WebhookError("BODY_ALREADY_PARSED", "expected bytes, got an object");
    const handled = await receiver.handle(order("a"), { refusal });
    assert.deepEqual(brief(handled), ["failed", 500, "BODY_ALREADY_PARSED"]);
    assert.equal(told[0]?.noted.code, "BODY_ALREADY_PARSED");
  });
});

suite("a rate limit", () => {
  test("lets a burst through, then as many as it says, and tells the others when to come", async () => {
    const { receiver, time } = shop({ rateLimit: { perSecond: 2, burst: 3 } });
    const statuses = async (count: number) => {
      const all = [];
      for (let i = 0; i < count; i++) all.push((await receiver.handle(FORGED)).answer.status);
      return all;
    };
    assert.deepEqual(await statuses(4), [401, 401, 401, 429]);
    const limited = await receiver.handle(order("a"));
    assert.deepEqual(brief(limited), ["refused", 429, "RATE_LIMITED"]);
    assert.equal(limited.answer.headers["retry-after"], "1");
    await time.advance(500);
    assert.deepEqual(await statuses(2), [401, 429]);
    await time.advance(3_600_000);
    assert.deepEqual(await statuses(4), [401, 401, 401, 429], "no more than a burst is saved up");
  });

  test("for each address keeps one that floods from using up what all share", async () => {
    const rateLimit = { perSecond: 100, burst: 3, perAddress: { perSecond: 1, burst: 2 } };
    const { receiver } = shop({ rateLimit });
    const from = async (remoteAddress?: string) =>
      (await receiver.handle(FORGED, { remoteAddress })).answer.status;
    assert.deepEqual([await from("192.0.2.1"), await from("192.0.2.1")], [401, 401]);
    assert.deepEqual([await from("192.0.2.1"), await from("::ffff:192.0.2.1")], [429, 429]);
    assert.equal(await from("192.0.2.2"), 401);
    assert.equal(await from("192.0.2.3"), 429, "the shared bucket is empty");
  });

  test("counts a household of IPv6 as one, and those without an address together", async () => {
    const rateLimit = { perSecond: 100, perAddress: { perSecond: 1, burst: 1 } };
    const { receiver } = shop({ rateLimit });
    const from = async (remoteAddress?: string) =>
      (await receiver.handle(FORGED, { remoteAddress })).answer.status;
    assert.deepEqual([await from("2001:db8::1"), await from("2001:db8::2")], [401, 429]);
    assert.equal(await from("2001:db8:0:1::1"), 401);
    assert.deepEqual([await from(undefined), await from(undefined)], [401, 429]);
  });

  test("remembers a bounded number of addresses, the busiest longest", async () => {
    const perAddress = { perSecond: 0.001, burst: 1, addressesMax: 2 };
    const { receiver } = shop({ rateLimit: { perSecond: 100, perAddress } });
    const from = async (remoteAddress: string) =>
      (await receiver.handle(FORGED, { remoteAddress })).answer.status;
    assert.equal(await from("192.0.2.1"), 401);
    assert.equal(await from("192.0.2.2"), 401);
    assert.equal(await from("192.0.2.1"), 429);
    assert.equal(await from("192.0.2.3"), 401, "the second is forgotten");
    assert.equal(await from("192.0.2.1"), 429);
    assert.equal(await from("192.0.2.2"), 401);
  });
});

suite("an address list", () => {
  const allowAddresses = ["192.0.2.0/24", "2001:db8::/32"];

  test("lets in whom it names, in each way to write them", async () => {
    const { receiver } = shop({ allowAddresses });
    for (const remoteAddress of ["192.0.2.255", "::ffff:192.0.2.1", "2001:DB8:1::1"]) {
      assert.equal((await receiver.handle(order("a"), { remoteAddress })).answer.status, 200);
    }
    for (const remoteAddress of ["192.0.3.0", "2001:db9::1", "unknown", "::"]) {
      const handled = await receiver.handle(order("a"), { remoteAddress });
      assert.deepEqual(brief(handled), ["refused", 403, "ADDRESS_NOT_ALLOWED"]);
    }
  });

  test("is no use to who does not say where a request comes from, and says so", async () => {
    const { receiver } = shop({ allowAddresses });
    const handled = await receiver.handle(order("a"));
    assert.deepEqual(brief(handled), ["failed", 500, "CONFIG_INVALID"]);
    assert.match(handled.error?.hint ?? "", /remoteAddress/);
  });
});

suite("fetch", () => {
  const request = (init: RequestInit = {}) => {
    const { url, headers, body } = order("a");
    return new Request(url, {
      method: "POST",
      headers: headers as Record<string, string>,
      body: new Uint8Array(body),
      ...init,
    });
  };

  test("takes a Request and answers with a Response", async () => {
    const { receiver } = createShop();
    receiver.on("*", () => ({ status: 201, body: "{}", contentType: "application/json" }));
    const response = await receiver.fetch(request());
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.equal(await response.text(), "{}");
  });

  test("answers HEAD through the provider, without a body", async () => {
    const { receiver } = shop();
    const response = await receiver.fetch(new Request("https://shop.example", { method: "HEAD" }));
    assert.deepEqual([response.status, response.headers.get("x-hello")], [200, "yes"]);
    assert.equal(await response.text(), "");
  });

  test("never rejects, whatever comes", async () => {
    const { receiver } = shop();
    const used = request();
    await used.text();
    assert.equal((await receiver.fetch(used)).status, 500);
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("cut")) });
    const half = { body: broken, duplex: "half" } as RequestInit;
    assert.equal((await receiver.fetch(request(half))).status, 400);
    assert.equal((await receiver.fetch({} as Request)).status, 405);
    assert.equal(
      (await receiver.fetch(request({ body: "{" }))).status,
      500,
      "the provider's fault",
    );
    const { receiver: bodiless } = createShop();
    bodiless.on("*", () => ({ status: 205 }));
    assert.equal((await bodiless.fetch(request())).status, 205);
  });
});
