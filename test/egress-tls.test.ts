import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { TLSSocket } from "node:tls";
import type { EgressPolicy, Outcome } from "../daemon/domain/attempt.ts";
import {
  answeredOf,
  CONNECT_TIMEOUT_MS,
  createTestSender,
  failedOf,
  policyOf,
  requestTo,
  tableResolver,
} from "./support/egress.ts";
import { startRawReceiver, startReceiver } from "./support/receiver.ts";

function fixture(name: string): string {
  return readFileSync(new URL(`fixtures/tls/${name}`, import.meta.url), "utf8");
}

const CA = fixture("ca.pem");
const OTHER_CA = fixture("other-ca.pem");
const SERVER = { cert: fixture("server.pem"), key: fixture("test-only-server.key") };

const LOOPBACK = [["127.0.0.1"]];
const resolve = tableResolver({ "receiver.test": LOOPBACK, "other.test": LOOPBACK });

async function outcomeAt(host: string, policy: Partial<EgressPolicy>): Promise<Outcome> {
  await using receiver = await startReceiver(undefined, SERVER);
  await using sender = createTestSender({ resolve });
  return await sender.post(requestTo(`https://${host}:${receiver.port}/`), policyOf(policy));
}

test("a private authority given to the endpoint makes its receiver trusted", async () => {
  assert.equal(answeredOf(await outcomeAt("receiver.test", { ca: CA })).status, 204);
});

test("an address in the certificate is as good as a name", async () => {
  assert.equal(answeredOf(await outcomeAt("127.0.0.1", { ca: CA })).status, 204);
});

for (const [what, policy] of [
  ["with the public authorities", { ca: null }],
  ["with another private authority", { ca: OTHER_CA }],
] as const) {
  test(`a certificate from an unknown authority is refused ${what}`, async () => {
    const failure = failedOf(await outcomeAt("receiver.test", policy));
    assert.equal(failure.code, "tls_failed");
    assert.match(
      failure.message,
      /^The certificate of receiver\.test:\d+ comes from an authority that is not trusted here/,
    );
  });
}

test("a certificate for another name is refused", async () => {
  const failure = failedOf(await outcomeAt("other.test", { ca: CA }));
  assert.equal(failure.code, "tls_failed");
  assert.match(failure.message, /^The certificate of other\.test:\d+ is for another name/);
});

test("with the check switched off any certificate is taken, for any name", async () => {
  assert.equal(
    answeredOf(await outcomeAt("other.test", { verifiesCertificate: false })).status,
    204,
  );
});

test("an authority that is not PEM text is said to be the trouble", async () => {
  const broken = "-----BEGIN CERTIFICATE-----\nnope\n-----END CERTIFICATE-----\n";
  const failure = failedOf(await outcomeAt("receiver.test", { ca: broken }));
  assert.equal(failure.code, "tls_failed");
  assert.match(failure.message, /certificate authority can't be read: expected PEM text/);
});

test("the receiver is asked for by its name, and only for HTTP/1.1", async () => {
  const seen: (readonly unknown[])[] = [];
  await using receiver = await startReceiver(
    (_request, response) => {
      const { servername, alpnProtocol } = response.socket as TLSSocket;
      seen.push([servername, alpnProtocol]);
      response.end();
    },
    { ...SERVER, ALPNProtocols: ["h2", "http/1.1"] },
  );
  await using sender = createTestSender({ resolve });
  const policy = policyOf({ ca: CA });
  answeredOf(await sender.post(requestTo(`https://receiver.test.:${receiver.port}/`), policy));
  answeredOf(await sender.post(requestTo(`https://127.0.0.1:${receiver.port}/`), policy));
  assert.deepEqual(seen, [
    ["receiver.test", "http/1.1"],
    [false, "http/1.1"],
  ]);
});

test("a connection whose certificate nobody checked never serves an endpoint that wants it checked", async () => {
  await using receiver = await startReceiver(undefined, SERVER);
  await using sender = createTestSender({ resolve });
  const request = requestTo(`https://receiver.test:${receiver.port}/`);
  answeredOf(await sender.post(request, policyOf({ verifiesCertificate: false })));
  assert.equal(failedOf(await sender.post(request, policyOf())).code, "tls_failed");
});

test("https at a plain http port is explained", async () => {
  await using receiver = await startReceiver();
  await using sender = createTestSender();
  const failure = failedOf(
    await sender.post(requestTo(`https://127.0.0.1:${receiver.port}/`), policyOf()),
  );
  assert.equal(failure.code, "tls_failed");
  assert.match(failure.message, /does not speak TLS: is it a plain http port/);
});

test("a receiver that hangs up during the handshake failed at TLS", async () => {
  await using receiver = await startRawReceiver((socket) => {
    socket.once("data", () => socket.destroy());
  });
  await using sender = createTestSender();
  const failure = failedOf(
    await sender.post(requestTo(`https://127.0.0.1:${receiver.port}/`), policyOf()),
  );
  assert.equal(failure.code, "tls_failed");
  assert.match(failure.message, /closed the connection during the TLS handshake/);
});

test("a handshake that never ends counts against the connect limit", async () => {
  const { promise: hello, resolve: onHello } = Promise.withResolvers<void>();
  const { promise: hungUp, resolve: onClose } = Promise.withResolvers<void>();
  await using receiver = await startRawReceiver((socket) => {
    socket.once("data", () => onHello()).once("close", () => onClose());
  });
  await using sender = createTestSender();
  const attempt = sender.post(requestTo(`https://127.0.0.1:${receiver.port}/`), policyOf());
  await hello;
  sender.timers.fire(CONNECT_TIMEOUT_MS);
  const failure = failedOf(await attempt);
  assert.equal(failure.code, "connect_timeout");
  assert.match(failure.message, /did not finish the TLS handshake within 5000 ms/);
  await hungUp;
});

test("a receiver that asks for a client's certificate is told there is none", async () => {
  const mutual = { ...SERVER, ca: CA, requestCert: true, rejectUnauthorized: true };
  await using receiver = await startReceiver(undefined, mutual);
  await using sender = createTestSender({ resolve });
  const failure = failedOf(
    await sender.post(requestTo(`https://receiver.test:${receiver.port}/`), policyOf({ ca: CA })),
  );
  assert.ok(["tls_failed", "connection_reset"].includes(failure.code), failure.message);
  assert.equal(receiver.requests.length, 0);
});
