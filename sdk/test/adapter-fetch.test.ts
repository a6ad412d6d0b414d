import assert from "node:assert/strict";
import { test } from "node:test";
import type { AdapterOptions } from "../src/adapters/connection.ts";
import { fetchWebhook } from "../src/adapters/fetch.ts";
import { twilio } from "../src/providers/twilio.ts";
import { createReceiver } from "../src/receiver/create-receiver.ts";
import { signRequest } from "../src/testing/testing.ts";
import { AWKWARD, BODY_BYTES_MAX, createDesk, signed } from "./adapter-kit.ts";

const ADDRESS = "http://10.0.0.5:3000/hooks/a?b=%7E+c&b=";

function posted(
  body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  headers: Record<string, string> = {},
): Request {
  return new Request(ADDRESS, { method: "POST", headers, body, duplex: "half" });
}

test("Fetch: takes a delivery once, with what the host says of the sender", async () => {
  const desk = createDesk();
  const handle = fetchWebhook<{ ip: string }>(desk.receiver, {
    remoteAddress: (_request, { ip }) => ip,
  });
  const headers = signed(AWKWARD);
  const first = await handle(posted(AWKWARD, headers), { ip: "192.0.2.7" });
  assert.deepEqual([first.status, await first.text()], [202, "thanks"]);
  const again = await handle(posted(AWKWARD, headers), { ip: "192.0.2.7" });
  assert.deepEqual([again.status, again.headers.get("webhook-duplicate")], [202, "true"]);
  assert.deepEqual(desk.handled, [AWKWARD.toString("hex")]);
  assert.equal(desk.requests[0]?.remoteAddress, "192.0.2.7");
  const forged = await handle(posted(AWKWARD), { ip: "192.0.2.7" });
  assert.deepEqual([forged.status, [...forged.headers]], [401, []], "nothing but the status");
});

test("Fetch: GET and HEAD are answered, a HEAD without a body", async () => {
  const handle = fetchWebhook(createDesk().receiver);
  const got = await handle(new Request("http://a/?challenge=42"));
  assert.deepEqual([got.status, await got.text()], [200, "42"]);
  const head = await handle(new Request("http://a/?challenge=42", { method: "HEAD" }));
  assert.deepEqual([head.status, await head.text()], [200, ""]);
});

test("Fetch: a body without end is cancelled at the limit", async () => {
  const desk = createDesk();
  let pulled = 0;
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled += 10_000;
      controller.enqueue(new Uint8Array(10_000));
    },
    cancel() {
      isCancelled = true;
    },
  });
  assert.equal((await fetchWebhook(desk.receiver)(posted(body))).status, 413);
  assert.ok(pulled <= BODY_BYTES_MAX + 30_000, `${pulled} bytes`);
  assert.ok(isCancelled);
});

test("Fetch: a request that was read before, or whose sender is gone, does not hang", async () => {
  const desk = createDesk();
  const handle = fetchWebhook(desk.receiver, { showHints: true });
  const read = posted(AWKWARD, signed(AWKWARD));
  await read.text();
  const got = await handle(read);
  assert.equal(got.status, 500);
  assert.match(got.headers.get("webhook-hint") ?? "", /before anything reads it/);
  assert.match(desk.faults[0] ?? "", /^BODY_ALREADY_READ/);
  const gone = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("gone")),
  });
  assert.equal((await handle(posted(gone))).status, 400);
  assert.deepEqual([desk.requests.length, desk.refusals], [1, []]);
});

const FORWARDED = {
  "x-forwarded-proto": "https, http",
  "x-forwarded-host": "hooks.example.com, inner",
  "x-forwarded-for": "6.6.6.6, 198.51.100.1, 10.0.0.2",
};

