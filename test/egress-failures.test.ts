import assert from "node:assert/strict";
import { Socket } from "node:net";
import { test } from "node:test";
import type { Outcome } from "../daemon/domain/attempt.ts";
import type { Dialled } from "../daemon/egress/connector.ts";
import { createSystemResolver } from "../daemon/egress/resolver.ts";
import {
  answeredOf,
  CONNECT_TIMEOUT_MS,
  createTestSender,
  failedOf,
  policyOf,
  requestTo,
  tableResolver,
  TIMEOUT_MS,
} from "./support/egress.ts";
import { startRawReceiver, startReceiver } from "./support/receiver.ts";

/** A promise and the way to fulfil it. */
function signal(): { readonly given: Promise<void>; readonly give: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { given: promise, give: () => resolve() };
}

/** Connections that fail at once with a code, as the kernel would report it. */
async function outcomeOfDialError(code: string): Promise<Outcome> {
  const dial = (): Socket => {
    const socket = new Socket();
    setImmediate(() => socket.destroy(Object.assign(new Error(code), { code })));
    return socket;
  };
  await using sender = createTestSender({ dial });
  return await sender.post(requestTo("http://127.0.0.1:9/"), policyOf());
}

test("a port where nothing listens refuses the connection", async () => {
  const gone = await startReceiver();
  await gone.close();
  await using sender = createTestSender();
  const failure = failedOf(await sender.post(requestTo(gone.url), policyOf()));
  assert.equal(failure.code, "connect_refused");
  assert.equal(
    failure.message,
    `127.0.0.1:${gone.port} refused the connection: nothing listens there, or a firewall answers.`,
  );
});

for (const [code, expected] of [
  ["EHOSTUNREACH", "connect_failed"],
  ["ENETUNREACH", "connect_failed"],
  ["EADDRNOTAVAIL", "connect_failed"],
  ["EMFILE", "connect_failed"],
  ["ETIMEDOUT", "connect_timeout"],
  ["ECONNREFUSED", "connect_refused"],
] as const) {
  test(`${code} is ${expected}`, async () => {
    const failure = failedOf(await outcomeOfDialError(code));
    assert.equal(failure.code, expected);
    assert.match(failure.message, /^127\.0\.0\.1:9 .+\.$/);
  });
}

test("a name that does not resolve is said to be the trouble", async () => {
  await using sender = createTestSender({ resolve: tableResolver({ "empty.test": [[]] }) });
  const unknown = failedOf(await sender.post(requestTo("http://unknown.test:81/"), policyOf()));
  assert.equal(unknown.code, "dns_failed");
  assert.equal(unknown.message, "The name of unknown.test:81 could not be resolved (ENOTFOUND).");
  const empty = failedOf(await sender.post(requestTo("http://empty.test/"), policyOf()));
  assert.equal(empty.code, "dns_failed");
});

test("a resolver that throws instead of answering is a failed look-up", async () => {
  const resolve = (): never => {
    throw new Error("no such resolver");
  };
  await using sender = createTestSender({ resolve });
  const failure = failedOf(await sender.post(requestTo("http://a.test/"), policyOf()));
  assert.equal(failure.code, "dns_failed");
});

test("a silent name server counts against the connect limit, and a late answer dials nothing", async () => {
  const asked = signal();
  const late = Promise.withResolvers<{ address: string; family: number }[]>();
  const dialled: Dialled[] = [];
  await using sender = createTestSender({
    resolve: () => (asked.give(), late.promise),
    dial: (to) => (dialled.push(to), new Socket()),
  });
  const attempt = sender.post(requestTo("http://slow.test/"), policyOf());
  await asked.given;
  assert.equal(sender.timers.fire(CONNECT_TIMEOUT_MS), 1);
  const failure = failedOf(await attempt);
  assert.equal(failure.code, "dns_failed");
  assert.equal(failure.message, "The name of slow.test:80 did not resolve within 5000 ms.");
  late.resolve([{ address: "127.0.0.1", family: 4 }]);
  await new Promise(setImmediate);
  assert.deepEqual(dialled, []);
});

