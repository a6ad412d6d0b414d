import assert from "node:assert/strict";
import { test } from "node:test";
import type { Dialled } from "../daemon/egress/connector.ts";
import { dialAddresses } from "../daemon/egress/connector.ts";
import type { Blocked, Outcome } from "../daemon/domain/attempt.ts";
import {
  answeredOf,
  createTestSender,
  failedOf,
  policyOf,
  requestTo,
  tableResolver,
} from "./support/egress.ts";
import { startRawReceiver, startReceiver } from "./support/receiver.ts";

function blockedOf(outcome: Outcome): Blocked {
  if (outcome.kind === "blocked") return outcome;
  throw new Error(`expected a refusal, got ${JSON.stringify(outcome)}`);
}

/** Dials for real and writes down what. */
function recordingDial() {
  const dialled: Dialled[] = [];
  return Object.assign((to: Dialled) => (dialled.push(to), dialAddresses(to)), { dialled });
}

for (const url of [
  "http://192.168.1.5:8080/",
  "http://3232235781:8080/",
  "http://[::ffff:192.168.1.5]:8080/",
  "http://localhost:8080/",
  "http://a.localhost:8080/",
  "http://0.0.0.0:8080/",
  "http://[::]:8080/",
  "http://169.254.169.254/latest/meta-data/",
]) {
  test(`${url} is blocked before anything is looked up or dialled`, async () => {
    const dial = recordingDial();
    const resolve = tableResolver({});
    await using sender = createTestSender({ instanceGrants: [], dial, resolve });
    const blocked = blockedOf(await sender.post(requestTo(url), policyOf()));
    assert.deepEqual(dial.dialled, []);
    assert.deepEqual(resolve.asked, []);
    assert.match(blocked.message, /^\S+ is in |^\S+, the address of \S+, is in /);
  });
}

test("a name with a private address is blocked and the refusal names the grant it needs", async () => {
  const dial = recordingDial();
  const resolve = tableResolver({ "nas.test": [["192.168.1.5"]] });
  await using sender = createTestSender({ dial, resolve });
  const blocked = blockedOf(await sender.post(requestTo("http://nas.test:8080/"), policyOf()));
  assert.equal(blocked.address, "192.168.1.5");
  assert.equal(blocked.grant, "192.168.1.5:8080");
  assert.deepEqual(dial.dialled, []);
});

test("a grant of the endpoint opens its own target and no other endpoint's", async () => {
  await using receiver = await startReceiver();
  await using sender = createTestSender({ instanceGrants: [] });
  const granted = policyOf({ grants: [`127.0.0.1:${receiver.port}`] });
  answeredOf(await sender.post(requestTo(receiver.url), granted));
  // The connection that the first endpoint left open must not serve the second.
  blockedOf(await sender.post(requestTo(receiver.url), policyOf()));
  answeredOf(await sender.post(requestTo(receiver.url), granted));
  assert.equal(receiver.requests.length, 2);
});

test("a name is looked up once for each connection, and what was checked is what is dialled", async () => {
  await using receiver = await startReceiver();
  const dial = recordingDial();
  // A rebinding name: harmless at the check, the metadata service a moment later.
  const resolve = tableResolver({ "rebind.test": [["127.0.0.1"], ["169.254.169.254"]] });
  await using sender = createTestSender({ dial, resolve });
  const url = `http://rebind.test:${receiver.port}/`;
  const policy = policyOf();
  answeredOf(await sender.post(requestTo(url), policy));
  assert.deepEqual(resolve.asked, ["rebind.test"]);
  assert.deepEqual(
    dial.dialled.map((each) => each.addresses),
    [["127.0.0.1"]],
  );
  assert.equal(receiver.requests[0]?.header("host"), `rebind.test:${receiver.port}`);
  // The next connection asks again, is told the other address, and goes nowhere.
  const [first, second] = await Promise.all([
    sender.post(requestTo(url), policy),
    sender.post(requestTo(url), policy),
  ]);
  const kinds = [first.kind, second.kind].toSorted();
  assert.ok(kinds.includes("blocked"), String(kinds));
  assert.equal(dial.dialled.length, 1);
});

test("of several addresses only the allowed ones are dialled", async () => {
  await using receiver = await startReceiver();
  const dial = recordingDial();
  const resolve = tableResolver({
    "mixed.test": [["10.0.0.1", "127.0.0.1", "fd00::1", "127.0.0.2"]],
  });
  await using sender = createTestSender({ dial, resolve });
  answeredOf(await sender.post(requestTo(`http://mixed.test:${receiver.port}/`), policyOf()));
  assert.deepEqual(dial.dialled[0]?.addresses, ["127.0.0.1", "127.0.0.2"]);
});

test("an address that refuses is followed by the next one", async () => {
  await using receiver = await startReceiver();
  // Nothing listens at 127.0.0.2, where the receiver's port is free.
  const resolve = tableResolver({ "two.test": [["127.0.0.2", "127.0.0.1"]] });
  await using sender = createTestSender({ resolve });
  answeredOf(await sender.post(requestTo(`http://two.test:${receiver.port}/`), policyOf()));
});

test("a connection is used again, also by another endpoint with the same terms", async () => {
  await using receiver = await startReceiver();
  await using sender = createTestSender();
  const [one, other] = [policyOf(), policyOf({ timeoutMs: 1 + policyOf().timeoutMs })];
  for (let i = 0; i < 8; i += 1) {
    answeredOf(await sender.post(requestTo(receiver.url), i % 2 === 0 ? one : other));
  }
  assert.equal(receiver.connectionCount(), 1);
  assert.equal(sender.counts().agents, 1);
});