const SEEN: readonly [name: string, options: AdapterOptions, url: string, address: string][] = [
  ["by itself it believes no header", {}, ADDRESS, "10.0.0.1"],
  ["one proxy", { trustProxy: true }, "https://hooks.example.com/hooks/a?b=%7E+c&b=", "10.0.0.2"],
  [
    "two proxies",
    { trustProxy: 2 },
    "https://hooks.example.com/hooks/a?b=%7E+c&b=",
    "198.51.100.1",
  ],
  ["no proxy", { trustProxy: false }, ADDRESS, "10.0.0.1"],
  [
    "an origin",
    { publicUrl: "https://a.example" },
    "https://a.example/hooks/a?b=%7E+c&b=",
    "10.0.0.1",
  ],
  [
    "an origin with a slash",
    { publicUrl: "https://a.example/" },
    "https://a.example/hooks/a?b=%7E+c&b=",
    "10.0.0.1",
  ],
  ["a path", { publicUrl: "https://a.example/in" }, "https://a.example/in?b=%7E+c&b=", "10.0.0.1"],
  [
    "a path with query",
    { publicUrl: "https://a.example/in?k=1" },
    "https://a.example/in?k=1",
    "10.0.0.1",
  ],
  [
    "a function",
    { publicUrl: (seen, header) => `${seen}#${header("x-forwarded-host")}` },
    `${ADDRESS}#hooks.example.com, inner`,
    "10.0.0.1",
  ],
];

for (const [name, options, url, address] of SEEN) {
  test(`the address that a sender signed, and the sender's own: ${name}`, async () => {
    const desk = createDesk();
    const handle = fetchWebhook(desk.receiver, { ...options, remoteAddress: () => "10.0.0.1" });
    await handle(posted(AWKWARD, FORWARDED));
    assert.deepEqual([desk.requests[0]?.url, desk.requests[0]?.remoteAddress], [url, address]);
  });
}

/** Twilio signs the address that it calls; the request reaches the application at another. */
test("a scheme that signs the address is right behind a proxy once the adapter knows of it", async () => {
  const provider = twilio({ secret: "12345678901234567890123456789012" });
  const path = "/hooks/sms?tenant=%7E1";
  const sent = await signRequest(provider, {
    url: `https://hooks.example.com${path}`,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "MessageSid=SM1&Body=a+b",
  });
  const body = await sent.arrayBuffer();
  const arriving = (): Request => {
    const headers = new Headers(sent.headers);
    for (const [name, value] of Object.entries(FORWARDED)) headers.set(name, value);
    return new Request(`http://10.0.0.5:3000${path}`, { method: "POST", headers, body });
  };
  const statusWith = async (options: AdapterOptions): Promise<number> => {
    const receiver = createReceiver({ endpoint: "sms", provider });
    return (await fetchWebhook(receiver, options)(arriving())).status;
  };
  assert.equal(await statusWith({}), 403);
  assert.equal(await statusWith({ trustProxy: true }), 200);
  assert.equal(await statusWith({ publicUrl: "https://hooks.example.com" }), 200);
  assert.equal(await statusWith({ publicUrl: "https://hooks.example.com/hooks/sms" }), 200);
  assert.equal(await statusWith({ publicUrl: "http://hooks.example.com" }), 403, "http is another");
});

test("an application's function that throws is its own fault, and the sender keeps the event", async () => {
  const desk = createDesk();
  const publicUrl = (): string => {
    throw new Error("no such tenant");
  };
  const got = await fetchWebhook(desk.receiver, { publicUrl })(posted(AWKWARD, signed(AWKWARD)));
  assert.equal(got.status, 500);
  assert.match(desk.faults[0] ?? "", /CONFIG_INVALID: Error: no such tenant/);
});

test("options that are none are refused when the adapter is made", () => {
  const { receiver } = createDesk();
  const made = (options: object) => () => fetchWebhook(receiver, options);
  assert.throws(
    made({ publicUrl: "hooks.example.com" }),
    /expected publicUrl to be .*, got "hooks/,
  );
  assert.throws(made({ trustProxy: -1 }), /expected trustProxy to be .*, got -1/);
  assert.throws(
    made({ trustProxies: true }),
    /expected option to be one of .*, got "trustProxies"/,
  );
  assert.throws(made({ showHints: "yes" }), /expected showHints to be a boolean, got "yes"/);
});