test("a connection that nobody takes ends at the connect limit, and its socket with it", async () => {
  const dialled = signal();
  const socket = new Socket();
  await using sender = createTestSender({ dial: () => (dialled.give(), socket) });
  const attempt = sender.post(requestTo("http://127.0.0.1:9/"), policyOf());
  await dialled.given;
  sender.timers.fire(CONNECT_TIMEOUT_MS);
  const failure = failedOf(await attempt);
  assert.equal(failure.code, "connect_timeout");
  assert.match(failure.message, /^127\.0\.0\.1:9 did not take the connection within 5000 ms\.$/);
  assert.equal(socket.destroyed, true);
  assert.equal(sender.timers.count(), 0);
});

test("a deadline shorter than the connect limit ends the attempt, and nothing is sent later", async () => {
  await using receiver = await startReceiver();
  const asked = signal();
  const late = Promise.withResolvers<{ address: string; family: number }[]>();
  await using sender = createTestSender({ resolve: () => (asked.give(), late.promise) });
  const policy = policyOf({ timeoutMs: 1000 });
  const attempt = sender.post(requestTo(`http://slow.test:${receiver.port}/`), policy);
  await asked.given;
  sender.timers.fire(1000);
  assert.equal(failedOf(await attempt).code, "timeout");
  late.resolve([{ address: "127.0.0.1", family: 4 }]);
  // A second attempt to the same place proves that the first one's turn has come and gone.
  const url = `http://slow.test:${receiver.port}/second`;
  answeredOf(await sender.post(requestTo(url), policy));
  assert.deepEqual(
    receiver.requests.map((request) => request.path),
    ["/second"],
  );
});

test("a receiver that takes the request and never answers ends at the deadline", async () => {
  const hungUp = signal();
  await using receiver = await startReceiver((_request, response) => {
    response.on("close", hungUp.give);
  });
  await using sender = createTestSender();
  const attempt = sender.post(requestTo(receiver.url), policyOf());
  await receiver.received(1);
  assert.equal(sender.timers.fire(TIMEOUT_MS), 1);
  const failure = failedOf(await attempt);
  assert.equal(failure.code, "timeout");
  assert.equal(failure.message, `127.0.0.1:${receiver.port} did not answer within 15000 ms.`);
  await hungUp.given;
});

test("a body that trickles does not hold the attempt beyond its deadline", async () => {
  const [trickled, hungUp] = [signal(), signal()];
  await using receiver = await startRawReceiver((socket) => {
    let drops = 0;
    const drip = (): void => {
      if (socket.destroyed) return;
      drops += 1;
      if (drops === 50) trickled.give();
      socket.write("1\r\nx\r\n", () => setImmediate(drip));
    };
    socket.on("close", hungUp.give);
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", drip);
    });
  });
  await using sender = createTestSender({ responseBytesMax: 1_000_000 });
  const attempt = sender.post(requestTo(`http://127.0.0.1:${receiver.port}/`), policyOf());
  await trickled.given;
  sender.timers.fire(TIMEOUT_MS);
  const answer = answeredOf(await attempt);
  assert.deepEqual([answer.status, answer.response.isCut], [200, true]);
  assert.match(Buffer.from(answer.response.excerpt).toString(), /^x{40}/);
  await hungUp.given;
});

test("a body that never comes leaves the status: known, not resent, and the connection closed", async () => {
  const [sent, hungUp] = [signal(), signal()];
  await using receiver = await startRawReceiver((socket) => {
    socket.on("close", hungUp.give);
    socket.once("data", () => {
      socket.write("HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 4\r\n\r\n", sent.give);
    });
  });
  await using sender = createTestSender();
  const attempt = sender.post(requestTo(`http://127.0.0.1:${receiver.port}/`), policyOf());
  await sent.given;
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  sender.timers.fire(TIMEOUT_MS);
  const { status, retryAfter, response } = answeredOf(await attempt);
  assert.deepEqual([status, retryAfter, response.isCut], [503, "7", true]);
  assert.equal(response.excerpt.length, 0);
  await hungUp.given;
});

test("an interim answer is no status: without a final one the deadline is a timeout", async () => {
  const sent = signal();
  await using receiver = await startRawReceiver((socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n", sent.give);
    });
  });
  await using sender = createTestSender();
  const attempt = sender.post(requestTo(`http://127.0.0.1:${receiver.port}/`), policyOf());
  await sent.given;
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  sender.timers.fire(TIMEOUT_MS);
  assert.equal(failedOf(await attempt).code, "timeout");
});