for (const [what, change] of [
  ["other grants", { grants: ["10.0.0.0/8"] }],
  ["another certificate check", { verifiesCertificate: false }],
  ["another authority", { ca: "-----BEGIN CERTIFICATE-----" }],
  ["another connect limit", { connectTimeoutMs: 1000 }],
] as const) {
  test(`endpoints with ${what} share no connection`, async () => {
    await using receiver = await startReceiver();
    await using sender = createTestSender();
    const [one, other] = [policyOf(), policyOf(change)];
    for (const policy of [one, other, one, other]) {
      answeredOf(await sender.post(requestTo(receiver.url), policy));
    }
    assert.equal(sender.counts().agents, 2);
    assert.equal(receiver.connectionCount(), 2);
  });
}

test("forgetting a policy closes what was opened under it, once nobody shares it", async () => {
  let closed = (): void => {};
  const gone = new Promise<void>((resolve) => (closed = resolve));
  await using receiver = await startReceiver((_request, response) => {
    response.socket?.once("close", closed);
    response.writeHead(204).end();
  });
  await using sender = createTestSender();
  const [one, other] = [policyOf(), policyOf()];
  answeredOf(await sender.post(requestTo(receiver.url), one));
  answeredOf(await sender.post(requestTo(receiver.url), other));
  sender.forget(one);
  assert.equal(sender.counts().agents, 1);
  sender.forget(other);
  assert.equal(sender.counts().agents, 0);
  await gone;
});

test("an attempt under way survives that its policy is forgotten", async () => {
  await using receiver = await startReceiver((_request, response) => {
    sender.forget(policy);
    response.end("still here");
  });
  await using sender = createTestSender();
  const policy = policyOf();
  assert.equal(answeredOf(await sender.post(requestTo(receiver.url), policy)).status, 200);
});

test("an attempt that begins after its policy was forgotten leaves nothing behind", async () => {
  await using receiver = await startReceiver();
  await using sender = createTestSender();
  const policy = policyOf();
  sender.forget(policy);
  answeredOf(await sender.post(requestTo(receiver.url), policy));
  assert.equal(sender.counts().agents, 0);
});

test("above the limit of kept connections each one is closed after its request", async () => {
  await using receiver = await startReceiver();
  await using sender = createTestSender({ keptConnectionsMax: 1 });
  const policy = policyOf();
  const send = () => sender.post(requestTo(receiver.url), policy);
  (await Promise.all([send(), send(), send()])).forEach(answeredOf);
  const connections = receiver.requests.map((request) => request.header("connection"));
  assert.equal(connections.filter((value) => value === "keep-alive").length, 3);
  answeredOf(await send());
  assert.equal(receiver.requests.at(-1)?.header("connection"), "close");
});

test(
  "an idle connection does not stay, and the next request opens another",
  { timeout: 2000 },
  async () => {
    const { promise: hungUp, resolve: onClose } = Promise.withResolvers<void>();
    await using receiver = await startRawReceiver((socket) => {
      socket.once("data", () => socket.write("HTTP/1.1 204 No Content\r\n\r\n"));
      socket.once("close", () => onClose());
    });
    await using sender = createTestSender({ idleMs: 1 });
    const request = requestTo(`http://127.0.0.1:${receiver.port}/`);
    answeredOf(await sender.post(request, policyOf()));
    await hungUp;
    answeredOf(await sender.post(request, policyOf()));
    assert.equal(receiver.connectionCount(), 2);
  },
);

test("closing ends attempts under way as resets and leaves no socket and no timer", async () => {
  await using receiver = await startReceiver(() => {}); // takes requests and never answers
  await using hung = await startRawReceiver(() => {});
  const resolve = () => new Promise<never>(() => {});
  await using sender = createTestSender({ resolve });
  const policy = policyOf();
  const attempts = [
    sender.post(requestTo(receiver.url), policy),
    sender.post(requestTo(`https://127.0.0.1:${hung.port}/`), policy),
    sender.post(requestTo("http://silent.test/"), policy),
  ];
  await receiver.received(1);
  await sender.close();
  for (const attempt of attempts) assert.equal(failedOf(await attempt).code, "connection_reset");
  assert.equal(sender.counts().sockets, 0);
  assert.equal(sender.timers.count(), 0);
  const late = failedOf(await sender.post(requestTo(receiver.url), policyOf({ grants: ["::1"] })));
  assert.equal(late.message, "The sender is closed.");
  assert.equal(receiver.requests.length, 1);
});

test("after closing, the process has no network handle left", async () => {
  await using receiver = await startReceiver();
  await using sender = createTestSender();
  const policy = policyOf();
  await Promise.all(Array.from({ length: 10 }, () => sender.post(requestTo(receiver.url), policy)));
  await sender.close();
  await receiver.close();
  // Handles go in the closing phase of the event loop, which comes after the immediates of its turn.
  for (let turn = 0; turn < 2; turn += 1) await new Promise(setImmediate);
  const handles = process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Timeout/.test(name));
  assert.deepEqual(handles, []);
});

test("every attempt that ended has taken its timers with it", async () => {
  await using receiver = await startReceiver();
  await using sender = createTestSender();
  const policy = policyOf();
  await sender.post(requestTo(receiver.url), policy);
  await sender.post(requestTo("http://10.0.0.1/"), policy);
  await sender.post(requestTo("http://unknown.test/"), policy);
  await sender.post(requestTo("nonsense"), policy);
  assert.equal(sender.timers.count(), 0);
});
