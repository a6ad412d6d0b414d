import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { parseProxy } from "../daemon/egress/tunnel.ts";
import {
  answeredOf,
  CONNECT_TIMEOUT_MS,
  createTestSender,
  failedOf,
  policyOf,
  requestTo,
  tableResolver,
} from "./support/egress.ts";
import { startRawReceiver, startReceiver, type RawReceiver } from "./support/receiver.ts";

const CA = readFileSync(new URL("fixtures/tls/ca.pem", import.meta.url), "utf8");
const SERVER = {
  cert: readFileSync(new URL("fixtures/tls/server.pem", import.meta.url)),
  key: readFileSync(new URL("fixtures/tls/test-only-server.key", import.meta.url)),
};

interface TestProxy extends RawReceiver {
  /** What clients asked for: the CONNECT head, or the SOCKS5 messages in hexadecimal. */
  readonly asked: string[];
}

function splice(client: Socket, port: number, greeting: string | Uint8Array): void {
  const server = connect(port, "127.0.0.1", () => {
    client.write(greeting);
    client.pipe(server).pipe(client);
  });
  server.on("error", () => client.destroy());
  client.on("close", () => server.destroy());
}

/** Answers CONNECT with `answer`; where that is 200, whatever was asked for leads to `port`. */
async function startHttpProxy(
  port: number,
  answer = "200 Connection established",
): Promise<TestProxy> {
  const asked: string[] = [];
  const proxy = await startRawReceiver((client) => {
    client.once("data", (head) => {
      asked.push(head.toString("latin1"));
      const reply = `HTTP/1.1 ${answer}\r\n\r\n`;
      if (answer.startsWith("2")) splice(client, port, reply);
      else client.end(reply);
    });
  });
  return { ...proxy, asked };
}

/** Plays the answers to the client's messages in turn, then leads to `port`. */
async function startSocksProxy(
  port: number,
  answers: readonly (readonly number[])[],
): Promise<TestProxy> {
  const asked: string[] = [];
  const proxy = await startRawReceiver((client) => {
    const left = [...answers];
    const onData = (message: Buffer): void => {
      asked.push(message.toString("hex"));
      const answer = Uint8Array.from(left.shift() ?? []);
      if (left.length > 0) return void client.write(answer);
      client.off("data", onData);
      splice(client, port, answer);
    };
    client.on("data", onData);
  });
  return { ...proxy, asked };
}

const NO_LOGIN = [5, 0];
const REACHED = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

test("an http proxy is asked for the name, which is not looked up here", async () => {
  await using receiver = await startReceiver();
  await using proxy = await startHttpProxy(receiver.port);
  const resolve = tableResolver({});
  await using sender = createTestSender({ resolve, proxy: `http://127.0.0.1:${proxy.port}` });
  const policy = policyOf();
  const url = "http://hidden.test:8080/in";
  answeredOf(await sender.post(requestTo(url), policy));
  assert.match(proxy.asked[0] ?? "", /^CONNECT hidden\.test:8080 HTTP\/1\.1\r\n/);
  assert.doesNotMatch(proxy.asked[0] ?? "", /proxy-authorization/i);
  assert.deepEqual(resolve.asked, []);
  assert.equal(receiver.requests[0]?.path, "/in");
  assert.equal(receiver.requests[0]?.header("host"), "hidden.test:8080");
});

test("a tunnel is kept and used again", async () => {
  await using receiver = await startReceiver();
  await using proxy = await startHttpProxy(receiver.port);
  await using sender = createTestSender({ proxy: `http://127.0.0.1:${proxy.port}` });
  const policy = policyOf();
  for (let i = 0; i < 5; i += 1) {
    answeredOf(await sender.post(requestTo("http://hidden.test/"), policy));
  }
  assert.equal(proxy.connectionCount(), 1);
});