test("a slow flood that has filled what is kept is an answer at the deadline", async () => {
  const sent = signal();
  await using receiver = await startRawReceiver((socket) => {
    socket.once("data", () => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n${"x".repeat(200)}`, sent.give);
    });
  });
  let clockMs = 0;
  await using sender = createTestSender({ responseBytesMax: 100, nowMs: () => clockMs });
  const attempt = sender.post(requestTo(`http://127.0.0.1:${receiver.port}/`), policyOf());
  await sent.given;
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  clockMs = 15_000;
  sender.timers.fire(TIMEOUT_MS);
  const answer = answeredOf(await attempt);
  assert.equal(answer.status, 200);
  assert.equal(answer.response.isCut, true);
  assert.equal(answer.durationMs, 15_000);
});

test("a connection torn down while the body is read leaves the status and what came", async () => {
  await using receiver = await startRawReceiver((socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", () =>
        socket.resetAndDestroy(),
      );
    });
  });
  await using sender = createTestSender();
  const outcome = await sender.post(requestTo(`http://127.0.0.1:${receiver.port}/`), policyOf());
  const { status, response } = answeredOf(outcome);
  assert.deepEqual([status, response.isCut], [200, true]);
  assert.match("half", new RegExp(`^${Buffer.from(response.excerpt).toString()}`));
});

test("a kept connection that dies under the next request is a reset, and is not sent again by itself", async () => {
  let seen = 0;
  await using receiver = await startRawReceiver((socket) => {
    socket.on("data", () => {
      seen += 1;
      if (seen === 1) socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
      else socket.resetAndDestroy();
    });
  });
  await using sender = createTestSender();
  const request = requestTo(`http://127.0.0.1:${receiver.port}/`);
  const policy = policyOf();
  answeredOf(await sender.post(request, policy));
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
  assert.equal(failedOf(await sender.post(request, policy)).code, "connection_reset");
  assert.equal(receiver.connectionCount(), 1);
  assert.equal(seen, 2);
});

test("a kept connection that the receiver closed meanwhile is replaced without a failure", async () => {
  const closed = signal();
  await using receiver = await startRawReceiver((socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
      setImmediate(() => socket.end());
    });
    socket.on("close", closed.give);
  });
  await using sender = createTestSender();
  const request = requestTo(`http://127.0.0.1:${receiver.port}/`);
  answeredOf(await sender.post(request, policyOf()));
  await closed.given;
  answeredOf(await sender.post(request, policyOf()));
  assert.equal(receiver.connectionCount(), 2);
});

test("durations are differences of the clock that was passed in", async () => {
  let clockMs = 1000;
  await using receiver = await startReceiver((_request, response) => {
    clockMs += 250;
    response.end();
  });
  await using sender = createTestSender({ nowMs: () => clockMs });
  assert.equal((await sender.post(requestTo(receiver.url), policyOf())).durationMs, 250);
  assert.equal((await sender.post(requestTo("http://10.0.0.1/"), policyOf())).durationMs, 0);
});

test("a wrong grant or proxy of the instance stops the start, not the first delivery", () => {
  assert.throws(
    () => createTestSender({ instanceGrants: ["nas.lan"] }),
    /expected an egress grant to be/,
  );
  assert.throws(
    () => createTestSender({ proxy: "ftp://x:1" }),
    /expected the outgoing proxy to be/,
  );
});

test("an endpoint's grant that can't be read opens nothing", async () => {
  await using sender = createTestSender({ instanceGrants: [] });
  const outcome = await sender.post(
    requestTo("http://127.0.0.1:9/"),
    policyOf({ grants: ["127.0.0.1/8"] }),
  );
  assert.equal(outcome.kind, "blocked");
});

test("the machine's resolver knows its own loopback name, and shares a question under way", async () => {
  const resolve = createSystemResolver();
  const [one, other] = [resolve("localhost"), resolve("localhost")];
  assert.equal(one, other);
  for (const { address } of await one) assert.match(address, /^127\.|^::1$/);
  assert.notEqual(resolve("localhost"), one);
});