test("TLS goes through the tunnel to the receiver, checked against its own name", async () => {
  await using receiver = await startReceiver(undefined, SERVER);
  await using proxy = await startHttpProxy(receiver.port);
  await using sender = createTestSender({ proxy: `http://127.0.0.1:${proxy.port}` });
  answeredOf(await sender.post(requestTo("https://receiver.test/"), policyOf({ ca: CA })));
  assert.match(proxy.asked[0] ?? "", /^CONNECT receiver\.test:443 /);
  const failure = failedOf(
    await sender.post(requestTo("https://other.test/"), policyOf({ ca: CA })),
  );
  assert.equal(failure.code, "tls_failed");
});

test("the proxy's login is sent to the proxy alone", async () => {
  await using receiver = await startReceiver();
  await using proxy = await startHttpProxy(receiver.port);
  await using sender = createTestSender({ proxy: `http://me:p%40ss@127.0.0.1:${proxy.port}` });
  answeredOf(await sender.post(requestTo("http://hidden.test/"), policyOf()));
  const login = Buffer.from("me:p@ss").toString("base64");
  assert.match(proxy.asked[0] ?? "", new RegExp(`proxy-authorization: Basic ${login}\r\n`, "i"));
  assert.equal(receiver.requests[0]?.header("proxy-authorization"), undefined);
});

test("a proxy that refuses is a failure of the proxy, not an answer of the receiver", async () => {
  await using proxy = await startHttpProxy(1, "403 Forbidden");
  await using sender = createTestSender({ proxy: `http://127.0.0.1:${proxy.port}` });
  const failure = failedOf(await sender.post(requestTo("http://hidden.test/"), policyOf()));
  assert.equal(failure.code, "proxy_failed");
  assert.equal(
    failure.message,
    "The outgoing proxy did not reach hidden.test:80: it answered 403.",
  );
});

test("a proxy that is away is a failure of the proxy, and its login is not in the message", async () => {
  const gone = await startReceiver();
  await gone.close();
  await using sender = createTestSender({ proxy: `http://me:hunter2@127.0.0.1:${gone.port}` });
  const failure = failedOf(await sender.post(requestTo("http://hidden.test/"), policyOf()));
  assert.equal(failure.code, "proxy_failed");
  assert.doesNotMatch(failure.message, /hunter2/);
});

test("a proxy that does not answer ends at the connect limit", async () => {
  const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>();
  await using proxy = await startRawReceiver((socket) => socket.once("data", () => onAsked()));
  await using sender = createTestSender({ proxy: `http://127.0.0.1:${proxy.port}` });
  const attempt = sender.post(requestTo("http://hidden.test/"), policyOf());
  await asked;
  sender.timers.fire(CONNECT_TIMEOUT_MS);
  const failure = failedOf(await attempt);
  assert.equal(failure.code, "connect_timeout");
  assert.match(failure.message, /^The outgoing proxy did not reach hidden\.test:80 within 5000 ms/);
});

test("addresses in the URL are guarded behind a proxy too", async () => {
  await using proxy = await startHttpProxy(1);
  await using sender = createTestSender({
    instanceGrants: [],
    proxy: `http://127.0.0.1:${proxy.port}`,
  });
  for (const url of [
    "http://10.0.0.1/",
    "http://localhost/",
    "http://169.254.169.254/",
    "http://[::1]/",
  ]) {
    assert.equal((await sender.post(requestTo(url), policyOf())).kind, "blocked", url);
  }
  assert.equal(proxy.connectionCount(), 0);
});

test("a SOCKS5 proxy is handed an .onion name as a name", async () => {
  await using receiver = await startReceiver();
  await using proxy = await startSocksProxy(receiver.port, [NO_LOGIN, REACHED]);
  await using sender = createTestSender({ proxy: `socks5://127.0.0.1:${proxy.port}` });
  answeredOf(await sender.post(requestTo("http://shop.onion:81/"), policyOf()));
  const name = Buffer.from("shop.onion").toString("hex");
  assert.deepEqual(proxy.asked, ["050100", `050100030a${name}0051`]);
  assert.equal(receiver.requests[0]?.header("host"), "shop.onion:81");
});

test("a SOCKS5 proxy is handed an address as an address", async () => {
  await using receiver = await startReceiver(undefined, SERVER);
  for (const [host, message] of [
    ["127.0.0.1", "050100017f00000101bb"],
    ["[::1]", "050100040000000000000000000000000000000101bb"],
  ] as const) {
    await using proxy = await startSocksProxy(receiver.port, [NO_LOGIN, [5, 0, 0, 3, 1, 97, 0, 0]]);
    await using sender = createTestSender({
      instanceGrants: ["127.0.0.1", "::1"],
      proxy: `socks5://127.0.0.1:${proxy.port}`,
    });
    const policy = policyOf({ verifiesCertificate: false });
    answeredOf(await sender.post(requestTo(`https://${host}/`), policy));
    assert.equal(proxy.asked[1], message);
  }
});

test("a SOCKS5 login is made when the proxy wants it", async () => {
  await using receiver = await startReceiver();
  await using proxy = await startSocksProxy(receiver.port, [[5, 2], [1, 0], REACHED]);
  await using sender = createTestSender({ proxy: `socks5://me:pass@127.0.0.1:${proxy.port}` });
  answeredOf(await sender.post(requestTo("http://hidden.test/"), policyOf()));
  assert.deepEqual(proxy.asked.slice(0, 2), ["05020002", "01026d650470617373"]);
});

for (const [what, answers, why] of [
  ["refuses the target", [NO_LOGIN, [5, 5, 0, 1, 0, 0, 0, 0, 0, 0]], "connection refused"],
  [
    "refuses the login",
    [
      [5, 2],
      [1, 1],
    ],
    "it refused the login",
  ],
  ["wants another login", [[5, 255]], "it wants another login"],
  ["is none", [[72, 84]], "it does not speak SOCKS5"],
] as const) {
  test(`a SOCKS5 proxy that ${what} is a failure of the proxy`, async () => {
    await using receiver = await startReceiver();
    await using proxy = await startSocksProxy(receiver.port, answers);
    await using sender = createTestSender({ proxy: `socks5://me:pass@127.0.0.1:${proxy.port}` });
    const failure = failedOf(await sender.post(requestTo("http://hidden.test/"), policyOf()));
    assert.equal(failure.code, "proxy_failed");
    assert.equal(failure.message, `The outgoing proxy did not reach hidden.test:80: ${why}.`);
    assert.equal(receiver.requests.length, 0);
  });
}

test("a SOCKS5 proxy that hangs up halfway is a failure of the proxy", async () => {
  await using proxy = await startRawReceiver((socket) => {
    socket.once("data", () => socket.end(Uint8Array.from([5])));
  });
  await using sender = createTestSender({ proxy: `socks5://127.0.0.1:${proxy.port}` });
  const failure = failedOf(await sender.post(requestTo("http://hidden.test/"), policyOf()));
  assert.equal(failure.code, "proxy_failed");
  assert.match(failure.message, /it closed the connection/);
});

test("a proxy is http or socks5 with a host, and its password is never repeated", () => {
  for (const text of [
    "http://proxy.lan:3128",
    "socks5://127.0.0.1:9050",
    "socks5://tor",
    "http://[::1]:80/",
  ]) {
    assert.equal(parseProxy(text).kind, "proxy", text);
  }
  for (const text of [
    "",
    "proxy.lan:3128",
    "https://me:hunter2@proxy.lan",
    "http://",
    "me:hunter2@proxy.lan",
  ]) {
    const parsed = parseProxy(text);
    assert.equal(parsed.kind, "problem", text);
    assert.doesNotMatch(parsed.kind === "problem" ? parsed.message : "", /hunter2/);
  }
});
